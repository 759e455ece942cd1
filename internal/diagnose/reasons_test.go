package diagnose

import (
	"testing"
	"time"

	"gdump/internal/trend"
)

// TestReason: each kind of evidence has its words.
func TestReason(t *testing.T) {
	const more = 1450
	for _, tt := range []struct {
		r    trend.Reason
		want string
	}{
		{trend.Reason{Kind: trend.Stayed, N: 4, Of: 5, Count: more}, "goroutines stayed behind in 4 of 5 rounds, 1 450 of them are still there, none has ended"},
		{trend.Reason{Kind: trend.Stayed, N: 4, Of: 5, Count: 9, Age: 1}, "goroutines stayed behind in 4 of 5 rounds, 9 of them are still there, none of those that were there for 2 dumps has ended"},
		{trend.Reason{Kind: trend.Stayed, N: 4, Of: 5, Count: 9, Age: 1, Ended: more}, "goroutines stayed behind in 4 of 5 rounds, 9 of them are still there, 1 450 ended"},
		{trend.Reason{Kind: trend.Climbs, Rate: 1234.4, Chance: 0.0005}, "the counts climb by 1 234 a dump (Theil–Sen), by chance once in 2 000 (Mann–Kendall); there are no goroutine IDs to follow"},
		{trend.Reason{Kind: trend.LowestClimb, N: 1000, Of: 2000}, "the lowest counts climb from 1 000 to 2 000 under the swings; there are no goroutine IDs to follow"},
		{trend.Reason{Kind: trend.InLives, N: 2, Of: 3}, "in 2 of 3 process lifetimes"},
		{trend.Reason{Kind: trend.Proven, N: more}, "the garbage collector proved 1 450 of them leaked, and there are more than before"},
		{trend.Reason{Kind: trend.Replaced, N: more, Count: 2}, "1 450 new ones stayed, but most replaced others: only 2 more in all"},
		{trend.Reason{Kind: trend.Elsewhere, N: more, Count: more}, "1 450 more, while others at the same place became 1 450 fewer"},
		{trend.Reason{Kind: trend.Paused, N: 1}, "no more in the last 1 dump"},
		{trend.Reason{Kind: trend.Halted, N: 2}, "no more in the last 2 dumps"},
		{trend.Reason{Kind: trend.TwoDumps, N: more, Of: 50}, "1 450 more than 50 before; two dumps cannot distinguish a leak from a pool warming up"},
		{trend.Reason{Kind: trend.Slows, Count: more, N: 3}, "fewer arrive: 1 450 a dump at first, 3 at the end, as in a pool that fills"},
		{trend.Reason{Kind: trend.FewRounds, N: 2, Of: 9}, "rose in 2 of 9 rounds only, as the largest number needed at once does"},
		{trend.Reason{Kind: trend.FewMore, N: 3}, "only 3 more"},
		{trend.Reason{Kind: trend.LittleOfAll, N: 3, Of: more}, "3 more than 1 450 before, and not in every round, as when a pool is nearly full"},
		{trend.Reason{Kind: trend.Mingles, N: 3, Of: more}, "3 of 1 450 others stayed for a while, too"},
		{trend.Reason{Kind: trend.SomeEnd, N: more}, "1 450 of them ended: traffic that grows looks the same"},
		{trend.Reason{Kind: trend.FewPeers, N: 3}, "only 3 more connections, which peers may just not have closed yet"},
		{trend.Reason{Kind: trend.WarmsUp, N: more, Span: 3 * time.Minute}, "1 450 more since the process started 3 minutes ago: pools fill at first"},
		{trend.Reason{Kind: trend.WarmsUp, N: 5}, "5 more since the process started: pools fill at first"},
		{trend.Reason{Kind: trend.CountsOnly, N: 3}, "3 counts without goroutine IDs are too few"},
		{trend.Reason{Kind: trend.OtherLife, N: more}, "in another process lifetime the same growth stopped at 1 450"},
		{trend.Reason{Kind: trend.EqualTops, N: more, Of: 1440}, "reached 1 450, and 1 440 in a process lifetime of another length, as a pool that is full does"},
		{trend.Reason{Kind: trend.CameAndWent}, "came and went"},
		{trend.Reason{Kind: trend.NoneLeft}, "none is left"},
		{trend.Reason{Kind: trend.UpAndDown}, "the count goes up and down"},
		{trend.Reason{Kind: trend.NoneBefore}, "there was none before"},
		{trend.Reason{Kind: trend.Fewer}, "there are fewer than before"},
		{trend.Reason{Kind: trend.RoseOnce}, "rose, and does not keep rising as a leak would"},
		{trend.Reason{Kind: trend.Exchanged, N: more, Of: 2000}, "1 450 of 2 000 have been replaced"},
		{trend.Reason{Kind: trend.AsBefore}, "about as many as before"},
		{trend.Reason{Kind: trend.MoreDumps, N: 1, Of: 2}, "a third dump"},
		{trend.Reason{Kind: trend.MoreDumps, N: 3, Of: 4}, "3 more dumps"},
		{trend.Reason{Kind: trend.MoreTime, N: 1, Span: time.Hour}, "60 minutes more: the inflow has halved once"},
		{trend.Reason{Kind: trend.MoreTime, N: 2, Span: 2 * time.Hour}, "2 hours more: the inflow has halved twice"},
		{trend.Reason{Kind: trend.MoreTime, N: 3, Span: 9 * time.Second}, "9 seconds more: the inflow has halved 3 times"},
		{trend.Reason{Kind: trend.MoreTime, Span: time.Minute}, "1 minute more: until the process is older than pools take to fill"},
		{trend.Reason{Kind: trend.NeedIDs}, "dumps with goroutine IDs (debug=2)"},
		{trend.Reason{Kind: trend.OneEach, N: 3}, "each of 3 process lifetimes has one dump"},
		{trend.Reason{Kind: trend.AfterRestart}, "there is only one dump since the process restarted"},
		{trend.Reason{Kind: trend.Extracts, N: 1, Of: 2}, "stacks of single goroutines are no before and after"},
		{trend.Reason{Kind: trend.NoneWhole}, "no two dumps of one process lifetime show all goroutines"},
	} {
		if got := reason(tt.r); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.r.Kind, got, tt.want)
		}
	}
}

func TestMismatch(t *testing.T) {
	tr := trend.Trend{Mismatch: &trend.Mismatch{A: "a", B: "b", FunctionsA: 1200, FunctionsB: 30, Shared: 1}}
	want := "a and b seem to be of different programs: of 1 200 and 30 functions outside of Go's own they share 1"
	if got := Mismatch(&tr); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := Mismatch(&trend.Trend{}); got != "" {
		t.Errorf("got %s", got)
	}
}
