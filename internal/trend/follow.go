package trend

import (
	"fmt"
	"slices"

	"gdump/internal/goroutine"
)

// record is who of a series was there when.
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
	home, first int32 // its series, and that in the first dump of the life; -1 if it was not there
}

// judged are the dumps of a life whose goroutines can be followed, or just
// counted where ids are missing.
func (c *comparison) judged(l Life) (dumps []int, ids bool) {
	var withIDs []int
	for i := l.From; i <= l.To; i++ {
		if c.skip[i] {
			continue
		}
		dumps = append(dumps, i)
		if c.Dumps[i].Level.HasIDs() {
			withIDs = append(withIDs, i)
		}
	}
	if c.split {
		return dumps, false
	}
	if len(withIDs) == len(dumps) || len(withIDs) >= 3 {
		return withIDs, true
	}
	return dumps, false
}

// follow finds out, for every series and step, who survived.
func (c *comparison) follow() {
	c.records = make([]record, len(c.Series))
	for l, life := range c.Lives {
		dumps, ids := c.judged(life)
		if !ids || len(dumps) < 2 {
			continue
		}
		for n := range c.Series {
			s := &c.Series[n]
			if s.Steps == nil {
				s.Steps = make([]Step, len(c.Dumps))
				c.records[n].stayed = make([]int, len(c.Dumps))
			}
			if l == len(c.Lives)-1 {
				s.HasIDs = true
			}
		}
		for _, w := range c.rosters.windows {
			c.followWindow(dumps, w)
		}
		for n := range c.Series {
			c.Series[n].finishSteps(dumps, l == len(c.Lives)-1)
		}
	}
}

// followWindow follows the goroutines of one life whose ids are in a window.
func (c *comparison) followWindow(dumps []int, w window) {
	var buf []member
	var open, next []present
	stayed, survived := make([]int, len(c.Series)), make([]int, len(c.Series))
	for n, d := range dumps {
		buf = c.rosters.of(d, w, buf)
		next = slices.Grow(next[:0], len(buf))
		clear(stayed)
		clear(survived)
		i := 0
		for _, m := range buf {
			for i < len(open) && open[i].id < m.id {
				i++
			}
			home := c.home[d][m.bucket]
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
			c.records[home].add(int32(d), p.birth, p.stay)
		}
		for home := range c.Series {
			c.records[home].stayed[d] += stayed[home]
			c.Series[home].Steps[d].Survived += survived[home]
		}
		open, next = next, open
	}
	for _, p := range open {
		if p.first == p.home {
			c.Series[p.home].Survived++
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

// findTwins notes dumps that are the same. Where their times or places say
// that they are one dump given twice, the second is not judged.
func (c *comparison) findTwins() {
	c.skip = make([]bool, len(c.Dumps))
	for i := 1; i < len(c.Dumps); i++ {
		a, b := &c.Dumps[i-1], &c.Dumps[i]
		if a.Goroutines == 0 || a.Level != b.Level || !sameBuckets(a, b) {
			continue
		}
		once := a.Source == b.Source && a.Offset == b.Offset || !a.TakenAt.IsZero() && a.TakenAt.Equal(b.TakenAt)
		switch {
		case once && len(c.Dumps) > 2:
			c.skip[i] = true
			c.note(fmt.Sprintf("%s and %s are the same dump: it counts once", a.Source, b.Source))
		case once || a.Level.HasIDs() && (a.TakenAt.IsZero() || b.TakenAt.IsZero()):
			c.note(fmt.Sprintf("%s and %s hold the same goroutines in the same states: is it the same dump twice?", a.Source, b.Source))
		}
	}
}

func sameBuckets(a, b *goroutine.Dump) bool {
	return slices.EqualFunc(a.Buckets, b.Buckets, func(x, y goroutine.Bucket) bool {
		return x.ID == y.ID && x.Count == y.Count && slices.Equal(x.States, y.States) && slices.Equal(x.Waits, y.Waits) &&
			x.IDs.Equal(&y.IDs)
	})
}

// findPartial leaves dumps that do not show all goroutines out of the
// judgement, as long as enough others remain: who is missing has not ended.
func (c *comparison) findPartial() {
	leaveOut := func(is, are string, least int, bad func(*goroutine.Dump) bool) {
		good := 0
		var names []string
		for i := range c.Dumps {
			switch {
			case c.skip[i]:
			case bad(&c.Dumps[i]):
				names = append(names, c.Dumps[i].Source)
			default:
				good++
			}
		}
		out := good >= least
		for i := range c.Dumps {
			c.skip[i] = c.skip[i] || out && bad(&c.Dumps[i])
		}
		switch {
		case len(names) == 1 && out:
			c.note(fmt.Sprintf("%s %s: it is shown, but the verdicts do not rest on it", names[0], is))
		case len(names) == 1:
			c.note(fmt.Sprintf("%s %s: goroutines that are missing there may not have ended", names[0], is))
		case out && len(names) > 1:
			c.note(fmt.Sprintf("%s %s: they are shown, but the verdicts do not rest on them", list(names), are))
		case len(names) > 1:
			c.note(fmt.Sprintf("%s %s: goroutines that are missing there may not have ended", list(names), are))
		}
	}
	leaveOut("does not show all goroutines", "do not show all goroutines", 2, partial)
	leaveOut("is damaged", "are damaged", 3, func(d *goroutine.Dump) bool { return len(d.Problems) > 0 })
}

// list names some of many: "a and b", "a, b and 3 more".
func list(names []string) string {
	if len(names) == 2 {
		return names[0] + " and " + names[1]
	}
	return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
}
