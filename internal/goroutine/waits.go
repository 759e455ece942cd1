package goroutine

import (
	"cmp"
	"slices"
)

// Waits counts goroutines by the whole minutes they have waited. A goroutine
// without minutes counts as 0: Go prints minutes only if a garbage collection
// ran after the wait began, so 0 means "under a minute, or not known".
type Waits []Wait

// Wait is how many goroutines have waited for so many minutes.
type Wait struct {
	Minutes int
	N       int
}

// Min is the shortest wait in minutes.
func (w Waits) Min() int {
	if len(w) == 0 {
		return 0
	}
	return w[0].Minutes
}

// Max is the longest wait in minutes.
func (w Waits) Max() int {
	if len(w) == 0 {
		return 0
	}
	return w[len(w)-1].Minutes
}

// Median is the wait in minutes that half of the goroutines do not exceed.
func (w Waits) Median() int {
	var total int
	for _, x := range w {
		total += x.N
	}
	var seen int
	for _, x := range w {
		if seen += x.N; 2*seen >= total {
			return x.Minutes
		}
	}
	return 0
}

// Sort puts waits in order of minutes, shortest first, as the methods expect.
func (w Waits) Sort() {
	slices.SortFunc(w, func(a, b Wait) int { return cmp.Compare(a.Minutes, b.Minutes) })
}

// Add is the sum of waits and more. It may change w, as append does.
func (w Waits) Add(more Waits) Waits {
	for _, m := range more {
		if i := slices.IndexFunc(w, func(x Wait) bool { return x.Minutes == m.Minutes }); i >= 0 {
			w[i].N += m.N
		} else {
			w = append(w, m)
		}
	}
	w.Sort()
	return w
}
