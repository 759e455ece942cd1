package redact

import (
	"regexp"
	"slices"
	"strings"
)

// ofRuntime reports whether a reason holds the words of the runtime alone. A
// log writes "fatal error: " before words of its own, so the runtime's are
// listed.
func ofRuntime(reason string) bool {
	if reason == "" {
		return true
	}
	if message, ok := strings.CutPrefix(reason, "fatal error: "); ok {
		return slices.Contains(fatalErrors, message)
	}
	// A log may have joined the line that follows.
	reason = registers.ReplaceAllString(reason, "")
	name, text, ok := strings.Cut(reason, ": ")
	return ok && strings.HasPrefix(name, "SIG") && strings.Trim(name[3:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ12") == "" && slices.Contains(signals, text)
}

var registers = regexp.MustCompile(` PC=0x[0-9a-f]+ m=\d+ sigcode=\d+( addr=0x[0-9a-f]+)?$`)

// fatalErrors are messages of the runtime's fatal and throw that programs meet,
// of Go 1.9 to 1.27.
var fatalErrors = []string{
	"all goroutines are asleep - deadlock!",
	"no goroutines (main called runtime.Goexit) - deadlock!",
	"go of nil func value",
	"stack overflow",
	"out of memory",
	"runtime: out of memory",
	"runtime: cannot allocate memory",
	"out of memory allocating heap arena map",
	"out of memory allocating heap arena metadata",
	"arena already initialized",
	"concurrent map clone and map write",
	"concurrent map iteration and map write",
	"concurrent map read and map write",
	"concurrent map writes",
	"small map with no empty slot (concurrent map writes?)",
	"sync: RUnlock of unlocked RWMutex",
	"sync: Unlock of unlocked RWMutex",
	"sync: unlock of unlocked mutex",
	"sync: inconsistent mutex state",
	"sync: WaitGroup.Add called from inside and outside synctest bubble",
	"sync: WaitGroup.Add called from multiple synctest bubbles",
	"close of synctest channel from outside bubble",
	"receive on synctest channel from outside bubble",
	"select on synctest channel from outside bubble",
	"send on synctest channel from outside bubble",
	"semaphore wake of synctest goroutine from outside bubble",
	"reset of synctest timer from outside bubble",
	"stop of synctest timer from outside bubble",
	"synctest timer accessed from outside bubble",
	"unexpected signal during runtime execution",
	"fault",
	"non-Go code disabled sigaltstack",
	"non-Go code set up signal handler without SA_ONSTACK flag",
	"thread exhaustion",
	"newosproc",
	"runtime.newosproc",
	"panic on system stack",
	"panic during malloc",
	"panic during preemptoff",
	"panic holding locks",
	"malloc during signal",
	"malloc deadlock",
	"morestack on g0",
	"runtime: stack split at bad time",
	"invalid pointer found on stack",
	"invalid runtime symbol table",
	"found bad pointer in Go heap (incorrect use of unsafe or cgo?)",
	"found pointer to free object",
	"checkptr: converted pointer straddles multiple allocations",
	"checkptr: pointer arithmetic computed bad pointer value",
	"checkptr: pointer arithmetic result points to invalid allocation",
	"checkptr: misaligned pointer conversion",
	"checkptr: unsafe.String result straddles multiple allocations",
	"checkptr: unsafe.Slice result straddles multiple allocations",
	"runtime: unexpected return pc",
	"unknown caller pc",
	"traceback stuck",
	"traceback did not unwind completely",
	"s.allocCount != s.nelems && freeIndex == s.nelems",
	"sweep increased allocation count",
	"workbuf is empty",
	"workbuf is not empty",
	"marking free object",
	"too many address space collisions for -race mode",
	"schedule: holding locks",
	"lock count",
	"runtime·lock: lock count",
	"runtime·unlock: lock count",
	"unlock of unlocked lock",
	"self deadlock",
	"recursive call during initialization - linker skew",
	"index out of range",
	"slice bounds out of range",
	"integer divide by zero",
	"nil elem type!",
	"unreachable method called. linker bug?",
	"exitsyscall: syscall frame is no longer valid",
	"entersyscall",
	"semacquire not on the G stack",
	"notesleep not on g0",
	"bad sweepgen in refill",
	"bad summary data",
	"mspan.sweep: bad span state",
	"mallocgc called without a P or outside bootstrapping",
	"gcmarknewobject called while doing checkmark",
}

// signals are the words of the runtime's table of signals.
var signals = []string{
	"terminal line hangup", "interrupt", "quit", "illegal instruction", "trace trap", "abort", "emulate instruction executed",
	"bus error", "floating-point exception", "kill", "user-defined signal 1", "segmentation violation", "user-defined signal 2",
	"write to broken pipe", "alarm clock", "termination", "stack fault", "child status has changed", "continue",
	"stop, unblockable", "stop", "keyboard stop", "background read from tty", "background write to tty",
	"urgent condition on socket", "cpu limit exceeded", "file size limit exceeded", "virtual alarm clock",
	"profiling alarm clock", "window size change", "i/o now possible", "power failure restart", "bad system call",
}
