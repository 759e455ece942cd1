// Package kernels holds small programs that leak goroutines in the ways real
// projects have leaked them, and healthy ones that look like leaks at a glance.
// A test runs them in one process, takes dumps, and holds what trend says
// against what each of them is known to do.
package kernels

import (
	"context"
	"sync"
)

// Kernel is something that goes on in a process, round after round.
type Kernel struct {
	Name  string
	Leaks bool
	// Round does the work of a round. What it leaves is left on purpose.
	Round func(n int)
	// Functions are in the stacks of the kernel's goroutines, or started them,
	// besides the kernel's own.
	Functions []string
}

// keep holds on to what must stay reachable, or must be seen to be used.
var (
	keepLock sync.Mutex
	kept     []any
)

func keep(x any) {
	keepLock.Lock()
	defer keepLock.Unlock()
	kept = append(kept, x)
}

// background is a context that is cancelled only if the caller remembers to.
func background() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	keep(cancel)
	return ctx
}
