package ui

import (
	"errors"
	"strings"

	"gdump/internal/report"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// keys takes a key message apart: letters that arrive in one burst (a fast
// typist, ssh, tmux) come as one message, "jj", that no binding knows.
func (m model) keys(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if msg.Type == tea.KeyEsc && msg.Alt { // Esc pressed twice, in one burst
		esc := tea.KeyMsg{Type: tea.KeyEsc}
		tm, first := m.key(esc)
		tm, second := tm.(model).key(esc)
		return tm, tea.Batch(first, second)
	}
	if msg.Paste || msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return m.key(msg)
	}
	var cmds []tea.Cmd
	var tm tea.Model = m
	for _, r := range msg.Runes {
		var cmd tea.Cmd
		tm, cmd = tm.(model).key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt})
		cmds = append(cmds, cmd)
	}
	return tm, tea.Batch(cmds...)
}

func (m model) key(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	m.toast = toast{}
	switch {
	case m.loading:
		return m.loadingKey(msg)
	case pressed(msg, keys.kill):
		return m, tea.Quit
	case pressed(msg, keys.suspend):
		return m, tea.Suspend
	case m.mode != normal:
		return m.inputKey(msg)
	case m.overlay != noOverlay:
		return m.overlayKey(msg)
	case m.moved(msg):
		m.showStack()
		return m, nil
	}
	return m.command(msg)
}

func pressed(msg tea.KeyMsg, b binding) bool { return key.Matches(msg, b.Binding) }

// loadingKey stops the loading; what was read is shown. A second time it quits.
func (m model) loadingKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if !pressed(msg, keys.back) && !pressed(msg, keys.quit) && !pressed(msg, keys.kill) {
		return m, nil
	}
	if m.stopping {
		m.fatal = ErrStopped
		return m, tea.Quit
	}
	m.stopping = true
	m.stop()
	return m, nil
}

// moved handles the keys that move within the focused pane.
func (m *model) moved(msg tea.KeyMsg) bool {
	if m.focus == stackPane {
		return m.stack.scrolled(msg)
	}
	l := &m.list
	switch h := max(l.Height(), 1); {
	case pressed(msg, keys.up):
		l.Move(-1)
	case pressed(msg, keys.down):
		l.Move(1)
	case pressed(msg, keys.pageUp):
		l.Move(-h)
	case pressed(msg, keys.pageDown):
		l.Move(h)
	case pressed(msg, keys.halfUp):
		l.Move(-max(1, h/2))
	case pressed(msg, keys.halfDown):
		l.Move(max(1, h/2))
	case pressed(msg, keys.top):
		l.To(0)
	case pressed(msg, keys.bottom):
		l.To(l.Len() - 1)
	default:
		return false
	}
	return true
}

const sideways = 8 // cells that a text scrolls at once

// scrolled handles the keys that move within a text. At the left edge "left" is
// left to the caller.
func (p *pager) scrolled(msg tea.KeyMsg) bool {
	switch h := max(p.height, 1); {
	case pressed(msg, keys.up):
		p.move(-1)
	case pressed(msg, keys.down):
		p.move(1)
	case pressed(msg, keys.pageUp):
		p.move(-h)
	case pressed(msg, keys.pageDown):
		p.move(h)
	case pressed(msg, keys.halfUp):
		p.move(-max(1, h/2))
	case pressed(msg, keys.halfDown):
		p.move(max(1, h/2))
	case pressed(msg, keys.top):
		p.scrollTo(0, p.left)
	case pressed(msg, keys.bottom):
		p.scrollTo(len(p.lines), p.left)
	case pressed(msg, keys.right):
		p.scrollTo(p.top, p.left+sideways)
	case pressed(msg, keys.left) && p.left > 0:
		p.scrollTo(p.top, p.left-sideways)
	default:
		return false
	}
	return true
}

// command handles the keys that do something.
func (m model) command(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch {
	case pressed(msg, keys.enter):
		m.enter()
	case pressed(msg, keys.back):
		return m.back()
	case pressed(msg, keys.quit):
		if m.focus == listPane && !m.zoomed {
			return m, tea.Quit
		}
		m.leave()
	case pressed(msg, keys.left):
		m.leave()
	case pressed(msg, keys.right), pressed(msg, keys.focus):
		m.turn()
	case pressed(msg, keys.zoom):
		m.zoomed = !m.zoomed
		m.resize()
	case pressed(msg, keys.wrap):
		m.wrapped = !m.wrapped
		m.resize()
		if !m.zoomed || m.focus != stackPane {
			m.say("", errors.New("only the whole stack has long lines: enter shows it"))
		}
	case pressed(msg, keys.filter):
		m.ask()
	case pressed(msg, keys.next):
		m.goMatch(1)
	case pressed(msg, keys.previous):
		m.goMatch(-1)
	case pressed(msg, keys.sort):
		return m.sort()
	case pressed(msg, keys.reverse):
		m.order.reversed = !m.order.reversed
		return m, m.arrange(m.applied)
	case pressed(msg, keys.copy):
		return m.copyStack()
	case pressed(msg, keys.problems):
		m.showProblems()
	case pressed(msg, keys.help):
		m.showHelp()
	}
	return m, nil
}

// enter shows the whole stack of the bucket under the cursor.
func (m *model) enter() {
	if m.selected() < 0 {
		m.say("", errors.New("no bucket to show"))
		return
	}
	m.focus, m.zoomed = stackPane, true
	m.resize()
}

// turn gives the keys to the other pane.
func (m *model) turn() {
	if m.focus == listPane {
		m.focus = stackPane
	} else {
		m.focus = listPane
	}
	m.resize()
}

// leave goes back to the list, both panes in sight.
func (m *model) leave() {
	m.focus, m.zoomed = listPane, false
	m.stack.searchFor("")
	m.resize()
}

// back leaves what was entered last; in the list it clears the filter.
func (m model) back() (tea.Model, tea.Cmd) {
	switch {
	case m.focus == stackPane && m.stack.search != "":
		m.stack.searchFor("")
	case m.focus == stackPane || m.zoomed:
		m.leave()
	case m.applied != "":
		m.applied = ""
		return m, m.arrange("")
	}
	return m, nil
}

// ask opens the line in which a filter or a search is typed.
func (m *model) ask() {
	m.mode = filtering
	m.input.SetValue(m.applied)
	if m.focus == stackPane {
		m.mode = searching
		m.input.SetValue(m.stack.search)
	}
	m.input.CursorEnd()
	m.input.Focus()
}

// inputKey takes a key while a filter or a search is typed: all letters are
// text, and the list follows.
func (m model) inputKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch msg.Type {
	case tea.KeyEnter:
		m.mode = normal
		if m.bad != nil {
			m.say("", m.bad)
			m.bad = nil
		}
		return m, nil
	case tea.KeyEsc:
		m.input.SetValue("")
		cmd := m.typed()
		m.mode, m.bad = normal, nil
		return m, cmd
	case tea.KeyUp, tea.KeyDown, tea.KeyPgUp, tea.KeyPgDown:
		m.moved(msg)
		m.showStack()
		return m, nil
	case tea.KeyRunes:
		msg.Runes = []rune(typed(msg.Runes))
	}
	before := m.input.Value()
	m.input, _ = m.input.Update(msg)
	if m.input.Value() == before {
		return m, nil
	}
	return m, m.typed()
}

// typed applies what stands in the input.
func (m *model) typed() tea.Cmd {
	if m.mode == searching {
		m.stack.searchFor(m.input.Value())
		return nil
	}
	m.applied = m.input.Value()
	return m.arrange(m.applied)
}

func (m *model) goMatch(n int) {
	switch {
	case m.stack.search == "":
		m.say("", errors.New("nothing is searched for: / in a stack searches"))
	case !m.stack.next(n):
		m.say("", errors.New("not found: "+m.stack.search))
	}
}

// sort goes on to the next column that is shown, and after the last back to
// the order of the trend.
func (m model) sort() (tea.Model, tea.Cmd) {
	m.order.reversed = false
	for m.order.column++; m.order.column < len(m.columns); m.order.column++ {
		if m.widths[m.order.column] > 0 {
			break
		}
	}
	if m.order.column == len(m.columns) {
		m.order.column = -1
	}
	return m, m.arrange(m.applied)
}

func (m model) copyStack() (tea.Model, tea.Cmd) {
	i := m.selected()
	if i < 0 {
		m.say("", errors.New("no bucket to copy"))
		return m, nil
	}
	text := plainStack(&m.trend.Series[i], len(m.trend.Dumps))
	return m, copyCmd(clipboard(m.config), text, strings.Count(text, "\n"))
}

// showProblems lists what could not be read and what must be known.
func (m *model) showProblems() {
	var lines []line
	for _, t := range report.Trouble(&m.trend, 1000) {
		lines = append(lines, line{text: t})
	}
	for _, n := range m.trend.Notes {
		lines = append(lines, line{text: "note: " + clean(n)})
	}
	if len(lines) == 0 {
		m.say("nothing to tell: everything was read", nil)
		return
	}
	m.openText(problemsOverlay, lines)
}

func (m *model) openText(o overlay, lines []line) {
	m.overlay = o
	m.text = pager{}
	m.text.resize(m.width, m.height-3)
	var wrapped []line
	for _, l := range lines {
		if l.tail == "" {
			wrapped = append(wrapped, wrapLine(l, max(1, m.width-2))...)
		} else {
			wrapped = append(wrapped, l)
		}
	}
	m.text.set(wrapped)
}

// overlayKey takes a key while an overlay is open. Letters typed into the help
// filter it.
func (m model) overlayKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch {
	case msg.Type == tea.KeyEsc && m.find != "":
		m.find = ""
		m.showHelp()
	case msg.Type == tea.KeyEsc, pressed(msg, keys.help), pressed(msg, keys.quit) && m.find == "":
		m.overlay, m.find = noOverlay, ""
	case m.overlay == helpOverlay && msg.Type == tea.KeyBackspace:
		if r := []rune(m.find); len(r) > 0 {
			m.find = string(r[:len(r)-1])
		}
		m.showHelp()
	case m.overlay == helpOverlay && (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace):
		m.find += typed(msg.Runes)
		m.showHelp()
	default:
		m.text.scrolled(msg)
	}
	return m, nil
}
