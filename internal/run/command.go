package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"gdump/internal/goroutine"
)

// grace is how long a command may take to end once it was told to, and how
// long its children may hold its output open after that.
const grace = 10 * time.Second

// The statuses of a command that does not start, as a shell has them.
const (
	statusCannot  = 126
	statusNoSuch  = 127
	statusSignals = 128
)

// Command is a program to run: not through a shell, with its own output.
type Command struct {
	Args           []string
	Env            []string // besides gdump's own
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Find reports whether the program is there, before anything is asked of a
// process for its sake. Its status is that of a shell.
func (c Command) Find() (status int, err error) {
	if _, err := exec.LookPath(c.Args[0]); err != nil {
		return notStarted(c.Args[0], err)
	}
	return 0, nil
}

// Run runs the program to its end and returns its exit status, 128 and the
// number of the signal if one ended it. When ctx ends, the program is told
// with the signal that ended it, and killed if it does not listen.
func (c Command) Run(ctx context.Context) (status int, err error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.WaitDelay = grace
	stop := group(cmd)
	cmd.Cancel = func() error { return stop(signalOf(ctx)) }
	if err := cmd.Start(); err != nil {
		return notStarted(c.Args[0], err)
	}
	err = cmd.Wait()
	if cmd.ProcessState == nil {
		return statusCannot, fmt.Errorf("run %s: %w", goroutine.Clean(c.Args[0]), err)
	}
	return exitStatus(cmd.ProcessState), nil
}

func notStarted(name string, err error) (int, error) {
	name = goroutine.Clean(name)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return statusNoSuch, fmt.Errorf("run %s: no such command", name)
	}
	var execErr *exec.Error
	if errors.As(err, &execErr) {
		err = execErr.Err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return statusCannot, fmt.Errorf("run %s: %w", name, err)
}

// signalOf is the signal that ended a context, an interrupt if it was none.
func signalOf(ctx context.Context) os.Signal {
	var s interface{ Signal() os.Signal }
	if errors.As(context.Cause(ctx), &s) {
		return s.Signal()
	}
	return os.Interrupt
}
