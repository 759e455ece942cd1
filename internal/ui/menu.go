package ui

import (
	"strings"

	"gdump/internal/ui/list"

	tea "github.com/charmbracelet/bubbletea"
)

// menu is an overlay to choose from: commands, parts to copy, dumps.
type menu struct {
	finder
	title  string
	items  []item
	rows   []int // items that the typed word leaves
	list   list.List
	at     place // inMenu if it is not set
	finds  bool  // letters narrow the items
	choose func(m *model, chosen []int) tea.Cmd
}

type item struct {
	text, tail string
	marked     bool
}

// openMenu shows a menu, its cursor on an item.
func (m *model) openMenu(x *menu, cursor int) {
	x.narrow()
	m.open(x)
	x.list.To(cursor)
}

func (x *menu) id() place {
	if x.at == 0 {
		return inMenu
	}
	return x.at
}

func (x *menu) handle(_ *model, msg tea.KeyMsg) (tea.Cmd, bool) {
	if !x.finds || !x.take(msg) {
		return nil, false
	}
	x.narrow()
	return nil, true
}

func (x *menu) move(to motion) { moveList(&x.list, to) }

func (x *menu) wheel(n int) { x.list.Scroll(n) }

func (x *menu) resize(_, h int) { x.list.SetHeight(h - 1) }

func (x *menu) typing() string {
	if x.finds {
		return "type to find   ↑↓ move   "
	}
	return ""
}

// narrow leaves the items in which each typed word is found.
func (x *menu) narrow() {
	x.rows = x.rows[:0:0]
next:
	for i := range x.items {
		for w := range strings.FieldsSeq(strings.ToLower(x.find)) {
			if len(matches(x.items[i].text+" "+x.items[i].tail, []string{w})) == 0 {
				continue next
			}
		}
		x.rows = append(x.rows, i)
	}
	x.list.SetLen(len(x.rows))
	x.list.To(0)
}

// enter closes the menu and does what was chosen.
func (x *menu) enter(m *model) tea.Cmd {
	if len(x.rows) == 0 {
		return nil
	}
	m.overlays = m.overlays[:len(m.overlays)-1]
	return x.choose(m, x.chosen())
}

// mark marks the item under the cursor, or takes its mark away.
func (x *menu) mark(*model) tea.Cmd {
	if len(x.rows) > 0 {
		it := &x.items[x.rows[x.list.Cursor]]
		it.marked = !it.marked
		x.list.Move(1)
	}
	return nil
}

// markAll marks all items, or none if all are marked.
func (x *menu) markAll(*model) tea.Cmd {
	marked := 0
	for i := range x.items {
		if x.items[i].marked {
			marked++
		}
	}
	for i := range x.items {
		x.items[i].marked = marked < len(x.items)
	}
	return nil
}

// chosen are the items that are marked, or the one under the cursor.
func (x *menu) chosen() []int {
	var chosen []int
	for i := range x.items {
		if x.items[i].marked {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 {
		chosen = []int{x.rows[x.list.Cursor]}
	}
	return chosen
}

func (x *menu) draw(m *model, w, _ int) []string {
	lines := []string{m.rule(x.finder.title(x.title), "", w, true)}
	widest := 0
	for _, i := range x.rows {
		widest = max(widest, cells(x.items[i].text))
	}
	widest = min(widest, w*2/3)
	from, to := x.list.Visible()
	for n := from; n < to; n++ {
		it := &x.items[x.rows[n]]
		mark := " "
		if it.marked {
			mark = "●"
		}
		text := mark + " " + fit(it.text, widest) + "  " + it.tail
		if n == x.list.Cursor {
			lines = append(lines, m.theme.Selected.Render(fit("▸"+text, w)))
		} else {
			lines = append(lines, " "+text)
		}
	}
	if len(x.rows) == 0 {
		lines = append(lines, "  no match for "+clean(x.find))
	}
	return lines
}
