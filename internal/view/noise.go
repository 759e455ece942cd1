package view

import (
	"cmp"
	"slices"
	"strings"

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

// The kinds of noise, as a row names them.
const (
	theDump  = "the dump itself"
	idleHTTP = "idle http"
)

// loud is how many goroutines that grow in number are no noise.
const loud = 10

// FindNoise finds the noise of a trend. What accumulates, grows to more than a
// few or is proven leaked is none, whatever it is.
func FindNoise(t *trend.Trend) Noise {
	var n Noise
	var kinds []string
	n.Row.Counts = make([]int, len(t.Dumps))
	n.Row.At = make([]*goroutine.Bucket, len(t.Dumps))
	for i := range t.Series {
		s := &t.Series[i]
		kind := noise(s.Bucket.Stack)
		if kind == "" || s.Leaked > 0 || s.Verdict == trend.Accumulating || s.Verdict == trend.Growing && s.Now() >= loud {
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
	states, waits := map[string]int{}, map[int]int{}
	for _, i := range members {
		b := series[i].Bucket
		if series[i].Now() == 0 {
			continue
		}
		all.Count += b.Count
		for _, s := range b.States {
			states[s.Name] += s.N
		}
		for _, w := range b.Waits {
			waits[w.Minutes] += w.N
		}
	}
	for name, n := range states {
		all.States = append(all.States, goroutine.Count{Name: name, N: n})
	}
	slices.SortFunc(all.States, func(a, b goroutine.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
	})
	for m, n := range waits {
		all.Waits = append(all.Waits, goroutine.Wait{Minutes: m, N: n})
	}
	all.Waits.Sort()
	return all
}

// noise says what kind of noise a stack is, "" for none. A frame of the
// program makes it the program's.
func noise(stack goroutine.Stack) string {
	server, client, waits := false, false, false
	for f := range stack.All() {
		switch {
		case strings.HasPrefix(f.Function, "runtime/pprof.") || strings.HasPrefix(f.Function, "net/http/pprof."):
			return theDump
		case f.Origin == goroutine.Main || f.Origin == goroutine.Dependency:
			return ""
		}
		switch f.Function {
		case "net/http.(*connReader).backgroundRead", "net/http.(*connReader).startBackgroundRead.gowrap2", "net/http.(*persistConn).writeLoop":
			return idleHTTP
		case "bufio.(*Reader).Peek", "net/http.(*conn).readRequest":
			waits = true
		case "net/http.(*conn).serve":
			server = true
		case "net/http.(*persistConn).readLoop":
			client = true
		}
	}
	if waits && (server || client) {
		return idleHTTP
	}
	return ""
}

// Name is what a series is called: the name of its group, else of its call site.
func Name(s *trend.Series) string {
	if s.Name != "" {
		return goroutine.Clean(s.Name)
	}
	return SiteName(s.Bucket)
}
