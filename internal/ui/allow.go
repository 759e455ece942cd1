package ui

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"

	tea "github.com/charmbracelet/bubbletea"
)

// Allow adds an entry for a bucket to the allow list. It returns the file's name
// and what is in it then.
type Allow func(b *goroutine.Bucket, reason string) (name, content string, err error)

// askAllow asks why the bucket under the cursor is accepted, writes an entry for
// it into the allow list and shows that.
func (m *model) askAllow() tea.Cmd {
	allow, b := m.config.Allow, m.trend.Series[m.selected()].Bucket
	m.ask(prompt{label: "accepted in gdump check, because: ", enter: "write", esc: "back", past: &m.reasons, entered: func(reason string) tea.Cmd {
		if reason == "" {
			m.refuse("nothing written: an entry of the allow list needs a reason")
			return nil
		}
		return func() tea.Msg {
			name, content, err := allow(b, reason)
			return allowedMsg{name, content, err}
		}
	}}, "")
	return nil
}

// allowedMsg is the allow list with a new entry at its end.
type allowedMsg struct {
	name, content string
	err           error
}

// allowed shows the allow list, its new entry in sight.
func (m *model) allowed(msg allowedMsg) {
	if msg.err != nil {
		m.say("", msg.err)
		return
	}
	t := &text{title: clean(msg.name)}
	for l := range strings.SplitSeq(strings.TrimRight(msg.content, "\n"), "\n") {
		t.wrapped = append(t.wrapped, line{text: clean(l)})
	}
	m.open(t)
	t.page.to(true)
	m.say(fmt.Sprintf("wrote an entry to %s: gdump check excuses it", msg.name), nil)
}
