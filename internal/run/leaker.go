package run

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Leaker is a test that left goroutines behind. The name is "" where neither
// a label nor the stack tells it.
type Leaker struct {
	Test       string
	Goroutines int
	Site       goroutine.Frame // where the most of them are parked
}

// Leakers are the tests whose goroutines are in the last dump of a trend and
// were not in the first, the worst first.
func Leakers(t *trend.Trend) []Leaker {
	found := map[string]*Leaker{}
	most := map[string]int{}
	for i := range t.Series {
		s := &t.Series[i]
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
			if n > most[name] {
				most[name], l.Site = n, last.Stack.Site()
			}
		}
	}
	leakers := make([]Leaker, 0, len(found))
	for _, l := range found {
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
