package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupted is why a context ended on a signal.
type interrupted struct{ sig syscall.Signal }

func (i interrupted) Error() string { return "interrupted" }

// Signal is what a command that is running is told.
func (i interrupted) Signal() os.Signal { return i.sig }

func (i interrupted) status() int { return 128 + int(i.sig) }

// WithSignals returns a context that ends with the first SIGINT, SIGTERM, SIGHUP
// or SIGQUIT. After it the signals have their usual effect, so that a second
// Ctrl-C ends the process at once.
func WithSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		select {
		case s := <-ch:
			signal.Stop(ch)
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
