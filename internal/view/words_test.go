package view

import (
	"slices"
	"testing"

	"gdump/internal/trend"
)

// TestNotes: each kind of warning has its words.
func TestNotes(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	tests := []struct {
		w    trend.Warning
		want string
	}{
		{trend.Warning{Kind: trend.ByTimes}, "the dumps were put in the order of their times"},
		{trend.Warning{Kind: trend.ByIDs}, "the dumps have no times: they were put in the order of their goroutine IDs, which only grow"},
		{trend.Warning{Kind: trend.ClockPutBack}, "the times of the dumps contradict their goroutine IDs, which only grow: they are in the order of the IDs"},
		{trend.Warning{Kind: trend.Untimed}, "the dumps do not say when they were taken: they are compared in the order given"},
		{trend.Warning{Kind: trend.Sampled, N: 128, Of: 10_000, Names: names[:1], Count: 78}, "128 of 10 000 dumps are compared: of the newest process lifetime, which begins with a, one in 78"},
		{trend.Warning{Kind: trend.Sampled, N: 128, Of: 10_000, Names: names[:1]}, "128 of 10 000 dumps are compared: the newest, from a on"},
		{trend.Warning{Kind: trend.RestartedAt, N: 1, Names: names[:1]}, "the process restarted before a: growth is measured in each process lifetime on its own"},
		{trend.Warning{Kind: trend.RestartedAt, N: 2, Names: names[:2]}, "the process restarted 2 times, before a and b: growth is measured in each process lifetime on its own"},
		{trend.Warning{Kind: trend.ManyReplicas, N: 2}, "the dumps come from 2 processes in turn: each is followed on its own"},
		{trend.Warning{Kind: trend.MixedLevels, Names: []string{"debug=1", "debug=0"}}, "debug=1 and debug=0 are different kinds of dump: stacks are compared without frames of the runtime and created by, which not all of them show"},
		{trend.Warning{Kind: trend.MixedLevels, Names: []string{"debug=2", "crash"}, Of: 1}, "debug=2 and crash are different kinds of dump: stacks are compared without frames of the runtime"},
		{trend.Warning{Kind: trend.OtherBuild, N: 1200, Of: 1300, Count: 4}, "the dumps come from different builds, lines have moved: 1 200 of 1 300 buckets matched by the names of functions, 4 by names without the numbers of closures, which is less sure"},
		{trend.Warning{Kind: trend.OtherBuild, N: 0, Of: 1}, "the dumps come from different builds, lines have moved: 0 of 1 bucket matched by the names of functions"},
		{trend.Warning{Kind: trend.DeepStacks, N: 2, Of: 50}, "2 deep stacks matched by their first 50 frames"},
		{trend.Warning{Kind: trend.SameDump, Names: names[:2]}, "a and b are the same dump: it counts once"},
		{trend.Warning{Kind: trend.PerhapsSame, Names: names[:2]}, "a and b have the same goroutines in the same states: is it the same dump twice?"},
		{trend.Warning{Kind: trend.NotAll, Names: names[:1]}, "a does not show all goroutines: goroutines that are missing there may not have ended"},
		{trend.Warning{Kind: trend.NotAll, Names: names, Of: 1}, "a, b and 3 more do not show all goroutines: they are shown, but the verdicts do not rest on them"},
		{trend.Warning{Kind: trend.Damaged, Names: names[:1], Of: 1}, "a is damaged: it is shown, but the verdicts do not rest on it"},
		{trend.Warning{Kind: trend.Damaged, Names: names[:2]}, "a and b are damaged: goroutines that are missing there may not have ended"},
		{trend.Warning{Kind: trend.LeftOut, Names: names[:1]}, "a shows one goroutine only: it is not compared"},
		{trend.Warning{Kind: trend.LeftOut, Names: names}, "a, b and 3 more show one goroutine each: they are not compared"},
		{trend.Warning{Kind: trend.LeakProfile, Names: names[:1], N: 5, Of: 1}, "a lists what the garbage collector proved leaked: 5 goroutines in 1 stack"},
		{trend.Warning{Kind: trend.Regrouped, Names: []string{"function"}, N: 1500, Of: 1200}, "1 500 goroutines in 1 200 different stacks: grouped by function of the call site, --by stack lists the stacks"},
	}
	var tr trend.Trend
	var want []string
	for _, tt := range tests {
		tr.Warnings = append(tr.Warnings, tt.w)
		want = append(want, tt.want)
	}
	got := Notes(&tr)
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("%s\ngot  %s\nwant %s", tests[i].w.Kind, got[i], want[i])
		}
	}
	tr.Warnings = []trend.Warning{{Kind: trend.SameDump, Names: []string{"\x1b[2J", "b"}}}
	if got := Notes(&tr); slices.ContainsFunc([]rune(got[0]), func(r rune) bool { return r < ' ' }) {
		t.Errorf("control characters in %q", got[0])
	}
}
