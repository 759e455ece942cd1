package ui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
)

const (
	barAfter = 200 * time.Millisecond
	maxCopy  = 100_000 // bytes; terminals drop longer OSC 52 sequences
)

// loadCmd runs the loader and hands its progress to steps.
func loadCmd(ctx context.Context, load Load, steps chan parse.Progress) tea.Cmd {
	return func() tea.Msg {
		defer close(steps)
		t, err := load(ctx, func(p parse.Progress) {
			select {
			case steps <- p:
			default: // the screen is behind; the next step will do
			}
		})
		return loadedMsg{t, err}
	}
}

// progressCmd waits for one step of the loading.
func progressCmd(steps <-chan parse.Progress) tea.Cmd {
	return func() tea.Msg {
		p, ok := <-steps
		if !ok {
			return nil
		}
		return progressedMsg(p)
	}
}

func waitCmd() tea.Cmd {
	return tea.Tick(barAfter, func(time.Time) tea.Msg { return waitedMsg{} })
}

// arrangeCmd finds the rows that a filter leaves and puts them in order;
// compare is nil for the order of the trend. Of a filter with a mistake the
// terms that are right hold. It captures the series, which
// nobody changes.
func arrangeCmd(gen int, text string, series []trend.Series, compare func(a, b *trend.Series) int) tea.Cmd {
	return func() tea.Msg {
		q, err := query.Parse(text)
		m := arrangedMsg{gen: gen, query: q, err: err}
		m.rows = make([]int, 0, len(series))
		for i := range series {
			if q.Match(series[i].Bucket) {
				m.rows = append(m.rows, i)
			}
		}
		if compare != nil {
			slices.SortStableFunc(m.rows, func(a, b int) int { return compare(&series[a], &series[b]) })
		}
		return m
	}
}

// copyCmd puts text on the clipboard of the terminal, which may be far away:
// OSC 52 works over ssh and through tmux.
func copyCmd(w io.Writer, text string, lines int) tea.Cmd {
	return func() tea.Msg {
		if len(text) > maxCopy {
			return copiedMsg{err: fmt.Errorf("too long to copy: %d bytes, terminals take %d", len(text), maxCopy)}
		}
		if _, err := osc52.New(text).WriteTo(w); err != nil {
			return copiedMsg{err: err}
		}
		return copiedMsg{what: fmt.Sprintf("copied %d lines", lines)}
	}
}
