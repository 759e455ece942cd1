package goroutine

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

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
