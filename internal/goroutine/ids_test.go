package goroutine

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestIDs holds a list of ids, in any order, against a slice.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfDistinct(rapid.Uint64Range(0, 60), func(id uint64) uint64 { return id }).Draw(t, "ids")
		var s, same IDs
		for i, id := range want {
			before := s.Clip()
			s.Add(id)
			if i > 0 && before.Len() != i {
				t.Fatalf("adding to a list changed what was clipped of it: %d ids, want %d", before.Len(), i)
			}
			same.Add(id)
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, want) || s.Len() != len(want) {
			t.Fatalf("got %v, %d ids, want %v", got, s.Len(), want)
		}
		sorted := slices.Sorted(slices.Values(want))
		if got := slices.Collect(s.Sorted()); !slices.Equal(got, sorted) {
			t.Fatalf("sorted: got %v, want %v", got, sorted)
		}
		if got := s.Max(); len(sorted) > 0 && got != sorted[len(sorted)-1] {
			t.Fatalf("max: got %d, want %d", got, sorted[len(sorted)-1])
		}
		if !s.Equal(&same) {
			t.Fatal("lists of the same ids differ")
		}
		for id := range uint64(62) {
			if s.Contains(id) != slices.Contains(want, id) {
				t.Fatalf("contains %d: %v", id, s.Contains(id))
			}
		}
		same.Add(61)
		if s.Equal(&same) {
			t.Fatal("lists of different ids are the same")
		}
	})
}

// TestCommon holds the merge of compressed lists against sets.
func TestCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.Uint64Range(1, 60), func(id uint64) uint64 { return id })
		x, y := ids.Draw(t, "x"), ids.Draw(t, "y")
		var a, b IDs
		in := map[uint64]bool{}
		for _, id := range x {
			a.Add(id)
			in[id] = true
		}
		want := 0
		for _, id := range y {
			b.Add(id)
			if in[id] {
				want++
			}
		}
		if got := Common(&a, &b); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

// TestSurvivorsMemory: survivors over three million ids, in the order a dump
// lists them, fit into 64 MiB with the ids themselves.
func TestSurvivorsMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := rand.New(rand.NewPCG(1, 2))
	var a, b IDs
	const n = 1_500_000
	for i := range uint64(n) {
		// Neighbours change places, as descriptors are used again.
		a.Add(1 + (i ^ uint64(r.IntN(16))))
		b.Add(1 + (i ^ 8) + n/2)
	}
	Common(&a, &b)
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 64 {
		t.Errorf("%d MiB allocated", got)
	}
	runtime.KeepAlive(&a)
	runtime.KeepAlive(&b)
}

func BenchmarkCommon(b *testing.B) {
	var x, y IDs
	for i := range uint64(1_000_000) {
		x.Add(i)
		y.Add(2 * i)
	}
	for b.Loop() {
		Common(&x, &y)
	}
	b.ReportMetric(float64(x.Len()+y.Len())/1e6/b.Elapsed().Seconds()*float64(b.N), "Mids/s")
}
