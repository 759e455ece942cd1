package ui

import (
	"maps"

	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// markRow marks the row under the cursor, or takes its mark away, and goes on. What
// copies or hides acts on the marked rows.
func (m *model) markRow() tea.Cmd {
	id := identity(&m.trend.Series[m.selected()])
	m.marked = with(m.marked, id, !m.marked[id])
	m.list.Move(1)
	m.moved = true
	m.showStack()
	return nil
}

// chosen are the series of the marked rows, else that of the row under the
// cursor; of a row of several buckets all of theirs.
func (m *model) chosen() []int {
	rows := m.markedRows()
	if len(rows) == 0 {
		rows = []int{m.selected()}
	}
	var all []int
	for _, r := range rows {
		if r == m.folded.row {
			all = append(all, m.folded.parts...)
		} else {
			all = append(all, r)
		}
	}
	return all
}

// markedRows are the marked rows that are in sight.
func (m *model) markedRows() []int {
	var rows []int
	if len(m.marked) == 0 || m.tree {
		return nil
	}
	for _, r := range m.rows {
		if m.marked[identity(&m.trend.Series[r])] {
			rows = append(rows, r)
		}
	}
	return rows
}

// hideRows hides the marked rows, else the one under the cursor.
func (m *model) hideRows() tea.Cmd {
	rows := m.markedRows()
	if len(rows) == 0 {
		rows = []int{m.selected()}
	}
	next := m.list.Cursor
	for _, r := range rows {
		id := identity(&m.trend.Series[r])
		m.gone, m.marked = with(m.gone, id, true), with(m.marked, id, false)
	}
	m.say("hidden: "+number.Plural(len(rows), "row", "rows")+" (+ shows all again)", nil)
	if next+1 < len(m.rows) && len(rows) == 1 {
		m.wanted = identity(&m.trend.Series[m.rows[next+1]])
	}
	return m.arrange()
}

// showRows shows the rows that were hidden by hand.
func (m *model) showRows() tea.Cmd {
	m.gone = nil
	return m.arrange()
}

// with is a set with an element, or without it. Sets are changed by nobody: a
// command may be reading one.
func with(set map[string]bool, id string, in bool) map[string]bool {
	set = maps.Clone(set)
	if set == nil {
		set = map[string]bool{}
	}
	if in {
		set[id] = true
	} else {
		delete(set, id)
	}
	return set
}
