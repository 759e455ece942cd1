package view

import (
	"strings"
	"testing"
	"time"

	"gdump/internal/diagnose"
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
		"+44 (150 → 194), accumulating: 194 new, 150 finished, none left from the first dump · chan send 194 · 2 locked to a thread · 3 " + diagnose.Proven(false), "",
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

// TestShownRows: rounds of a recursion are told once, and what is no round stays.
func TestShownRows(t *testing.T) {
	tests := []struct{ frames, want string }{
		{"", "(no frames: not started yet)"},
		{"ab", "a b"},
		{"aab", "a a b"},
		{"xaaab", "x a … the same frame 2 times more … b"},
		{"ababab", "a b … the same 2 frames 2 times more …"},
		{"xabcabcabcaby", "x a b c … the same 3 frames 2 times more … a b y"},
		{"aaabbb", "a … the same frame 2 times more … b … the same frame 2 times more …"},
	}
	for _, tt := range tests {
		var frames []goroutine.Frame
		for _, f := range tt.frames {
			frames = append(frames, goroutine.Frame{Function: string(f), File: "/a.go", Line: 1})
		}
		var got []string
		all := StackRows(goroutine.NewStack(goroutine.Parts{Frames: frames}))
		for _, r := range ShownRows(goroutine.NewStack(goroutine.Parts{Frames: frames})) {
			if r.Frame == nil {
				got = append(got, r.Remark)
				continue
			}
			got = append(got, r.Frame.Function)
			if all[r.At].Frame.Function != r.Frame.Function {
				t.Errorf("%s: row %d is another", tt.frames, r.At)
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: %q, want %q", tt.frames, text, tt.want)
		}
	}
}
