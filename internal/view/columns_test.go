package view

import (
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

func TestCutState(t *testing.T) {
	tests := []struct {
		state string
		w     int
		want  string
	}{
		{"chan receive (nil chan)", 23, "chan receive (nil chan)"},
		{"chan receive (nil chan)", 20, "receive (nil chan)"},
		{"chan receive (nil chan)", 14, "rec…(nil chan)"},
		{"select (no cases)", 17, "select (no cases)"},
		{"select (no cases)", 14, "sel…(no cases)"},
		{"sync.WaitGroup.Wait", 14, "WaitGroup.Wait"},
		{"sync.WaitGroup.Wait", 9, "WaitGrou…"},
		{"(no cases)", 4, "(no…"},
	}
	for _, tt := range tests {
		if got := CutState(tt.state, tt.w); got != tt.want {
			t.Errorf("%q in %d cells: got %q, want %q", tt.state, tt.w, got, tt.want)
		}
	}
}

func TestCutName(t *testing.T) {
	tests := []struct {
		name string
		w    int
		want string
	}{
		{"main.sendLate", 13, "main.sendLate"},
		{"http.(*persistConn).writeLoop", 20, "http.(…nn).writeLoop"},
		{"github.com/acme/bus.(*Conn).deliver", 28, "github.co…us.(*Conn).deliver"},
		{"time.Sleep ← main.setup.func13", 30, "time.Sleep ← main.setup.func13"},
		{"time.Sleep ← main.setup.func13", 26, "…Sleep ← main.setup.func13"},
		{"time.Sleep ← main.setup.func13", 14, "main…up.func13"},
		{"main.sendLate", 5, "…Late"},
		{"main.sendLate", 0, ""},
	}
	for _, tt := range tests {
		if got := CutName(tt.name, tt.w); got != tt.want {
			t.Errorf("%q in %d cells: got %q, want %q", tt.name, tt.w, got, tt.want)
		}
	}
}

func TestHistory(t *testing.T) {
	tests := []struct {
		counts []int
		want   string
	}{
		{[]int{1, 1, 1}, "───"},
		{[]int{500, 500}, "──"},
		{[]int{0, 1, 0}, "▁▂▁"},
		{[]int{8, 8, 7}, "▆▆▅"},
		{[]int{372, 390, 410, 431}, "▄▅▅▆"},
		{[]int{50, 775, 1500}, "▂▅█"},
		{[]int{0, 40, 80}, "▁▅█"},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, "▂▄▆█"},
	}
	for _, tt := range tests {
		if got := History(tt.counts, 4); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.counts, got, tt.want)
		}
	}
}

// TestFit fits the columns of a comparison beside a stack, at 120 and 200
// columns of a terminal: trend and place are there, whom it blocks or not, and no state is cut in the
// word that matters.
func TestFit(t *testing.T) {
	series := func(state, function string, counts ...int) trend.Series {
		b := &goroutine.Bucket{
			Count: counts[len(counts)-1], States: []goroutine.Count{{Name: state, N: 1}},
			Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/srv/app/connection.go", Line: 1234, Package: "main", Origin: goroutine.Main}}}),
		}
		return trend.Series{Bucket: b, Counts: counts, Verdict: trend.Growing}
	}
	tr := trend.Trend{Dumps: make([]goroutine.Dump, 12), Series: []trend.Series{
		series("chan receive (nil chan)", "main.(*Connection).deliverAllOfThem.func1.2", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1200),
		series("sync.WaitGroup.Wait", "main.wait", 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
	}}
	for _, w := range []int{74, 76, 122} {
		cols := WithBlocks(Columns(&tr), func(*goroutine.Bucket) int { return 12 })
		widths := Fit(cols, Widths(cols, First(&tr, 2)), w)
		used, row := -Gap, ""
		shown := map[string]int{}
		for i := range cols {
			if widths[i] > 0 {
				used += widths[i] + Gap
				shown[cols[i].Title] = widths[i]
				row += cols[i].Fill(cols[i].Cell(&tr.Series[0]), widths[i]) + "  "
			}
		}
		if used > w {
			t.Errorf("%d cells: %d are used", w, used)
		}
		for _, title := range []string{"change", "trend", "after", "state", "call site", "at"} {
			if shown[title] == 0 {
				t.Errorf("%d cells: no %s in %v", w, title, shown)
			}
		}
		if !strings.Contains(row, "(nil chan)") || !strings.Contains(row, ".go:1234") {
			t.Errorf("%d cells: %s", w, row)
		}
	}
}

func TestSiteName(t *testing.T) {
	sleep := goroutine.Frame{Function: "time.Sleep", Package: "time", Origin: goroutine.Stdlib}
	own := goroutine.Frame{Function: "github.com/acme/app/v2.poll", Package: "github.com/acme/app/v2", Origin: goroutine.Main}
	serve := goroutine.Frame{Function: "net/http.(*Server).Serve", Package: "net/http", Origin: goroutine.Stdlib}
	tests := []struct {
		parts goroutine.Parts
		want  string
	}{
		{goroutine.Parts{Frames: []goroutine.Frame{sleep}, CreatedBy: own}, "time.Sleep ← app.poll"},
		{goroutine.Parts{Frames: []goroutine.Frame{serve, own}}, "http.(*Server).Serve ← app.poll"},
		{goroutine.Parts{Frames: []goroutine.Frame{sleep, own}}, "app.poll"},
		{goroutine.Parts{Frames: []goroutine.Frame{sleep}, CreatedBy: serve}, "time.Sleep"},
		{goroutine.Parts{CreatedBy: own}, "app.poll"},
		{goroutine.Parts{}, "goroutines not started yet"},
	}
	for _, tt := range tests {
		if got := SiteName(&goroutine.Bucket{Stack: goroutine.NewStack(tt.parts)}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestSpan(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]string{0: "", 300 * time.Millisecond: "", time.Second: "1s", 90 * time.Second: "1m"} {
		tr := trend.Trend{Dumps: []goroutine.Dump{{TakenAt: begun}, {TakenAt: begun.Add(after)}}}
		if got := Span(&tr); got != want {
			t.Errorf("%s: got %q, want %q", after, got, want)
		}
	}
}
