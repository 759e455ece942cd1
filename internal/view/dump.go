package view

import (
	"cmp"
	"fmt"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// DumpStates adds up the states of all buckets, most frequent first.
func DumpStates(d *goroutine.Dump) []goroutine.Count {
	sum := map[string]int{}
	for i := range d.Buckets {
		for _, s := range d.Buckets[i].States {
			sum[s.Name] += s.N
		}
	}
	var out []goroutine.Count
	for name, n := range sum {
		out = append(out, goroutine.Count{Name: name, N: n})
	}
	slices.SortFunc(out, func(a, b goroutine.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Trouble says in lines what of the dumps could not be read, at most n
// problems of each dump.
func Trouble(t *trend.Trend, n int) []string {
	var lines []string
	for i := range t.Dumps {
		d := &t.Dumps[i]
		source := Source(d)
		if d.Truncated {
			lines = append(lines, fmt.Sprintf("! %s is cut off: not all of its goroutines are described", source))
		}
		for j, x := range d.Problems {
			if j == n {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, number.Plural(len(d.Problems)-n, "more problem", "more problems")))
				break
			}
			if x.Line > 0 {
				lines = append(lines, fmt.Sprintf("! %s: line %d: %s", source, x.Line, goroutine.Clean(x.Message)))
			} else {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, goroutine.Clean(x.Message)))
			}
		}
	}
	return lines
}
