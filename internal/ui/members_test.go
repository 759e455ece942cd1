package ui

import (
	"fmt"
	"slices"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
)

// TestMembers: each group has its buckets of the newest dump, the largest first,
// and of those whose goroutines are of several groups its share.
func TestMembers(t *testing.T) {
	bucket := func(function string, states ...goroutine.Count) goroutine.Bucket {
		b := goroutine.Bucket{Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function}}}), States: states}
		b.ID = b.Stack.ID()
		for _, c := range states {
			b.Count += c.N
		}
		return b
	}
	count := func(name string, n int) goroutine.Count { return goroutine.Count{Name: name, N: n} }
	before := goroutine.Dump{Level: goroutine.Debug1, Buckets: []goroutine.Bucket{bucket("main.gone", count("sleep", 4))}}
	after := goroutine.Dump{Level: goroutine.Debug1, Buckets: []goroutine.Bucket{
		bucket("main.a", count("select", 5), count("chan send", 2)), bucket("main.b", count("chan send", 6)), bucket("main.c", count("select", 1)),
	}}
	g, err := query.ParseGrouping("state")
	if err != nil {
		t.Fatal(err)
	}
	tr := trend.Options{By: g.Name, Group: g.Of}.Compare([]goroutine.Dump{before, after})
	m := membersOf(&tr, g)
	for group, want := range map[string][]string{"select": {"main.a 5", "main.c 1"}, "chan send": {"main.b 6", "main.a 2"}, "sleep": nil, "no such group": nil} {
		var got []string
		for _, b := range m.of(group) {
			got = append(got, fmt.Sprint(b.Stack.Site().Function, " ", b.Count))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", group, got, want)
		}
	}
	if membersOf(&tr, query.Grouping{Name: "stack"}) != nil {
		t.Error("by stack there are members")
	}
}
