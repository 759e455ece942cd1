package view

import (
	"regexp"
	"slices"
	"strings"

	"gdump/internal/diagnose"

	"github.com/charmbracelet/x/ansi"
)

var (
	grouped = regexp.MustCompile(`\b\d{1,3}( \d{3})+\b`)
	change  = regexp.MustCompile(`(\d) → (\d)`)
)

// What ansi.Wrap does not break at.
const (
	noBreak  = "\u00a0"
	noHyphen = "\u2011"
)

// Wrap breaks a sentence into lines of at most w cells, at blanks and hyphens
// where it can, but not within a number such as "1 450".
func Wrap(s string, w int) []string {
	s = Unbroken(s)
	s = strings.ReplaceAll(s, " - ", " "+noHyphen+" ")
	lines := strings.Split(ansi.Wrap(s, max(w, 1), ""), "\n")
	if slices.ContainsFunc(lines, func(l string) bool { return ansi.StringWidth(l) > w }) {
		// ansi.Wrap lets a hyphen overflow.
		lines = strings.Split(ansi.Wrap(strings.ReplaceAll(s, "-", noHyphen), max(w, 1), ""), "\n")
	}
	for i, l := range lines {
		l = strings.ReplaceAll(strings.ReplaceAll(l, noBreak, " "), noHyphen, "-")
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// Unbroken keeps a number such as "1 450" on one line, and "50 → 1 500".
func Unbroken(s string) string {
	s = change.ReplaceAllString(s, "$1"+noBreak+"→"+noBreak+"$2")
	return grouped.ReplaceAllStringFunc(s, func(n string) string { return strings.ReplaceAll(n, " ", noBreak) })
}

// PadRight fills a text with blanks behind it to w cells.
func PadRight(s string, w int) string { return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) }

// PadLeft fills a text with blanks before it to w cells.
func PadLeft(s string, w int) string { return strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) + s }

// CutFront cuts a path to w cells where it says least: at its front.
func CutFront(s string, w int) string {
	n := ansi.StringWidth(s)
	if n <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	return "…" + ansi.TruncateLeft(s, n-w+1, "")
}

// CutMiddle cuts a name to w cells within: its front says whose it is, its end
// what it does.
func CutMiddle(s string, w int) string {
	n := ansi.StringWidth(s)
	if n <= w {
		return s
	}
	if w < 8 {
		return CutFront(s, w)
	}
	front := (w - 1) / 3
	return ansi.Truncate(s, front, "") + "…" + ansi.TruncateLeft(s, n-(w-1-front), "")
}

// CutName cuts the name of a call site to w cells. Of one that says who is
// behind it, that is the part to keep: what Go does there is seen by the state.
func CutName(s string, w int) string {
	site, behind, ok := strings.Cut(s, diagnose.Behind)
	if !ok || ansi.StringWidth(s) <= w {
		return CutMiddle(s, w)
	}
	const least = 6 // cells of the site
	room := w - ansi.StringWidth(diagnose.Behind)
	if room < 2*least {
		return CutMiddle(behind, w)
	}
	n := min(ansi.StringWidth(behind), room-least)
	return CutMiddle(site, room-n) + diagnose.Behind + CutMiddle(behind, n)
}

// CutEnd cuts a sentence to w cells at its end.
func CutEnd(s string, w int) string { return ansi.Truncate(s, w, "…") }
