//go:build unix

package fleet

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
)

// profiles are those of n instances: 200 stacks of 12 frames each.
func profiles(b *testing.B, n int) [][]byte {
	b.Helper()
	var all [][]byte
	for i := range n {
		var samples []sample
		for k := range 200 {
			var frames []goroutine.Frame
			for f := range 12 {
				name := fmt.Sprintf("github.com/acme/app/pkg%d.(*Type%d).method%d", (k+f)%40, k%17, f*(k%13))
				frames = append(frames, goroutine.Frame{Function: name, File: fmt.Sprintf("/src/app/pkg%d/file.go", (k+f)%40), Line: 10 + k})
			}
			samples = append(samples, sample{goroutine.NewStack(goroutine.Parts{Frames: frames}), 1 + (i*k)%50})
		}
		raw, err := encode(time.Unix(int64(i), 0), samples)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// cpu is the time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkProfiles adds up 6 000 profiles and prints the ratio of CPU to that
// of google/pprof, which only parses them, and the heap at its highest.
func BenchmarkProfiles(b *testing.B) {
	const instances, each = 300, 20
	raw := profiles(b, instances)
	for b.Loop() {
		start := cpu()
		for range each {
			for _, r := range raw {
				if _, err := profile.ParseData(r); err != nil {
					b.Fatal(err)
				}
			}
		}
		theirs := cpu() - start
		runtime.GC()
		var peak uint64
		start = cpu()
		h := &History{bucket: map[string]*goroutine.Bucket{}}
		home := &goroutine.Stacks{}
		for i, r := range raw {
			t := &track{sites: map[string][]int{}}
			for range each {
				dumps, err := parse.Read(context.Background(), bytes.NewReader(r), parse.Options{})
				if err != nil {
					b.Fatal(err)
				}
				h.keep(home, &dumps[0])
				t.add(&dumps[0], moment{})
			}
			h.tracks = append(h.tracks, t)
			if i%20 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
		ours := cpu() - start
		b.ReportMetric(float64(ours)/float64(theirs), "of-pprof-cpu")
		b.ReportMetric(float64(peak)/(1<<20), "MiB-heap")
		b.ReportMetric(float64(ours)/float64(instances*each)/1e6, "ms/profile")
	}
}
