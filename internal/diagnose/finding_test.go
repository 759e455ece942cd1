package diagnose

import (
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
)

// series is one bucket of the program's own code over some dumps.
func series(name string, v trend.Verdict, counts ...int) trend.Series {
	b := &goroutine.Bucket{
		States: []goroutine.Count{{Name: "chan send", N: counts[len(counts)-1]}},
		Stack: goroutine.NewStack(goroutine.Parts{
			Frames:    []goroutine.Frame{{Function: "main." + name, File: "/app/" + name + ".go", Line: 7, Package: "main", Origin: goroutine.Main}},
			CreatedBy: goroutine.Frame{Function: "main.main", File: "/app/main.go", Line: 3, Package: "main", Origin: goroutine.Main},
		}),
	}
	b.ID = b.Stack.ID()
	return trend.Series{Bucket: b, Counts: counts, Verdict: v, VerdictBy: trend.ByStack, HasIDs: true}
}

// over is the trend of series, with a restart before the dumps given.
func over(restarts []int, all ...trend.Series) *trend.Trend {
	n := len(all[0].Counts)
	t := &trend.Trend{Dumps: make([]goroutine.Dump, n), Restarted: make([]bool, n), Series: all, By: "stack"}
	from := 0
	for _, r := range restarts {
		t.Restarted[r] = true
		t.Lives = append(t.Lives, trend.Life{From: from, To: r - 1})
		from = r
	}
	t.Lives = append(t.Lives, trend.Life{From: from, To: n - 1})
	for i := range t.Dumps {
		t.Dumps[i].Level = goroutine.Debug2
		for j := range all {
			t.Dumps[i].Goroutines += all[j].Counts[i]
		}
	}
	return t
}

// leaking adds leaks, which are some of its series.
func leaking(t *trend.Trend, which ...int) *trend.Trend {
	for _, i := range which {
		t.Leaks = append(t.Leaks, trend.Leak{By: trend.ByStack, Series: t.Series[i], Members: []int{i}})
	}
	return t
}

// ending gives a trend its outcome.
func ending(t *trend.Trend, o trend.Outcome) *trend.Trend {
	t.Outcome = o
	return t
}

func counting(t *trend.Trend) *trend.Trend {
	for i := range t.Dumps {
		t.Dumps[i].Level = goroutine.Debug1
	}
	return t
}

func TestFindings(t *testing.T) {
	const by = "your code (package main), started by main.main at main.go:3"
	work := series("work", trend.Stable, 40, 40)
	fixed := series("leak", trend.Gone, 1500, 0)
	one := []trend.Reason{{Kind: trend.OneEach, N: 2}}
	const oneSays = "each of 2 process lifetimes has one dump"
	traffic := series("serve", trend.Accumulating, 150, 180, 194)
	traffic.Stuck, traffic.PerDump = 15, 5
	mostly := traffic
	mostly.Stuck = 156
	grown := series("pool", trend.Grown, 40, 60)
	grown.Gain = 20
	leak := series("leak", trend.Accumulating, 10, 20, 30)
	leak.PerDump = 10
	pool := series("pool", trend.Growing, 1, 5, 9)
	pool.PerDump = 4
	undecided := pool
	undecided.Decides = []trend.Reason{{Kind: trend.MoreDumps, N: 3}}
	tests := []struct {
		name  string
		trend *trend.Trend
		kind  Kind
		want  []string
	}{
		{"leak", leaking(over(nil, leak, leak, pool, pool), 0, 1, 2, 3), Accumulating, []string{
			"accumulating: main.leak +20 (10 → 30); 10 more in every dump, none finished, blocked sending to a channel", by,
			"1 more place accumulates; 2 more places grow",
		}},
		{"pool", leaking(over(nil, pool), 0), Growing, []string{
			"growing: main.pool +8 (1 → 9); 4 more in every dump, none finished, blocked sending to a channel", by,
		}},
		{"in traffic", leaking(over(nil, traffic), 0), Accumulating, []string{
			"accumulating: main.serve: 15 of 194 never finish; 5 more in every dump, blocked sending to a channel", by,
		}},
		{"some traffic", leaking(over(nil, mostly), 0), Accumulating, []string{
			"accumulating: main.serve +44 (150 → 194); 5 more in every dump, none finished, blocked sending to a channel", by,
		}},
		{"fixed", ending(over([]int{1}, fixed, work), trend.Outcome{Kind: trend.Undecided, Fixed: []int{0}, Rebuilt: true, Reasons: one}), Fixed, []string{"gone: main.leak 1 500 → 0; another build; 1 540 → 40 goroutines in all", by, oneSays}},
		{"ended", over(nil, fixed, work), Fixed, []string{"gone: main.leak 1 500 → 0; 1 540 → 40 goroutines in all", by}},
		{"restarted", ending(over([]int{1}, fixed, series("work", trend.Stable, 40, 250)), trend.Outcome{Kind: trend.Undecided, Fixed: []int{0}, Reasons: one}), Unjudged, []string{
			"1 540 → 250 goroutines across a restart, most (250) in main.work; gone: main.leak 1 500 → 0; cannot tell what accumulates",
			oneSays,
		}},
		{"restarted twice", ending(over([]int{1, 2}, series("work", trend.Turnover, 40, 9, 50)), trend.Outcome{Kind: trend.Undecided, Reasons: one}), Unjudged, []string{
			"40 → 50 goroutines across restarts, most (50) in main.work; cannot tell what accumulates",
			oneSays,
		}},
		{"two dumps", over(nil, series("work", trend.Grown, 40, 50)), Growing, []string{
			"grew: main.work +10 (40 → 50), none finished, blocked sending to a channel; 40 → 50 goroutines in all", by, onlyTwo,
		}},
		{"a little more", over(nil, series("work", trend.Grown, 40, 42)), Quiet, []string{"nothing accumulates: 40 → 42 goroutines; the largest growth is +2 in main.work (grown)"}},
		{"paused", ending(over(nil, work, grown), trend.Outcome{Kind: trend.Settled, Stopped: []int{1}}), Paused, []string{"grew and paused: main.pool +20 (40 → 60); 80 → 100 goroutines in all", by}},
		{"busy", over(nil, series("work", trend.Turnover, 40, 60, 70)), Quiet, []string{"nothing accumulates: 40 → 70 goroutines; the largest growth is +30 in main.work (turnover)"}},
		{"less", over(nil, series("work", trend.Shrunk, 40, 30)), Quiet, []string{"nothing accumulates: 40 → 30 goroutines; the largest change is –10 in main.work (shrunk)"}},
		{"clean", over(nil, work), Quiet, []string{"nothing accumulates: 40 → 40 goroutines"}},
		{"counts", counting(over(nil, series("work", trend.Stable, 40, 40, 40))), Quiet, []string{
			"nothing accumulates: 40 → 40 goroutines", onlyCounts,
		}},
		{"undecided pool", leaking(over(nil, undecided), 0), Growing, []string{
			"growing: main.pool +8 (1 → 9); 4 more in every dump, none finished, blocked sending to a channel", by, "what would decide: 3 more dumps",
		}},
	}
	for _, tt := range tests {
		found := Of(tt.trend, nil).Findings()
		if found[0].Kind != tt.kind {
			t.Errorf("%s: %s, want %s", tt.name, found[0].Kind, tt.kind)
		}
		if d := cmp.Diff(tt.want, Of(tt.trend, nil).Headline()); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}

// TestDoing checks that a state that Go may have tomorrow is shown as it is.
func TestDoing(t *testing.T) {
	for state, want := range map[string]string{
		"select": "blocked in a select", "chan receive (durable)": "blocked receiving from a channel",
		"IO wait (scan)": "waiting for I/O", "new \x1bthing": `in state new \x1bthing`,
	} {
		if got := doing(state); got != want {
			t.Errorf("%q: %q, want %q", state, got, want)
		}
	}
}

func TestOneDump(t *testing.T) {
	for _, tt := range []struct {
		want   string
		series []trend.Series
	}{
		{"no goroutines", nil},
		{"the only goroutine is in main.a, blocked sending to a channel", []trend.Series{series("a", "", 1)}},
		{"2 goroutines, each with its own stack; the first is in main.a, blocked sending to a channel\nno queue at a lock", []trend.Series{series("a", "", 1), series("b", "", 1)}},
		{"most goroutines (1 200) are in main.a, blocked sending to a channel\nno queue at a lock", []trend.Series{series("a", "", 1200), series("b", "", 1)}},
	} {
		one := &trend.Trend{Dumps: make([]goroutine.Dump, 1), Restarted: []bool{false}, Series: tt.series}
		for i := range tt.series {
			one.Dumps[0].Goroutines += tt.series[i].Now()
		}
		if got := strings.Join(Of(one, nil).Headline(), "\n"); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestGrewLeads checks that a finding about what grew between two dumps leads to
// where that is.
func TestGrewLeads(t *testing.T) {
	grown := series("pool", trend.Grown, 40, 60)
	grown.Gain = 20
	paused := ending(over(nil, series("work", trend.Stable, 40, 40), grown), trend.Outcome{Kind: trend.Settled, Stopped: []int{1}})
	for _, tr := range []*trend.Trend{over(nil, grown), paused} {
		if f := Of(tr, nil).Findings()[0]; len(f.Buckets) != 1 || f.Buckets[0] != grown.Bucket.ID {
			t.Errorf("%s leads to %v, want %s", f.Says, f.Buckets, grown.Bucket.ID)
		}
	}
}
