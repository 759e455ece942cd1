package trend_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestStory: a server that leaks in a library is dumped before, between and
// after two runs of its acceptance tests, and a fatal error restarts it now and
// then.
func TestStory(t *testing.T) {
	s := &server{step: 10 * time.Minute}
	runs := func(sizes ...int) {
		s.start("work", 8)
		s.start("listen", 1)
		s.start("pool", 2)
		for i, n := range sizes {
			s.start("leak", n-len(s.group("leak").alive))
			s.start("pool", 3-i) // it fills
			s.start("slow", 1)
			s.ids += 5000
			s.dump()
		}
	}
	runs(9, 250, 400)
	check := func(leak *trend.Leak, gain int) {
		t.Helper()
		if l := &leak.Series; !l.Accused() || l.Bucket.Stack.Site().Function != "example.com/app.leak" || l.Gain != gain {
			t.Errorf("%s of %s with %v, gained %d: %v", l.Verdict, l.Bucket.Stack.Site().Function, l.Confidence, l.Gain, l.Reasons)
		}
	}
	tr := trend.Compare(s.dumps)
	if len(tr.Leaks) == 0 || slices.Contains(tr.Restarted, true) || tr.Outcome.Kind != trend.Leaking {
		t.Fatalf("%d leaks, restarts %v, %s", len(tr.Leaks), tr.Restarted, tr.Outcome.Kind)
	}
	check(&tr.Leaks[0], 391)

	// The fatal error: another lifetime, in which it has leaked little yet.
	s.groups, s.ids = nil, 1
	runs(3, 40)
	s.groups, s.ids = nil, 3
	runs(5)
	tr = trend.Compare(s.dumps)
	if want := []bool{false, false, false, true, false, true}; !slices.Equal(tr.Restarted, want) || len(tr.Lives) != 3 {
		t.Fatalf("restarts %v, lives %v", tr.Restarted, tr.Lives)
	}
	if len(tr.Leaks) == 0 {
		t.Fatal("no leaks")
	}
	check(&tr.Leaks[0], 391)
	if l := &tr.Leaks[0].Series; l.Stuck > l.Now() || l.PerDump < 100 || l.Lives[0].Gain != 391 || l.Lives[1].Gain != 37 || !l.Lives[1].Accumulates {
		t.Errorf("%v a dump, lifetimes %+v", l.PerDump, l.Lives)
	}
}

// TestOrderOfLeaks: what a lifetime gains decides, not a difference across a
// restart.
func TestOrderOfLeaks(t *testing.T) {
	s := newServer()
	for _, n := range []int{10, 90, 170, 250} {
		s.levels("large", n)
		s.dumps = s.dumps[:len(s.dumps)-1]
		s.levels("small", n/5)
	}
	s.restart()
	for _, n := range []int{5, 6, 7} {
		s.start("small", n)
		s.levels("large", 5+n)
	}
	tr := trend.Compare(s.dumps)
	var got []string
	for _, l := range tr.Leaks {
		got = append(got, strings.TrimPrefix(l.Series.Bucket.Stack.Site().Function, "example.com/app."))
	}
	if len(got) < 1 || got[0] != "small" {
		t.Errorf("got %v: what is accused comes first", got)
	}
	s.dumps = s.dumps[:6]
	tr = trend.Compare(s.dumps)
	if a, b := series(&tr, "large"), series(&tr, "small"); a.Change() >= b.Change() || a.Gain != 240 || b.Gain != 48 || tr.Leaks[0].Series.Gain != 240 {
		t.Errorf("changes %d and %d, gains %d and %d", a.Change(), b.Change(), a.Gain, b.Gain)
	}
}

// TestReplicas: dumps of two processes in turn are no restarts; each is
// followed.
func TestReplicas(t *testing.T) {
	a, b := newServer(), newServer()
	b.restart()
	b.start("session", 5)
	var dumps []goroutine.Dump
	for i := range 10 {
		from := a
		if i%2 == 1 {
			from = b
		}
		from.start("leak", 7+i%2*20)
		from.start("session", 1)
		from.end("session", 1)
		from.dump()
		d := from.dumps[len(from.dumps)-1]
		d.TakenAt = time.Date(2026, 3, 1, 12, 30*i, 0, 0, time.UTC)
		dumps = append(dumps, d)
	}
	tr := trend.Compare(dumps)
	if tr.Replicas != 2 || slices.Contains(tr.Restarted, true) || !slices.Equal(tr.LifeOf, []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}) {
		t.Fatalf("%d replicas, restarts %v, lifetimes %v, warnings %v", tr.Replicas, tr.Restarted, tr.LifeOf, tr.Warnings)
	}
	if l := tr.Leaks[0]; !l.Series.Accused() || l.Series.Gain != 108 || len(l.Series.Lives) != 2 {
		t.Errorf("%+v", l.Series)
	}
	// What leaks in one of them is reported, though the other answered last.
	for i := range dumps {
		if i%2 == 1 {
			kept := []goroutine.Bucket{}
			for _, x := range dumps[i].Buckets {
				if x.Stack.Site().Function == "example.com/app.leak" {
					x = bucketOf("leak", x.IDs.First(27)...)
				}
				kept = append(kept, x)
			}
			dumps[i] = dumpOf(dumps[i].Source, kept...)
			dumps[i].TakenAt = time.Date(2026, 3, 1, 12, 30*i, 0, 0, time.UTC)
		}
	}
	tr = trend.Compare(dumps)
	if s := series(&tr, "leak"); !s.Accused() || tr.Replicas != 2 {
		t.Errorf("%v of %d replicas is %s: %v", s.Counts, tr.Replicas, s.Verdict, s.Reasons)
	}
	if tr = trend.Compare(dumps[:3]); tr.Replicas != 2 {
		t.Errorf("of three dumps: %d replicas, restarts %v", tr.Replicas, tr.Restarted)
	}
}

// TestClock: a clock that is put back sorts the dumps wrongly; the ids do not.
func TestClock(t *testing.T) {
	s := newServer().levels("leak", 10, 20, 30, 40, 50, 60)
	for i := range s.dumps[3:] {
		s.dumps[3+i].TakenAt = s.dumps[3+i].TakenAt.Add(-100 * time.Minute)
	}
	tr := trend.Compare(s.dumps)
	if got := series(&tr, "leak"); fmt.Sprint(got.Counts) != "[10 20 30 40 50 60]" || len(tr.Lives) != 1 || tr.Warnings[0].Kind != trend.ClockPutBack {
		t.Errorf("%v, lives %v, warnings %v", got.Counts, tr.Lives, tr.Warnings)
	}
	// A process that restarted has lower ids at later times.
	s = newServer().levels("leak", 10, 20, 30)
	s.restart()
	s.ids = 5000
	s.groups = nil
	s.start("work", 8)
	s.levels("leak", 10, 20, 30)
	if tr = trend.Compare(s.dumps); len(tr.Lives) != 2 || !tr.Restarted[3] {
		t.Errorf("lives %v, warnings %v", tr.Lives, tr.Warnings)
	}
}

// TestMany: of more dumps than are compared the newest lifetime is sampled, or
// the newest of all.
func TestMany(t *testing.T) {
	s := newServer()
	s.levels("old", 1, 2, 3)
	s.restart()
	s.ids = 300
	s.groups = nil
	for n := range 3 * trend.MaxDumps {
		s.levels("leak", 10+n)
	}
	tr := trend.Compare(s.dumps)
	got := series(&tr, "leak").Counts
	if len(tr.Dumps) != trend.MaxDumps || got[0] != 10 || got[len(got)-1] != 9+3*trend.MaxDumps || len(tr.Lives) != 1 || tr.Warnings[0].Kind != trend.Sampled {
		t.Errorf("%d dumps, %d to %d, %v", len(tr.Dumps), got[0], got[len(got)-1], tr.Warnings)
	}
	if w := tr.Warnings[0]; w.N != trend.MaxDumps || w.Of != 3+3*trend.MaxDumps || w.Names[0] != "dump3" || w.Count != 3 {
		t.Errorf("got %+v", w)
	}
	s.groups = nil
	s.ids = 100
	s.start("work", 8)
	s.levels("leak", 1, 2, 3)
	tr = trend.Compare(s.dumps)
	if got = series(&tr, "leak").Counts; len(tr.Dumps) != trend.MaxDumps || len(tr.Lives) != 2 || got[len(got)-1] != 3 || got[len(got)-4]-got[len(got)-5] != 1 {
		t.Errorf("%d dumps in %v, %v, %v", len(tr.Dumps), tr.Lives, got, tr.Warnings)
	}
	if tr = trend.Compare(s.dumps[:trend.MaxDumps]); len(tr.Dumps) != trend.MaxDumps || warned(&tr, trend.Sampled) != nil {
		t.Errorf("%v", tr.Warnings)
	}
}

// TestOutcome: nothing accumulates for different reasons.
func TestOutcome(t *testing.T) {
	restarted := func(first, second []int) []goroutine.Dump {
		s := newServer().levels("leak", first...)
		s.restart()
		return s.levels("leak", second...).dumps
	}
	tests := map[string]struct {
		dumps  []goroutine.Dump
		want   trend.OutcomeKind
		reason trend.ReasonKind
	}{
		"clean":                 {newServer().levels("leak", 20, 20, 20, 20).dumps, trend.Clean, ""},
		"leaking":               {newServer().levels("leak", 20, 30, 40, 50).dumps, trend.Leaking, ""},
		"two dumps":             {newServer().levels("leak", 20, 50).dumps, trend.Rising, ""},
		"grew and stopped":      {newServer().levels("leak", 20, 50, 50, 50, 50, 50).dumps, trend.Settled, ""},
		"grew by few":           {newServer().levels("leak", 20, 24, 24, 24, 24, 24).dumps, trend.Clean, ""},
		"one dump each":         {restarted([]int{20}, []int{50}), trend.Undecided, trend.OneEach},
		"one after a restart":   {restarted([]int{20, 20, 20}, []int{5}), trend.Undecided, trend.AfterRestart},
		"several after a start": {restarted([]int{20, 20, 20}, []int{20, 20, 20}), trend.Clean, ""},
	}
	for name, tt := range tests {
		tr := trend.Compare(tt.dumps)
		o := tr.Outcome
		if o.Kind != tt.want || tt.reason == "" && len(o.Reasons) > 0 || tt.reason != "" && (len(o.Reasons) != 1 || o.Reasons[0].Kind != tt.reason) {
			t.Errorf("%s: %s %v, want %s %s", name, o.Kind, o.Reasons, tt.want, tt.reason)
		}
		if stopped := o.Kind == trend.Settled; stopped != (len(o.Stopped) == 1) {
			t.Errorf("%s: stopped %v", name, o.Stopped)
		}
	}
	cut := newServer().levels("leak", 20, 30, 40)
	for i := range cut.dumps {
		cut.dumps[i].Truncated = i > 0
	}
	cut.dumps[1].Truncated = false
	tr := trend.Compare(cut.dumps[1:])
	if tr.Outcome.Kind == trend.Undecided {
		t.Errorf("two dumps of which one is cut off: %+v", tr.Outcome)
	}
}

// TestFixed: what a restart took away, and what no longer leaks after it.
func TestFixed(t *testing.T) {
	s := newServer().levels("leak", 500, 1000, 1500)
	s.restart()
	s.levels("other", 3, 3, 3)
	tr := trend.Compare(s.dumps)
	if f := tr.Outcome.Fixed; len(f) != 1 || series(&tr, "leak") != &tr.Series[f[0]] || tr.Changed != f[0] {
		t.Errorf("fixed %v, changed %d", f, tr.Changed)
	}
	s = newServer().levels("leak", 20, 40, 60)
	s.restart()
	s.levels("leak", 3, 3, 3, 3)
	tr = trend.Compare(s.dumps)
	if f := tr.Outcome.Fixed; len(f) != 1 || series(&tr, "leak").Verdict != trend.Stable {
		t.Errorf("fixed %v, %s", f, series(&tr, "leak").Verdict)
	}
	s = newServer().levels("few", 9, 9, 9)
	s.restart()
	s.levels("other", 3, 3, 3)
	if tr = trend.Compare(s.dumps); len(tr.Outcome.Fixed) != 0 {
		t.Errorf("fixed %v: a few are gone after any restart", tr.Outcome.Fixed)
	}
}

// TestDecides: what grows comes with what would decide about it.
func TestDecides(t *testing.T) {
	tests := map[string]struct {
		dumps []goroutine.Dump
		want  trend.Reason
	}{
		"two dumps":        {newServer().levels("leak", 20, 50).dumps, trend.Reason{Kind: trend.MoreDumps, N: 1, Of: 2}},
		"young process":    {young().levels("leak", 10, 18, 25, 33).dumps, trend.Reason{Kind: trend.MoreTime, Span: 46 * time.Minute}},
		"slows":            {newServer().levels("leak", 10, 50, 90, 100, 110).dumps, trend.Reason{Kind: trend.MoreTime, N: 2, Span: time.Hour}},
		"filled before":    {up([]int{12, 10, 9, 7, 6, 5, 4, 3}, 2, 2, 2).dumps, trend.Reason{Kind: trend.MoreTime, N: 1, Span: 330 * time.Minute}},
		"half an hour old": {aged(), trend.Reason{Kind: trend.MoreTime, Span: 29 * time.Minute}},
		"few more":         {newServer().levels("leak", 10, 11, 12, 13).dumps, trend.Reason{Kind: trend.MoreDumps, N: 3, Of: 4}},
	}
	for name, tt := range tests {
		tr := trend.Compare(tt.dumps)
		s := cmp.Or(series(&tr, "leak"), series(&tr, "pool"))
		if s.Verdict != trend.Growing || len(s.Decides) != 1 || s.Decides[0] != tt.want {
			t.Errorf("%s: %s, %v, want %v", name, s.Verdict, s.Decides, tt.want)
		}
	}
}

// TestAgreement: two lifetimes are surer than one, and a new build takes nothing
// from what rises within a lifetime.
func TestAgreement(t *testing.T) {
	s := newServer().levels("leak", 10, 22, 31, 44)
	tr := trend.Compare(s.dumps)
	one := series(&tr, "leak").Confidence
	s.restart()
	s.levels("leak", 4, 14, 25, 35)
	tr = trend.Compare(s.dumps)
	if two := series(&tr, "leak"); two.Confidence <= one || two.Reasons[0] != (trend.Reason{Kind: trend.InLives, N: 2, Of: 2}) {
		t.Errorf("%v, then %v: %v", one, two.Confidence, two.Reasons)
	}
	// Of the other build, all lines have moved.
	for i := range s.dumps[4:] {
		d := &s.dumps[4+i]
		for j := range d.Buckets {
			b := &d.Buckets[j]
			b.Stack = b.Stack.Map(new(goroutine.Stacks), func(f goroutine.Frame) goroutine.Frame {
				f.Line += 7
				return f
			})
			b.ID = b.Stack.ID()
		}
	}
	built := trend.Compare(s.dumps)
	if two := series(&built, "leak"); two.Match != trend.MatchLines || two.Confidence != series(&tr, "leak").Confidence {
		t.Errorf("matched by %s: %v: %v", two.Match, two.Confidence, two.Reasons)
	}
}

// aged is dumps over a quarter of an hour of a process that was up for as long before.
func aged() []goroutine.Dump {
	s := young()
	for range 4 {
		s.start("leak", 8)
		s.ids += 100
	}
	s.start("leak", 3)
	return s.levels("leak", 35, 42, 51, 59).dumps
}
