package view

import (
	"fmt"
	"testing"

	"gdump/internal/goroutine"
)

func TestStartBy(t *testing.T) {
	// dump has n buckets, of which every so many holds two goroutines. Each
	// stack differs from the others by what deep and line say.
	dump := func(n, pairs int, leaf func(i int) goroutine.Frame) goroutine.Dump {
		d := goroutine.Dump{}
		for i := range n {
			b := goroutine.Bucket{Count: 1, Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{
				leaf(i), {Function: "main.main", File: "/app/main.go", Line: i + 1, Package: "main", Origin: goroutine.Main},
			}})}
			if pairs > 0 && i%pairs == 0 {
				b.Count = 2
			}
			d.Goroutines += b.Count
			d.Buckets = append(d.Buckets, b)
		}
		return d
	}
	work := func(i, line int) goroutine.Frame {
		return goroutine.Frame{Function: fmt.Sprintf("main.work%d", i), File: "/app/work.go", Line: line, Package: "main", Origin: goroutine.Main}
	}
	same := func(int) goroutine.Frame { return work(0, 9) }
	lines := func(i int) goroutine.Frame { return work(0, i) }
	names := func(i int) goroutine.Frame { return work(i, 9) }
	tests := []struct {
		name  string
		dumps []goroutine.Dump
		want  string
	}{
		{"none", nil, "stack"},
		{"few", []goroutine.Dump{dump(crowd-1, 0, same)}, "stack"},
		{"one call site", []goroutine.Dump{dump(crowd, 0, same)}, "site"},
		{"many lines", []goroutine.Dump{dump(crowd, 0, lines)}, "function"},
		{"many functions", []goroutine.Dump{dump(crowd, 0, names)}, "stack"},
		{"a few stacks twice", []goroutine.Dump{dump(crowd, 11, same)}, "site"},
		{"many stacks twice", []goroutine.Dump{dump(crowd, 9, same)}, "stack"},
		{"the largest decides", []goroutine.Dump{dump(3, 0, names), dump(crowd, 0, same), dump(4, 0, names)}, "site"},
		{"more than are looked at", []goroutine.Dump{dump(9_000, 0, lines)}, "function"},
	}
	for _, tt := range tests {
		by, why := StartBy(tt.dumps)
		if by != tt.want || (why == nil) != (by == "stack") {
			t.Errorf("%s: %s, %v; want %s", tt.name, by, why, tt.want)
		}
	}
	_, why := StartBy([]goroutine.Dump{dump(1200, 1200, same)})
	if want := "1 201 goroutines in 1 200 different stacks: grouped by call site, --by stack lists the stacks"; len(why) != 1 || warning(why[0]) != want {
		t.Errorf("got  %v\nwant %s", why, want)
	}
}
