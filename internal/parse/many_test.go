package parse

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// manyDumps are sources that have very many dumps.
var manyDumps = map[string]func(n int) string{
	"crashes": func(n int) string {
		return strings.Repeat("panic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\nexit status 2\n", n)
	},
	"profiles": func(n int) string {
		return strings.Repeat("goroutine profile: total 2\n2 @ 0x1 0x2\n#\t0x1\tmain.f+0x1\t/a/b.go:12\n\n", n)
	},
	"records": func(n int) string {
		return strings.Repeat(`{"level":"error","msg":"boom","stack":"goroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\n"}`+"\n", n)
	},
	"pods": func(n int) string {
		var b strings.Builder
		for _, line := range []string{"goroutine 1 [select]:", "main.f(0x1)", "\t/a/b.go:12 +0x1d", "", "goroutine 2 [select]:", "main.g(0x1)", "\t/a/b.go:15 +0x1d", ""} {
			for i := range n {
				fmt.Fprintf(&b, "pod-%d-x | %s\n", i, line)
			}
		}
		return b.String()
	},
}

// TestManyDumps reads very many dumps from one source in little memory each:
// they share what their stacks have in common.
func TestManyDumps(t *testing.T) {
	long(t)
	for name, text := range manyDumps {
		n := 10_000
		if name == "pods" {
			n = 400
		}
		in := text(n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		dumps := read(t, in)
		t.Log(name, time.Since(start))
		runtime.GC()
		runtime.ReadMemStats(&after)
		if len(dumps) != n {
			t.Errorf("%s: %d dumps, want %d", name, len(dumps), n)
		}
		if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(n); each > 8000 {
			t.Errorf("%s: %d bytes a dump", name, each)
		} else {
			t.Logf("%s: %d bytes a dump, %d allocated", name, each, (after.TotalAlloc-before.TotalAlloc)/uint64(n))
		}
		runtime.KeepAlive(dumps)
	}
}

// BenchmarkManyDumps shows how the time grows with the number of dumps: four
// times as many take about four times as long.
func BenchmarkManyDumps(b *testing.B) {
	for name, text := range manyDumps {
		b.Run(name, func(b *testing.B) {
			var took [2]time.Duration
			for i, n := range []int{500, 2000} {
				in := text(n)
				start := time.Now()
				for range b.N {
					if _, err := Read(b.Context(), strings.NewReader(in), Options{}); err != nil {
						b.Fatal(err)
					}
				}
				took[i] = time.Since(start)
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "times-as-long")
		})
	}
}
