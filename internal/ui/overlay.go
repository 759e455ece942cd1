package ui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// overlay is a view over the panes: the help, a menu, the source, … Each is
// one file, which opens it by m.open; the keys that work in it are rows of
// bindings. A view that shows a text embeds text, one to choose from a menu.
type overlay interface {
	// id is the place of the view in the table of bindings.
	id() place
	// handle takes a key that is text in this view; it is false for those that
	// the table has to say what they do.
	handle(m *model, msg tea.KeyMsg) (tea.Cmd, bool)
	// move goes on in the view.
	move(x motion)
	// wheel scrolls by n rows.
	wheel(n int)
	// resize makes the view fit into a window.
	resize(w, h int)
	// draw draws the view, its rule above, in as many lines as it likes up to h.
	draw(m *model, w, h int) []string
}

// open puts a view over those there are.
func (m *model) open(o overlay) {
	o.resize(m.width, m.height-2)
	m.overlays = append(m.overlays[:len(m.overlays):len(m.overlays)], o)
}

// over is the view that covers the others, nil if the panes are in sight.
func (m *model) over() overlay {
	if len(m.overlays) == 0 {
		return nil
	}
	return m.overlays[len(m.overlays)-1]
}

// overlayView draws the view over the panes, a rule and the keys below it.
func (m *model) overlayView() []string {
	h := m.height - 2
	lines := m.over().draw(m, m.width, h)
	for len(lines) < h {
		lines = append(lines, "")
	}
	status := m.theme.Faint.Render(strings.Repeat("─", m.width))
	if m.toast.text != "" {
		status = m.statusView()
	}
	return append(lines[:h], status, m.keysView())
}

// text is an overlay that shows lines to scroll and to search.
type text struct {
	title   string
	page    pager
	at      place  // inText if it is not set
	wrapped []line // breaks anew at each width; nil for lines that stay as they are
}

func (t *text) id() place {
	if t.at == 0 {
		return inText
	}
	return t.at
}

func (t *text) handle(*model, tea.KeyMsg) (tea.Cmd, bool) { return nil, false }

func (t *text) move(x motion) { t.page.motion(x) }

func (t *text) wheel(n int) { t.page.move(n) }

func (t *text) content() *pager { return &t.page }

func (t *text) resize(w, h int) {
	t.page.resize(w-2, h-1)
	if t.wrapped == nil {
		return
	}
	var lines []line
	for _, l := range t.wrapped {
		lines = append(lines, wrapLine(l, w-2)...)
	}
	top, search := t.page.top, t.page.search
	t.page.set(lines, -1)
	t.page.scrollTo(top, 0)
	t.page.search = search
	t.page.look()
}

func (t *text) draw(m *model, w, h int) []string {
	return append([]string{m.rule(t.title, t.page.position(), w, true)}, m.pagerView(&t.page, w, h-1)...)
}

// finder is the word that is typed into a view to narrow it.
type finder struct{ find string }

// take takes a key that changes the word.
func (f *finder) take(msg tea.KeyMsg) bool {
	switch msg.Type {
	case tea.KeyRunes, tea.KeySpace:
		f.find += printable(msg.Runes)
	case tea.KeyEsc:
		if f.find == "" {
			return false
		}
		f.find = ""
	case tea.KeyBackspace:
		if r := []rune(f.find); len(r) > 0 {
			f.find = string(r[:len(r)-1])
		}
	default:
		return false
	}
	return true
}

// title is a title with the word behind it.
func (f *finder) title(s string) string {
	if f.find == "" {
		return s
	}
	return s + " · " + clean(f.find) + "▏"
}
