package view

import (
	"slices"
	"testing"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestExtracts: of stacks of single goroutines a crash leads, and nothing is
// said of what grew.
func TestExtracts(t *testing.T) {
	one := func(level goroutine.Level, reason, function string) goroutine.Dump {
		stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/app/x.go", Line: 9, Package: "main", Origin: goroutine.Main}}})
		return goroutine.Dump{Level: level, Reason: reason, Goroutines: 1, Alone: true, Line: 1, Buckets: []goroutine.Bucket{{
			ID: stack.ID(), Stack: stack, Count: 1, Line: 1, States: []goroutine.Count{{Name: "running", N: 1}},
		}}}
	}
	whole := one(goroutine.Debug2, "", "main.serve")
	whole.Alone, whole.Goroutines, whole.Buckets[0].Count = false, 40, 40
	crash, recovered, logged := one(goroutine.Crash, "panic: boom", "main.stream"), one(goroutine.Debug2, "recovered: job failed", "main.job"), one(goroutine.Debug2, "", "main.job")
	for name, tt := range map[string]struct {
		dumps []goroutine.Dump
		want  []string
	}{
		"crash last":      {[]goroutine.Dump{recovered, crash}, []string{"panic: boom", "in main.stream at x.go:9, your code (package main)", "the last of 2 dumps that show one goroutine each, in 2 places"}},
		"crash before":    {[]goroutine.Dump{crash, recovered, crash, recovered, logged}, []string{"panic: boom", "in main.stream at x.go:9, your code (package main)", "one of 5 dumps that show one goroutine each, in 2 places, most (3) in main.job"}},
		"recovered":       {[]goroutine.Dump{recovered, logged}, []string{"recovered: job failed", "in main.job at x.go:9, your code (package main)", "one of 2 dumps that show one goroutine each, all in main.job"}},
		"logged":          {[]goroutine.Dump{logged, logged}, []string{"2 dumps: nothing to compare", "they show one goroutine each, all in main.job"}},
		"beside a whole":  {[]goroutine.Dump{whole, crash}, []string{"panic: boom", "in main.stream at x.go:9, your code (package main)", "1 of 2 dumps shows one goroutine, in main.stream"}},
		"logged, a whole": {[]goroutine.Dump{logged, logged, whole}, []string{"3 dumps: nothing to compare", "2 of 3 dumps show one goroutine each, all in main.job"}},
	} {
		tr := trend.Compare(tt.dumps)
		if got := diagnose.Of(&tr, nil).Headline(); !slices.Equal(got, tt.want) {
			t.Errorf("%s\ngot  %q\nwant %q", name, got, tt.want)
		}
		for _, c := range Columns(&tr) {
			if c.Title == "change" || c.Title == "verdict" {
				t.Errorf("%s: a column %s", name, c.Title)
			}
		}
		if got := Title(&tr.Series[0], len(tr.Dumps)); got[0] == '0' {
			t.Errorf("%s: %s", name, got)
		}
	}
}
