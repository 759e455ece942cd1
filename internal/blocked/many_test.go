package blocked

import (
	"testing"

	"gdump/internal/goroutine"
)

// TestManyBuckets looks for waits among the largest buckets only, and for what
// is idle among all. What is left out may hold anything.
func TestManyBuckets(t *testing.T) {
	var stacks goroutine.Stacks
	d := goroutine.Dump{Level: goroutine.Debug2, Goroutines: maxBuckets + 10}
	for i := range d.Goroutines {
		f := goroutine.Frame{Function: "main.f", File: "/a/b.go", Line: i + 1, Package: "main", Origin: goroutine.Main}
		if i == maxBuckets+5 {
			f = goroutine.Frame{Function: "runtime.bgsweep", File: "/go/src/runtime/mgcsweep.go", Line: 1, Package: "runtime", Origin: goroutine.Runtime}
		}
		b := goroutine.Bucket{Count: 1, Stack: stacks.Add(goroutine.Parts{Frames: []goroutine.Frame{f}}), States: []goroutine.Count{{Name: "chan receive", N: 1}}}
		b.IDs.Add(uint64(i + 1))
		d.Buckets = append(d.Buckets, b)
	}
	s := newScene(&d)
	if len(s.units) != maxBuckets || !s.lacking {
		t.Errorf("%d units, want %d, and that goroutines are lacking: %t", len(s.units), maxBuckets, s.lacking)
	}
	r := Analyze(&d, Options{})
	if len(r.Idle) != d.Goroutines || r.Idle[maxBuckets+5] != "runtime" || r.Idle[maxBuckets+6] != "" {
		t.Errorf("idle of %d buckets: %q, %q", len(r.Idle), r.Idle[maxBuckets+5], r.Idle[maxBuckets+6])
	}
}
