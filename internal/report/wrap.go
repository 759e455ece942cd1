package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

var (
	grouped = regexp.MustCompile(`\b\d{1,3}( \d{3})+\b`)
	changed = regexp.MustCompile(`(\d) → (\d)`)
)

// What ansi.Wrap does not break at.
const (
	noBreak  = "\u00a0"
	noHyphen = "\u2011"
)

// Wrap breaks a sentence into lines of at most w cells, at blanks and hyphens
// where it can, but not within a number such as "1 450".
func Wrap(s string, w int) []string {
	s = unbroken(s)
	s = strings.ReplaceAll(s, " - ", " "+noHyphen+" ")
	lines := strings.Split(ansi.Wrap(s, max(w, 1), ""), "\n")
	if slices.ContainsFunc(lines, func(l string) bool { return ansi.StringWidth(l) > w }) {
		// ansi.Wrap lets a hyphen stand out.
		lines = strings.Split(ansi.Wrap(strings.ReplaceAll(s, "-", noHyphen), max(w, 1), ""), "\n")
	}
	for i, l := range lines {
		l = strings.ReplaceAll(strings.ReplaceAll(l, noBreak, " "), noHyphen, "-")
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// unbroken keeps a number such as "1 450" on one line, and "50 → 1 500".
func unbroken(s string) string {
	s = changed.ReplaceAllString(s, "$1"+noBreak+"→"+noBreak+"$2")
	return grouped.ReplaceAllStringFunc(s, func(n string) string { return strings.ReplaceAll(n, " ", noBreak) })
}
