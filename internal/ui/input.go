package ui

import (
	"strconv"
	"strings"

	"gdump/internal/trend"
	"gdump/internal/ui/list"
	"gdump/internal/view"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// keys takes a key message apart: letters that arrive in one burst (a fast
// typist, ssh, tmux) arrive as one message, "jj", that no binding knows.
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

// key gives a key to what it is for.
func (m model) key(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	m.toast = toast{}
	switch {
	case m.loading && !m.filling(), m.filling() && m.mode == normal && m.overlay == noOverlay && m.focus == listPane && pressed(msg, keys.back):
		return m.loadingKey(msg)
	case pressed(msg, keys.kill):
		return m, tea.Quit
	case pressed(msg, keys.suspend):
		if m.stops == nil {
			return m, tea.Suspend
		}
		return m, m.stops.suspend
	case m.waiting() && m.overlay == noOverlay:
		return m.waitingKey(msg)
	case m.mode != normal:
		return m.inputKey(msg)
	case m.overlay == menuOverlay:
		return m.menuKey(msg)
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
	if m.filling() {
		// The source may be silent; what arrived is on the screen already.
		m.loading = false
		m.say(stopped, nil)
	}
	return m, nil
}

const stopped = "stopped: showing what was read so far"

// moved handles the keys that move within the focused pane.
func (m *model) moved(msg tea.KeyMsg) bool {
	switch {
	case m.focus == stackPane:
		return m.stack.moved(msg)
	case m.tree && pressed(msg, keys.right), m.tree && pressed(msg, keys.left):
		row := m.calls.turn(m.list.Cursor, pressed(msg, keys.right))
		m.list.SetLen(m.listed())
		m.list.To(row)
		return true
	}
	return moveList(&m.list, msg)
}

// moveList handles the keys that move in a list.
func moveList(l *list.List, msg tea.KeyMsg) bool {
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

// moved handles the keys that move within a text. At the left edge "left" is
// left to the caller.
func (p *pager) moved(msg tea.KeyMsg) bool {
	switch h := max(p.height, 1); {
	case pressed(msg, keys.up):
		p.move(-1)
	case pressed(msg, keys.down):
		p.move(1)
	case pressed(msg, keys.pageUp):
		p.move(-max(h, 2))
	case pressed(msg, keys.pageDown):
		p.move(max(h, 2))
	case pressed(msg, keys.halfUp):
		p.move(-max(2, h/2))
	case pressed(msg, keys.halfDown):
		p.move(max(2, h/2))
	case pressed(msg, keys.top):
		p.to(false)
	case pressed(msg, keys.bottom):
		p.to(true)
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
		m.wrap()
	case pressed(msg, keys.fold):
		m.folded = !m.folded
		m.shown = -1
		return m, m.arrange()
	case pressed(msg, keys.group):
		return m.regroup(1)
	case pressed(msg, keys.groupBack):
		return m.regroup(-1)
	case pressed(msg, keys.tree):
		if m.grouped() && !m.tree {
			m.refuse("the tree needs grouping by stack: press b")
			return m, nil
		}
		return m, m.arrangeAs(!m.tree)
	case pressed(msg, keys.before):
		return m.step(-1)
	case pressed(msg, keys.after):
		return m.step(1)
	case pressed(msg, keys.dumps):
		m.showDumps()
	case pressed(msg, keys.filter):
		m.ask()
	case pressed(msg, keys.jump):
		m.prompt(jumping, "")
	case pressed(msg, keys.write):
		m.prompt(naming, "gdump.txt")
	case pressed(msg, keys.next):
		m.goMatch(1)
	case pressed(msg, keys.previous):
		m.goMatch(-1)
	case pressed(msg, keys.sort):
		return m.sort()
	case pressed(msg, keys.reverse):
		m.order.reversed = !m.order.reversed
		return m, m.arrange()
	case pressed(msg, keys.copy):
		return m.copyStack()
	case pressed(msg, keys.copyMenu):
		m.showCopyMenu()
	case pressed(msg, keys.edit):
		return m.edit()
	case pressed(msg, keys.mouse):
		return m.turnMouse()
	case pressed(msg, keys.pause):
		return m.pause()
	case pressed(msg, keys.refresh):
		return m.refresh()
	case pressed(msg, keys.evidence):
		m.showEvidence()
	case pressed(msg, keys.problems):
		m.showProblems()
	case pressed(msg, keys.help):
		m.showHelp()
	case pressed(msg, keys.palette):
		m.showPalette()
	}
	return m, nil
}

// enter shows the whole stack of the bucket under the cursor, and from a frame
// of it its source. In the tree it opens and closes a node that forks.
func (m *model) enter() {
	switch {
	case m.selected() < 0:
		m.refuse("no bucket to show")
	case m.focus == stackPane && m.zoomed && m.config.Source != nil:
		m.showSource()
	case m.tree && m.focus == listPane && len(m.calls.rows[m.list.Cursor].node.Children) > 0:
		node := m.calls.rows[m.list.Cursor].node
		m.calls.turn(m.list.Cursor, !m.calls.open[node])
		m.list.SetLen(m.listed())
	default:
		m.focus, m.zoomed = stackPane, true
		m.resize()
	}
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

func (m *model) wrap() {
	if !m.zoomed || m.focus != stackPane {
		m.refuse("only the whole stack wraps: press enter first")
		return
	}
	m.wrapped = !m.wrapped
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
		return m, m.arrange()
	}
	return m, nil
}

// prompt opens the line in which something is typed.
func (m *model) prompt(for_ mode, value string) {
	m.mode = for_
	m.input.SetValue(value)
	m.input.CursorEnd()
	m.input.Focus()
}

// ask opens the filter of the list, or the search of the text in focus.
func (m *model) ask() {
	switch {
	case m.overlay != noOverlay:
		m.prompt(searching, m.text.search)
	case m.focus == stackPane:
		m.prompt(searching, m.stack.search)
	default:
		m.prompt(filtering, m.applied)
	}
}

// inputKey takes a key while something is typed: all letters are text.
func (m model) inputKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch msg.Type {
	case tea.KeyEnter:
		return m.entered()
	case tea.KeyEsc:
		m.input.SetValue("")
		var cmd tea.Cmd
		if m.mode == filtering || m.mode == searching {
			cmd = m.typed()
		}
		m.mode, m.bad = normal, nil
		return m, cmd
	case tea.KeyUp, tea.KeyDown, tea.KeyPgUp, tea.KeyPgDown:
		m.moved(msg)
		m.showStack()
		return m, nil
	case tea.KeyRunes:
		msg.Runes = []rune(printable(msg.Runes))
	}
	before := m.input.Value()
	m.input, _ = m.input.Update(msg)
	if m.input.Value() == before {
		return m, nil
	}
	return m, m.typed()
}

// typed applies the text of the input as it grows.
func (m *model) typed() tea.Cmd {
	switch m.mode {
	case filtering:
		m.applied = m.input.Value()
		return m.arrange()
	case searching:
		if m.overlay != noOverlay {
			m.text.searchFor(m.input.Value())
		} else {
			m.stack.searchFor(m.input.Value())
		}
	}
	return nil
}

// entered takes what was typed.
func (m model) entered() (tea.Model, tea.Cmd) {
	was := m.mode
	m.mode = normal
	value := strings.TrimSpace(m.input.Value())
	switch was {
	case filtering:
		m.say("", m.bad)
		m.bad = nil
	case jumping:
		id, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			m.refuse(value + " is not a goroutine ID")
			return m, nil
		}
		return m, jumpCmd(id, m.trend.Series)
	case naming:
		if m.config.Write == nil || value == "" {
			m.refuse("no file name: nothing was written")
			return m, nil
		}
		return m, writeCmd(m.config.Write, value, m.inSight())
	}
	return m, nil
}

// inSight is the trend with the rows that the filter leaves, in their order.
func (m *model) inSight() trend.Trend {
	t := m.trend
	t.Series = make([]trend.Series, len(m.rows))
	for i, r := range m.rows {
		t.Series[i] = m.trend.Series[r]
	}
	return t
}

func (m *model) goMatch(n int) {
	p := &m.stack
	if m.overlay != noOverlay {
		p = &m.text
	}
	switch {
	case p.search == "":
		m.refuse("no search yet: press /")
	case !p.next(n):
		m.refuse("not found: " + p.search)
	}
}

// sort goes on to the next column that is shown, and after the last back to
// the order of the trend.
func (m model) sort() (tea.Model, tea.Cmd) {
	next := m.order.column + 1
	for next < len(m.columns) && m.widths[next] == 0 {
		next++
	}
	if next == len(m.columns) {
		next = -1
	}
	m.order = order{column: next}
	return m, m.arrange()
}

// showProblems lists what could not be read, and the notes of the comparison.
func (m *model) showProblems() {
	var lines []line
	for _, t := range view.Trouble(&m.trend, 1000) {
		lines = append(lines, line{text: t})
	}
	for _, n := range m.trend.Notes {
		lines = append(lines, line{text: "note: " + clean(n)})
	}
	if m.trouble != "" {
		lines = append(lines, line{text: "error: " + clean(m.trouble), kind: badLine})
	}
	if len(lines) == 0 {
		m.say("no problems: everything was read", nil)
		return
	}
	m.openText(problemsOverlay, "problems and notes", lines)
}

func (m *model) openText(o overlay, title string, lines []line) {
	m.overlay, m.title = o, title
	m.text = pager{cursor: -1}
	m.text.resize(m.width-2, m.height-3)
	if o == problemsOverlay || o == evidenceOverlay {
		var wrapped []line
		for _, l := range lines {
			wrapped = append(wrapped, wrapLine(l, m.width-2)...)
		}
		lines = wrapped
	}
	m.text.set(lines, -1)
}

// overlayKey takes a key while a text lies over the panes. Letters typed into
// the help filter it.
func (m model) overlayKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	help := m.overlay == helpOverlay
	switch {
	case msg.Type == tea.KeyEsc && m.text.search != "":
		m.text.searchFor("")
	case msg.Type == tea.KeyEsc && m.find != "":
		m.find = ""
		m.showHelp()
	case msg.Type == tea.KeyEsc, pressed(msg, keys.quit) && m.find == "", help && pressed(msg, keys.help):
		m.overlay, m.find = noOverlay, ""
	case help && msg.Type == tea.KeyBackspace:
		if r := []rune(m.find); len(r) > 0 {
			m.find = string(r[:len(r)-1])
		}
		m.showHelp()
	case help && (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace):
		m.find += printable(msg.Runes)
		m.showHelp()
	case m.text.moved(msg):
	case pressed(msg, keys.filter):
		m.ask()
	case pressed(msg, keys.next):
		m.goMatch(1)
	case pressed(msg, keys.previous):
		m.goMatch(-1)
	case m.overlay == sourceOverlay && pressed(msg, keys.edit):
		return m.edit()
	case pressed(msg, keys.help):
		m.showHelp()
	}
	return m, nil
}
