package ui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
)

// watching is a screen that watches; samples are handed to it one by one.
func watching(t *testing.T) (*screen, []goroutine.Dump) {
	t.Helper()
	tr := leak(t)
	m := newModel(t.Context(), Config{Names: []string{":6060"}, Out: io.Discard, Watch: func(context.Context, func(Sample)) error { return nil }}, plain())
	s := &screen{t, m}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
	s.m.Update(loadedMsg{prepared: prepare(trend.One(tr.Dumps[0]))})
	s.run(s.m.arrange())
	return s, tr.Dumps
}

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// take hands a sample to the screen, and does what follows but for waiting for
// the next.
func (s *screen) take(x Sample) {
	s.t.Helper()
	cmd := s.m.sampled(x)
	if batch, ok := cmd().(tea.BatchMsg); ok {
		s.run(batch[0])
	}
}

func TestWatch(t *testing.T) {
	s, dumps := watching(t)
	close(s.m.live.samples) // nothing more comes by itself
	s.press("/locked", "enter")
	id := s.m.trend.Series[s.m.selected()].Bucket.ID
	s.take(Sample{At: start, Goroutines: 750, Dump: &dumps[1]})
	if len(s.m.trend.Dumps) != 2 || s.m.applied != "locked" || s.m.trend.Series[s.m.selected()].Bucket.ID != id {
		t.Errorf("a new dump: %d dumps, filter %q", len(s.m.trend.Dumps), s.m.applied)
	}
	s.m.live.now = start.Add(3 * time.Second)
	if !strings.Contains(s.m.View(), "watch ● 3s ago") {
		t.Errorf("no age in\n%s", s.m.View())
	}
	// A pull that failed is said, with the age of what is on the screen.
	s.take(Sample{Err: errors.New("connection refused")})
	s.m.live.now = start.Add(9 * time.Second)
	if !strings.Contains(s.m.View(), "! connection refused, last answer 9s ago") {
		t.Errorf("no error in\n%s", s.m.View())
	}
	// Paused, dumps are kept back.
	s.press(" ")
	s.take(Sample{At: start, Dump: &dumps[2]})
	if len(s.m.trend.Dumps) != 2 || !strings.Contains(s.m.View(), "paused, 1 newer") {
		t.Errorf("paused: %d dumps\n%s", len(s.m.trend.Dumps), s.m.View())
	}
	if s.press(" "); len(s.m.trend.Dumps) != 3 {
		t.Errorf("let go: %d dumps, want 3", len(s.m.trend.Dumps))
	}
	// Who looks at the past is left there.
	s.press("[", "[")
	s.take(Sample{At: start, Dump: &dumps[2]})
	if len(s.m.trend.Dumps) != 1 || len(s.m.dumps) != 4 {
		t.Errorf("in the past: %d dumps shown of %d", len(s.m.trend.Dumps), len(s.m.dumps))
	}
	for range 2 * keptDumps {
		s.take(Sample{At: start, Dump: &dumps[2]})
	}
	if len(s.m.dumps) != keptDumps {
		t.Errorf("%d dumps are kept, want %d", len(s.m.dumps), keptDumps)
	}
}

// TestWatchCmd holds that samples come through, and that the end is said.
func TestWatchCmd(t *testing.T) {
	broken := errors.New("broken")
	samples := make(chan Sample, 1)
	msg := watchCmd(t.Context(), func(_ context.Context, emit func(Sample)) error {
		emit(Sample{Goroutines: 7})
		return broken
	}, samples)()
	if got := sampleCmd(samples)(); got.(sampledMsg).Goroutines != 7 {
		t.Errorf("got %v", got)
	}
	if got := sampleCmd(samples)(); got != nil {
		t.Errorf("after the end: %v", got)
	}
	if got, ok := msg.(sampledMsg); !ok || !errors.Is(got.Err, broken) {
		t.Errorf("the end: %v", msg)
	}
}

// TestNoWatch says why the keys of a watch do nothing.
func TestNoWatch(t *testing.T) {
	for _, k := range []string{" ", "r"} {
		if s := at(t, 120, 36, leak(t), k); !strings.Contains(s.m.View(), "works only in gdump watch") {
			t.Errorf("%q says nothing", k)
		}
	}
}
