package trend

import (
	"time"

	"gdump/internal/goroutine"
)

// Restore raises the counts of a dump that was cut off to those of a counting
// profile taken at the same time. One stack of the profile can be several buckets of a full dump, which knows created
// by: they share what is missing by what they have.
func Restore(cut, counts *goroutine.Dump) {
	before, after := *counts, *cut
	before.TakenAt, after.TakenAt = time.Time{}, time.Time{} // in this order
	t := Compare([]goroutine.Dump{before, after})
	at := map[uint64]int{} // series by one goroutine id of each bucket
	for i := range t.Series {
		if b := t.Series[i].At[1]; b != nil {
			for id := range b.IDs.All() {
				at[id] = i
			}
		}
	}
	parts := make([][]int, len(t.Series))
	var known []goroutine.Bucket // the goroutine in which the text breaks off is not
	for j := range cut.Buckets {
		if ids := cut.Buckets[j].IDs.First(1); len(ids) == 1 {
			if i, ok := at[ids[0]]; ok && t.Series[i].Counts[0] > 0 {
				parts[i] = append(parts[i], len(known))
				known = append(known, cut.Buckets[j])
			}
		}
	}
	cut.Buckets = known
	for i := range t.Series {
		s := &t.Series[i]
		missing := s.Counts[0] - s.Counts[1]
		switch {
		case missing <= 0:
		case len(parts[i]) == 0:
			b := *s.At[0]
			cut.Buckets = append(cut.Buckets, b)
		default:
			have := s.Counts[1]
			for _, j := range parts[i] {
				b := &cut.Buckets[j]
				share := missing * b.Count / have
				have -= b.Count
				missing -= share
				b.Count += share
			}
		}
	}
	cut.Goroutines = 0
	for j := range cut.Buckets {
		cut.Goroutines += cut.Buckets[j].Count
	}
}
