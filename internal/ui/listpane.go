package ui

import (
	"fmt"
	"strings"

	"gdump/internal/trend"
	"gdump/internal/ui/list"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// moveList moves the cursor of a list.
func moveList(l *list.List, x motion) {
	switch x {
	case first:
		l.To(0)
	case last:
		l.To(l.Len() - 1)
	default:
		l.Move(x.rows(l.Height()))
	}
}

func (m *model) listView() []string {
	r := m.layout.list
	if r.w == 0 {
		return nil
	}
	lines := []string{m.rule(m.listTitle(), m.position(), r.w, m.focus == listPane)}
	if m.tree {
		lines = append(lines, m.treeTitles(r.w))
	} else {
		lines = append(lines, m.columnTitles(r.w))
	}
	from, to := m.list.Visible()
	for i := from; i < to; i++ {
		if m.tree {
			lines = append(lines, m.branchView(i, i == m.list.Cursor, r.w))
		} else {
			lines = append(lines, m.rowView(m.rows[i], i == m.list.Cursor, r.w))
		}
	}
	if to == 0 {
		lines = append(lines, "", "  "+m.emptyView())
	}
	for len(lines) < r.h {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = fit(lines[i], r.w)
	}
	return lines[:r.h]
}

// listTitle shows how many buckets are listed, and why not all.
func (m *model) listTitle() string {
	title := number.Plural(m.buckets(), "bucket", "buckets")
	if m.grouped() {
		title = number.Plural(m.buckets(), "group", "groups") + " by " + clean(m.trend.By)
	}
	if m.applied != "" {
		title = fmt.Sprintf("%s of %s · filter: %s", number.Group(len(m.rows)), title, clean(m.applied))
	}
	if m.hidden > 0 {
		title += fmt.Sprintf(" · %s idle or of Go itself hidden (.)", number.Group(m.hidden))
	}
	if n := len(m.gone); n > 0 {
		title += fmt.Sprintf(" · %s hidden by hand (+)", number.Group(n))
	}
	switch {
	case m.tree:
		title += " · tree"
	case m.order.column < 0 && len(m.trend.Dumps) > 1 && !m.trend.Apart():
		title += " · suspects first"
		if m.order.reversed {
			title = strings.TrimSuffix(title, "first") + "last"
		}
	}
	return title
}

// emptyView says why the list is empty, and the way on.
func (m *model) emptyView() string {
	switch {
	case m.applied != "":
		return "nothing matches " + clean(m.applied) + " (esc clears the filter)"
	case len(m.gone) > 0:
		return "all rows are hidden (+ shows them)"
	case m.hidden > 0:
		return "only goroutines that are idle or of Go itself (. shows them)"
	}
	return "no goroutines"
}

// position shows where in a long list the cursor is.
func (m *model) position() string {
	if m.list.Len() <= m.list.Height() {
		return ""
	}
	return fmt.Sprintf("%s/%s", number.Group(m.list.Cursor+1), number.Group(m.list.Len()))
}

func (m *model) columnTitles(w int) string {
	sorted, mark := m.order.column, "▼"
	if sorted < 0 && len(m.trend.Dumps) == 1 {
		sorted = 0 // the counts: the order of a single dump
	}
	if sorted >= 0 && m.columns[sorted].Right == m.order.reversed {
		mark = "▲"
	}
	var b strings.Builder
	for i := range m.columns {
		c := &m.columns[i]
		if m.widths[i] == 0 {
			continue
		}
		cell, after := c.Fill(c.Title, m.widths[i]), "  "
		switch {
		case i != sorted:
		case cells(b.String()+cell)+3 > w: // the last column has no gap
			cell = c.Fill(ansi.Truncate(c.Title, m.widths[i]-1, "")+mark, m.widths[i])
		case c.Right || cells(c.Title) >= m.widths[i]:
			after = mark + " " // in the gap: a column keeps its place when it is sorted by
		default:
			cell = c.Fill(c.Title+mark, m.widths[i])
		}
		b.WriteString(cell + after)
	}
	return m.theme.Faint.Render(fit("  "+strings.TrimRight(b.String(), " "), w))
}

// rowView draws a bucket's row. Its verdict is shown by sign and word, the
// cursor by a mark; colour and weight only help.
func (m *model) rowView(i int, selected bool, w int) string {
	s := &m.trend.Series[i]
	var drawn, plain strings.Builder
	style, words := m.rowStyle(s), m.query.Words()
	from, quiet := 0, false // of what is not drawn yet
	draw := func() {
		of := style
		if quiet {
			of = m.theme.Faint
		}
		drawn.WriteString(m.mark(plain.String()[from:], words, of))
		from = plain.Len()
	}
	gap := ""
	for j := range m.columns {
		if m.widths[j] == 0 {
			continue
		}
		c, width := &m.columns[j], m.widths[j]
		if q := c.Quiet != nil && c.Quiet(s); q != quiet && !selected {
			draw()
			quiet = q
		}
		whole := i == m.folded.row && c.Title == view.SiteTitle // the columns behind it are empty
		if whole {
			width = max(width, w-2-cells(plain.String())-len(gap))
		}
		plain.WriteString(gap + c.Fill(c.Cell(s), width))
		if gap = "  "; whole {
			break
		}
	}
	sign := " "
	if m.marked[identity(s)] {
		sign = "●"
	}
	if selected {
		return m.theme.Selected.Render(fit("▸"+sign+plain.String(), w))
	}
	draw()
	return " " + sign + drawn.String()
}

func (m *model) rowStyle(s *trend.Series) lipgloss.Style {
	if s.Verdict != "" {
		if st, ok := m.theme.Verdict(s.Verdict); ok {
			return st
		}
	}
	if _, own := s.Bucket.Stack.Owner(); !own || m.idle[s.Bucket.ID] {
		return m.theme.Faint
	}
	return lipgloss.NewStyle()
}

// mark draws text with the words that were looked for standing out.
func (m *model) mark(text string, words []string, base lipgloss.Style) string {
	spans := matches(text, words)
	if len(spans) == 0 {
		return base.Render(text)
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s[0] > at {
			b.WriteString(base.Render(text[at:s[0]]))
		}
		b.WriteString(m.theme.Match.Render(text[s[0]:s[1]]))
		at = s[1]
	}
	if at < len(text) {
		b.WriteString(base.Render(text[at:]))
	}
	return b.String()
}
