package view

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Leaker is a test that left goroutines behind.
type Leaker struct {
	Test       string // "" if neither a label nor the stack names it
	Goroutines int
	Series     []*trend.Series // where they are, the most first
}

// Name is the test, in words if it is not known.
func (l *Leaker) Name() string {
	if l.Test == "" {
		return "unknown test"
	}
	return goroutine.Clean(l.Test)
}

// Says is what the test left, and where.
func (l *Leaker) Says() string {
	b := l.Series[0].Bucket
	text := number.Plural(l.Goroutines, "goroutine", "goroutines") + " left in " + SiteName(b)
	if place := b.Stack.Site().Place(); place != "" {
		text += " at " + goroutine.Clean(place)
	}
	if n := len(l.Series) - 1; n > 0 {
		text += " and " + number.Plural(n, "more bucket", "more buckets")
	}
	return text
}

// Leakers are the tests whose goroutines are in the last dump and were not in
// the first, the worst first.
func Leakers(series []*trend.Series) []Leaker {
	found := map[string]*Leaker{}
	type part struct {
		series *trend.Series
		n      int
	}
	parts := map[string][]part{}
	for _, s := range series {
		last := s.At[len(s.At)-1]
		if last == nil || s.Change() <= 0 {
			continue
		}
		for name, n := range testsOf(last, s.At[0], s.Change()) {
			l := found[name]
			if l == nil {
				l = &Leaker{Test: name}
				found[name] = l
			}
			l.Goroutines += n
			parts[name] = append(parts[name], part{s, n})
		}
	}
	leakers := make([]Leaker, 0, len(found))
	for name, l := range found {
		slices.SortStableFunc(parts[name], func(a, b part) int { return cmp.Compare(b.n, a.n) })
		for _, p := range parts[name] {
			l.Series = append(l.Series, p.series)
		}
		leakers = append(leakers, *l)
	}
	slices.SortFunc(leakers, func(a, b Leaker) int {
		return cmp.Or(cmp.Compare(b.Goroutines, a.Goroutines), cmp.Compare(a.Test, b.Test))
	})
	return leakers
}

// testsOf says how many of the goroutines that a bucket grew by each test
// started: by the label of the injected package testing, else by the name of
// a test in the stack.
func testsOf(last, first *goroutine.Bucket, change int) map[string]int {
	found := labels(last)
	if first != nil {
		for name, n := range labels(first) {
			found[name] -= n
		}
	}
	maps.DeleteFunc(found, func(_ string, n int) bool { return n <= 0 })
	for _, n := range found {
		change -= n
	}
	if change > 0 {
		found[nameInStack(last)] += change
	}
	return found
}

func labels(b *goroutine.Bucket) map[string]int {
	found := map[string]int{}
	for _, l := range b.Labels {
		if l.Key != "test" {
			continue
		}
		for _, v := range l.Values {
			found[v.Name] = v.N
		}
	}
	return found
}

var testFunction = regexp.MustCompile(`\.((?:Test|Benchmark|Fuzz|Example)(?:[A-Z_0-9]\w*)?)(?:\.|$)`)

func nameInStack(b *goroutine.Bucket) string {
	frames := append(b.Stack.Frames(), b.Stack.CreatedBy())
	for _, f := range slices.Backward(frames) {
		if m := testFunction.FindStringSubmatch(f.Function); m != nil {
			return m[1]
		}
	}
	return ""
}
