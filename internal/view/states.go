package view

import (
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
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

// shortState leaves out of a state what it is clear without: the package of a
// lock, and the direction's noun where the rest says that it is a channel.
func shortState(state string) string {
	state = strings.TrimPrefix(state, "sync.")
	if strings.HasSuffix(state, "(nil chan)") {
		state = strings.TrimPrefix(state, "chan ")
	}
	return state
}

// CutState makes a state fit into w cells. What is in parentheses says the
// most, "(nil chan)" or "(no cases)", and stays.
func CutState(state string, w int) string {
	if ansi.StringWidth(state) > w {
		state = shortState(state)
	}
	if ansi.StringWidth(state) <= w {
		return state
	}
	if i := strings.LastIndexByte(state, '('); i > 0 {
		if room := w - ansi.StringWidth(state[i:]); room >= 2 {
			return ansi.Truncate(state[:i], room, "…") + state[i:]
		}
	}
	return ansi.Truncate(state, w, "…")
}

const (
	measured      = 2000 // series that have a say in how wide a column is
	leastState    = 14   // cells that the longest states keep
	shortestState = 8
)

// shortStates is how wide the states of some series are, each in short.
func shortStates(series []trend.Series) int {
	w := shortestState
	for i := range series[:min(len(series), measured)] {
		w = max(w, ansi.StringWidth(shortState(State(series[i].Bucket))))
	}
	return w
}
