package view

import (
	"cmp"
	"slices"
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Noise is what is in nearly every dump and says nothing of the program: the
// goroutine that wrote the dump, and HTTP connections on which nothing happens,
// that of the request for the dump among them.
type Noise struct {
	Members []int        // series of the trend
	Row     trend.Series // all of them as one; its name says what they are
}

// FindNoise finds the noise of a trend. What accumulates, grows to more than a
// few or is proven leaked is none, whatever it is.
func FindNoise(t *trend.Trend) Noise {
	var n Noise
	var kinds []string
	n.Row.Counts = make([]int, len(t.Dumps))
	n.Row.At = make([]*goroutine.Bucket, len(t.Dumps))
	for i := range t.Series {
		s := &t.Series[i]
		kind := diagnose.Noise(s.Bucket.Stack)
		if kind == "" || s.Leaked > 0 || s.Verdict == trend.Accumulating || len(t.Dumps) > 1 && s.Change() >= diagnose.Loud || s.Verdict == trend.Growing && s.Now() >= diagnose.Loud {
			continue
		}
		n.Members = append(n.Members, i)
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		for j, c := range s.Counts {
			n.Row.Counts[j] += c
		}
	}
	if n.Members == nil {
		return n
	}
	slices.SortFunc(kinds, func(a, b string) int { return cmp.Compare(b, a) })
	n.Row.Name = strings.Join(kinds, " and ")
	if n.Row.Verdict = ""; len(t.Dumps) > 1 && t.Series[n.Members[0]].Verdict != "" {
		n.Row.Verdict = trend.Turnover
	}
	n.Row.Bucket = together(t.Series, n.Members)
	return n
}

// together is a bucket with the states and waits of several. It has no stack.
func together(series []trend.Series, members []int) *goroutine.Bucket {
	all := &goroutine.Bucket{}
	for _, i := range members {
		if series[i].Now() == 0 {
			continue
		}
		b := series[i].Bucket
		all.Count += b.Count
		all.States = goroutine.AddCounts(all.States, b.States)
		all.Waits = all.Waits.Add(b.Waits)
	}
	return all
}

// Name is what a series is called: the name of its group, else of its call site.
func Name(s *trend.Series) string {
	if s.Name != "" {
		return goroutine.Clean(s.Name)
	}
	return SiteName(s.Bucket)
}
