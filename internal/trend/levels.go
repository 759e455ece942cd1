package trend

import (
	"cmp"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

// A leak is told once, at the level that says it best: by its stack, if one
// holds most of it; by the go statement, if what one go statement started is
// parked in several stacks or moves between them; by the call site, if several
// go statements start what is parked at one.
const (
	mostOfIt  = 0.6 // of the newcomers at one stack: it says it all
	partOfIt  = 0.5 // of an equal share of the newcomers: the stack is part of it
	knownOfIt = 0.5 // of the newcomers at a site in leaks that are told already
)

// levels judges go statements and call sites, and gives the leaks.
func (c *comparison) levels(stacks bool) []Leak {
	var leaks []Leak
	if !stacks {
		for n := range c.Series {
			if c.Series[n].Verdict == Accumulating {
				leaks = append(leaks, Leak{ByGroup, c.Series[n], []int{n}})
			}
		}
		return leaks
	}
	origins, owner := c.origins()
	for _, members := range origins {
		leaks = append(leaks, c.tell(members)...)
	}
	for _, members := range c.sites() {
		if l, ok := c.tellSite(members, owner); ok {
			leaks = append(leaks, l)
		}
	}
	return leaks
}

// origins groups the series by the go statement that started them and the
// function it called. owner is the origin of each series.
func (c *comparison) origins() (groups [][]int, owner []int) {
	at := map[string]int{}
	for n := range c.Series {
		s := c.Series[n].Bucket.Stack
		entry, _ := s.Entry()
		by := s.CreatedBy()
		k := by.Function + "\n" + strconv.Itoa(by.Line) + "\n" + entry.Function
		g, ok := at[k]
		if !ok {
			g = len(groups)
			at[k] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], n)
		owner = append(owner, g)
	}
	return groups, owner
}

func (c *comparison) sites() [][]int {
	at := map[string]int{}
	var groups [][]int
	for n := range c.Series {
		f := c.Series[n].Bucket.Stack.Site()
		k := f.Function + " " + f.Place()
		g, ok := at[k]
		if !ok {
			g = len(groups)
			at[k] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], n)
	}
	return groups
}

// tell gives the leaks among what one go statement started.
func (c *comparison) tell(members []int) []Leak {
	var own []int
	came, ownCame := 0, 0
	for _, n := range members {
		k := c.newcomers(n)
		came += k
		if c.Series[n].Verdict == Accumulating {
			own = append(own, n)
			ownCame += k
		}
	}
	byStack := func() []Leak {
		var leaks []Leak
		for _, n := range own {
			leaks = append(leaks, Leak{ByStack, c.Series[n], []int{n}})
		}
		return leaks
	}
	if len(members) == 1 || len(own) == 1 && float64(ownCame) >= mostOfIt*float64(came) {
		return byStack()
	}
	all := c.sum(members, true)
	if all.Verdict != Accumulating {
		return byStack()
	}
	all.VerdictBy = ByCreator
	return []Leak{{ByCreator, all, c.mark(members, ByCreator, &all)}}
}

// tellSite gives the leak of a call site that no stack and no go statement
// shows on its own.
func (c *comparison) tellSite(members, owner []int) (Leak, bool) {
	starters := map[int]bool{}
	came, known := 0, 0
	for _, n := range members {
		starters[owner[n]] = true
		k := c.newcomers(n)
		came += k
		if c.Series[n].Verdict == Accumulating {
			known += k
		}
	}
	if len(starters) < 2 || float64(known) > knownOfIt*float64(came) || known > 0 && known == came {
		return Leak{}, false
	}
	all := c.sum(members, false)
	if all.Verdict != Accumulating {
		return Leak{}, false
	}
	all.VerdictBy = BySite
	return Leak{BySite, all, c.mark(members, BySite, &all)}, true
}

// mark gives the series that a leak consists of its verdict.
func (c *comparison) mark(members []int, by View, leak *Series) []int {
	came := 0
	for _, n := range members {
		came += c.newcomers(n)
	}
	var marked []int
	for _, n := range members {
		s := &c.Series[n]
		if s.Verdict != Accumulating {
			if k := c.newcomers(n); k == 0 || float64(k*len(members)) < partOfIt*float64(came) {
				continue
			}
			s.Verdict, s.VerdictBy, s.Confidence, s.Why = Accumulating, by, leak.Confidence, leak.Why
			s.Stuck = min(s.Now(), c.newcomers(n))
		}
		marked = append(marked, n)
	}
	slices.SortStableFunc(marked, func(a, b int) int { return cmp.Compare(c.Series[b].Now(), c.Series[a].Now()) })
	return marked
}

// newcomers counts who is in the last judged dump of a series and was not in
// the first of that life; without ids, by how much it grew.
func (c *comparison) newcomers(n int) int {
	dumps, ids := c.judged(c.Lives[len(c.Lives)-1])
	if len(dumps) < 2 {
		return c.Series[n].Now()
	}
	first, last := dumps[0], dumps[len(dumps)-1]
	if !ids {
		return max(0, c.Series[n].Counts[last]-c.Series[n].Counts[first])
	}
	k := 0
	for _, r := range c.records[n].rows {
		if r.dump == int32(last) && r.birth != int32(first) {
			k += int(r.n)
		}
	}
	return k
}

// sum is several series as one, judged. What one go statement started stays
// among them as long as it lives.
func (c *comparison) sum(members []int, origin bool) Series {
	s := Series{Counts: make([]int, len(c.Dumps)), At: make([]*goroutine.Bucket, len(c.Dumps)), Match: MatchStack}
	var rows []row
	parts := make(parts, len(c.Dumps))
	stayed := make([]int, len(c.Dumps))
	own := true
	for _, n := range members {
		m := &c.Series[n]
		if m.Match.sure() < s.Match.sure() {
			s.Match = m.Match
		}
		own = own && ownDoing(m.Bucket)
		s.HasIDs = s.HasIDs || m.HasIDs
		s.Leaked += m.Leaked
		rows = append(rows, c.records[n].rows...)
		for i := range c.Dumps {
			s.Counts[i] += m.Counts[i]
			if m.At[i] != nil {
				parts[i] = append(parts[i], m.At[i])
			}
			if m.Steps != nil {
				stayed[i] += c.records[n].stayed[i]
			}
		}
	}
	for i := range parts {
		if s.At[i] = lent(parts[i]); s.At[i] != nil {
			s.Bucket = s.At[i]
		}
	}
	for _, life := range c.Lives {
		if dumps, ids := c.judged(life); ids && len(dumps) > 1 {
			if s.Steps == nil {
				s.Steps = make([]Step, len(c.Dumps))
			}
			for _, d := range dumps {
				s.Steps[d].Survived = stayed[d]
			}
			s.finishSteps(dumps, false)
		}
	}
	if dumps, ids := c.judged(c.Lives[len(c.Lives)-1]); ids && len(dumps) > 1 {
		first, last := dumps[0], dumps[len(dumps)-1]
		for _, r := range rows {
			if r.dump == int32(last) && r.birth == int32(first) {
				s.Survived += int(r.n)
			}
		}
		s.Born, s.Ended = s.Counts[last]-s.Survived, s.Counts[first]-s.Survived
	}
	if origin {
		for i := range rows {
			rows[i].stay = rows[i].birth
		}
	}
	c.verdict(&s, rows, own)
	return s
}

// lent is several buckets of a dump as one, with the stack of the largest and
// without ids: those stand in the series.
func lent(buckets []*goroutine.Bucket) *goroutine.Bucket {
	if len(buckets) < 2 {
		return merged(buckets)
	}
	bare := make([]*goroutine.Bucket, len(buckets))
	for i, b := range buckets {
		x := *b
		x.IDs = goroutine.IDs{}
		bare[i] = &x
	}
	return merged(bare)
}
