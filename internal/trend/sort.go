package trend

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

func (t *Trend) sortByCount() {
	t.findOwners()
	t.sortSeries(func(a, b *Series) int {
		return cmp.Or(cmp.Compare(b.Counts[0], a.Counts[0]), cmp.Compare(b.Leaked, a.Leaked), cmp.Compare(b.Bucket.Waits.Max(), a.Bucket.Waits.Max()))
	})
}

// sortByInterest sorts the series, and the leaks, whose members are numbers of
// series.
func (t *Trend) sortByInterest() {
	t.findOwners()
	place := t.sortSeries(compareSeries)
	for _, l := range t.Leaks {
		for j, m := range l.Members {
			l.Members[j] = place[m]
		}
		slices.Sort(l.Members)
	}
	slices.SortStableFunc(t.Leaks, func(a, b Leak) int {
		if c := compareSeries(&a.Series, &b.Series); c != 0 {
			return c
		}
		return compareNames(&a.Series, &b.Series, site(&a.Series), site(&b.Series))
	})
}

// sortSeries sorts the series, equal ones by their names, and returns where each
// has gone. Call sites are looked up once: a trend may have very many series.
func (t *Trend) sortSeries(compare func(a, b *Series) int) (place []int) {
	order := make([]int, len(t.Series))
	sites := make([]string, len(t.Series))
	for i := range order {
		order[i], sites[i] = i, site(&t.Series[i])
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &t.Series[i], &t.Series[j]
		if c := compare(a, b); c != 0 {
			return c
		}
		return compareNames(a, b, sites[i], sites[j])
	})
	place = make([]int, len(order))
	for i, from := range order {
		place[from] = i
	}
	permute(t.Series, order)
	return place
}

// permute puts in each place of s what is in the place that order names, and
// uses order up. A copy would take much memory: see sortSeries.
func permute(s []Series, order []int) {
	for i := range order {
		first, to := s[i], i
		for order[to] != i {
			from := order[to]
			s[to], order[to] = s[from], to
			to = from
		}
		s[to], order[to] = first, to
	}
}

func site(s *Series) string { return s.Bucket.Stack.Site().Function }

func (t *Trend) findOwners() {
	for i := range t.Series {
		t.Series[i].owner = closeness(t.Series[i].Bucket.Stack)
	}
	for i := range t.Leaks {
		t.Leaks[i].Series.owner = closeness(t.Leaks[i].Series.Bucket.Stack)
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

// compareSeries puts what is called a leak first, the surest before the rest,
// and then what gained most in a lifetime: a difference across a restart says
// nothing.
func compareSeries(a, b *Series) int {
	return cmp.Or(
		cmp.Compare(a.urgency(), b.urgency()),
		cmp.Compare(b.Gain, a.Gain), cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()),
		cmp.Compare(b.Now(), a.Now()), cmp.Compare(b.Leaked, a.Leaked),
	)
}

// urgency ranks what is accused before what is called a leak with less
// confidence, and that before what grows.
func (s *Series) urgency() int {
	switch {
	case s.Accused():
		return 0
	case s.Verdict == Accumulating:
		return 1
	case s.Verdict == Growing:
		return 2
	}
	return 3
}

func compareNames(a, b *Series, siteA, siteB string) int {
	return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.Name, b.Name), cmp.Compare(siteA, siteB), cmp.Compare(a.Bucket.ID, b.Bucket.ID))
}
