// Package report writes a dump or a trend for people and for programs.
package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Group writes a number with a blank between thousands: 12 345.
func Group(n int) string { return group(n) }

func group(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return sign + s
}

var longNumber = regexp.MustCompile(`\b\d{4,15}\b`)

// groupAll groups the digits of all numbers in a sentence.
func groupAll(s string) string {
	return longNumber.ReplaceAllStringFunc(s, func(digits string) string {
		n, err := strconv.Atoi(digits)
		if err != nil {
			return digits
		}
		return group(n)
	})
}

// Signed writes a change with its sign; none is a dot.
func Signed(n int) string { return signed(n) }

func signed(n int) string {
	switch {
	case n > 0:
		return "+" + group(n)
	case n < 0:
		return "–" + group(-n)
	}
	return "·"
}

// Minutes writes whole minutes of waiting: 5m, 3h 12m, 2d 4h.
func Minutes(m int) string { return span(time.Duration(m) * time.Minute) }

func span(d time.Duration) string {
	m := int(d.Minutes())
	switch {
	case m < 1:
		return "<1m"
	case m < 60:
		return fmt.Sprintf("%dm", m)
	case m < 24*60:
		return strings.TrimSuffix(fmt.Sprintf("%dh %dm", m/60, m%60), " 0m")
	}
	return strings.TrimSuffix(fmt.Sprintf("%dd %dh", m/(24*60), m/60%24), " 0h")
}

// Waits writes the median and the longest wait of a bucket, or "" where none
// is known.
func Waits(w goroutine.Waits) string {
	med, top := w.Median(), w.Max()
	switch {
	case top == 0:
		return ""
	case med == top:
		return Minutes(top)
	case med == 0:
		return "≤" + Minutes(top)
	}
	return Minutes(med) + "–" + Minutes(top)
}

// States writes the states of a dump or bucket, most frequent first, at most n.
func States(states []goroutine.Count, n int) string {
	var parts []string
	rest := 0
	for i, s := range states {
		if i < n {
			parts = append(parts, goroutine.Clean(s.Name)+" "+group(s.N))
		} else {
			rest += s.N
		}
	}
	if rest > 0 {
		parts = append(parts, "other "+group(rest))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Plural writes a number with the word that fits it.
func Plural(n int, one, many string) string { return group(n) + " " + plural(n, one, many) }
