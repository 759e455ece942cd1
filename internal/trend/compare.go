package trend

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// Options choose what a comparison holds together. The zero value compares
// stacks, and judges go statements and call sites besides.
type Options struct {
	By string // name of the grouping; "" and "stack" are the default
	// Group names the groups that a bucket's goroutines belong to, and how many
	// belong to each. It is not called for the default grouping.
	Group func(*goroutine.Bucket) []goroutine.Count
}

// One is the trend of a single dump: its buckets, largest first.
func One(d goroutine.Dump) Trend { return Options{}.Compare([]goroutine.Dump{d}) }

// Compare puts dumps of one program in a row: in the order of their times
// where all have one, else in the order of their ids where they come from one
// life, else as given. One dump gives a trend without verdicts.
func Compare(dumps []goroutine.Dump) Trend { return Options{}.Compare(dumps) }

// Compare does what the function Compare does, by the grouping of the options.
func (o Options) Compare(all []goroutine.Dump) Trend {
	dumps, proofs := splitProofs(all)
	t := Trend{By: "stack", Dumps: slices.Clone(dumps), Restarted: make([]bool, len(dumps))}
	if o.Group != nil && o.By != "" {
		t.By = o.By
	} else {
		o.Group = nil
	}
	if len(dumps) == 0 {
		return t
	}
	c := comparison{Trend: &t}
	c.order()
	c.rosters = newRosters(c.Dumps)
	c.findStrangers()
	c.findLives()
	if o.Group != nil {
		c.group(o.Group)
	} else {
		c.match()
	}
	c.prove(proofs)
	if len(dumps) == 1 {
		c.joinProofs()
		t.sortByCount()
		return t
	}
	c.findTwins()
	c.findPartial()
	c.follow()
	c.judge()
	t.Leaks = c.leaks(o.Group == nil)
	c.joinProofs()
	t.sortByInterest()
	return t
}

// comparison is a trend while it is made.
type comparison struct {
	*Trend
	rosters *rosters
	// home is the series of each bucket of each dump; -1 if its goroutines are
	// spread over several.
	home [][]int32
	// skip marks dumps that do not show all goroutines, or show again what the
	// dump before shows: they are reported and not judged.
	skip []bool
	// records hold, for each series, who was there when. Empty without ids.
	records    []record
	marked     []bool // dumps with goroutines that are marked as leaked
	proved     bool   // there are marks, or leak profiles
	limits     limits
	objections []objection
	tracks     [][]track // by life and series
	site       [][]int   // of each series, those parked at the same call site
	youth      []youth   // by life
	peer       []bool    // series that wait for peers
	split      bool      // a bucket's goroutines can belong to several series: ids say nothing
}

func (t *Trend) sortByCount() {
	t.findOwners()
	slices.SortStableFunc(t.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(b.Counts[0], a.Counts[0]), cmp.Compare(b.Leaked, a.Leaked), cmp.Compare(b.Bucket.Waits.Max(), a.Bucket.Waits.Max()), compareNames(&a, &b))
	})
}

// sortByInterest sorts the series, and the leaks, whose members are numbers of
// series.
func (t *Trend) sortByInterest() {
	t.findOwners()
	order := make([]int, len(t.Series))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareSeries(&t.Series[a], &t.Series[b]) })
	sorted := make([]Series, len(order))
	place := make([]int, len(order))
	for i, from := range order {
		sorted[i] = t.Series[from]
		place[from] = i
	}
	t.Series = sorted
	for _, l := range t.Leaks {
		for j, m := range l.Members {
			l.Members[j] = place[m]
		}
		slices.Sort(l.Members)
	}
	slices.SortStableFunc(t.Leaks, func(a, b Leak) int { return compareSeries(&a.Series, &b.Series) })
}

func (t *Trend) findOwners() {
	for i := range t.Series {
		t.Series[i].whose = closeness(t.Series[i].Bucket.Stack)
	}
	for i := range t.Leaks {
		t.Leaks[i].Series.whose = closeness(t.Leaks[i].Series.Bucket.Stack)
	}
}

// closeness is how near to the reader the owner of a stack is: 0 for the
// program's own code, 1 for a dependency's, 2 for Go's.
func closeness(s goroutine.Stack) int8 {
	switch f, ok := s.Owner(); {
	case !ok:
		return 2
	case f.Origin == goroutine.Main:
		return 0
	}
	return 1
}

func compareSeries(a, b *Series) int {
	ra, rb := a.Verdict.Rank(), b.Verdict.Rank()
	if ra != rb && (ra == 0 || rb == 0) {
		return cmp.Compare(ra, rb)
	}
	return cmp.Or(cmp.Compare(b.Change(), a.Change()), cmp.Compare(ra, rb), cmp.Compare(b.Now(), a.Now()), cmp.Compare(b.Leaked, a.Leaked), compareNames(a, b))
}

func compareNames(a, b *Series) int {
	return cmp.Or(cmp.Compare(a.whose, b.whose), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Bucket.Stack.Site().Function, b.Bucket.Stack.Site().Function), cmp.Compare(a.Bucket.ID, b.Bucket.ID))
}
