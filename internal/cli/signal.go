package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// interrupted is why a context ended on a signal.
type interrupted struct{ sig syscall.Signal }

func (i interrupted) Error() string { return "interrupted" }

// Signal is the signal that a running command is sent.
func (i interrupted) Signal() os.Signal { return i.sig }

func (i interrupted) status() int { return 128 + int(i.sig) }

// WithSignals returns a context that ends with the first SIGINT, SIGTERM, SIGHUP
// or SIGQUIT. Later ones have no effect: Run returns soon after the first.
// What nohup starts goes on ignoring SIGHUP.
func WithSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 1)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	signal.Notify(ch, signals...)
	go func() {
		select {
		case s := <-ch:
			if n, ok := s.(syscall.Signal); ok {
				cancel(interrupted{n})
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(ch)
		cancel(nil)
	}
}

// stoppedBy is the signal that ended a context, if one did.
func stoppedBy(ctx context.Context) (interrupted, bool) {
	var stopped interrupted
	ok := errors.As(context.Cause(ctx), &stopped)
	return stopped, ok
}

const (
	// patience is how long a command may take to end by itself after a signal.
	// It leaves time for the command that run started, see run.Command.
	patience = 900 * time.Millisecond
	// lastWords is how long cleaning up and the last message may take after
	// that: stderr can be as blocked as what the command was waiting for.
	lastWords = 50 * time.Millisecond
)

// await waits for the command to end. After a signal it waits for patience
// only. A command that is still busy then, reading, opening or writing
// something that blocks or computing something large, is abandoned: the
// process ends without it.
func (a *app) await(ctx context.Context, done <-chan int) int {
	select {
	case status := <-done:
		return status
	case <-ctx.Done():
	}
	stopped, ok := stoppedBy(ctx)
	if !ok {
		return <-done
	}
	select {
	case status := <-done:
		return status
	case <-time.After(patience):
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		a.abandoned.clean()
		fmt.Fprintln(&a.messages, "gdump: interrupted")
	}()
	select {
	case <-left:
	case <-time.After(lastWords):
	}
	return stopped.status()
}

// cleanups is what must be undone if the command is abandoned: temporary
// files, the state of the terminal.
type cleanups struct {
	mu   sync.Mutex
	next int
	todo map[int]func()
}

// add registers a function and returns what takes it off again, to be called
// once the command has cleaned up itself.
func (c *cleanups) add(f func()) (remove func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.todo == nil {
		c.todo = map[int]func(){}
	}
	n := c.next
	c.next++
	c.todo[n] = f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.todo, n)
	}
}

func (c *cleanups) clean() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.todo {
		f()
	}
}
