//go:build unix

package blocked_test

import (
	"bytes"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"gdump/internal/blocked"
)

// BenchmarkAnalyze compares with what reading takes, in time of the processor:
// others may use the machine too.
func BenchmarkAnalyze(b *testing.B) {
	for _, shape := range []struct {
		name string
		text []byte
	}{
		{"100000-in-300", locked(100_000, 300)},
		{"10000-in-10000", locked(10_000, 10_000)},
		{"10000-in-10000-one-lock", bytes.ReplaceAll(locked(10_000, 10_000), []byte("lockSlow(0xc"), []byte("lockSlow(0xc000012340, 0xc"))},
		{"10000-in-10000-waitgroups", parked(10_000, "sync.WaitGroup.Wait", "sync.runtime_SemacquireWaitGroup(0x0?, 0x0?)\n\t/usr/local/go/src/runtime/sema.go:114 +0x2e\nsync.(*WaitGroup).Wait(0xc%09x0)\n\t/usr/local/go/src/sync/waitgroup.go:206 +0x85\n")},
		{"10000-in-10000-sends", parked(10_000, "chan send", "")},
	} {
		b.Run(shape.name, func(b *testing.B) {
			var reading, analyzing time.Duration
			for b.Loop() {
				runtime.GC()
				start := processorTime(b)
				d := read(b, shape.text)
				between := processorTime(b)
				blocked.Analyze(d, blocked.Options{})
				reading += between - start
				analyzing += processorTime(b) - between
			}
			b.ReportMetric(float64(analyzing)/float64(reading), "of-reading")
			b.ReportMetric(float64(analyzing.Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime is what the process has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// parked is a dump in which each goroutine waits in a function of its own, in
// the frames given, which may print the address of what it waits for.
func parked(goroutines int, state, leaf string) []byte {
	var b bytes.Buffer
	for i := range goroutines {
		fmt.Fprintf(&b, "goroutine %d [%s, 3 minutes]:\n", i+2, state)
		if leaf != "" {
			fmt.Fprintf(&b, leaf, 0x1000+4*i)
		}
		fmt.Fprintf(&b, "example.com/shop.(*Cart).add%d(0xc%09x0, 0x2)\n\t/home/me/shop/cart.go:%d +0x45\n", i, 0x1000+4*i, 20+i)
		for k := range 8 {
			fmt.Fprintf(&b, "example.com/shop.handle%d(0x%x, {0xc000012345, 0x4})\n\t/home/me/shop/handle.go:%d +0x45\n", k, i, 30+k)
		}
		fmt.Fprintf(&b, "created by example.com/shop.Serve in goroutine %d\n\t/home/me/shop/serve.go:12 +0x33\n\n", 1+i%7)
	}
	return b.Bytes()
}

// locked is a dump in which all wait for locks, as many as there are stacks.
func locked(goroutines, stacks int) []byte {
	var b bytes.Buffer
	for i := range goroutines {
		n := i % stacks
		fmt.Fprintf(&b, "goroutine %d [sync.Mutex.Lock, 3 minutes]:\ninternal/sync.runtime_SemacquireMutex(0x0?, 0x0?, 0x0?)\n\t/usr/local/go/src/runtime/sema.go:95 +0x25\n", i+2)
		fmt.Fprintf(&b, "internal/sync.(*Mutex).lockSlow(0xc%09x0)\n\t/usr/local/go/src/internal/sync/mutex.go:149 +0x15d\nsync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:46\n", 0x1000+n)
		fmt.Fprintf(&b, "example.com/shop.(*Cart%d).Add(0xc%09x0, 0x2)\n\t/home/me/shop/cart.go:%d +0x45\n", n%7, 0x1000+n, 20+n)
		for k := range 8 {
			fmt.Fprintf(&b, "example.com/shop.handle%d(0x%x, {0xc000012345, 0x4})\n\t/home/me/shop/handle.go:%d +0x45\n", k, i, 30+k)
		}
		b.WriteString("created by example.com/shop.Serve in goroutine 1\n\t/home/me/shop/serve.go:12 +0x33\n\n")
	}
	return b.Bytes()
}
