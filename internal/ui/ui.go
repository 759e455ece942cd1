// Package ui is gdump's screen: the list of buckets, the stack of the one under
// the cursor, filter, search and help. Only the root model is a Bubble Tea
// model; Update does no I/O and no work that grows with the dump.
package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"gdump/internal/parse"
	"gdump/internal/trend"
	"gdump/internal/ui/theme"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// Load reads what the screen shows. It runs beside the screen; progress may be
// called at any time. With both dumps and an error the dumps are shown.
type Load func(ctx context.Context, progress func(parse.Progress)) (trend.Trend, error)

// Config is what Run needs.
type Config struct {
	Names []string // the sources, as the user named them
	Load  Load
	Size  int64            // bytes of all sources; not above 0 if unknown
	In    io.Reader        // keys; nil means the terminal
	Out   io.Writer        // nil means the terminal
	Theme string           // auto, dark, light or none
	Now   func() time.Time // nil means the clock
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

// Run shows the screen until the user quits. It returns the error of a load
// that gave nothing to show.
func Run(ctx context.Context, c Config) error {
	m := newModel(ctx, c, theme.New(c.Theme, lipgloss.NewRenderer(c.out())))
	defer m.stop()
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if c.In != nil {
		options = append(options, tea.WithInput(c.In))
	}
	if c.Out != nil {
		options = append(options, tea.WithOutput(c.Out))
	}
	end, err := tea.NewProgram(m, options...).Run()
	if last, ok := end.(model); ok && last.fatal != nil {
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
