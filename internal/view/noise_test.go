package view

import (
	"slices"
	"testing"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

func TestFindNoise(t *testing.T) {
	series := func(verdict trend.Verdict, now int, functions ...string) trend.Series {
		var p goroutine.Parts
		for _, f := range functions {
			origin := goroutine.Stdlib
			if f == "main.handle" {
				origin = goroutine.Main
			}
			p.Frames = append(p.Frames, goroutine.Frame{Function: f, Origin: origin})
		}
		return trend.Series{
			Bucket: &goroutine.Bucket{Stack: goroutine.NewStack(p), Count: now, States: []goroutine.Count{{Name: "IO wait", N: now}}, Waits: goroutine.Waits{{Minutes: now, N: now}}},
			Counts: []int{0, now}, Verdict: verdict,
		}
	}
	const serve, readLoop, peek = "net/http.(*conn).serve", "net/http.(*persistConn).readLoop", "bufio.(*Reader).Peek"
	leaked := series(trend.Stable, 1, peek, readLoop)
	leaked.Leaked = 1
	tr := trend.Trend{Dumps: make([]goroutine.Dump, 2), Series: []trend.Series{
		series(trend.Accumulating, 50, peek, readLoop),
		series(trend.Growing, diagnose.Loud, peek, readLoop),
		series(trend.Growing, diagnose.Loud-1, peek, readLoop),
		series(trend.New, 1, "runtime/pprof.writeGoroutineStacks", "main.handle"),
		series(trend.New, 5, "net/http.(*connReader).Read", "net/http.(*conn).readRequest", serve),
		series(trend.New, 3, serve, "main.handle"),
		series(trend.New, 3, "main.handle", serve),
		series(trend.Stable, 7, "net/http.(*persistConn).writeLoop"),
		series(trend.Stable, 7, readLoop), // waits for the end of a body
		series(trend.Stable, 7, peek),
		leaked,
		series(trend.Gone, 0, "net/http.(*connReader).backgroundRead"),
		series(trend.Turnover, 0, "net/http.(*persistConn).roundTrip", "gdump/internal/source.(*Process).get", "main.handle"),
	}}
	n := FindNoise(&tr)
	if want := []int{2, 3, 4, 7, 11, 12}; !slices.Equal(n.Members, want) {
		t.Errorf("members %v, want %v", n.Members, want)
	}
	if n.Row.Name != "the dump itself and idle http" || n.Row.Verdict != trend.Turnover || n.Row.Now() != 13+diagnose.Loud-1 || n.Row.Counts[0] != 0 {
		t.Errorf("row %+v", n.Row)
	}
	if b := n.Row.Bucket; b.Count != 13+diagnose.Loud-1 || b.State() != "IO wait" || b.Waits.Max() != diagnose.Loud-1 || len(b.Waits) != 4 {
		t.Errorf("bucket %+v", b)
	}
	quiet := trend.Trend{Dumps: make([]goroutine.Dump, 1), Series: tr.Series[:2]}
	if n := FindNoise(&quiet); n.Members != nil {
		t.Errorf("noise without any: %v", n.Members)
	}
}
