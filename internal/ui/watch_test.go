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
	if !strings.Contains(s.m.View(), "live ● 750 goroutines 3s ago · screen: dump 2 of 2, 3s old · 5 possible suspects") {
		t.Errorf("no age in\n%s", s.m.View())
	}
	// Only the number of goroutines is newer.
	s.take(Sample{At: start.Add(2 * time.Second), Goroutines: 1500})
	if !strings.Contains(s.m.View(), "live ● 1 500 goroutines ▃▇ 1s ago · screen: dump 2 of 2, 3s old") {
		t.Errorf("no live total in\n%s", s.m.View())
	}
	// A pull that failed is said, with the age of what is on the screen.
	s.take(Sample{Err: errors.New("connection refused")})
	s.m.live.now = start.Add(9 * time.Second)
	if !strings.Contains(s.m.View(), "! connection refused · last: 1 500 ▃▇ 7s ago · dump 2 of 2, 9s old") {
		t.Errorf("no error in\n%s", s.m.View())
	}
	s.take(Sample{Err: errors.New("http://checkout-service.internal:6060/debug/pprof: connection refused")})
	s.m.live.now = start.Add(2 * time.Hour)
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	for _, text := range []string{"refused for 1h 59m · last: 1 500", "1h 59m ago", "dump 2 of 2, 2h old"} {
		if !strings.Contains(s.m.View(), text) {
			t.Errorf("the target is dead: no %q in\n%s", text, s.m.View())
		}
	}
	if !strings.Contains(s.m.View(), "space pause   r now   esc clear   [ ] dumps") {
		t.Errorf("not all keys of a watch at the bottom of\n%s", s.m.View())
	}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
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
	// A screen that is held for days holds no more, and shows the newest then.
	s.press(" ")
	for range keptDumps {
		s.take(Sample{At: start, Dump: &dumps[2]})
	}
	newest := dumps[2]
	newest.Source = "newest"
	s.take(Sample{At: start, Dump: &newest})
	if n := len(s.m.live.held); n != keptDumps {
		t.Errorf("paused: %d dumps are kept, want %d", n, keptDumps)
	}
	if s.press(" "); len(s.m.dumps) != keptDumps || s.m.dumps[keptDumps-1].Source != "newest" {
		t.Errorf("let go: %d dumps, the last %s", len(s.m.dumps), s.m.dumps[len(s.m.dumps)-1].Source)
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

// TestWatchUnreachable watches a target that does not answer: the screen says
// why, and when it is tried again, takes every key, and shows the first dump
// that comes.
func TestWatchUnreachable(t *testing.T) {
	tr := leak(t)
	asked := 0
	m := newModel(t.Context(), Config{
		Names: []string{":6060"}, Out: io.Discard, Now: func() time.Time { return start },
		Watch:   func(context.Context, func(Sample)) error { return nil },
		Refresh: func() { asked++ },
	}, plain())
	s := &screen{t, m}
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	_, cmd := s.m.Update(loadedMsg{err: errors.New("http://localhost:6060: connection refused\x1b[31m")})
	if s.m.fatal != nil || cmd == nil {
		t.Fatalf("it ended: %v", s.m.fatal)
	}
	close(s.m.live.samples)
	shows := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(s.m.View(), text) {
				t.Errorf("no %q in\n%s", text, s.m.View())
			}
		}
	}
	shows(":6060", "no dump yet", `connection refused\x1b[31m`, "trying now")
	s.m.sampled(Sample{Err: errors.New("no route to host"), Next: start.Add(10 * time.Second)})
	shows("! no route to host", "next try in 10s")
	s.m.Update(agedMsg(start.Add(3 * time.Second)))
	shows("next try in 7s")
	for _, b := range bindings() {
		for _, k := range b.names() {
			s.press(strings.NewReplacer("ctrl+", "ctrl-", "pgdown", "pgdn", "space", " ", "shift+tab", "tab").Replace(k), "esc")
		}
	}
	if asked == 0 {
		t.Error("r asked for nothing")
	}
	for w := range 130 {
		for _, h := range []int{1, 5, 9, 10, 11, 24, 50} {
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			s.send(tea.MouseMsg{X: w / 2, Y: h / 2, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
			s.send(tea.MouseMsg{X: 1, Y: 3, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
			if lines := strings.Split(s.m.View(), "\n"); w > 0 && (len(lines) != h || cells(lines[0]) != w) {
				t.Fatalf("%dx%d: %d lines of %d cells", w, h, len(lines), cells(lines[0]))
			}
		}
	}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
	s.take(Sample{At: start, Goroutines: 93, Dump: &tr.Dumps[0]})
	shows("live ● 93 goroutines", "enter whole stack   space pause   r now")
	if s.press("q"); s.m.fatal != nil {
		t.Errorf("quitting: %v", s.m.fatal)
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

// TestWatchFollows holds that the cursor is on what is most suspicious until
// the user moves it, and again after g.
func TestWatchFollows(t *testing.T) {
	s, dumps := watching(t)
	close(s.m.live.samples)
	first := func() string { return identity(&s.m.trend.Series[0]) }
	on := func() string { return identity(&s.m.trend.Series[s.m.selected()]) }
	s.take(Sample{At: start, Dump: &dumps[1]})
	if s.take(Sample{At: start, Dump: &dumps[2]}); on() != first() {
		t.Errorf("the cursor is on %s, want %s", on(), first())
	}
	s.press("j", "j")
	moved := on()
	if s.take(Sample{At: start, Dump: &dumps[2]}); on() != moved {
		t.Errorf("moved, the cursor is on %s, want %s", on(), moved)
	}
	s.press("g")
	s.m.order = order{column: 0, reversed: true}
	if s.take(Sample{At: start, Dump: &dumps[2]}); on() != first() {
		t.Errorf("after g the cursor is on %s, want %s", on(), first())
	}
	if !strings.Contains(s.m.View(), "[ ] dumps") {
		t.Errorf("no hint of the other dumps in\n%s", s.m.View())
	}
}
