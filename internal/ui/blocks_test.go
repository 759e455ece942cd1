package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/blocked"
	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/golden"
)

// knot is a dump of goroutines that block each other.
func knot(t testing.TB, name string) trend.Trend {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "blocked", "testdata", name, "debug2.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dumps, err := parse.Read(t.Context(), f, parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dumps[0].Source = name
	return trend.Compare(dumps)
}

func (s *screen) shows(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.m.View(), text) {
			s.t.Errorf("no %q in\n%s", text, s.m.View())
		}
	}
}

// TestKnots holds the screens of a deadlock, and of what one goroutine keeps
// waiting, against what they looked like when somebody last looked at them.
func TestKnots(t *testing.T) {
	for name, keys := range map[string][]string{
		"list": nil, "findings": {"f"}, "blocks": {"w"}, "suspects": {"L", "enter"}, "hidden": {"."},
	} {
		for _, size := range sizes {
			for _, dump := range []string{"mutex-abba", "rwmutex-slow-reader"} {
				t.Run(fmt.Sprintf("%s/%s/%dx%d", name, dump, size.w, size.h), func(t *testing.T) {
					golden.RequireEqual(t, []byte(at(t, size.w, size.h, knot(t, dump), keys...).lines()))
				})
			}
		}
	}
}

// TestBlocks walks from those who wait to who keeps them waiting and back.
func TestBlocks(t *testing.T) {
	s := at(t, 120, 36, knot(t, "mutex-abba"))
	s.shows("deadlock: goroutines 8 and 9", "blocks", "probably keeps", "it waiting (> goes there)")
	s.press("g")
	s.shows("waits for the mutex of a ledger.Account,", "as 1 other; goroutine 8 in", "ledger.(*Account).deposit probably keeps")
	first := s.m.selected()
	s.press(">")
	if s.m.selected() == first {
		t.Error("> stays where it is")
	}
	s.shows("blocks 6 goroutines (L shows whom)")
	to := s.m.selected()
	s.press(">")
	if s.m.selected() == to {
		t.Error("> stays on the first suspect, which waits itself")
	}
	if s.press("<", "<"); s.m.selected() != first {
		t.Errorf("< < is on %d, want %d", s.m.selected(), first)
	}
	if s.press("<"); s.m.selected() != first {
		t.Error("< goes on without a way back")
	}
	s.shows("no way back")
	// The same in the view of who blocks whom; around the circle and back.
	s.press("L")
	s.shows("who blocks whom · 1 deadlock", "waiting  for", "6  the mutex of a ledger.Account  –        goroutine 8 (probable)", "enter follow")
	if strings.Contains(s.m.View(), "a channel at") {
		t.Errorf("what everybody waits for is listed:\n%s", s.m.View())
	}
	s.press("enter")
	s.shows("6 goroutines wait for the mutex of a ledger.Account, kept waiting by", "▸  goroutine 8  probable")
	s.press("enter")
	s.shows("1 goroutine waits", "▸  goroutine 9  probable")
	s.press("enter")
	s.shows("▸  goroutine 8  probable")
	s.press("esc", "esc", "esc")
	s.shows("who blocks whom · 1 deadlock")
	if s.press("esc"); s.m.over() != nil {
		t.Error("esc does not go back to the list")
	}
	// The way back is of this dump.
	s.press("g", ">")
	s.send(loadedMsg{prepared: prepare(load(t, "server/nats126.debug2.txt"))})
	if s.press("<"); len(s.m.trail) > 0 {
		t.Error("a way leads into another dump")
	}
	// At the end of a way is a stack.
	s = at(t, 120, 36, knot(t, "rwmutex-slow-reader"), "L", "enter", "enter")
	if s.m.over() != nil || s.m.blocks[s.m.trend.Series[s.m.selected()].Bucket.ID] == 0 {
		t.Errorf("the way ends at\n%s", s.m.View())
	}
}

// TestFindings holds that the header has the first two findings and f all of
// them, with a way to their goroutines.
func TestFindings(t *testing.T) {
	s := at(t, 120, 36, leak(t))
	if n := len(s.m.findings); n < 3 {
		t.Fatalf("%d findings", n)
	}
	s.shows("▌"+s.m.findings[0].Says[:60], "▌"+s.m.findings[1].Says[:60], "more (f)")
	s.press("f")
	s.shows("kind", "evidence    why goroutine 45", "go there")
	for i := range s.m.findings {
		_, says, ok := strings.Cut(s.m.findings[i].Says, ": ")
		if !ok {
			says = s.m.findings[i].Says
		}
		s.shows(says[:30])
	}
	s.press("j", "enter")
	want := s.m.findings[1].Buckets[0]
	if got := s.m.trend.Series[s.m.selected()].Bucket.ID; s.m.over() != nil || got != want {
		t.Errorf("enter goes to %s, want %s", got, want)
	}
	// What a finding is about may be hidden, or not in the list at all.
	s.press("/nowhere", "enter", "f", "enter")
	s.shows("esc clears the filter")
	s.press("esc", "b", "f", "enter")
	s.shows("goroutines are grouped")
}

// TestMenuMouse chooses by a click, and opens by a second.
func TestMenuMouse(t *testing.T) {
	s := at(t, 120, 36, knot(t, "mutex-abba"), "L")
	click := func(y int) {
		s.send(tea.MouseMsg{X: 9, Y: y, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	}
	click(3)
	s.shows("▸        1  the mutex")
	click(0)
	click(30)
	s.shows("▸        1  the mutex")
	click(3)
	s.shows("1 goroutine waits")
}

// TestIdle holds that what is known to be idle is hidden by ".".
func TestIdle(t *testing.T) {
	s := at(t, 120, 36, knot(t, "mutex-abba"))
	idle := 0
	for _, row := range s.m.rows {
		if s.m.idle[s.m.trend.Series[row].Bucket.ID] {
			idle++
		}
	}
	if idle == 0 {
		t.Fatal("nothing is idle")
	}
	s.press(".")
	for _, row := range s.m.rows {
		if s.m.idle[s.m.trend.Series[row].Bucket.ID] {
			t.Errorf("row %d is idle", row)
		}
	}
	s.shows("idle or of Go itself hidden (.)")
}

// TestDiagnosisWithSource holds that the diagnosis with source is asked for in a command,
// and that its answer for another trend is dropped.
func TestDiagnosisWithSource(t *testing.T) {
	asked := 0
	c := Config{Names: []string{"x"}, Package: func(goroutine.Frame) []blocked.SourceFile { asked++; return nil }}
	s := &screen{t, newModel(t.Context(), c, plain())}
	s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
	_, cmd := s.m.Update(loadedMsg{prepared: prepare(knot(t, "mutex-abba"))})
	if asked > 0 {
		t.Error("source is read in Update")
	}
	before := s.m.diagnosis
	s.run(cmd)
	if asked == 0 || s.m.diagnosis == before {
		t.Errorf("asked %d times, diagnosis %p", asked, s.m.diagnosis)
	}
	late := s.m.diagnose()
	s.send(loadedMsg{prepared: prepare(leak(t))})
	now := s.m.diagnosis
	if s.send(late()); s.m.diagnosis != now {
		t.Error("a late diagnosis is taken")
	}
}

// TestSourceLeads: where only the source shows what is wrong, the cursor goes there,
// unless the user has moved it.
func TestSourceLeads(t *testing.T) {
	for _, moved := range []bool{false, true} {
		s := at(t, 120, 36, knot(t, "mutex-abba"))
		if moved {
			s.press("j")
		}
		before, wanted := s.m.selected(), 0
		d := s.m.diagnosed
		d.findings = append([]diagnose.Finding{{Kind: diagnose.Deadlock, Says: "deadlock", Buckets: []goroutine.ID{s.m.trend.Series[wanted].Bucket.ID}}}, d.findings...)
		s.send(diagnosedMsg{d, &s.m.trend.Series[0]})
		if moved {
			wanted = before
		}
		if got := s.m.selected(); got != wanted || !moved && before == wanted {
			t.Errorf("moved: %v: the cursor is on %d, want %d; it was on %d", moved, got, wanted, before)
		}
	}
}
