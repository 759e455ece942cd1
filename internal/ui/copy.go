package ui

import (
	"io"
	"slices"
	"strings"

	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// copyStack puts the stack of the bucket under the cursor on the clipboard.
func (m *model) copyStack() tea.Cmd {
	return m.copyText(m.stackText())
}

// stackText writes the stack of the bucket under the cursor as Go prints it; of
// rows that are marked, and of a row of several buckets, all of theirs.
func (m *model) stackText() func() string {
	all := m.chosen()
	series := m.trend.Series
	return func() string {
		var parts []string
		for _, i := range all {
			parts = append(parts, view.GoText(series[i].Bucket))
		}
		return strings.Join(parts, "\n")
	}
}

func (m *model) copyText(text func() string) tea.Cmd {
	return copyCmd(clipboard(m.config), m.config.Copy, text)
}

// showCopyMenu offers the parts of a bucket that can be copied.
func (m *model) showCopyMenu() tea.Cmd {
	s := &m.trend.Series[m.selected()]
	frame := view.Show(s.Bucket.Stack.Site())
	if f := m.stack.frame(); f != nil {
		frame = view.Show(*f)
	}
	stack, title := m.stackText(), view.Title(s, len(m.trend.Dumps))
	one := trend.Trend{Dumps: m.trend.Dumps, Restarted: m.trend.Restarted, Series: []trend.Series{*s}}
	type part struct {
		name, shows string
		text        func() string
	}
	parts := []part{
		{"stack", "as Go prints it", stack},
		{"frame", frame.Name + " " + frame.Place, func() string { return frame.Function + " " + frame.Path }},
		{"function", frame.Function, func() string { return frame.Function }},
		{"file and line", frame.Path, func() string { return frame.Path }},
		{"goroutine IDs", number.Plural(s.Bucket.IDs.Len(), "id", "ids"), func() string { return someIDs(s.Bucket, copiedIDs) }},
		{"bucket id", string(s.Bucket.ID), func() string { return string(s.Bucket.ID) }},
		{"Markdown", "to paste into an issue", func() string { return title + ":\n\n```\n" + stack() + "```\n" }},
	}
	if write := m.config.JSON; write != nil {
		parts = slices.Insert(parts, len(parts)-1, part{"JSON", "as --format json writes it", func() string { return written(write, &one) }})
	}
	x := &menu{title: "copy"}
	for _, p := range parts {
		x.items = append(x.items, item{text: p.name, tail: p.shows})
	}
	x.choose = func(m *model, chosen []int) tea.Cmd { return m.copyText(parts[chosen[0]].text) }
	m.openMenu(x, 0)
	return nil
}

const copiedIDs = 10_000

// written is a trend in the format of a writer.
func written(write func(io.Writer, *trend.Trend) error, t *trend.Trend) string {
	var b strings.Builder
	if err := write(&b, t); err != nil {
		return err.Error()
	}
	return b.String()
}
