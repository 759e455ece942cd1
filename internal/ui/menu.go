package ui

import (
	"fmt"
	"strings"

	"gdump/internal/ui/list"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// menu is a list to choose from: commands, parts to copy, dumps.
type menu struct {
	title  string
	hint   string
	items  []item
	rows   []int // items that the typed text leaves
	list   list.List
	typing bool // letters filter the items
	find   string
	many   bool // items can be marked; choose gets them
	choose func(m model, chosen []int) (tea.Model, tea.Cmd)
}

type item struct {
	text, tail string
	marked     bool
}

// openMenu shows a menu over everything.
func (m *model) openMenu(x menu) {
	m.overlay, m.menu = menuOverlay, x
	m.menu.list.SetHeight(m.height - 3)
	m.menu.narrow()
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

// menuKey takes a key while a menu is open.
func (m model) menuKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	x := &m.menu
	switch {
	case msg.Type == tea.KeyEsc, !x.typing && pressed(msg, keys.quit):
		m.overlay = noOverlay
		return m, nil
	case msg.Type == tea.KeyEnter:
		if len(x.rows) == 0 {
			return m, nil
		}
		m.overlay = noOverlay
		return x.choose(m, x.chosen())
	case msg.Type == tea.KeyBackspace && x.typing:
		if r := []rune(x.find); len(r) > 0 {
			x.find = string(r[:len(r)-1])
			x.narrow()
		}
	case msg.Type == tea.KeySpace && x.many:
		if len(x.rows) > 0 {
			it := &x.items[x.rows[x.list.Cursor]]
			it.marked = !it.marked
			x.list.Move(1)
		}
	case (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace) && x.typing:
		x.find += printable(msg.Runes)
		x.narrow()
	default:
		moveList(&x.list, msg)
	}
	return m, nil
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

func (m *model) menuView() []string {
	x := &m.menu
	title := x.title
	if x.find != "" {
		title += " · " + clean(x.find) + "▏"
	}
	lines := []string{m.rule(title, "", m.width, true)}
	widest := 0
	for _, i := range x.rows {
		widest = max(widest, cells(x.items[i].text))
	}
	widest = min(widest, m.width*2/3)
	from, to := x.list.Visible()
	for n := from; n < to; n++ {
		it := &x.items[x.rows[n]]
		mark := " "
		if it.marked {
			mark = "●"
		}
		text := mark + " " + fit(it.text, widest) + "  " + it.tail
		if n == x.list.Cursor {
			lines = append(lines, m.theme.Selected.Render(fit("▸"+text, m.width)))
		} else {
			lines = append(lines, " "+text)
		}
	}
	if len(x.rows) == 0 {
		lines = append(lines, "  no match for "+clean(x.find))
	}
	for len(lines) < m.height-2 {
		lines = append(lines, "")
	}
	return append(lines, m.theme.Faint.Render(strings.Repeat("─", m.width)), " "+x.hint)
}

// showPalette lists all commands.
func (m *model) showPalette() {
	var commands []binding
	x := menu{title: "commands", hint: "type to find   enter run   esc back", typing: true}
	for _, b := range keys.all() {
		if b.topic == "move" {
			continue
		}
		commands = append(commands, b)
		x.items = append(x.items, item{text: b.Help().Desc, tail: b.Help().Key})
	}
	x.choose = func(m model, chosen []int) (tea.Model, tea.Cmd) { return m.key(commands[chosen[0]].message()) }
	m.openMenu(x)
}

// showDumps lists the dumps, with when and why they were written.
func (m *model) showDumps() {
	x := menu{title: number.Plural(len(m.dumps), "dump", "dumps"), many: true, hint: "enter open   space mark · enter compare   esc back"}
	for i := range m.dumps {
		d := &m.dumps[i]
		what := clean(d.Source)
		if d.Reason != "" {
			what = clean(d.Reason)
		}
		when := "no time"
		if !d.TakenAt.IsZero() {
			when = d.TakenAt.Local().Format("2006-01-02 15:04:05 MST")
		}
		x.items = append(x.items, item{
			text: fmt.Sprintf("%-23s  %s", when, what),
			tail: fmt.Sprintf("%s, %s, %s", number.Plural(d.Goroutines, "goroutine", "goroutines"), number.Plural(len(d.Buckets), "bucket", "buckets"), d.Level),
		})
	}
	x.choose = func(m model, chosen []int) (tea.Model, tea.Cmd) { return m.look(chosen) }
	m.openMenu(x)
}
