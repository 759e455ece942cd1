package ui

import (
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
)

// members are the buckets of each group in the newest dump of a trend. There can
// be a million buckets in half as many groups, so they are one list, group by
// group.
type members struct {
	dump    *goroutine.Dump
	by      query.Grouping
	number  map[string]int // of a group, by its name
	from    []int32        // where in the list a group begins, by its number
	buckets []int32        // numbers in the dump, the largest of a group first
}

// membersOf groups the buckets as the trend does; nil if that is by stack.
func membersOf(t *trend.Trend, g query.Grouping) *members {
	if g.Of == nil {
		return nil
	}
	m := &members{dump: &t.Dumps[len(t.Dumps)-1], by: g, number: make(map[string]int, len(t.Series)), from: make([]int32, len(t.Series)+1)}
	for i := range t.Series {
		m.number[t.Series[i].Name] = i
	}
	type member struct{ group, bucket int32 }
	all := make([]member, 0, len(m.dump.Buckets))
	for i := range m.dump.Buckets {
		for _, c := range g.Of(&m.dump.Buckets[i]) {
			if n, ok := m.number[c.Name]; ok {
				all = append(all, member{int32(n), int32(i)})
				m.from[n+1]++
			}
		}
	}
	for n := range t.Series {
		m.from[n+1] += m.from[n]
	}
	m.buckets = make([]int32, len(all))
	next := make([]int32, len(t.Series))
	copy(next, m.from)
	for _, x := range all {
		m.buckets[next[x.group]] = x.bucket
		next[x.group]++
	}
	return m
}

// of are the buckets of a group, the largest first. Of one that is in several
// groups each has its share.
func (m *members) of(group string) []*goroutine.Bucket {
	n, ok := m.number[group]
	if !ok {
		return nil
	}
	buckets := make([]*goroutine.Bucket, 0, m.from[n+1]-m.from[n])
	for _, i := range m.buckets[m.from[n]:m.from[n+1]] {
		buckets = append(buckets, m.share(&m.dump.Buckets[i], group))
	}
	slices.SortStableFunc(buckets, func(a, b *goroutine.Bucket) int { return b.Count - a.Count })
	return buckets
}

// share is the part of a bucket that is in a group.
func (m *members) share(b *goroutine.Bucket, group string) *goroutine.Bucket {
	for _, c := range m.by.Of(b) {
		if c.Name != group || c.N == b.Count {
			continue
		}
		part := &goroutine.Bucket{ID: b.ID, Stack: b.Stack, Count: c.N}
		if len(b.States) == 1 {
			part.States = []goroutine.Count{{Name: b.States[0].Name, N: c.N}}
		}
		return part
	}
	return b
}

// largest is the instance of a group that has most goroutines, and how many.
func (m *members) largest(group string) (largest *goroutine.Instance, n int) {
	if m.dump.Fleet == nil {
		return nil, 0
	}
	for i := range m.dump.Fleet.Instances {
		if x := &m.dump.Fleet.Instances[i]; m.by.Instance(x) == group && x.Goroutines > n {
			largest, n = x, x.Goroutines
		}
	}
	return largest, n
}
