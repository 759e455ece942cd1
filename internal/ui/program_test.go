package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"gdump/internal/parse"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
)

// patience bounds a wait for something that must come; nothing is measured.
const patience = 30 * time.Second

// TestProgram runs the whole program: it loads, draws, takes keys and ends.
func TestProgram(t *testing.T) {
	want := leak(t)
	m := newModel(t.Context(), Config{
		Names: []string{"a", "b"}, Out: io.Discard,
		Load: func(_ context.Context, step func(Step)) (trend.Trend, error) {
			step(Step{Progress: parse.Progress{Bytes: 1, Goroutines: 1}})
			return want, nil
		},
	}, plain())
	tm := teatest.NewTestModel(t, m, teatest.WithInitialTermSize(100, 30))
	see := func(text string) {
		t.Helper()
		teatest.WaitFor(t, tm.Output(), func(b []byte) bool { return bytes.Contains(b, []byte(text)) }, teatest.WithDuration(patience))
	}
	see("13 buckets")
	tm.Type("/chan")
	see("4 of 13 buckets")
	tm.Send(tea.KeyMsg{Type: tea.KeyEnter})
	tm.Type("q")
	end := tm.FinalModel(t, teatest.WithFinalTimeout(patience)).(*model)
	if end.applied != "chan" || end.fatal != nil {
		t.Errorf("filter %q, fatal %v", end.applied, end.fatal)
	}
}

// TestRun ends by an error of the loader, and by a context.
func TestRun(t *testing.T) {
	broken := errors.New("broken")
	config := Config{In: bytes.NewReader(nil), Out: io.Discard, Load: func(context.Context, func(Step)) (trend.Trend, error) {
		return trend.Trend{}, broken
	}}
	if err := Run(t.Context(), config); !errors.Is(err, broken) {
		t.Errorf("got %v, want the loader's error", err)
	}
	config.Load = func(context.Context, func(Step)) (trend.Trend, error) { panic("our own mistake") }
	if err := Run(t.Context(), config); !errors.Is(err, ErrPanic) {
		t.Errorf("got %v, want ErrPanic", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	config.Load = func(ctx context.Context, _ func(Step)) (trend.Trend, error) {
		cancel(broken)
		<-ctx.Done()
		return trend.Trend{}, ctx.Err()
	}
	if err := Run(ctx, config); err == nil {
		t.Error("no error although the context ended")
	}
}

// TestNothing draws after a load that gave nothing, which is done once before
// the program ends.
func TestNothing(t *testing.T) {
	s := &screen{t, newModel(t.Context(), Config{Names: []string{"nope.txt"}, Out: io.Discard}, plain())}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
	if _, cmd := s.m.Update(loadedMsg{err: errors.New("no such file")}); cmd == nil || cmd() != tea.Quit() {
		t.Error("it does not end")
	}
	if !strings.Contains(s.m.View(), "nope.txt") {
		t.Errorf("drawn:\n%s", s.m.View())
	}
}
