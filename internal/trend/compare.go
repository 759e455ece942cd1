package trend

import (
	"cmp"
	"fmt"
	"slices"

	"gdump/internal/goroutine"
)

// One is the trend of a single dump: its buckets, largest first.
func One(d goroutine.Dump) Trend {
	t := Trend{Dumps: []goroutine.Dump{d}, Restarted: []bool{false}}
	for i := range d.Buckets {
		b := &d.Buckets[i]
		t.Series = append(t.Series, Series{Bucket: b, At: []*goroutine.Bucket{b}, Counts: []int{b.Count}})
	}
	slices.SortStableFunc(t.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(b.Counts[0], a.Counts[0]), cmp.Compare(b.Bucket.Waits.Max(), a.Bucket.Waits.Max()),
			cmp.Compare(a.Bucket.Stack.Site().Function, b.Bucket.Stack.Site().Function), cmp.Compare(a.Bucket.ID, b.Bucket.ID))
	})
	return t
}

// Compare puts dumps of one program in a row. They are taken in the order of
// their times where all have one, else in the order given. One dump gives the
// trend that One gives, none an empty one.
func Compare(dumps []goroutine.Dump) Trend {
	switch len(dumps) {
	case 0:
		return Trend{}
	case 1:
		return One(dumps[0])
	}
	t := Trend{Dumps: slices.Clone(dumps), Restarted: make([]bool, len(dumps))}
	t.order()
	t.findRestarts()
	t.findTwins()
	key := t.matcher()
	t.match(key)
	t.findStrangers()
	for i := range t.Series {
		t.judge(&t.Series[i])
	}
	slices.SortStableFunc(t.Series, compareSeries)
	return t
}

// order sorts the dumps by time.
func (t *Trend) order() {
	for i := range t.Dumps {
		if t.Dumps[i].TakenAt.IsZero() {
			return
		}
	}
	byTime := func(a, b goroutine.Dump) int { return a.TakenAt.Compare(b.TakenAt) }
	if !slices.IsSortedFunc(t.Dumps, byTime) {
		slices.SortStableFunc(t.Dumps, byTime)
		t.Notes = append(t.Notes, "the dumps were put in the order of their times")
	}
}

// findRestarts marks the dumps that another process wrote than the one before.
// Within a process ids only ever grow (runtime.newproc1 hands them out in
// turn), so a highest id that falls is another life.
func (t *Trend) findRestarts() {
	last := uint64(0)
	for i := range t.Dumps {
		d := &t.Dumps[i]
		if !d.Level.HasIDs() || d.Reason != "" && len(d.Buckets) < 2 {
			continue
		}
		top := highest(d)
		if top < last {
			t.Restarted[i] = true
			t.Notes = append(t.Notes, fmt.Sprintf("the process restarted before %s: growth is measured after that", d.Source))
		}
		last = top
	}
}

func highest(d *goroutine.Dump) uint64 {
	var top uint64
	for i := range d.Buckets {
		top = max(top, d.Buckets[i].IDs.Max())
	}
	return top
}

// findTwins notes dumps that are the same.
func (t *Trend) findTwins() {
	for i := 1; i < len(t.Dumps); i++ {
		a, b := &t.Dumps[i-1], &t.Dumps[i]
		if a.Goroutines > 0 && a.Goroutines == b.Goroutines && a.Level.HasIDs() && b.Level.HasIDs() && sameBuckets(a, b) {
			t.Notes = append(t.Notes, fmt.Sprintf("%s and %s hold the same goroutines in the same states: is it the same dump twice?", a.Source, b.Source))
		}
	}
}

func sameBuckets(a, b *goroutine.Dump) bool {
	return slices.EqualFunc(a.Buckets, b.Buckets, func(x, y goroutine.Bucket) bool {
		return x.ID == y.ID && slices.Equal(x.States, y.States) && slices.Equal(x.Waits, y.Waits) && slices.Equal(slices.Collect(x.IDs.Sorted()), slices.Collect(y.IDs.Sorted()))
	})
}

// findStrangers notes dumps that seem to be of different programs: none of
// their stacks outside the standard library is in both.
func (t *Trend) findStrangers() {
	for i := 1; i < len(t.Dumps); i++ {
		var a, b, both int
		for j := range t.Series {
			s := &t.Series[j]
			if _, own := s.Bucket.Stack.Owner(); !own {
				continue
			}
			if s.At[i-1] != nil {
				a++
			}
			if s.At[i] != nil {
				b++
			}
			if s.At[i-1] != nil && s.At[i] != nil {
				both++
			}
		}
		if a > 4 && b > 4 && both == 0 {
			t.Notes = append(t.Notes, fmt.Sprintf("%s and %s have no stack in common: are they of the same program?", t.Dumps[i-1].Source, t.Dumps[i].Source))
		}
	}
}

// match makes the series: buckets of one key in a row.
func (t *Trend) match(key func(*goroutine.Bucket) string) {
	at := map[string]int{}
	for i := range t.Dumps {
		d := &t.Dumps[i]
		for j := range d.Buckets {
			b := &d.Buckets[j]
			k := key(b)
			n, ok := at[k]
			if !ok {
				n = len(t.Series)
				at[k] = n
				t.Series = append(t.Series, Series{At: make([]*goroutine.Bucket, len(t.Dumps)), Counts: make([]int, len(t.Dumps))})
			}
			s := &t.Series[n]
			s.Counts[i] += b.Count
			if s.At[i] == nil {
				s.At[i] = b
			} else {
				s.At[i] = merged(s.At[i], b)
			}
			s.Bucket = s.At[i]
		}
	}
}

// merged is two buckets of one dump that a coarser key makes one. The larger
// lends its stack.
func merged(a, b *goroutine.Bucket) *goroutine.Bucket {
	if b.Count > a.Count {
		a, b = b, a
	}
	m := *a
	m.Count += b.Count
	m.Locked += b.Locked
	m.Leaked += b.Leaked
	m.States = addCounts(a.States, b.States)
	m.Waits = slices.Concat(a.Waits, b.Waits)
	m.Waits.Sort()
	m.IDs = goroutine.IDs{}
	for id := range a.IDs.All() {
		m.IDs.Add(id)
	}
	for id := range b.IDs.All() {
		m.IDs.Add(id)
	}
	return &m
}

func addCounts(a, b []goroutine.Count) []goroutine.Count {
	sum := slices.Clone(a)
	for _, c := range b {
		if i := slices.IndexFunc(sum, func(x goroutine.Count) bool { return x.Name == c.Name }); i >= 0 {
			sum[i].N += c.N
		} else {
			sum = append(sum, c)
		}
	}
	slices.SortFunc(sum, func(x, y goroutine.Count) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Name, y.Name)) })
	return sum
}

// Rank orders the verdicts: what needs a look comes first.
func (v Verdict) Rank() int {
	return slices.Index([]Verdict{Accumulating, Grown, New, Turnover, Stable, Shrunk, Gone}, v)
}

func compareSeries(a, b Series) int {
	ra, rb := a.Verdict.Rank(), b.Verdict.Rank()
	if ra != rb && (ra == 0 || rb == 0) {
		return cmp.Compare(ra, rb)
	}
	return cmp.Or(cmp.Compare(b.Change(), a.Change()), cmp.Compare(ra, rb), cmp.Compare(b.Now(), a.Now()),
		cmp.Compare(a.Bucket.Stack.Site().Function, b.Bucket.Stack.Site().Function), cmp.Compare(a.Bucket.ID, b.Bucket.ID))
}
