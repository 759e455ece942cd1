package ui

import tea "github.com/charmbracelet/bubbletea"

const wheelRows = 3

// turnMouse turns the mouse on or off. It is off at first, so that the
// terminal's own selection works.
func (m *model) turnMouse() tea.Cmd {
	if m.mouse = !m.mouse; m.mouse {
		m.say("mouse on: wheel scrolls, click selects, again opens, heading sorts", nil)
		return tea.EnableMouseCellMotion
	}
	m.say("mouse off", nil)
	return tea.DisableMouse
}

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// click takes what the mouse does.
func (m *model) click(msg tea.MouseMsg) tea.Cmd {
	wheel := 0
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		wheel = -wheelRows
	case msg.Button == tea.MouseButtonWheelDown:
		wheel = wheelRows
	case msg.Action != tea.MouseActionPress || msg.Button != tea.MouseButtonLeft:
		return nil
	}
	switch {
	case m.loading && !m.filling() || m.prompt != nil:
	case m.over() != nil && wheel != 0:
		m.over().wheel(wheel)
	case m.over() != nil:
		if x, ok := m.over().(*menu); ok {
			return m.clickMenu(x, msg.Y)
		}
	case m.layout.list.holds(msg.X, msg.Y) && wheel != 0:
		m.list.Scroll(wheel)
		m.showStack()
	case m.layout.list.holds(msg.X, msg.Y):
		return m.clickList(msg.X-m.layout.list.x, msg.Y-m.layout.list.y-1)
	case m.layout.stack.holds(msg.X, msg.Y) && wheel != 0:
		m.stack.move(wheel)
	case m.layout.stack.holds(msg.X, msg.Y):
		m.focus = stackPane
		if i := m.stack.top + msg.Y - m.layout.stack.y - 1; i < len(m.stack.lines) && m.stack.lines[i].frame != nil {
			m.stack.cursor = i
		}
		m.resize()
	}
	return nil
}

// clickList chooses a row, opens the one that is chosen already, or sorts by
// the column whose title was clicked. y counts from the titles.
func (m *model) clickList(x, y int) tea.Cmd {
	if y == 0 {
		return m.sortAt(x)
	}
	row := m.list.Top + y - 1
	switch {
	case y < 0 || row >= m.list.Len():
	case row == m.list.Cursor && m.focus == listPane:
		if b, _ := m.bound("enter", m.here()); b != nil {
			return b.do(m)
		}
	default:
		m.focus = listPane
		m.list.To(row)
		m.moved = true
		m.resize()
	}
	return nil
}

// clickMenu chooses the item in a line of the screen, or opens the one that is
// chosen already.
func (m *model) clickMenu(x *menu, y int) tea.Cmd {
	row := y - x.above()
	from, to := x.list.Visible()
	switch {
	case row < 0 || from+row >= to:
	case from+row == x.list.Cursor:
		if b, _ := m.bound("enter", m.here()); b != nil {
			return b.do(m)
		}
	default:
		x.list.To(from + row)
	}
	return nil
}

// sortAt sorts by the column at x, and the other way round if it does so already.
func (m *model) sortAt(x int) tea.Cmd {
	at := 2
	for i, w := range m.widths {
		if w == 0 {
			continue
		}
		if x >= at && x < at+w+2 {
			m.order = order{column: i, reversed: m.order.column == i && !m.order.reversed}
			return m.arrange()
		}
		at += w + 2
	}
	return nil
}
