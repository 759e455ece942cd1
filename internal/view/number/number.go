// Package number writes numbers and durations for people. It knows nothing of
// goroutines, so that every room may use it.
package number

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Group writes a number with a blank between thousands: 12 345.
func Group(n int) string {
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

// Signed writes a change with its sign; no change is a dot.
func Signed(n int) string {
	switch {
	case n > 0:
		return "+" + Group(n)
	case n < 0:
		return "–" + Group(-n)
	}
	return "·"
}

// Sprintf formats as fmt.Sprintf does, with whole numbers in groups of digits.
func Sprintf(format string, args ...any) string {
	for i, a := range args {
		if n, ok := a.(int); ok {
			args[i] = Group(n)
		}
	}
	return fmt.Sprintf(format, args...)
}

// OrNone writes a number with a word for 0.
func OrNone(n int) string {
	if n == 0 {
		return "none"
	}
	return Group(n)
}

// Plural writes a number with the word that fits it.
func Plural(n int, one, many string) string { return Group(n) + " " + Word(n, one, many) }

// Word is the word that fits a number.
func Word(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Minutes writes whole minutes: 5m, 3h 12m, 2d 4h.
func Minutes(m int) string { return Span(time.Duration(m) * time.Minute) }

// Span writes a duration in the two units that matter: 5m, 3h 12m, 2d 4h.
func Span(d time.Duration) string {
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

// Rate writes a change per hour in the unit that reads best.
func Rate(perHour float64) string {
	switch {
	case perHour >= 600:
		return Group(int(math.Round(perHour/60))) + " a minute"
	case perHour >= 1:
		return Group(int(math.Round(perHour))) + " an hour"
	}
	return fmt.Sprintf("%.1f a day", perHour*24)
}

// Mean writes a mean, with one decimal where it is below ten.
func Mean(n float64) string {
	if n >= 10 {
		return Group(int(math.Round(n)))
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// Above is the next round number above n: 500 for 412.
func Above(n int) int {
	step := 1
	for 10*step <= n {
		step *= 10
	}
	return (n/step + 1) * step
}
