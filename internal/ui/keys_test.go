package ui

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
)

// TestBindings: each row of the table can be reached, is explained, and says
// why it does nothing where it needs something.
func TestBindings(t *testing.T) {
	type cell struct {
		key string
		at  place
	}
	always := map[cell]string{}
	for _, b := range bindings() {
		if b.help == "" || b.topic == "" || b.do == nil || b.where == 0 {
			t.Errorf("%s: a row without help, topic, place or action", b.keys)
		}
		for at := inList; at < anywhere; at <<= 1 {
			if b.where&at == 0 {
				continue
			}
			for _, k := range b.names() {
				if earlier, ok := always[cell{k, at}]; ok {
					t.Errorf("%s (%s) is never reached in %s, behind %q", k, b.help, at, earlier)
				}
				if len(b.needs) == 0 {
					always[cell{k, at}] = b.help
				}
			}
		}
	}
}

// TestHints: every key that is offered at the bottom does something, in every
// view; and what a view needs to be left is among them.
func TestHints(t *testing.T) {
	for _, keys := range [][]string{nil, {"tab"}, {"enter"}, {"enter", "enter"}, {"t"}, {"v"}, {"Y"}, {"d"}, {"/chan", "enter"}, {"]"}} {
		s := at(t, 200, 50, leak(t), keys...)
		for i := range s.m.bindings {
			b := &s.m.bindings[i]
			if b.hint == "" || b.where&s.m.here() == 0 || b.lacks(s.m) != nil {
				continue
			}
			if got, why := s.m.bound(b.names()[0], s.m.here()); got == nil {
				t.Errorf("%v: %s is offered, but %s", keys, b.keys, why)
			}
		}
		footer := s.m.View()[strings.LastIndexByte(s.m.View(), '\n'):]
		if deeper := s.m.inside(); deeper != strings.Contains(footer, "esc back") || deeper == strings.Contains(footer, "q quit") {
			t.Errorf("%v: there is more to go back to: %v, but the bottom says %s", keys, deeper, footer)
		}
	}
}

// TestLevels: Esc and q go back one level at a time, from wherever one is, and
// open nothing.
func TestLevels(t *testing.T) {
	levels := [][]string{
		{"t"},
		{"]"},
		{"]", "t"},
		{"]", "t", "Y"},
		{"]", "enter", "enter", "?"},
		{"enter", "enter", "?"},
		{"tab"},
		{"z"},
		{"t", "z"},
		{"v", "?"},
		{"d"},
		{"t", "d"},
		{"b", "enter", "?"},
	}
	for _, back := range []string{"esc", "q"} {
		for _, keys := range levels {
			s := at(t, 120, 36, leak(t))
			var before []string
			for _, k := range keys {
				before = append(before, s.m.View())
				s.press(k)
			}
			if keys[0] == "b" { // another grouping is no level
				before[0] = before[1]
			}
			for i := len(before) - 1; i >= 0 && s.m.inside(); i-- {
				if s.press(back); s.m.View() != before[i] {
					t.Fatalf("%v, then %s: got\n%s\nwant\n%s", keys[:i+1], back, s.m.View(), before[i])
				}
			}
			if s.m.inside() {
				t.Errorf("%v: not at the top:\n%s", keys, s.m.View())
			}
		}
	}
}

// TestBrowse: the list of the dumps of a log is the top. Esc goes back to it
// from a dump, its cursor where it was, and does nothing in it; q quits.
func TestBrowse(t *testing.T) {
	s := &screen{t, newModel(t.Context(), Config{Browse: true, Out: io.Discard}, plain())}
	s.send(tea.WindowSizeMsg{Width: 100, Height: 20})
	s.send(loadedMsg{prepared: prepare(leak(t))})
	list := s.m.View()
	if s.press("esc"); s.m.View() != list {
		t.Errorf("esc in the list of dumps opens\n%s", s.m.View())
	}
	for _, keys := range [][]string{{"j", "enter", "esc"}, {"enter", "t", "q", "q"}, {"a", "enter", "esc", "g", "j"}, {"g", " ", "j", "enter", "d", "j"}} {
		if s.press(keys...); s.m.over() == nil || s.m.over().(*menu).list.Cursor != 1 || len(s.m.overlays) != 1 {
			t.Fatalf("%v: not back in the list, on the dump that was open:\n%s", keys, s.m.View())
		}
	}
	s.press("a", "enter")
	if len(s.m.looking) != 3 || s.m.over() != nil {
		t.Errorf("all marked: looking at %v", s.m.looking)
	}
	s.press("esc")
	if _, cmd := s.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'q'}}); cmd == nil || cmd() != tea.Quit() {
		t.Error("q in the list of dumps does not quit")
	}
}

// chain is a view as others are: it walks from one bucket to the next and back.
type chain struct {
	text
	n int
}

func (c *chain) next(m *model) tea.Cmd {
	x := &chain{n: c.n + 1}
	x.at = 1 << 20
	x.wrapped = []line{{text: fmt.Sprintf("link %d of a chain", x.n)}}
	m.open(x)
	return nil
}

// TestNewView: a view is a type that is opened, and rows of the table: hints,
// help, palette and the way back are there without more.
func TestNewView(t *testing.T) {
	s := at(t, 80, 24, leak(t))
	s.m.bindings = append([]binding{
		{keys: "X", topic: "view", where: panes, help: "a chain", hint: "chain", rank: 1, do: func(m *model) tea.Cmd { return (&chain{}).next(m) }},
		{keys: "enter", topic: "view", where: 1 << 20, help: "next link", hint: "follow", rank: 1, do: on((*chain).next)},
		{keys: "esc", topic: "view", where: 1 << 20, help: "previous link", hint: "back", rank: 2, do: (*model).back},
	}, s.m.bindings...)
	if s.press("X", "enter", "enter"); !strings.Contains(s.m.View(), "link 3 of a chain") || !strings.Contains(s.m.View(), "enter follow") {
		t.Errorf("no view:\n%s", s.m.View())
	}
	if s.press("esc"); !strings.Contains(s.m.View(), "link 2 of a chain") {
		t.Errorf("not back at the link before:\n%s", s.m.View())
	}
	if s.press("esc", "esc"); s.m.over() != nil {
		t.Error("not back in the list")
	}
	if s.press("?", "chain"); !strings.Contains(s.m.View(), "a chain") {
		t.Errorf("not in the help:\n%s", s.m.View())
	}
	if s.press("esc", "esc", ":", "a chain", "enter"); !strings.Contains(s.m.View(), "link 1 of a chain") {
		t.Errorf("not done by the palette:\n%s", s.m.View())
	}
}

// TestText: what is too long breaks anew at each width, and stays where it was.
func TestText(t *testing.T) {
	s := at(t, 120, 36, trend.Compare(leak(t).Dumps), "v")
	wide := s.m.View()
	s.send(tea.WindowSizeMsg{Width: 50, Height: 20})
	for l := range strings.Lines(s.m.View()) {
		if strings.Contains(l, "…") && !strings.Contains(l, "━") {
			t.Errorf("cut: %s", l)
		}
	}
	if s.send(tea.WindowSizeMsg{Width: 120, Height: 36}); s.m.View() != wide {
		t.Error("the text is another after a resize there and back")
	}
}
