// Package ui is gdump's screen: the list of buckets, the stack of the one under
// the cursor and its source, filter, search and help. Only the root model is a
// Bubble Tea model; Update does no I/O and no work that grows with the dump.
package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"gdump/internal/code"
	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
	"gdump/internal/ui/theme"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// Load reads what the screen shows. It runs while the screen is shown; step may be
// called at any time. With both dumps and an error the dumps are shown.
type Load func(ctx context.Context, step func(Step)) (trend.Trend, error)

// Step is how far a load is, and perhaps what it has read so far.
type Step struct {
	parse.Progress
	Asked   Asked        // of a fleet
	Partial *trend.Trend // nil if there is nothing new to show
}

// Asked is how many processes of a fleet were asked, or parts of its time.
type Asked struct {
	Done, Failed, Of int
	What             string // such as "instances"
}

// Over is a fleet over time, of which more is known than its dumps have: what each
// process does.
type Over struct {
	Groupings func() []string // those that keep it
	Trend     func(by string, dumps []int) (trend.Trend, error)
}

// Editor is a program that takes over the terminal for a while.
type Editor interface {
	Run() error
	SetStdin(io.Reader)
	SetStdout(io.Writer)
	SetStderr(io.Writer)
}

// Config is what Run needs. What is nil cannot be done, and the screen says so.
type Config struct {
	Names  []string // the sources, as the user named them
	Load   Load
	Browse bool      // of several dumps a list is shown first, not their difference
	Size   int64     // bytes of all sources; not above 0 if unknown
	In     io.Reader // keys; nil means the terminal
	Out    io.Writer // nil means the terminal
	Theme  string    // auto, dark, light or none
	ASCII  bool      // draw with characters of ASCII only
	Mouse  bool      // on from the start
	Now    func() time.Time

	Watch   Watch  // goes on asking once the first dump is loaded
	Refresh func() // has the watch ask for a dump right away

	Source  func(goroutine.Frame) (code.Source, error)  // reads the code of a frame
	Package diagnose.Source                             // the files of a frame's package, for the diagnosis
	Edit    func(file string, line int) (Editor, error) // opens code in the user's editor
	Copy    func(text string) error                     // to the clipboard of this machine
	JSON    func(io.Writer, *trend.Trend) error
	Allow   Allow
	Worst   *Worst                                  // nil where there is no fleet
	Over    *Over                                   // nil where there is no fleet over time
	Write   func(name string, t *trend.Trend) error // what is shown, to a file
}

func (c *Config) out() io.Writer {
	if c.Out != nil {
		return c.Out
	}
	return os.Stdout
}

func (c *Config) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// ErrStopped is returned when the user stopped the loading before anything was
// read.
var ErrStopped = errors.New("stopped before anything was read")

// ErrPanic is returned when the screen itself broke; the terminal is whole, and
// the stack is on it.
var ErrPanic = errors.New("the screen broke")

// Run shows the screen until the user quits. It returns the error of a load
// that gave nothing to show.
func Run(ctx context.Context, c Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(ctx, c, theme.New(c.Theme, lipgloss.NewRenderer(c.out())))
	defer m.stop()
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if c.In != nil {
		options = append(options, tea.WithInput(c.In))
	}
	if c.Out != nil {
		options = append(options, tea.WithOutput(c.Out))
	}
	if c.Mouse {
		options = append(options, tea.WithMouseCellMotion())
	}
	m.stops = newStops()
	defer m.stops.close()
	p := tea.NewProgram(m, options...)
	go m.stops.serve(p)
	end, err := p.Run()
	if errors.Is(err, tea.ErrProgramPanic) {
		return ErrPanic
	}
	if last, ok := end.(*model); ok && last.fatal != nil {
		return last.fatal
	}
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// clipboard is where escape sequences for the terminal go: stderr, since the
// screen itself is drawn on stdout.
func clipboard(c Config) io.Writer {
	if c.Out != nil {
		return c.Out
	}
	return os.Stderr
}
