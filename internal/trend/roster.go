package trend

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"gdump/internal/goroutine"
)

// member is a goroutine in a dump: its id and the number of its bucket.
type member struct {
	id     uint64
	bucket int32
}

// window is a range of ids, both ends included. Comparisons go through the ids
// window by window, so that what they hold at a time does not grow with the
// number of goroutines.
type window struct{ low, high uint64 }

const windowSize = 1 << 18 // ids of one dump, about

// windows cuts the ids so that no dump has many more than windowSize in one.
func windows(dumps []goroutine.Dump) []window {
	most := 0
	for i := range dumps {
		n := 0
		for j := range dumps[i].Buckets {
			n += dumps[i].Buckets[j].IDs.Len()
		}
		most = max(most, n)
	}
	cuts := most / windowSize
	if cuts == 0 {
		return []window{{0, math.MaxUint64}}
	}
	const every = 1 << 10
	var sample []uint64
	n := 0
	for i := range dumps {
		for j := range dumps[i].Buckets {
			for id := range dumps[i].Buckets[j].IDs.All() {
				if n++; n%every == 0 {
					sample = append(sample, id)
				}
			}
		}
	}
	slices.Sort(sample)
	var out []window
	low := uint64(0)
	parts := max(cuts, len(sample)*every/windowSize/len(dumps)) + 1
	for i := 1; i < parts; i++ {
		if cut := sample[i*len(sample)/parts]; cut > low {
			out = append(out, window{low, cut - 1})
			low = cut
		}
	}
	return append(out, window{low, math.MaxUint64})
}

// rosters list the goroutines of dumps. What takes little is kept: a
// comparison goes through the dumps more than once.
type rosters struct {
	dumps   []goroutine.Dump
	windows []window
	kept    [][]member // by dump, where there is one window
}

const keptMembers = 2 << 20 // of all dumps together

func newRosters(dumps []goroutine.Dump) *rosters {
	r := &rosters{dumps: dumps, windows: windows(dumps)}
	total := 0
	for i := range dumps {
		for j := range dumps[i].Buckets {
			total += dumps[i].Buckets[j].IDs.Len()
		}
	}
	if len(r.windows) == 1 && total <= keptMembers {
		r.kept = make([][]member, len(dumps))
		var lists sync.WaitGroup
		for i := range dumps {
			lists.Go(func() { r.kept[i] = r.list(&dumps[i], r.windows[0], nil) })
		}
		lists.Wait()
	}
	return r
}

// of lists the goroutines of a dump whose ids are in a window, by id. It may
// use buf; the caller must not change what it returns.
func (r *rosters) of(dump int, w window, buf []member) []member {
	if r.kept == nil {
		return r.list(&r.dumps[dump], w, buf[:0])
	}
	return r.kept[dump]
}

// highest is the highest id of a dump.
func (r *rosters) highest(dump int) uint64 {
	if r.kept == nil {
		return r.dumps[dump].Highest()
	}
	if all := r.of(dump, r.windows[0], nil); len(all) > 0 {
		return all[len(all)-1].id
	}
	return 0
}

// list makes a roster. A damaged dump may show an id twice: the first bucket
// counts.
func (r *rosters) list(d *goroutine.Dump, w window, out []member) []member {
	n := 0
	for j := range d.Buckets {
		n += d.Buckets[j].IDs.Len()
	}
	if len(r.windows) == 1 {
		out = slices.Grow(out, n)
	}
	sorted := true
	last, low, high := uint64(0), uint64(math.MaxUint64), uint64(0)
	for j := range d.Buckets {
		for id := range d.Buckets[j].IDs.All() {
			if id < w.low || id > w.high {
				continue
			}
			sorted = sorted && id > last
			last, low, high = id, min(low, id), max(high, id)
			out = append(out, member{id, int32(j)})
		}
	}
	switch {
	case sorted:
		return out
	case (high-low)/4 < uint64(len(out)):
		return inPlace(out, low, high)
	}
	sortMembers(out)
	return slices.CompactFunc(out, func(a, b member) bool { return a.id == b.id })
}

// inPlace sorts members whose ids are near each other, by giving each id a
// place. It keeps the first of those with one id.
func inPlace(m []member, low, high uint64) []member {
	at := make([]int32, high-low+1)
	for i := range m {
		if p := &at[m[i].id-low]; *p == 0 {
			*p = m[i].bucket + 1
		}
	}
	m = m[:0]
	for i, bucket := range at {
		if bucket != 0 {
			m = append(m, member{low + uint64(i), bucket - 1})
		}
	}
	return m
}

// sortMembers sorts by id, digit by digit: a dump of a leak has its ids in the order
// in which the runtime reuses its descriptors, which is random, and comparing
// would take longer than reading the dump.
func sortMembers(m []member) {
	const bits = 11
	if len(m) < 256 {
		slices.SortStableFunc(m, func(a, b member) int { return cmp.Compare(a.id, b.id) })
		return
	}
	var all uint64
	for i := range m {
		all |= m[i].id
	}
	from, to := m, make([]member, len(m))
	for shift := 0; shift < 64 && all>>shift != 0; shift += bits {
		var at [1 << bits]int
		for i := range from {
			at[from[i].id>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i := range at {
			at[i], sum = sum, sum+at[i]
		}
		for i := range from {
			d := from[i].id >> shift & (1<<bits - 1)
			to[at[d]] = from[i]
			at[d]++
		}
		from, to = to, from
	}
	if &from[0] != &m[0] {
		copy(m, from)
	}
}
