package diagnose

import (
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
)

// TestGrowth checks what is said of a leak at each level, by each proof and
// across lifetimes.
func TestGrowth(t *testing.T) {
	const by = "your code (package main), started by main.main at main.go:3"
	leak := func(change func(*trend.Series)) trend.Series {
		s := series("leak", trend.Accumulating, 10, 20, 30)
		s.PerDump = 10
		if change != nil {
			change(&s)
		}
		return s
	}
	const grew = "accumulating: main.leak +20 (10 → 30); 10 more in every dump, none finished, blocked sending to a channel"
	counted := strings.Replace(grew, ", none finished", "", 1)
	tests := []struct {
		name   string
		series trend.Series
		by     trend.View
		change func(*trend.Trend)
		want   []string
	}{
		{"proven", leak(func(s *trend.Series) { s.Proof, s.Leaked = trend.Proved, 30 }), trend.ByStack, nil, []string{grew, by + "; " + Proven(false)}},
		{"some proven", leak(func(s *trend.Series) { s.Proof, s.Leaked = trend.Proved, 7 }), trend.ByStack, nil, []string{grew, by + "; 7 of them " + Proven(false)}},
		{"two dumps, proven", leak(func(s *trend.Series) { s.Proof, s.Leaked, s.Counts = trend.Proved, 20, []int{10, 20} }), trend.ByStack, nil, []string{
			"accumulating: main.leak +10 (10 → 20), none finished, blocked sending to a channel", by + "; " + Proven(false),
		}},
		{"reachable", leak(func(s *trend.Series) { s.Proof = trend.Reachable }), trend.ByStack, nil, []string{
			grew, by, "growing but still reachable: the collector proves no leak while a global, a timer or a live stack holds what they wait for",
		}},
		{"counts", leak(func(s *trend.Series) { s.HasIDs = false }), trend.ByStack, func(t *trend.Trend) { counting(t) }, []string{counted, by, onlyCounts}},
		{"groups that share buckets", leak(func(s *trend.Series) { s.HasIDs = false }), trend.ByGroup, nil, []string{counted, "mostly main.leak, " + by, "only counts could be compared"}},
		{"slow", leak(func(s *trend.Series) { s.PerHour = 1 }), trend.ByStack, nil, []string{strings.Replace(grew, "10 more in every dump", "1 an hour", 1), by}},
		{"fast", leak(func(s *trend.Series) { s.PerHour = 60_000 }), trend.ByStack, nil, []string{
			strings.Replace(grew, "10 more in every dump", "1 000 a minute", 1), by + "; at this rate it passes 100 000 in 1h 39m and 1 000 000 in 16h 39m",
		}},
		{"rounds", leak(nil), trend.ByStack, func(t *trend.Trend) { t.Rounds = true }, []string{strings.Replace(grew, "every dump", "every round", 1), by}},
		{"lifetimes", leak(func(s *trend.Series) { s.PerHour, s.Lives = 30, []trend.Growth{{Accumulates: true}, {}} }), trend.ByStack, func(t *trend.Trend) {
			t.Lives = []trend.Life{{From: 0, To: 1}, {From: 2, To: 2}}
		}, []string{
			strings.Replace(grew, "10 more in every dump", "30 an hour", 1), by, // the marks are too far to say when
			"2 process lifetimes; 1 of them gains about 30 an hour; the restarts keep it under 40",
		}},
		{"lifetimes without times", leak(func(s *trend.Series) { s.Lives = []trend.Growth{{Accumulates: true}, {Accumulates: true}} }), trend.ByStack, func(t *trend.Trend) {
			t.Lives = []trend.Life{{From: 0, To: 1}, {From: 2, To: 2}}
		}, []string{grew, by, "2 process lifetimes; each gains about 10 a dump; the restarts keep it under 40"}},
		{"call site", leak(nil), trend.BySite, nil, []string{strings.Replace(grew, "main.leak", "main.leak, started from 1 place,", 1), by}},
		{"go statement", leak(nil), trend.ByCreator, nil, []string{strings.Replace(grew, "main.leak", "what main.main starts at main.go:3, in 1 stack, most at main.leak", 1), by}},
		{"entry", leak(func(s *trend.Series) {
			p := s.Bucket.Stack.Parts()
			p.CreatedBy = goroutine.Frame{}
			s.Bucket.Stack = goroutine.NewStack(p)
		}), trend.ByCreator, nil, []string{strings.Replace(grew, "main.leak", "what runs main.leak, in 1 stack, most at main.leak", 1), "your code (package main)"}},
		{"group", leak(func(s *trend.Series) { s.Name = "main" }), trend.ByGroup, nil, []string{strings.Replace(grew, "main.leak", "main", 1), "mostly main.leak, " + by}},
	}
	for _, tt := range tests {
		tr := over(nil, tt.series)
		if tt.change != nil {
			tt.change(tr)
		}
		tr.Leaks = []trend.Leak{{By: tt.by, Series: tr.Series[0], Members: []int{0}}}
		if d := cmp.Diff(tt.want, Of(tr, nil).Headline()); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}
