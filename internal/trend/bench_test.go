package trend_test

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
)

// text is a debug=2 dump of n goroutines in 300 stacks, as a leak leaves it:
// most ids of the dump before, in no order, and some others.
func text(n, round int) []byte {
	var b bytes.Buffer
	for i := range n {
		k := i % 300
		id := 1 + (i*7919)%n + round*n/20
		fmt.Fprintf(&b, "goroutine %d [chan send, %d minutes]:\n", id, i%9)
		for f := range 10 {
			fmt.Fprintf(&b, "example.com/app/pkg%d.(*T).method%d(0xc000%06x, 0x%x)\n\t/src/app/pkg%d/file%d.go:%d +0x%x\n", f, k, i, i*3, f, k, 10+f, 100+f)
		}
		fmt.Fprintf(&b, "created by example.com/app/pkg0.Start%d in goroutine %d\n\t/src/app/pkg0/start.go:%d +0x1d\n\n", k%10, i%50+1, 20+k%10)
	}
	return b.Bytes()
}

// BenchmarkCompare compares ten dumps of 100 000 goroutines in 300 stacks, and
// reports what that costs beside reading them.
func BenchmarkCompare(b *testing.B) {
	var dumps []goroutine.Dump
	start := time.Now()
	var reading time.Duration
	for round := range 10 {
		data := text(100_000, round)
		at := time.Now()
		d, err := parse.Read(b.Context(), bytes.NewReader(data), parse.Options{})
		if err != nil {
			b.Fatal(err)
		}
		reading += time.Since(at)
		d[0].TakenAt = start.Add(time.Duration(round) * time.Minute)
		dumps = append(dumps, d[0])
	}
	for b.Loop() {
		trend.Compare(dumps)
	}
	b.ReportMetric(100*(b.Elapsed()/time.Duration(b.N)).Seconds()/reading.Seconds(), "%-of-reading")
}

// many are dumps of n goroutines each, half of which survive each step.
func many(n, dumps int) []goroutine.Dump {
	var out []goroutine.Dump
	for i := range dumps {
		b := goroutine.Bucket{Count: n, States: []goroutine.Count{{Name: "select", N: n}}}
		b.Stack = goroutine.NewStack(goroutine.Parts{
			Frames:    []goroutine.Frame{{Function: "main.work", File: "main.go", Line: 3, Package: "main", Origin: goroutine.Main}},
			CreatedBy: goroutine.Frame{Function: "main.main", File: "main.go", Line: 9, Package: "main", Origin: goroutine.Main},
		})
		b.ID = b.Stack.ID()
		for j := range n {
			b.IDs.Add(uint64(i*n/2+(j^5)) + 1)
		}
		out = append(out, goroutine.Dump{Source: fmt.Sprint(i), Level: goroutine.Debug2, Goroutines: n, Buckets: []goroutine.Bucket{b}})
	}
	return out
}

// TestMemory compares three million goroutines within 64 MiB: what is live at
// once does not grow with them. The peak is looked for by a collector that
// runs often.
func TestMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	dumps := many(1_500_000, 2)
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		live := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var peak uint64
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(live)
			peak = max(peak, live[0].Value.Uint64())
			select {
			case <-stop:
				done <- peak
				return
			case <-tick.C:
			}
		}
	}()
	tr := trend.Compare(dumps)
	close(stop)
	peak := <-done
	t.Logf("%d MiB used", (int64(peak)-int64(before.HeapAlloc))>>20)
	if used := (int64(peak) - int64(before.HeapAlloc)) >> 20; used > 64 {
		t.Errorf("%d MiB used", used)
	}
	s := &tr.Series[0]
	if want := 750_000; s.Survived < want-8 || s.Survived > want+8 || s.Born+s.Survived != s.Now() {
		t.Errorf("survived %d, born %d, ended %d of %v", s.Survived, s.Born, s.Ended, s.Counts)
	}
}

// row are so many dumps of 100 goroutines each in 20 stacks, a tenth of which
// is replaced each time.
func row(dumps int) []goroutine.Dump {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var out []goroutine.Dump
	for i := range dumps {
		d := goroutine.Dump{Source: fmt.Sprint(i), Level: goroutine.Debug2, Goroutines: 100, TakenAt: start.Add(time.Duration(i) * time.Minute)}
		for k := range 20 {
			b := bucketOf(fmt.Sprint("work", k))
			for j := range 5 {
				place := 5*k + j
				b.IDs.Add(uint64((i+place)/10*100 + place + 1))
			}
			b.Count, b.States[0].N = 5, 5
			d.Buckets = append(d.Buckets, b)
		}
		out = append(out, d)
	}
	return out
}

// allocated is how many bytes a comparison allocates.
func allocated(dumps []goroutine.Dump) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	trend.Compare(dumps)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// BenchmarkDumps shows that time and memory grow with the number of dumps, not
// with its square: it reports those of ten times as many beside ten times as
// much.
func BenchmarkDumps(b *testing.B) {
	few, many := row(100), row(1000)
	most := row(10_000)
	var short, long time.Duration
	for b.Loop() {
		at := time.Now()
		trend.Compare(few)
		short += time.Since(at)
		at = time.Now()
		trend.Compare(many)
		long += time.Since(at)
	}
	at := time.Now()
	trend.Compare(most)
	b.ReportMetric(time.Since(at).Seconds()/(10*long.Seconds()/float64(b.N)), "10000-dumps-beside-1000")
	b.ReportMetric(long.Seconds()/(10*short.Seconds()), "1000-dumps-beside-100")
	b.ReportMetric(long.Seconds()/float64(b.N), "s/1000-dumps")
	b.ReportMetric(allocated(many)/(10*allocated(few)), "1000-dumps-memory-beside-100")
}

// BenchmarkLives compares the dumps of a crash loop: each is of another process.
func BenchmarkLives(b *testing.B) {
	dumps := row(10_000)
	for i := range dumps {
		for k := range dumps[i].Buckets {
			bucket := &dumps[i].Buckets[k]
			bucket.IDs = goroutine.IDs{}
			for j := range 5 {
				bucket.IDs.Add(uint64(2 + 5*k + j + (7*i+3*k)%50*100))
			}
		}
	}
	for b.Loop() {
		trend.Compare(dumps)
	}
}
