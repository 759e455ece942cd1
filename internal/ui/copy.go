package ui

import (
	"fmt"
	"strings"

	"gdump/internal/report"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
)

// copyStack puts the stack of the bucket under the cursor on the clipboard.
func (m model) copyStack() (tea.Model, tea.Cmd) {
	i := m.selected()
	if i < 0 {
		m.refuse("no bucket to copy")
		return m, nil
	}
	return m, m.copyText(plainStack(&m.trend.Series[i], len(m.trend.Dumps)))
}

func (m *model) copyText(text string) tea.Cmd {
	return copyCmd(clipboard(m.config), m.config.Copy, text)
}

// showCopyMenu offers the parts of a bucket that can be copied.
func (m *model) showCopyMenu() {
	i := m.selected()
	if i < 0 {
		m.refuse("no bucket to copy")
		return
	}
	s := &m.trend.Series[i]
	frame := s.Bucket.Stack.Site()
	if f := m.stack.frame(); f != nil {
		frame = *f
	}
	var texts []string
	x := menu{title: "copy", hint: "enter copies   esc back"}
	add := func(what, text string) {
		if text == "" {
			return
		}
		first, rest, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
		if rest != "" {
			first = report.Plural(strings.Count(text, "\n"), "line", "lines")
		}
		x.items = append(x.items, item{text: what, tail: clean(first)})
		texts = append(texts, text)
	}
	place := ""
	if frame.File != "" {
		place = fmt.Sprintf("%s:%d", clean(frame.File), frame.Line)
	}
	add("stack", plainStack(s, len(m.trend.Dumps)))
	add("frame", clean(frame.Function)+" "+place)
	add("function", clean(frame.Function))
	add("file and line", place)
	add("goroutine ids", idList(s))
	add("bucket id", string(s.Bucket.ID))
	one := trend.Trend{Dumps: m.trend.Dumps, Restarted: m.trend.Restarted, Series: []trend.Series{*s}}
	var b strings.Builder
	if err := report.JSON(&b, &one, report.Options{}); err == nil {
		add("JSON", b.String())
	}
	add("Markdown", "```\n"+plainStack(s, len(m.trend.Dumps))+"```\n")
	x.choose = func(m model, chosen []int) (tea.Model, tea.Cmd) { return m, m.copyText(texts[chosen[0]]) }
	m.openMenu(x)
}

const copiedIDs = 10_000

func idList(s *trend.Series) string {
	return strings.Trim(fmt.Sprint(s.Bucket.IDs.First(copiedIDs)), "[]")
}
