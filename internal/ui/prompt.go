package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// prompt is the line at the bottom while something is typed into it.
type prompt struct {
	label   string
	enter   string // what Enter does, in a word
	esc     string
	input   textinput.Model
	typed   func(value string) tea.Cmd // applies the value as it grows; may be nil
	entered func(value string) tea.Cmd
	found   func() string // what has come of the value; may be nil
	past    *history      // what was typed before; may be nil
}

// history is what was typed into a line, the newest last.
type history struct {
	values []string
	at     int    // of the one shown; len(values) is what is being typed
	typed  string // what was being typed when an older one came
}

// keptValues is how many values of a line are kept.
const keptValues = 100

// add remembers a value as the newest.
func (h *history) add(value string) {
	if value != "" {
		h.values = append(slices.DeleteFunc(h.values, func(v string) bool { return v == value }), value)
		h.values = h.values[max(0, len(h.values)-keptValues):]
	}
}

// step goes to an older value, or a newer one; it is false if there is none.
func (h *history) step(n int, now string) (string, bool) {
	to := h.at + n
	if to < 0 || to > len(h.values) {
		return "", false
	}
	if h.at == len(h.values) {
		h.typed = now
	}
	if h.at = to; to == len(h.values) {
		return h.typed, true
	}
	return h.values[to], true
}

// ask opens a prompt with a value to begin with.
func (m *model) ask(p prompt, value string) {
	p.input = textinput.New()
	p.input.Cursor.SetMode(cursor.CursorHide) // the screen draws its own
	p.input.Prompt = ""
	p.input.SetValue(value)
	p.input.CursorEnd()
	p.input.Focus()
	if p.past != nil {
		p.past.at = len(p.past.values)
	}
	m.prompt = &p
}

// promptKey takes a key while something is typed: all letters are text.
func (m *model) promptKey(msg tea.KeyMsg) tea.Cmd {
	p := m.prompt
	switch msg.Type {
	case tea.KeyEnter:
		m.prompt = nil
		if p.past != nil {
			p.past.add(p.input.Value())
		}
		return p.entered(strings.TrimSpace(p.input.Value()))
	case tea.KeyEsc:
		m.prompt, m.bad = nil, nil
		if p.typed != nil {
			return p.typed("")
		}
		return nil
	case tea.KeyUp, tea.KeyDown:
		if p.past != nil && len(p.past.values) > 0 {
			return p.recall(map[tea.KeyType]int{tea.KeyUp: -1, tea.KeyDown: 1}[msg.Type])
		}
		fallthrough
	case tea.KeyPgUp, tea.KeyPgDown:
		if b, _ := m.bound(msg.String(), m.here()); b != nil {
			return b.do(m)
		}
		return nil
	case tea.KeyRunes:
		msg.Runes = []rune(printable(msg.Runes))
	}
	before := p.input.Value()
	p.input, _ = p.input.Update(msg)
	if p.input.Value() == before || p.typed == nil {
		return nil
	}
	return p.typed(p.input.Value())
}

// recall shows a value typed before.
func (p *prompt) recall(n int) tea.Cmd {
	value, ok := p.past.step(n, p.input.Value())
	if !ok {
		return nil
	}
	p.input.SetValue(value)
	p.input.CursorEnd()
	if p.typed == nil {
		return nil
	}
	return p.typed(value)
}

// askFilter asks for the filter of the list, which applies as it is typed.
func (m *model) askFilter() tea.Cmd {
	m.ask(prompt{
		label: "/", enter: "keep", esc: "clear", past: &m.filters,
		typed: func(value string) tea.Cmd {
			m.applied, m.moved = value, m.moved || value != ""
			return m.arrange()
		},
		entered: func(string) tea.Cmd {
			m.say("", m.bad)
			m.bad = nil
			return nil
		},
		found: func() string {
			return fmt.Sprintf("%s of %s", number.Group(len(m.rows)), number.Group(m.buckets()))
		},
	}, m.applied)
	return nil
}

// askSearch asks for what is to be found in the text that has the keys.
func (m *model) askSearch() tea.Cmd {
	p := m.pager()
	m.ask(prompt{
		label: "/", enter: "keep", esc: "clear", past: &m.searches,
		typed: func(value string) tea.Cmd {
			p.searchFor(value)
			return nil
		},
		entered: func(string) tea.Cmd { return nil },
		found:   p.position,
	}, p.search)
	return nil
}

func (m *model) askID() tea.Cmd {
	m.ask(prompt{label: "goroutine ", enter: "go", esc: "back", entered: func(value string) tea.Cmd {
		id, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			m.refuse(value + " is not a goroutine ID")
			return nil
		}
		return jumpCmd(id, m.trend.Series)
	}}, "")
	return nil
}

func (m *model) askName() tea.Cmd {
	m.ask(prompt{label: "write to (.txt .json .md .html): ", enter: "write", esc: "back", entered: func(name string) tea.Cmd {
		if m.config.Write == nil || name == "" {
			m.refuse("no file name: nothing was written")
			return nil
		}
		return writeCmd(m.config.Write, name, m.inSight())
	}}, "gdump.txt")
	return nil
}

// inSight is the trend with the rows that the filter leaves, in their order.
func (m *model) inSight() trend.Trend {
	t := m.trend
	t.Series = nil
	for _, r := range m.rows {
		parts := []int{r}
		if r == m.folded.row {
			parts = m.folded.parts
		}
		for _, i := range parts {
			t.Series = append(t.Series, m.trend.Series[i])
		}
	}
	return t
}

// promptView shows what is being typed, and what has come of it.
func (m *model) promptView() string {
	p := m.prompt
	found := ""
	if p.found != nil {
		found = p.found() + " "
	}
	value := []rune(p.input.Value())
	at := p.input.Position()
	before, after := clean(string(value[:at])), clean(string(value[at:]))
	// What is typed stays in sight, where the label is long and where that is.
	label := view.CutMiddle(p.label, max(m.width/2, m.width-2-cells(before+after)))
	left := " " + label + view.CutFront(before, max(1, m.width-2-cells(label))) + "▏" + after
	help := "   " + m.theme.Key.Render("enter") + " " + p.enter + "   " + m.theme.Key.Render("esc") + " " + p.esc
	if p.past != nil && len(p.past.values) > 0 {
		help += "   " + m.theme.Key.Render("↑ ↓") + " typed before"
	}
	if cells(left+help+found)+4 <= m.width {
		left += help
	}
	return spread(left, m.theme.Faint.Render(found), m.width)
}
