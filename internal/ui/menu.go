package ui

import (
	"slices"
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

	head    item                                   // over the items, if it has columns
	preview func(m *model, item, width int) []line // of the item under the cursor; may be nil
	window  int                                    // lines of the view
	natural []int                                  // widths of the columns
}

// item is a row of a menu: a text and what is fainter behind it, or columns.
type item struct {
	text, tail string
	columns    []string
	widths     []int                      // of the columns, in the head; 0 for one that has no room
	cuts       []func(string, int) string // how they are cut, in the head; nil cuts the end
	marked     bool
}

func (i *item) String() string { return i.text + " " + i.tail + strings.Join(i.columns, " ") }

// leastPreview is from how many lines of a view on a menu shows a preview.
const leastPreview = 12

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

func (x *menu) resize(_, h int) {
	x.window = h
	x.list.SetHeight(h - x.above() - x.below())
}

// above is how many lines are over the items.
func (x *menu) above() int {
	if x.head.columns != nil {
		return 2
	}
	return 1
}

// below is how many lines the preview has, with its rule.
func (x *menu) below() int {
	if x.preview == nil || x.window < leastPreview {
		return 0
	}
	return max(x.window/2, x.window-x.above()-len(x.items))
}

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
			if len(matches(x.items[i].String(), []string{w})) == 0 {
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

func (x *menu) draw(m *model, w, h int) []string {
	lines := []string{m.rule(x.finder.title(x.title), "", w, true)}
	x.fitColumns(w)
	if x.head.columns != nil {
		lines = append(lines, m.theme.Faint.Render(fit("   "+x.row(&x.head), w)))
	}
	from, to := x.list.Visible()
	for n := from; n < to; n++ {
		it := &x.items[x.rows[n]]
		mark := " "
		if it.marked {
			mark = "●"
		}
		text := mark + " " + x.row(it)
		if n == x.list.Cursor {
			lines = append(lines, m.theme.Selected.Render(fit("▸"+text, w)))
		} else {
			lines = append(lines, " "+text)
		}
	}
	if len(x.rows) == 0 {
		return append(lines, "  no match for "+clean(x.find))
	}
	if below := x.below(); below > 0 {
		for len(lines) < h-below {
			lines = append(lines, "")
		}
		lines = append(lines, m.rule("preview", "", w, false))
		page := pager{lines: x.preview(m, x.rows[x.list.Cursor], w-2), cursor: -1}
		lines = append(lines, m.pagerView(&page, w, below-1)...)
	}
	return lines
}

// narrow is the width below which a menu shows its last column but one no more.
const narrow = 60

// fitColumns makes the columns fit into w cells: the widest give way.
func (x *menu) fitColumns(w int) {
	if x.head.columns == nil {
		x.head.widths = []int{0}
		for _, i := range x.rows {
			x.head.widths[0] = max(x.head.widths[0], cells(x.items[i].text))
		}
		x.head.widths[0] = min(x.head.widths[0], w*2/3)
		return
	}
	if x.natural == nil {
		x.natural = x.head.widths
	}
	widths := slices.Clone(x.natural)
	if w < narrow {
		widths[len(widths)-2] = 0
	}
	for {
		over := 3 - w
		for _, c := range widths {
			over += c + 2
		}
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if over <= 0 || widths[widest] <= 1 {
			break
		}
		widths[widest]--
	}
	x.head.widths = widths
}

// row writes an item into the columns.
func (x *menu) row(it *item) string {
	if it.columns == nil {
		return fit(it.text, x.head.widths[0]) + "  " + it.tail
	}
	var b strings.Builder
	for i, c := range it.columns {
		w := x.head.widths[i]
		if w == 0 {
			continue
		}
		if cut := x.head.cuts[i]; cut != nil {
			c = cut(c, w)
		}
		b.WriteString(fit(c, w) + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}
