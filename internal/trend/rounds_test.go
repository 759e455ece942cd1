package trend_test

import (
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestByRounds takes the time base from a trend: there is no rate over time left
// and no forecast.
func TestByRounds(t *testing.T) {
	t.Parallel()
	var dumps []goroutine.Dump
	stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: "main.leak", File: "/a/main.go", Line: 3}}})
	for i := range 6 {
		n := 100 * (i + 1)
		b := goroutine.Bucket{ID: "1", Count: n, Stack: stack, States: []goroutine.Count{{Name: "chan send", N: n}}}
		dumps = append(dumps, goroutine.Dump{Level: goroutine.Debug1, Goroutines: n, Buckets: []goroutine.Bucket{b}, TakenAt: time.Unix(int64(60*i), 0)})
	}
	tr := trend.Compare(dumps)
	if s := tr.Series[0]; s.PerHour != 6000 || s.PerDump != 100 {
		t.Fatalf("before: %v an hour, %v a dump", s.PerHour, s.PerDump)
	}
	tr.ByRounds()
	for _, s := range append([]trend.Series{tr.Leaks[0].Series}, tr.Series...) {
		if _, ok := s.Passes(100_000); ok || s.PerHour != 0 || s.PerDump != 100 || s.Lives[0].PerHour != 0 {
			t.Errorf("%v an hour, %v in a lifetime, %v a round", s.PerHour, s.Lives[0].PerHour, s.PerDump)
		}
	}
}
