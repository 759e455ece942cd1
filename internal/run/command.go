package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"time"

	"gdump/internal/goroutine"
)

const (
	// grace is how long a command and its children may take to end after a
	// signal, before they are killed: gdump ends within a second of it, and
	// needs the rest for itself.
	grace = 800 * time.Millisecond
	// outputDelay is how long children of a command that ended may hold its
	// output open.
	outputDelay = 10 * time.Second
)

// The statuses of a command that does not start, as a shell has them.
const (
	statusCannot  = 126
	statusNoSuch  = 127
	statusSignals = 128
)

// Command is a program to run: not through a shell, with its own output.
type Command struct {
	Args           []string
	Env            []string // added to gdump's own
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Abandon, if not nil, is handed what kills the command and its children,
	// should gdump have to end before they did. It returns what withdraws that.
	Abandon func(kill func()) (withdraw func())
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
// number of the signal if one ended it. When ctx ends, the program and its
// children are sent the signal that ended it, and killed if they do not end.
func (c Command) Run(ctx context.Context) (status int, err error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.WaitDelay = outputDelay
	end := group(cmd)
	var ended chan struct{}
	cmd.Cancel = func() error {
		ended = make(chan struct{})
		err := end.signal(signalOf(ctx))
		go func() {
			defer close(ended)
			finish(end)
		}()
		return err
	}
	if err := cmd.Start(); err != nil {
		return notStarted(c.Args[0], err)
	}
	if c.Abandon != nil {
		defer c.Abandon(end.kill)()
	}
	err = cmd.Wait()
	switch {
	case ended != nil:
		<-ended
	case cmd.ProcessState != nil && slices.Contains([]int{statusSignals + 2, statusSignals + 3}, exitStatus(cmd.ProcessState)):
		finish(end) // the terminal's Ctrl-C ended the command before ctx
	}
	if cmd.ProcessState == nil {
		return statusCannot, fmt.Errorf("run %s: %w", goroutine.Clean(c.Args[0]), err)
	}
	return exitStatus(cmd.ProcessState), nil
}

// ender ends a command together with its children.
type ender interface {
	signal(os.Signal) error
	alive() bool // the command or one of its children
	kill()
}

// finish waits until all have ended, and kills those that are left after grace.
func finish(e ender) {
	late := time.NewTimer(grace)
	defer late.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for e.alive() {
		select {
		case <-tick.C:
		case <-late.C:
			e.kill()
			return
		}
	}
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
