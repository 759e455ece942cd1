package report

import (
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

var grouped = regexp.MustCompile(`\b\d{1,3}( \d{3})+\b`)

const noBreak = "\u00a0" // a blank at which ansi.Wrap does not break

// Wrap breaks a sentence into lines of at most w cells, at blanks where it can,
// but not within a number such as "1 450".
func Wrap(s string, w int) []string {
	s = grouped.ReplaceAllStringFunc(s, func(n string) string { return strings.ReplaceAll(n, " ", noBreak) })
	lines := strings.Split(ansi.Wrap(s, max(w, 1), ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(lines[i], noBreak, " "), " ")
	}
	return lines
}
