package ui

import (
	"regexp"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// browsing reports whether the list of dumps is what the screen starts with:
// of a log, where dumps are to be looked at one by one.
func (m *model) browsing() bool { return m.config.Browse && len(m.dumps) > 1 }

// showDumps lists the dumps: when, what happened, where, how many goroutines.
func (m *model) showDumps() tea.Cmd {
	x := &menu{at: inDumps, preview: (*model).dumpPreview}
	x.title, x.head, x.items = dumpRows(m.dumps)
	x.choose = func(m *model, chosen []int) tea.Cmd { return m.look(chosen) }
	cursor := 0
	if len(m.looking) < len(m.dumps) {
		cursor = m.looking[0]
	}
	m.openMenu(x, cursor)
	return nil
}

// dumpRows write the dumps in columns, and what heads them. A column in which
// all dumps are the same says nothing and is left out, unless it is what
// happened or where.
func dumpRows(dumps []goroutine.Dump) (title string, head item, items []item) {
	title = number.Plural(len(dumps), "dump", "dumps")
	day, zone, timed := "", "", false
	for i := range dumps {
		if t := dumps[i].TakenAt; !t.IsZero() {
			at := t.Local()
			day, zone, timed = common(day, at.Format("2006-01-02"), timed), common(zone, at.Format("MST"), timed), true
		}
	}
	layout := "2006-01-02 15:04:05"
	if timed && day != "" {
		layout = "15:04:05"
		title += " on " + day
	}
	heading := "time"
	if zone != "" {
		heading += " " + zone
	} else {
		layout += " MST"
	}
	when := func(d *goroutine.Dump) string {
		if d.TakenAt.IsZero() {
			return "–"
		}
		return d.TakenAt.Local().Format(layout)
	}
	columns := []dumpColumn{
		{heading, when, nil, false},
		{"dump", func(d *goroutine.Dump) string { return shortSource(unnumbered(clean(d.Source))) }, view.CutFront, false},
		{"line", func(d *goroutine.Dump) string { return number.Group(d.Line) }, nil, false},
		{"what happened", view.Happened, nil, slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return d.Reason != "" })},
		{"where", view.Scene, view.CutName, true},
	}
	columns = slices.DeleteFunc(columns, func(c dumpColumn) bool { return !c.keep && c.same(dumps) })
	if distinct(columns, "line", dumps) {
		columns = slices.DeleteFunc(columns, func(c dumpColumn) bool { return c.title == "line" })
	}
	for _, c := range columns {
		w := cells(c.title)
		for i := range dumps {
			w = max(w, cells(c.of(&dumps[i])))
		}
		head.columns, head.widths, head.cuts = append(head.columns, c.title), append(head.widths, w), append(head.cuts, c.cut)
	}
	head.columns, head.widths, head.cuts = append(head.columns, "goroutines"), append(head.widths, len("goroutines")), append(head.cuts, nil)
	items = make([]item, len(dumps))
	for i := range dumps {
		for _, c := range columns {
			items[i].columns = append(items[i].columns, c.of(&dumps[i]))
		}
		items[i].columns = append(items[i].columns, view.PadLeft(number.Group(dumps[i].Goroutines), len("goroutines")))
	}
	return title, head, items
}

// numbered is what follows the name of a source that has several dumps.
var numbered = regexp.MustCompile(` \(\d+ of \d+\)$`)

// unnumbered is the name of a source without the number of the dump in it, where
// that is seen without.
func unnumbered(source string) string { return numbered.ReplaceAllString(source, "") }

// dumpColumn is a column of the list of dumps.
type dumpColumn struct {
	title string
	of    func(*goroutine.Dump) string
	cut   func(string, int) string // nil cuts the end
	keep  bool                     // even if it is the same for all
}

func (c *dumpColumn) same(dumps []goroutine.Dump) bool {
	return !slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return c.of(&d) != c.of(&dumps[0]) })
}

// distinct reports whether the columns tell the dumps apart without one of them.
func distinct(columns []dumpColumn, without string, dumps []goroutine.Dump) bool {
	seen := map[string]bool{}
	for i := range dumps {
		var key strings.Builder
		for _, c := range columns {
			if c.title != without {
				key.WriteString(c.of(&dumps[i]) + "\x00")
			}
		}
		if seen[key.String()] {
			return false
		}
		seen[key.String()] = true
	}
	return true
}

// common is what all values so far are, "" if they differ.
func common(all, next string, some bool) string {
	if some && all != next {
		return ""
	}
	return next
}

// dumpPreview shows of the dump under the cursor what happened in full, its
// states, and the stack of who ended the process, else the largest buckets.
func (m *model) dumpPreview(i, w int) []line {
	d := &m.dumps[i]
	var lines []line
	if d.Reason != "" {
		lines = wrapLine(line{text: view.Reason(d), kind: strongLine}, w)
	}
	if s := view.States(view.DumpStates(d), 4); s != "" && d.Goroutines > 1 {
		lines = append(lines, wrapLine(line{text: s}, w)...)
	}
	if b, ended := view.Lead(d); ended {
		text := stackText{dumps: 1, width: w}
		return append(append(lines, line{}), text.lines(&trend.Series{Bucket: b, Counts: []int{b.Count}})...)
	}
	lines = append(lines, line{})
	largest, states := view.Largest(d, 10), 0
	for _, b := range largest {
		states = max(states, cells(view.State(b)))
	}
	for _, b := range largest {
		lines = append(lines, line{text: view.PadLeft(number.Group(b.Count), 7) + "  " + pad(view.State(b), states) + "  " + view.SiteName(b)})
	}
	return lines
}

// look shows some of the dumps: one by itself, or their difference.
func (m *model) look(which []int) tea.Cmd {
	m.looking = which
	return m.compare()
}

// lookAtAll compares all dumps.
func (m *model) lookAtAll() tea.Cmd {
	m.looking = m.allDumps()
	return m.compare()
}

// allDumps are the indexes of all dumps.
func (m *model) allDumps() []int {
	which := make([]int, len(m.dumps))
	for i := range which {
		which[i] = i
	}
	return which
}

// compare asks for the trend of the dumps looked at.
func (m *model) compare() tea.Cmd {
	m.gen++
	if over := m.config.Over; over != nil && len(m.looking) > 1 {
		gen, by, which := m.gen, m.by, slices.Clone(m.looking)
		return func() tea.Msg {
			t, err := over.Trend(by, which)
			if err != nil {
				return comparedMsg{gen: gen, err: err}
			}
			return comparedMsg{prepared: prepare(t), gen: gen}
		}
	}
	dumps := make([]goroutine.Dump, len(m.looking))
	for i, n := range m.looking {
		dumps[i] = m.dumps[n]
	}
	return compareCmd(m.gen, dumps, m.by)
}

// step goes n dumps on from the one in sight. Beyond the ends all of them are
// compared.
func step(n int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		at := -1
		if len(m.looking) == 1 {
			at = m.looking[0]
		} else if n < 0 {
			at = len(m.dumps)
		}
		if at += n; at >= 0 && at < len(m.dumps) {
			return m.look([]int{at})
		}
		return m.lookAtAll()
	}
}

// groupBy groups goroutines by the next grouping, or a previous one.
func groupBy(n int) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		groupings := m.groupings()
		m.by = groupings[(max(0, slices.Index(groupings, m.by))+n+len(groupings))%len(groupings)]
		if m.config.Over != nil {
			m.say("by "+clean(m.by)+"; over time not by stack, line, state or go statement", nil)
		}
		return m.compare()
	}
}

// groupings are those that make sense of what is shown, in the order of the key.
func (m *model) groupings() []string {
	if m.config.Over != nil {
		return m.config.Over.Groupings()
	}
	all := slices.Clone(query.Groupings)
	for _, key := range m.labels {
		all = append(all, "label:"+key)
	}
	if m.ofFleet {
		all = append(all, "instance")
	}
	for _, key := range m.targets {
		all = append(all, "target:"+key)
	}
	return all
}

// grouped reports whether rows are groups rather than stacks.
func (m *model) grouped() bool { return m.members != nil }
