package trend

import (
	"cmp"
	"math"
	"slices"

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
	spare   []member
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
	}
	return r
}

// of lists the goroutines of a dump whose ids are in a window, by id. It may
// use buf; the caller must not change what it returns.
func (r *rosters) of(dump int, w window, buf []member) []member {
	if r.kept == nil {
		return r.list(&r.dumps[dump], w, buf[:0])
	}
	if r.kept[dump] == nil {
		r.kept[dump] = r.list(&r.dumps[dump], w, nil)
	}
	return r.kept[dump]
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
	last := uint64(0)
	for j := range d.Buckets {
		for id := range d.Buckets[j].IDs.All() {
			if id < w.low || id > w.high {
				continue
			}
			sorted = sorted && id >= last
			last = id
			out = append(out, member{id, int32(j)})
		}
	}
	if !sorted {
		r.sort(out)
	}
	return slices.CompactFunc(out, func(a, b member) bool { return a.id == b.id })
}

// sort sorts by id, digit by digit: a dump of a leak has its ids in the order
// in which the runtime reuses its descriptors, which is none, and comparing
// would take longer than reading the dump.
func (r *rosters) sort(m []member) {
	const bits = 11
	if len(m) < 256 {
		slices.SortStableFunc(m, func(a, b member) int { return cmp.Compare(a.id, b.id) })
		return
	}
	var all uint64
	for i := range m {
		all |= m[i].id
	}
	r.spare = slices.Grow(r.spare[:0], len(m))
	from, to := m, r.spare[:len(m)]
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
