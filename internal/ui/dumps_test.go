package ui

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"

	tea "github.com/charmbracelet/bubbletea"
)

// TestDumpRows holds that dumps are told apart by what differs: by the line
// only where nothing else does.
func TestDumpRows(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 2, 11, 0, time.UTC)
	crash := goroutine.Dump{Source: "stderr.log", Reason: "fatal error: concurrent map writes", TakenAt: at, Line: 7, Goroutines: 1}
	later, same, tomorrow := crash, crash, crash
	later.TakenAt, later.Line = at.Add(time.Hour), 100
	same.Line = 4200
	tomorrow.TakenAt = at.Add(24 * time.Hour)
	untimed := goroutine.Dump{Source: "a/other.log", Goroutines: 1203}
	numbered := func(d goroutine.Dump, source string) goroutine.Dump {
		d.Source = source
		return d
	}
	tests := []struct {
		dumps       []goroutine.Dump
		title, head string
		first       string
	}{
		{[]goroutine.Dump{crash, later}, "2 dumps on 2026-11-24", "time UTC what happened where goroutines", "14:02:11 fatal error: concurrent map writes           1"},
		{[]goroutine.Dump{crash, same}, "2 dumps on 2026-11-24", "line what happened where goroutines", "7 fatal error"},
		{[]goroutine.Dump{crash, tomorrow}, "2 dumps", "time UTC what happened where goroutines", "2026-11-24 14:02:11 fatal error"},
		{[]goroutine.Dump{crash, untimed}, "2 dumps on 2026-11-24", "time UTC dump what happened where goroutines", "14:02:11 stderr.log fatal error"},
		{[]goroutine.Dump{numbered(crash, "stderr.log (1 of 2)"), numbered(later, "stderr.log (2 of 2)")}, "2 dumps on 2026-11-24", "time UTC what happened where goroutines", "14:02:11 fatal"},
		{[]goroutine.Dump{untimed, untimed}, "2 dumps", "where goroutines", "      1 203"},
	}
	for _, tt := range tests {
		title, head, items := dumpRows(tt.dumps)
		if title != tt.title || strings.Join(head.columns, " ") != tt.head {
			t.Errorf("got %q, %v; want %q, %s", title, head.columns, tt.title, tt.head)
		}
		if got := strings.Join(items[0].columns, " "); !strings.HasPrefix(got, tt.first) {
			t.Errorf("%s: got %q, want %q", tt.head, got, tt.first)
		}
	}
}

// TestDumpPreview holds that the list of dumps shows the one under the cursor.
func TestDumpPreview(t *testing.T) {
	s := at(t, 120, 36, load(t, "gen126/zoo126_overflow_all.txt", "server/nats126.debug2.txt"), "d")
	shows := func(texts ...string) {
		t.Helper()
		_, preview, _ := strings.Cut(s.m.View(), "─ preview ─")
		for _, text := range texts {
			if !strings.Contains(preview, text) {
				t.Errorf("no %q in the preview\n%s", text, s.m.View())
			}
		}
	}
	if !slices.Contains([]string{"server/nats126.debug2.txt", "gen126/zoo126_overflow_all.txt"}, s.m.dumps[0].Source) {
		t.Fatal(s.m.dumps[0].Source)
	}
	for i := range s.m.dumps {
		if s.m.dumps[i].Reason != "" {
			shows("stack overflow", "frames left out by Go")
		} else {
			shows("    150  IO wait         server.(*client).readLoop")
		}
		s.press("j")
	}
}

// TestLoneDumps holds that crashes that show one goroutine are in the list of the
// dumps of a log, and can be opened, though they are compared with no other.
func TestLoneDumps(t *testing.T) {
	s := &screen{t, newModel(t.Context(), Config{Browse: true, Out: io.Discard}, plain())}
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	s.send(loadedMsg{prepared: prepare(load(t, "genold/go1.23.4_panic_crash.txt", "gen127/zoo127_panic.txt", "gen126/misc_deadlock.txt"))})
	if got := s.m.View(); !strings.Contains(got, "3 dumps") || !strings.Contains(got, "panic: boom") {
		t.Fatal(got)
	}
	for i := range s.m.dumps {
		if s.m.dumps[i].Source == "gen127/zoo127_panic.txt" {
			break
		}
		s.press("j")
	}
	s.press("enter")
	if got := s.m.View(); !strings.Contains(got, " of 3 · ") || !strings.Contains(got, "1 goroutine") || !strings.Contains(got, "something bad") {
		t.Error(got)
	}
}
