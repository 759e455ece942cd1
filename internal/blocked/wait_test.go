package blocked_test

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/blocked"
)

// TestAddress: what a goroutine waits for, and where that is, by the frames it
// is parked in. Levels with the frames of the runtime show the semaphore.
func TestAddress(t *testing.T) {
	const (
		slow  = "internal/sync.(*Mutex).lockSlow(0xc000010020)\n"
		lock  = "internal/sync.(*Mutex).Lock(...)\nsync.(*Mutex).Lock(...)\n"
		write = "sync.(*RWMutex).Lock(0xc000010020?)\n"
		rlock = "sync.(*RWMutex).RLock(...)\n"
		once  = "sync.(*Once).doSlow(0xc000010020?, 0x5)\nsync.(*Once).Do(...)\n"
	)
	semaphore := func(a int) string {
		return fmt.Sprintf("runtime.goparkunlock(...)\nruntime.semacquire1(0x%x, 0x1, 0x3, 0x2, 0x16)\n", a)
	}
	for _, x := range []struct {
		name, state, frames string
		kind                blocked.Kind
		op                  blocked.Op
		address             uint64
	}{
		{"mutex", "sync.Mutex.Lock", slow + lock, blocked.Mutex, blocked.Lock, 0xc000010020},
		{"mutex before 1.24", "semacquire", "sync.runtime_SemacquireMutex(0xc000010024?, 0x0?, 0x0?)\nsync.(*Mutex).lockSlow(0xc000010020)\nsync.(*Mutex).Lock(...)\n", blocked.Mutex, blocked.Lock, 0xc000010020},
		{"mutex by semaphore", "sync.Mutex.Lock", semaphore(0xc000010024) + "internal/sync.(*Mutex).lockSlow(0xc000010090?)\n" + lock, blocked.Mutex, blocked.Lock, 0xc000010020},
		{"queued writer", "sync.Mutex.Lock", slow + lock + write, blocked.RWMutex, blocked.Lock, 0xc000010020},
		{"queued writer by semaphore", "sync.Mutex.Lock", semaphore(0xc000010024) + lock + write, blocked.RWMutex, blocked.Lock, 0xc000010020},
		{"pending writer", "sync.RWMutex.Lock", write, blocked.RWMutex, blocked.DrainReads, 0},
		{"pending writer by semaphore", "sync.RWMutex.Lock", semaphore(0xc000010028) + write, blocked.RWMutex, blocked.DrainReads, 0xc000010020},
		{"reader", "sync.RWMutex.RLock", rlock, blocked.RWMutex, blocked.RLock, 0},
		{"reader by semaphore", "sync.RWMutex.RLock", semaphore(0xc00001002c) + rlock, blocked.RWMutex, blocked.RLock, 0xc000010020},
		{"once", "sync.Mutex.Lock", "internal/sync.(*Mutex).lockSlow(0xc000010024)\n" + lock + once, blocked.Once, blocked.Do, 0xc000010020},
		{"once by semaphore", "sync.Mutex.Lock", semaphore(0xc000010028) + lock + once, blocked.Once, blocked.Do, 0xc000010020},
		{"wait group", "sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait(0xc000010020)\n", blocked.WaitGroup, blocked.Wait, 0xc000010020},
		{"wait group by semaphore", "sync.WaitGroup.Wait", semaphore(0xc000010028) + "sync.(*WaitGroup).Wait(0xc000010020?)\n", blocked.WaitGroup, blocked.Wait, 0xc000010020},
		{"condition", "sync.Cond.Wait", "sync.runtime_notifyListWait(0xc000010030, 0x1)\nsync.(*Cond).Wait(0x0?)\n", blocked.Cond, blocked.Wait, 0xc000010020},
		{"awake from a condition", "sync.Mutex.Lock", slow + lock + "sync.(*Cond).Wait(0xc000010090)\n", blocked.Mutex, blocked.Lock, 0xc000010020},
		{"send", "chan send", "runtime.chansend(0xc000010020, 0xc000010090, 0x1, 0x0?)\nruntime.chansend1(0x0?, 0x0?)\n", blocked.Chan, blocked.Send, 0xc000010020},
		{"receive", "chan receive", "runtime.chanrecv(0xc000010020, 0x0, 0x1)\nruntime.chanrecv1(0x0?, 0x0?)\n", blocked.Chan, blocked.Receive, 0xc000010020},
		{"send without address", "chan send", "", blocked.Chan, blocked.Send, 0},
		{"nil channel", "chan send (nil chan)", "runtime.chansend(0x0, 0x0, 0x1, 0x0?)\n", blocked.NilChan, blocked.Send, 0},
		{"nothing", "select (no cases)", "runtime.block()\n", blocked.Select, blocked.SelectNone, 0},
		{"file", "semacquire", "internal/poll.runtime_Semacquire(0xc000010098?)\ninternal/poll.(*fdMutex).rwlock(0xc000010020, 0x40?)\ninternal/poll.(*FD).readLock(...)\ninternal/poll.(*FD).Read(0xc000010020, {0xc000010090, 0x4, 0x4})\n", blocked.File, blocked.Use, 0xc000010020},
		{"errgroup", "sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait(0xc000010030?)\ngolang.org/x/sync/errgroup.(*Group).Wait(0xc000010020)\n", blocked.Errgroup, blocked.Wait, 0xc000010020},
		{"full errgroup", "chan send", "golang.org/x/sync/errgroup.(*Group).Go(0xc000010020, 0x5)\n", blocked.Errgroup, blocked.Go, 0xc000010020},
		{"semaphore", "select", "golang.org/x/sync/semaphore.(*Weighted).Acquire(0xc000010020, {0x5, 0x6}, 0x1)\n", blocked.Semaphore, blocked.Acquire, 0xc000010020},
		{"sql pool", "select", "database/sql.(*DB).conn(0xc000010020, {0x5, 0x6}, 0x1)\n", blocked.Pool, blocked.Acquire, 0xc000010020},
		{"singleflight", "sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait(0xc000010020)\ngolang.org/x/sync/singleflight.(*Group).Do(0xc000010090, {0x5, 0x6}, 0x7)\n", blocked.Singleflight, blocked.Join, 0xc000010020},
	} {
		t.Run(x.name, func(t *testing.T) {
			frames := strings.ReplaceAll(x.frames, ")\n", ")\n\t/usr/local/go/src/x/x.go:7 +0x5\n")
			d := read(t, fmt.Appendf(nil, "goroutine 7 [%s, 3 minutes]:\n%smain.(*T).work(0xc000010000)\n\t/home/me/main.go:9 +0x5\n", x.state, frames))
			all := blocked.Analyze(d, blocked.Options{}).Resources
			if len(all) != 1 {
				t.Fatalf("%d resources", len(all))
			}
			if r := &all[0]; r.Kind != x.kind || r.Op != x.op || r.Address != x.address || r.Site.Function != "main.(*T).work" {
				t.Errorf("got %s, %d, 0x%x at %s; want %s, %d, 0x%x", r.Kind, r.Op, r.Address, r.Site.Function, x.kind, x.op, x.address)
			}
		})
	}
	// Running goroutines wait for nothing, whatever their frames show.
	d := read(t, []byte("goroutine 7 [runnable]:\n"+strings.ReplaceAll(slow+lock, ")\n", ")\n\t/x.go:7 +0x5\n")+"main.main()\n\t/main.go:9 +0x5\n"))
	if r := blocked.Analyze(d, blocked.Options{}); len(r.Resources) != 0 {
		t.Errorf("waits for %s", r.Resources[0].Kind)
	}
}
