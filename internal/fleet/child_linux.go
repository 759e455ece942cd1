package fleet

import (
	"context"
	"os/exec"
	"runtime"
	"syscall"
)

// start starts a child that the kernel ends also where gdump is killed. It
// does so when the thread that started the child ends, so that one waits for
// ctx, with which the child ends.
func start(ctx context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the function
		started <- cmd.Start()
		<-ctx.Done()
	}()
	return <-started
}
