package ui

import (
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// callTree is the tree of calls over the buckets that the filter leaves.
type callTree struct {
	nodes    []*trend.Node
	open     map[*trend.Node]bool
	rows     []branch // the nodes in sight, as a list
	multiple bool     // the trend has several dumps
}

// branch is a node in the list.
type branch struct {
	node  *trend.Node
	depth int
}

// lay makes the rows anew.
func (t *callTree) lay() {
	t.rows = t.rows[:0:0]
	var add func(nodes []*trend.Node, depth int)
	add = func(nodes []*trend.Node, depth int) {
		for _, n := range nodes {
			t.rows = append(t.rows, branch{n, depth})
			if t.open[n] {
				add(n.Children, depth+1)
			}
		}
	}
	add(t.nodes, 0)
}

// turn opens or closes the node of a row and returns the row to go to. Closing
// a node that is closed already goes to its parent.
func (t *callTree) turn(row int, open bool) int {
	if row >= len(t.rows) {
		return row
	}
	b := t.rows[row]
	switch {
	case open && len(b.node.Children) > 0:
		t.open[b.node] = true
	case !open && t.open[b.node]:
		delete(t.open, b.node)
	case !open:
		for row > 0 && t.rows[row].depth >= b.depth && b.depth > 0 {
			row--
		}
		return row
	}
	t.lay()
	return row
}

// openNode opens the node under the cursor.
func (m *model) openNode() tea.Cmd { return m.turnNode(true) }

// closeNode closes the node under the cursor, or goes to its parent.
func (m *model) closeNode() tea.Cmd { return m.turnNode(false) }

func (m *model) turnNode(open bool) tea.Cmd {
	row := m.calls.turn(m.list.Cursor, open)
	m.list.SetLen(m.listed())
	m.list.To(row)
	m.showStack()
	return nil
}

// enterNode opens or closes a node that forks. One that does not shows its stack.
func (m *model) enterNode() tea.Cmd {
	node := m.calls.rows[m.list.Cursor].node
	if len(node.Children) == 0 {
		return m.showWhole()
	}
	return m.turnNode(!m.calls.open[node])
}

// turnTree shows the list as a tree of calls, or as a list again.
func (m *model) turnTree() tea.Cmd { return m.arrangeAs(!m.tree) }

// branchView draws a node: its counts, then its calls, indented.
func (m *model) branchView(row int, selected bool, w int) string {
	b := m.calls.rows[row]
	sign := " "
	switch {
	case m.calls.open[b.node]:
		sign = "–"
	case len(b.node.Children) > 0:
		sign = "+"
	}
	counts := pad("", 9-cells(number.Group(b.node.Now()))) + number.Group(b.node.Now())
	if m.calls.multiple {
		change := number.Signed(b.node.Change())
		counts = pad("", 9-cells(change)) + change + counts
	}
	buckets := ""
	if b.node.Buckets > 1 {
		buckets = "  (" + number.Plural(b.node.Buckets, "bucket", "buckets") + ")"
	}
	head := counts + "  " + strings.Repeat("  ", b.depth) + sign + " "
	name := ansi.Truncate(calls(b.node.Frames), max(8, w-2-cells(head)-cells(buckets)), "…")
	name = strings.Replace(name, "……", "…", 1) // cut behind the "…" of calls
	text := head + name + buckets
	if selected {
		return m.theme.Selected.Render(fit("▸ "+text, w))
	}
	style := lipgloss.NewStyle()
	if s := &m.trend.Series[b.node.Top]; view.Of(s.Verdict).Style == view.Bad {
		style = m.theme.Bad
	} else if _, own := s.Bucket.Stack.Owner(); !own {
		style = m.theme.Faint
	}
	return "  " + m.mark(text, m.query.Words(), style)
}

// calls names the frames of a node: the first, and the last that is not Go's
// own, where the goroutines are.
func calls(frames []goroutine.Frame) string {
	last := len(frames) - 1
	for last > 0 && (frames[last].Origin == goroutine.Stdlib || frames[last].Origin == goroutine.Runtime) {
		last--
	}
	if last == 0 {
		last = len(frames) - 1 // all of it is Go's own
	}
	first := clean(frames[0].Name())
	switch last {
	case 0:
		return first
	case 1:
		return first + " → " + clean(frames[1].Name())
	}
	return first + " → … → " + clean(frames[last].Name())
}

// treeTitles are the titles over the tree's columns.
func (m *model) treeTitles(w int) string {
	text := "    count    created by → … → call site"
	if m.calls.multiple {
		text = "   change" + text
	}
	return m.theme.Faint.Render(fit("  "+text, w))
}
