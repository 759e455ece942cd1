package fleet

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

// TestDerived has stacks as profiles of Go programs have them, leaf first, whose
// states only the leaf shows.
func TestDerived(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]string{
		"runtime.gopark runtime.chanrecv runtime.chanrecv1 main.wait":                                  "chan receive",
		"runtime.gopark runtime.chanrecv runtime.chanrecv2 main.wait":                                  "chan receive",
		"runtime.gopark runtime.chansend runtime.chansend1 main.send":                                  "chan send",
		"runtime.gopark runtime.selectgo main.loop":                                                    "select",
		"runtime.gopark runtime.block main.forever":                                                    "select (no cases)",
		"runtime.gopark runtime.netpollblock internal/poll.runtime_pollWait internal/poll.(*FD).Read":  "IO wait",
		"internal/poll.runtime_pollWait internal/poll.(*pollDesc).wait net.(*conn).Read main.read":     "IO wait",
		"runtime.gopark runtime.goparkunlock runtime.semacquire1 sync.runtime_SemacquireWaitGroup":     "semacquire",
		"sync.runtime_Semacquire sync.(*WaitGroup).Wait main.main":                                     "semacquire",
		"internal/sync.runtime_SemacquireMutex internal/sync.(*Mutex).lockSlow sync.(*Mutex).Lock":     "sync.Mutex.Lock",
		"sync.runtime_SemacquireMutex sync.(*Mutex).lockSlow sync.(*Mutex).Lock main.f":                "sync.Mutex.Lock",
		"runtime.gopark runtime.goparkunlock sync.runtime_notifyListWait sync.(*Cond).Wait main.queue": "sync.Cond.Wait",
		"runtime.gopark time.Sleep main.tick":                                                          "sleep",
		"syscall.Syscall6 syscall.wait4 os.(*Process).Wait main.run":                                   "syscall",
		"main.compute main.main":               "",
		"main.compute runtime.selectgo":        "", // called from it: the leaf runs
		"runtime.gopark main.runtime.selectgo": "",
		"runtime.chanreceiver main.f":          "", // another function
		"":                                     "",
	} {
		var frames []goroutine.Frame
		for name := range strings.FieldsSeq(stack) {
			f := goroutine.Frame{Function: name, Origin: goroutine.Stdlib}
			switch {
			case strings.HasPrefix(name, "runtime."):
				f.Origin = goroutine.Runtime
			case strings.HasPrefix(name, "main."):
				f.Origin = goroutine.Main
			}
			frames = append(frames, f)
		}
		s := goroutine.NewStack(goroutine.Parts{Frames: frames})
		d := goroutine.Dump{Buckets: []goroutine.Bucket{{Stack: s, Count: 3}}}
		derive(&d)
		got, said := d.Buckets[0].States, fmt.Sprint(d.Problems)
		if want == "" {
			if len(got) > 0 || len(d.Problems) > 0 {
				t.Errorf("%s: %v, %s", stack, got, said)
			}
		} else if fmt.Sprint(got) != fmt.Sprintf("[{%s 3}]", want) || !strings.Contains(said, "derived") || d.Incomplete() {
			t.Errorf("%s: %v, want %s; %s", stack, got, want, said)
		}
	}
	known := goroutine.Dump{Buckets: []goroutine.Bucket{{Count: 1, States: []goroutine.Count{{Name: "running", N: 1}}}}}
	if derive(&known); len(known.Problems) > 0 || known.Buckets[0].States[0].Name != "running" {
		t.Errorf("%+v", known)
	}
}
