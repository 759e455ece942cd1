// Package run takes dumps around a command, of the tests of a package, and
// while time passes.
package run

import (
	"context"
	"fmt"
	"time"

	"gdump/internal/goroutine"
)

// Rounds pulls a dump, runs a command, lets the process settle, pulls again,
// and so on.
type Rounds struct {
	Count   func(context.Context) (int, error)              // how many goroutines there are, asked cheaply
	Pull    func(context.Context) ([]goroutine.Dump, error) // a dump
	Command func(context.Context) (status int, err error)   // an error if it did not start
	WarmUp  func(context.Context) (status int, err error)   // run once before the first dump; may be nil
	N       int                                             // times the command is run; 0 means 1
	Settle  time.Duration                                   // the longest to wait after a command
	Say     func(string)                                    // is called with each step
}

// Do does it. It returns the dumps that it got, the first exit status of the
// command that was not 0, and why it could not go on. A command that fails is
// no reason to stop: it may have leaked all the same.
func (r Rounds) Do(ctx context.Context) (dumps []goroutine.Dump, status int, err error) {
	pull := func(when string) error {
		got, err := r.Pull(ctx)
		dumps = append(dumps, got...)
		for i := range got {
			r.Say(fmt.Sprintf("%d goroutines %s", got[i].Goroutines, when))
		}
		return err
	}
	after := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, settled, err := Settle(ctx, r.Count, r.Settle)
		if err == nil && !settled {
			r.Say(fmt.Sprintf("still changing after %s (%d goroutines): --settle waits longer", r.Settle, n))
		}
		return err
	}
	if r.WarmUp != nil {
		if status, err := r.WarmUp(ctx); err != nil || status != 0 {
			if err == nil {
				err = fmt.Errorf("run: the warm-up ended with status %d", status)
			}
			return nil, status, err
		}
		if err := after(); err != nil {
			return nil, 0, err
		}
	}
	if err := pull("before"); err != nil {
		return dumps, 0, err
	}
	for i := range max(r.N, 1) {
		s, err := r.Command(ctx)
		if status == 0 {
			status = s
		}
		if err != nil {
			return dumps, status, err
		}
		if err := after(); err != nil {
			return dumps, status, err
		}
		when := "after the command"
		if r.N > 1 {
			when = fmt.Sprintf("after round %d of %d", i+1, r.N)
		}
		if err := pull(when); err != nil {
			return dumps, status, err
		}
	}
	return dumps, status, nil
}

// calm is how many counts in a row must not fall for a process to have settled.
const calm = 4

// Settle watches the count of goroutines until it falls no more, so that those
// that only pass are gone, at most for a time. It returns the last count.
func Settle(ctx context.Context, count func(context.Context) (int, error), limit time.Duration) (n int, settled bool, err error) {
	if limit <= 0 {
		return 0, true, nil
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	steady, last := 0, -1
	for {
		start := time.Now()
		if n, err = count(ctx); err != nil {
			return n, false, err
		}
		if last >= 0 && n >= last {
			steady++
		} else {
			steady = 0
		}
		if last = n; steady == calm {
			return n, true, nil
		}
		// A count that costs the process something is asked for less often.
		pause := time.NewTimer(max(min(limit/20, 250*time.Millisecond), 10*time.Since(start)))
		select {
		case <-pause.C:
		case <-end.C:
			pause.Stop()
			return n, false, nil
		case <-ctx.Done():
			pause.Stop()
			return n, false, ctx.Err()
		}
	}
}
