package view

import (
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// Waits writes the median and the longest wait of a bucket, or "" where none
// is known.
func Waits(w goroutine.Waits) string {
	med, top := w.Median(), w.Max()
	switch {
	case top == 0:
		return ""
	case med == top:
		return number.Minutes(top)
	case med == 0:
		return "≤" + number.Minutes(top)
	}
	return number.Minutes(med) + "–" + number.Minutes(top)
}

// States writes the states of a dump or bucket, most frequent first, at most n.
func States(states []goroutine.Count, n int) string {
	var parts []string
	rest := 0
	for i, s := range states {
		if i < n {
			parts = append(parts, goroutine.Clean(s.Name)+" "+number.Group(s.N))
		} else {
			rest += s.N
		}
	}
	if rest > 0 {
		parts = append(parts, "other "+number.Group(rest))
	}
	return strings.Join(parts, ", ")
}
