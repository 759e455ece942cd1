//go:build unix

package ui

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// stops leaves the terminal whole when the process is stopped, and draws the
// screen anew when it goes on. Bubble Tea does so for the key alone.
type stops struct {
	signals   chan os.Signal
	done      chan struct{}
	suspended atomic.Bool // Bubble Tea has the terminal released
}

// unstopped is after how long a process that still runs was not stopped.
const unstopped = time.Second

func newStops() *stops {
	s := &stops{signals: make(chan os.Signal, 4), done: make(chan struct{})}
	signal.Notify(s.signals, syscall.SIGTSTP, syscall.SIGCONT)
	return s
}

// serve hands signals on to the program until close is called.
func (s *stops) serve(p *tea.Program) {
	for {
		select {
		case <-s.done:
			return
		case sig := <-s.signals:
			switch {
			case sig == syscall.SIGTSTP:
				p.Send(s.suspend())
			case !s.suspended.Load() && p.ReleaseTerminal() == nil:
				// It was stopped by SIGSTOP, of which no program hears.
				_ = p.RestoreTerminal()
			}
		}
	}
}

// suspend is the message on which Bubble Tea releases the terminal and sends
// SIGTSTP, which must have its usual effect then.
func (s *stops) suspend() tea.Msg {
	s.suspended.Store(true)
	signal.Reset(syscall.SIGTSTP)
	// Where no shell could bring it back, as in a window of its own, the kernel
	// drops the signal, and Bubble Tea would wait for SIGCONT forever. A process
	// that is stopped does not come to this.
	time.AfterFunc(unstopped, func() {
		if s.suspended.Load() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGCONT)
		}
	})
	return tea.SuspendMsg{}
}

// resumed waits for signals again.
func (s *stops) resumed() {
	signal.Notify(s.signals, syscall.SIGTSTP)
	s.suspended.Store(false)
}

func (s *stops) close() {
	signal.Stop(s.signals)
	close(s.done)
}
