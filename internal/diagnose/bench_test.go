package diagnose

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"gdump/internal/parse"
	"gdump/internal/trend"
)

// made writes a dump of goroutines in so many stacks: servers' requests, of which
// one in ten waits for a lock, workers, and connections.
func made(goroutines, stacks int) []byte {
	var b bytes.Buffer
	for id := 1; id <= goroutines; id++ {
		s := id % stacks
		switch s % 10 {
		case 0:
			fmt.Fprintf(&b, "goroutine %d [sync.Mutex.Lock, 3 minutes]:\ninternal/sync.runtime_SemacquireMutex(0xc000106028?, 0xc0?, 0x1e?)\n\t/usr/local/go/src/runtime/sema.go:95 +0x25\ninternal/sync.(*Mutex).lockSlow(0x%x)\n\t/usr/local/go/src/internal/sync/mutex.go:149 +0x15d\nsync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:46\nexample.com/shop.(*Store%d).Take(0x%x)\n\t/src/shop/store.go:%d +0x71\n", id, 0xc000200010+s*64, s%50, 0xc000200000+s*64, 40+s)
		case 1:
			fmt.Fprintf(&b, "goroutine %d [IO wait]:\ninternal/poll.runtime_pollWait(0x7f0000000000, 0x72)\n\t/usr/local/go/src/runtime/netpoll.go:351 +0x85\ninternal/poll.(*FD).Read(0xc000500000, {0xc000600000, 0x1000, 0x1000})\n\t/usr/local/go/src/internal/poll/fd_unix.go:165 +0x27a\nexample.com/shop.(*Store%d).Load(0x%x)\n\t/src/shop/store.go:%d +0x71\n", id, s%50, 0xc000200000+(s-1)*64, 90+s)
		default:
			fmt.Fprintf(&b, "goroutine %d [chan receive]:\nexample.com/shop.(*Pool).work(0xc000700000, 0x%x)\n\t/src/shop/pool.go:%d +0x71\n", id, id, 10+s)
		}
		for depth := range 8 {
			fmt.Fprintf(&b, "example.com/shop/layer%d.Serve(0xc000800000, 0x%x)\n\t/src/shop/layer.go:%d +0x71\n", depth, id, 10+depth)
		}
		fmt.Fprintf(&b, "created by example.com/shop.Start in goroutine 1\n\t/src/shop/start.go:%d +0x56\n\n", 5+s)
	}
	return b.Bytes()
}

// BenchmarkDiagnose compares what finding out takes with what reading takes.
func BenchmarkDiagnose(b *testing.B) {
	for _, size := range []struct{ goroutines, stacks int }{{100_000, 300}, {10_000, 10_000}} {
		b.Run(fmt.Sprintf("%d goroutines, %d stacks", size.goroutines, size.stacks), func(b *testing.B) {
			text := made(size.goroutines, size.stacks)
			var reading, finding time.Duration
			for b.Loop() {
				start := time.Now()
				dumps, err := parse.Read(b.Context(), bytes.NewReader(text), parse.Options{Workers: 1})
				if err != nil {
					b.Fatal(err)
				}
				reading += time.Since(start)
				t := trend.One(dumps[0])
				start = time.Now()
				if d := Of(&t, nil); len(d.Findings()) == 0 {
					b.Fatal("nothing is said")
				}
				finding += time.Since(start)
			}
			b.ReportMetric(float64(finding)/float64(reading), "of-reading")
		})
	}
}
