package ui

import (
	"fmt"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// browsing reports whether the list of dumps is what the screen starts with:
// of a log, where dumps are to be looked at one by one.
func (m *model) browsing() bool { return m.config.Browse && len(m.dumps) > 1 }

// showDumps lists the dumps, with when and why they were written.
func (m *model) showDumps() tea.Cmd {
	x := &menu{title: number.Plural(len(m.dumps), "dump", "dumps"), at: inDumps}
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
	x.choose = func(m *model, chosen []int) tea.Cmd { return m.look(chosen) }
	cursor := 0
	if len(m.looking) < len(m.dumps) {
		cursor = m.looking[0]
	}
	m.openMenu(x, cursor)
	return nil
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
	dumps := make([]goroutine.Dump, len(m.looking))
	for i, n := range m.looking {
		dumps[i] = m.dumps[n]
	}
	m.gen++
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
		groupings := slices.Clone(query.Groupings)
		for _, key := range m.labels {
			groupings = append(groupings, "label:"+key)
		}
		m.by = groupings[(max(0, slices.Index(groupings, m.by))+n+len(groupings))%len(groupings)]
		return m.compare()
	}
}

// grouped reports whether rows are groups rather than stacks.
func (m *model) grouped() bool { return m.members != nil }
