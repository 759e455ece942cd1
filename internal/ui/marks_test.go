package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

// TestMarks marks rows, copies and hides them.
func TestMarks(t *testing.T) {
	s := at(t, 120, 36, leak(t), "x", "x")
	all := slices.Clone(s.m.rows)
	s.shows(" ●+1 450", " ●  +290")
	if s.m.list.Cursor != 2 {
		t.Errorf("cursor on %d", s.m.list.Cursor)
	}
	if text := s.m.stackText()(); !strings.Contains(text, "query.func1") || !strings.Contains(text, "locked") || strings.Contains(text, "watch") {
		t.Errorf("copied %s", text)
	}
	// Marks stay with their rows, and are taken away.
	s.press("s", "S")
	if n := len(s.m.markedRows()); n != 2 {
		t.Errorf("sorted: %d marked rows", n)
	}
	s = at(t, 120, 36, leak(t), "x", "x", "k", "x", "-")
	s.shows("1 hidden by hand (+)", "hidden: 1 row")
	if want := all[1:]; !slices.Equal(s.m.rows, want) {
		t.Errorf("rows %v, want %v", s.m.rows, want)
	}
	// Without marks the row under the cursor goes, and the next has the cursor.
	s.press("g", "j")
	next := s.m.rows[2]
	if s.press("-"); s.m.selected() != next {
		t.Errorf("the cursor is on %d, want %d", s.m.selected(), next)
	}
	for range all {
		s.press("-")
	}
	s.shows("all rows are hidden (+ shows them)")
	if s.press("+"); !slices.Equal(s.m.rows, all) {
		t.Errorf("rows %v, want %v", s.m.rows, all)
	}
	s.press("+")
	s.shows("no row was hidden: - hides")
}

// TestHistory goes back to filters typed before.
func TestHistory(t *testing.T) {
	s := at(t, 120, 36, leak(t), "/chan", "enter", "/", "esc", "/select", "enter", "/")
	s.press("up")
	if s.m.applied != "select" || s.m.prompt.input.Value() != "select" {
		t.Errorf("up: filter %q", s.m.applied)
	}
	s.shows("↑ ↓ typed before")
	if s.press("up"); s.m.applied != "chan" {
		t.Errorf("up up: filter %q", s.m.applied)
	}
	if s.press("up"); s.m.applied != "chan" {
		t.Errorf("past the oldest: filter %q", s.m.applied)
	}
	s.press("down", "down")
	if s.m.applied != "select" {
		t.Errorf("down: what was being typed is %q", s.m.applied)
	}
	s.press("up", "up", "enter", "/")
	if s.press("up"); s.m.applied != "chan" || len(s.m.filters.values) != 2 {
		t.Errorf("used again it is not the newest: %q of %v", s.m.applied, s.m.filters.values)
	}
	// A search has a history of its own.
	s = at(t, 120, 36, leak(t), "/chan", "enter", "enter", "/main", "enter", "/")
	if s.press("backspace", "backspace", "backspace", "backspace", "up"); s.m.pager().search != "main" {
		t.Errorf("search %q", s.m.pager().search)
	}
}

// TestAllow writes an entry of the allow list.
func TestAllow(t *testing.T) {
	s := at(t, 120, 36, leak(t), "a")
	s.shows("no allow list can be written here")
	var reason string
	broken := error(nil)
	s.m.config.Allow = func(b *goroutine.Bucket, why string) (string, string, error) {
		reason = why
		return ".gdump-allow", "# ours\nsite " + b.Stack.Site().Function + "\n  reason: " + why + "\n", broken
	}
	s.press("a")
	s.shows("accepted in gdump check, because:")
	s.press("q works", "enter")
	if reason != "q works" {
		t.Errorf("reason %q", reason)
	}
	s.shows(".gdump-allow", "site main.(*Server).query.func1", "reason: q works", "wrote an entry to")
	reason = ""
	if s.press("esc", "a", "enter"); reason != "" {
		t.Error("written without a reason")
	}
	s.shows("needs a reason")
	broken = errors.New("disk full")
	s.press("a", "x", "enter")
	s.shows("error: disk full")
	if s.press("G", "a"); s.m.prompt != nil {
		t.Error("what is folded can be accepted")
	}
}
