package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

// merged is several buckets of one dump as one. The largest lends its stack.
func merged(buckets []*goroutine.Bucket) *goroutine.Bucket {
	switch len(buckets) {
	case 0:
		return nil
	case 1:
		return buckets[0]
	}
	top := buckets[0]
	for _, b := range buckets {
		if b.Count > top.Count {
			top = b
		}
	}
	m := *top
	m.Count, m.Locked, m.Leaked, m.Spread = 0, 0, 0, buckets[0].Spread
	m.States, m.Waits, m.Labels, m.IDs = nil, nil, nil, goroutine.IDs{}
	for _, b := range buckets {
		m.Count += b.Count
		if b != buckets[0] {
			m.Spread = goroutine.AddSpreads(m.Spread, b.Spread)
		}
		m.Locked += b.Locked
		m.Leaked += b.Leaked
		m.States = goroutine.AddCounts(m.States, b.States)
		m.Waits = m.Waits.Add(b.Waits)
		m.Labels = addLabels(m.Labels, b.Labels)
		for id := range b.IDs.All() {
			m.IDs.Add(id)
		}
	}
	return &m
}

func addLabels(sum, more []goroutine.Label) []goroutine.Label {
	for _, l := range more {
		if i := slices.IndexFunc(sum, func(x goroutine.Label) bool { return x.Key == l.Key }); i >= 0 {
			sum[i].Values = goroutine.AddCounts(sum[i].Values, l.Values)
		} else {
			sum = append(sum, goroutine.Label{Key: l.Key, Values: slices.Clone(l.Values)})
		}
	}
	return sum
}
