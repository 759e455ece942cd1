package view_test

import (
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// TestLeakers finds the test by its label, or else by its name in the stack.
func TestLeakers(t *testing.T) {
	t.Parallel()
	bucket := func(n int, function, creator string, labels ...goroutine.Count) goroutine.Bucket {
		b := goroutine.Bucket{ID: goroutine.ID(function + creator), Count: n, Stack: goroutine.NewStack(goroutine.Parts{
			Frames: []goroutine.Frame{{Function: function}}, CreatedBy: goroutine.Frame{Function: creator},
		})}
		if len(labels) > 0 {
			b.Labels = []goroutine.Label{{Key: "test", Values: labels}}
		}
		return b
	}
	before := goroutine.Dump{Level: goroutine.Debug2, Goroutines: 1, Buckets: []goroutine.Bucket{bucket(1, "a.old", "a.init")}}
	after := goroutine.Dump{Level: goroutine.Debug2, Goroutines: 13, Buckets: []goroutine.Bucket{
		bucket(1, "a.old", "a.init"),
		bucket(7, "a.work", "a.Start", goroutine.Count{Name: "TestX/sub", N: 4}, goroutine.Count{Name: "TestY", N: 3}),
		bucket(3, "a.wait", "example.com/a.TestZ.func1"),
		bucket(2, "a.lost", "a.Testing"),
	}}
	tr := trend.Compare([]goroutine.Dump{before, after})
	var got []string
	all := make([]*trend.Series, len(tr.Series))
	for i := range tr.Series {
		all[i] = &tr.Series[i]
	}
	for _, l := range view.Leakers(all) {
		got = append(got, l.Test+"="+strings.Repeat("i", l.Goroutines))
	}
	if s := strings.Join(got, " "); s != "TestX/sub=iiii TestY=iii TestZ=iii =ii" {
		t.Error(s)
	}
}
