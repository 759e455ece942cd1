package view

import (
	"strings"
	"testing"
	"time"

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
		{"proven", leak(func(s *trend.Series) { s.Proof, s.Leaked = trend.Proved, 30 }), trend.ByStack, nil, []string{grew, by + "; " + proven}},
		{"some proven", leak(func(s *trend.Series) { s.Proof, s.Leaked = trend.Proved, 7 }), trend.ByStack, nil, []string{grew, by + "; 7 of them " + proven}},
		{"two dumps, proven", leak(func(s *trend.Series) { s.Proof, s.Leaked, s.Counts = trend.Proved, 20, []int{10, 20} }), trend.ByStack, nil, []string{
			"accumulating: main.leak +10 (10 → 20), none finished, blocked sending to a channel", by + "; " + proven,
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
		{"lifetimes", leak(func(s *trend.Series) { s.PerHour, s.Lives = 30, []trend.Growth{{Accumulates: true}, {}} }), trend.ByStack, func(t *trend.Trend) {
			t.Lives = []trend.Life{{From: 0, To: 1}, {From: 2, To: 2}}
		}, []string{
			strings.Replace(grew, "10 more in every dump", "30 an hour", 1), by + "; at this rate it passes 100 000 in 138d 20h and 1 000 000 in 1388d 20h",
			"2 process lifetimes; 1 of them gains about 30/h; the restarts keep it under 40",
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
		if d := cmp.Diff(tt.want, Headline(tr)); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}

// TestEvidence checks the lines about a series that trends of the corpus do
// not have.
func TestEvidence(t *testing.T) {
	s := series("leak", trend.Accumulating, 150, 20, 194)
	s.Stuck, s.Confidence, s.VerdictBy, s.Match = 15, 0.97, trend.ByCreator, trend.MatchLines
	s.Reasons = []trend.Reason{{Kind: trend.CameAndWent}, {Kind: trend.NoneBefore}}
	s.Born, s.Ended, s.Survived = 194, 150, 0
	s.Steps = []trend.Step{{}, {}, {Known: true, Survived: 20, Born: 174}}
	s.Bucket.Locked, s.Leaked = 2, 3
	tr := over([]int{1}, s)
	for i, name := range []string{"a.dump", "b.dump", "c.dump"} {
		tr.Dumps[i].Source = name
		tr.Dumps[i].TakenAt = time.Date(2026, 3, 1, 12, i, 0, 0, time.UTC)
	}
	want := []string{
		"+44 (150 → 194), accumulating: 194 new, 150 finished, none left from the first dump · chan send 194 · 2 locked to a thread · 3 " + proven, "",
		`accumulating, confidence 97 %: came and went; there was none before`,
		"seen in all that one go statement started, in whichever stack it is",
		"15 of 194 never finish, the others pass through",
		"2 process lifetimes",
		"matched across builds by the names of its functions: their lines have moved", "",
		"   count   stayed      new finished  dump",
		"     150                             a.dump",
		"      20                             b.dump  (restarted)",
		"     194       20      174        0  c.dump",
	}
	if d := cmp.Diff(want, Evidence(tr, &tr.Series[0])); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	for match, want := range map[trend.Match]string{
		trend.MatchStack: "", trend.MatchLevel: "across kinds of dump", trend.MatchClosures: "less sure", trend.MatchFrames: "first frames",
	} {
		if got := matched(&trend.Series{Match: match}); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q", match, got)
		}
	}
}

func TestSpark(t *testing.T) {
	for _, tt := range []struct {
		counts []int
		want   string
	}{
		{[]int{0, 0}, "▁▁"},
		{[]int{1, 4, 8}, "▂▅█"},
		{[]int{0, 9, 1, 9, 2, 9, 3, 9}, "████"},
		{[]int{-1, 1}, "▁█"},
	} {
		if got := Spark(tt.counts, 4); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.counts, got, tt.want)
		}
	}
}

// TestStackRemarks checks what a stack without all of its frames says.
func TestStackRemarks(t *testing.T) {
	a, b := goroutine.Frame{Function: "main.a"}, goroutine.Frame{Function: "main.b"}
	for _, tt := range []struct {
		parts goroutine.Parts
		want  string
	}{
		{goroutine.Parts{Unavailable: true}, "(running on another thread: its stack could not be read)"},
		{goroutine.Parts{}, "(no frames: not started yet)"},
		{goroutine.Parts{Frames: []goroutine.Frame{a, b}, Elided: 1200, ElidedAt: 1}, "main.a|… 1 200 frames left out by Go …|main.b"},
		{goroutine.Parts{Frames: []goroutine.Frame{a}, Elided: -1, ElidedAt: 1, CreatedBy: b, Ancestors: []goroutine.Frame{a}}, "main.a|… some frames left out by Go …|created by main.b|  from main.a"},
	} {
		var got []string
		for _, r := range StackRows(goroutine.NewStack(tt.parts)) {
			if r.Frame != nil {
				got = append(got, r.Prefix+r.Frame.Function)
			} else {
				got = append(got, r.Remark)
			}
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("got  %s\nwant %s", s, tt.want)
		}
	}
}
