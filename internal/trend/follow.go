package trend

import "slices"

// record is how many goroutines of a series were there since when.
type record struct {
	rows []row
	last int // row that was counted last: most goroutines of a series are alike
	// stayed counts, per dump, the goroutines that were in the process at the
	// dump before, in this series or another.
	stayed []int
}

// row is how many goroutines of a dump were first seen in the dump birth, and
// have been in the series without a break since the dump stay.
type row struct {
	dump, birth, stay int32
	n                 int32
}

func (r *record) add(dump, birth, stay int32) {
	if r.last < len(r.rows) {
		if x := &r.rows[r.last]; x.dump == dump && x.birth == birth && x.stay == stay {
			x.n++
			return
		}
	}
	for r.last = len(r.rows) - 1; r.last >= 0 && r.rows[r.last].dump == dump; r.last-- {
		if x := &r.rows[r.last]; x.birth == birth && x.stay == stay {
			x.n++
			return
		}
	}
	r.last = len(r.rows)
	r.rows = append(r.rows, row{dump, birth, stay, 1})
}

// present is a goroutine while it is followed from dump to dump.
type present struct {
	id          uint64
	birth, stay int32 // dumps in which it was seen first, at all and at home without a break
	home, first int32 // its series, and that in the first dump of the lifetime; -1 if it was not there
}

// followed are dumps in which the goroutines of each series are followed.
type followed struct {
	matched
	// skip marks dumps that do not show all goroutines, or show again what the
	// dump before shows: they are reported and not judged.
	skip    []bool
	watched []watch // of each lifetime
	records []record
}

// watch are the dumps of a lifetime that are judged.
type watch struct {
	dumps []int
	ids   bool // their goroutines can be followed, not just counted
}

// follow finds out, for every series and step, which goroutines survived.
func follow(m matched) followed {
	f := followed{matched: m, skip: make([]bool, len(m.dumps))}
	f.skipTwins()
	f.skipPartial()
	f.records = make([]record, len(f.series))
	for l := range f.lives {
		w := f.watch(l)
		f.watched = append(f.watched, w)
		if !w.ids || len(w.dumps) < 2 {
			continue
		}
		last := l == len(f.lives)-1
		for n := range f.series {
			s := &f.series[n]
			if s.Steps == nil {
				s.Steps = make([]Step, len(f.dumps))
				f.records[n].stayed = make([]int, len(f.dumps))
			}
			s.HasIDs = s.HasIDs || last
		}
		for _, window := range f.rosters.windows {
			f.followWindow(w.dumps, window)
		}
		for n := range f.series {
			f.series[n].finishSteps(w.dumps, last)
		}
	}
	return f
}

// watch chooses the dumps of a lifetime: those with ids if they are enough.
func (f *followed) watch(life int) watch {
	var dumps, withIDs []int
	for _, i := range f.members[life] {
		if f.skip[i] {
			continue
		}
		dumps = append(dumps, i)
		if f.dumps[i].Level.HasIDs() {
			withIDs = append(withIDs, i)
		}
	}
	if !f.spread && (len(withIDs) == len(dumps) || len(withIDs) >= 3) {
		return watch{withIDs, true}
	}
	return watch{dumps, false}
}

// followWindow follows the goroutines of one lifetime whose ids are in a window.
func (f *followed) followWindow(dumps []int, w window) {
	var buf []member
	var open, next []present
	stayed, survived := make([]int, len(f.series)), make([]int, len(f.series))
	for n, d := range dumps {
		buf = f.rosters.of(d, w, buf)
		next = slices.Grow(next[:0], len(buf))
		clear(stayed)
		clear(survived)
		i := 0
		for _, m := range buf {
			for i < len(open) && open[i].id < m.id {
				i++
			}
			home := f.home[d][m.bucket]
			p := present{id: m.id, birth: int32(d), stay: int32(d), home: home, first: -1}
			if n == 0 {
				p.first = home
			}
			if i < len(open) && open[i].id == m.id {
				p.birth, p.first = open[i].birth, open[i].first
				stayed[home]++
				if open[i].home == home {
					p.stay = open[i].stay
					survived[home]++
				}
				i++
			}
			next = append(next, p)
			f.records[home].add(int32(d), p.birth, p.stay)
		}
		for home := range f.series {
			f.records[home].stayed[d] += stayed[home]
			f.series[home].Steps[d].Survived += survived[home]
		}
		open, next = next, open
	}
	for _, p := range open {
		if p.first == p.home {
			f.series[p.home].Survived++
		}
	}
}

// finishSteps works out births and ends from counts and survivors.
func (s *Series) finishSteps(dumps []int, last bool) {
	for i := 1; i < len(dumps); i++ {
		st := &s.Steps[dumps[i]]
		st.Known = true
		st.Born = s.Counts[dumps[i]] - st.Survived
		st.Ended = s.Counts[dumps[i-1]] - st.Survived
	}
	if last {
		s.Born = s.Counts[dumps[len(dumps)-1]] - s.Survived
		s.Ended = s.Counts[dumps[0]] - s.Survived
	} else {
		s.Survived = 0
	}
}
