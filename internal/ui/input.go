package ui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// keys takes a key message apart: letters that arrive in one burst (a fast
// typist, ssh, tmux) come as one message, "jj", that no binding knows.
func (m *model) keys(msg tea.KeyMsg) tea.Cmd {
	if msg.Type == tea.KeyEsc && msg.Alt { // Esc pressed twice, in one burst
		esc := tea.KeyMsg{Type: tea.KeyEsc}
		return tea.Batch(m.key(esc), m.key(esc))
	}
	if msg.Paste || msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return m.key(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
	}
	return tea.Batch(cmds...)
}

// key gives a key to what it is for: the loading, the line that is typed into,
// the overlay if it is text there, else to its row of the table.
func (m *model) key(msg tea.KeyMsg) tea.Cmd {
	m.toast = toast{}
	name := msg.String()
	if name == " " {
		name = "space"
	}
	switch {
	case m.loading && !m.filling():
		return m.loadingKey(name)
	case name == "ctrl+c" || name == "ctrl+z":
	case m.prompt != nil:
		return m.promptKey(msg)
	case m.over() != nil:
		if cmd, ok := m.over().handle(m, msg); ok {
			return cmd
		}
	}
	b, why := m.bound(name, m.here())
	if b == nil {
		m.say(why, nil)
		if why == "" && m.here() == inWaiting && name != "esc" {
			m.say("no dump yet", nil)
		}
		return nil
	}
	return b.do(m)
}

// here is the view that keys go to.
func (m *model) here() place {
	switch {
	case m.over() != nil:
		return m.over().id()
	case m.waiting():
		return inWaiting
	case m.focus == stackPane && m.zoomed:
		return inWhole
	case m.focus == stackPane:
		return inStack
	case m.tree:
		return inTree
	}
	return inList
}

// loadingKey stops the loading; what was read is shown. A second time it quits.
func (m *model) loadingKey(name string) tea.Cmd {
	if name != "esc" && name != "q" && name != "ctrl+c" {
		return nil
	}
	if m.stopping {
		m.fatal = ErrStopped
		return tea.Quit
	}
	m.stopLoading()
	return nil
}

const stopped = "stopped: showing what was read so far"

func (m *model) stopLoading() {
	m.stopping = true
	m.stop()
	if m.filling() {
		// The source may be silent; what arrived is on the screen already.
		m.loading = false
		m.say(stopped, nil)
	}
}

// back leaves what was entered last: a search, a view, the loading that goes
// on, the filter. At the top it does nothing.
func (m *model) back() tea.Cmd {
	switch {
	case m.over() == nil && m.filling() && m.focus == listPane:
		m.stopLoading()
	case m.here()&(stacks|texts) != 0 && m.pager().search != "":
		m.pager().searchFor("")
	case m.here()&lists != 0 && !m.zoomed && m.applied != "":
		m.applied = ""
		return m.arrange()
	default:
		return m.up()
	}
	return nil
}

// inside reports whether there is a view to go back to.
func (m *model) inside() bool {
	switch {
	case m.over() != nil:
		return len(m.overlays) > 1 || !m.browsing()
	case m.focus == stackPane, m.zoomed, m.tree:
		return true
	}
	return m.browsing() || len(m.looking) < len(m.dumps)
}

// up goes back to the view that this one was opened from: from an overlay to
// what is below it, from the stack to the list, from the tree to the list, and
// from a dump to all of them: their list in a log, else their comparison.
func (m *model) up() tea.Cmd {
	switch {
	case !m.inside():
	case m.over() != nil:
		m.overlays = m.overlays[:len(m.overlays)-1]
	case m.focus == stackPane || m.zoomed:
		return m.leave()
	case m.tree:
		return m.turnTree()
	case m.browsing():
		return m.showDumps()
	default:
		return m.lookAtAll()
	}
	return nil
}

func (m *model) quit() tea.Cmd { return tea.Quit }

func (m *model) suspend() tea.Cmd {
	if m.stops == nil {
		return tea.Suspend
	}
	return m.stops.suspend
}

// motion is how far a key goes in a list or a text.
type motion int

const (
	lineDown motion = iota
	lineUp
	halfDown
	halfUp
	pageDown
	pageUp
	first
	last
)

// rows is a motion in rows of a window of h rows. A page is two at least: in a
// text one row goes to the next frame.
func (x motion) rows(h int) int {
	switch x {
	case lineDown:
		return 1
	case lineUp:
		return -1
	case halfDown:
		return max(2, h/2)
	case halfUp:
		return -max(2, h/2)
	case pageDown:
		return max(2, h)
	case pageUp:
		return -max(2, h)
	default:
		return 0
	}
}

// move goes on in the list or text that has the keys.
func move(x motion) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		switch {
		case m.over() != nil:
			m.over().move(x)
		case m.focus == stackPane:
			m.stack.motion(x)
		default:
			moveList(&m.list, x)
			m.moved = x != first
			m.showStack()
		}
		return nil
	}
}

const sideways = 8 // cells that a text scrolls at once

// scroll moves a text sideways. The stack at its left edge gives the keys back
// to the list.
func scroll(n int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		p := m.pager()
		if n < 0 && p.left == 0 && m.here()&stacks != 0 {
			return m.leave()
		}
		p.scrollTo(p.top, p.left+n)
		return nil
	}
}

// otherPane gives the keys to the other pane.
func (m *model) otherPane() tea.Cmd {
	if m.focus == listPane {
		m.focus = stackPane
	} else {
		m.focus = listPane
	}
	m.resize()
	return nil
}

// showWhole shows the stack of the bucket under the cursor on the whole screen.
func (m *model) showWhole() tea.Cmd {
	m.focus, m.zoomed = stackPane, true
	m.resize()
	return nil
}

// leave goes back to the list, both panes in sight.
func (m *model) leave() tea.Cmd {
	m.focus, m.zoomed = listPane, false
	m.stack.searchFor("")
	m.resize()
	return nil
}

func (m *model) zoom() tea.Cmd {
	m.zoomed = !m.zoomed
	m.resize()
	return nil
}

func (m *model) wrap() tea.Cmd {
	m.wrapped = !m.wrapped
	m.resize()
	return nil
}

func (m *model) fold() tea.Cmd {
	m.hidesGo = !m.hidesGo
	m.shown = -1
	return m.arrange()
}

// pager is the text that keys go to: that of an overlay, else the stack.
func (m *model) pager() *pager {
	if t, ok := m.over().(interface{ content() *pager }); ok {
		return t.content()
	}
	return &m.stack
}

// match goes to the next match of the search, or a previous one.
func match(n int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		if p := m.pager(); !p.next(n) {
			m.refuse("not found: " + p.search)
		}
		return nil
	}
}

// sort goes on to the next column in whose order the rows change; after the
// last of them comes the order of the trend.
func (m *model) sort() tea.Cmd {
	shown := []int{}
	for c := range m.columns {
		if m.widths[c] > 0 {
			shown = append(shown, c)
		}
	}
	at := slices.IndexFunc(shown, func(c int) bool { return c > m.order.column })
	if at < 0 {
		at = len(shown)
	}
	m.sorts++
	a := m.arrangement(m.tree)
	a.orders, a.shown, a.skip = nil, m.rows, m.sorts-1
	for _, c := range slices.Concat(shown[at:], []int{-1}, shown[:at]) {
		a.orders = append(a.orders, m.orderOf(order{column: c}))
	}
	return arrangeCmd(a)
}

func (m *model) reverse() tea.Cmd {
	m.order.reversed = !m.order.reversed
	return m.arrange()
}
