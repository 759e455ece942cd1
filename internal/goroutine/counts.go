package goroutine

import (
	"cmp"
	"slices"
)

// CompareCounts orders counts: the most frequent first, then by name.
func CompareCounts(a, b Count) int {
	return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
}

// CountsOf are the counts of a map in the order of CompareCounts; nil if there
// are none.
func CountsOf(numbers map[string]int) []Count {
	var counts []Count
	for name, n := range numbers {
		counts = append(counts, Count{name, n})
	}
	slices.SortFunc(counts, CompareCounts)
	return counts
}

// AddCounts adds counts to a sum, which it may change, and keeps the order of
// CompareCounts.
func AddCounts(sum, more []Count) []Count {
	for _, c := range more {
		if i := slices.IndexFunc(sum, func(x Count) bool { return x.Name == c.Name }); i >= 0 {
			sum[i].N += c.N
		} else {
			sum = append(sum, c)
		}
	}
	slices.SortFunc(sum, CompareCounts)
	return sum
}
