package ui

import (
	"fmt"

	"gdump/internal/view"

	tea "github.com/charmbracelet/bubbletea"
)

// showEvidence shows what the verdict of the bucket under the cursor rests on.
func (m *model) showEvidence() tea.Cmd {
	s := &m.trend.Series[m.selected()]
	t := &text{title: fmt.Sprintf("evidence: %s %s", view.Name(s), s.Verdict)}
	for _, l := range view.Evidence(&m.trend, s) {
		t.wrapped = append(t.wrapped, line{text: l})
	}
	m.open(t)
	return nil
}

// showProblems lists what could not be read, and the notes of the comparison.
func (m *model) showProblems() tea.Cmd {
	t := &text{title: "problems and notes"}
	for _, l := range view.Trouble(&m.trend, 1000) {
		t.wrapped = append(t.wrapped, line{text: l})
	}
	for _, n := range view.Notes(&m.trend) {
		t.wrapped = append(t.wrapped, line{text: "note: " + n})
	}
	if m.trouble != "" {
		t.wrapped = append(t.wrapped, line{text: "error: " + clean(m.trouble), kind: badLine})
	}
	if t.wrapped == nil {
		m.say("no problems: everything was read", nil)
		return nil
	}
	m.open(t)
	return nil
}
