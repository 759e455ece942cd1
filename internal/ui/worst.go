package ui

import (
	"fmt"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// Worst takes full dumps of single instances of a fleet.
type Worst struct {
	// Cost says, of a process with so many goroutines, for how long it stops.
	Cost func(goroutines int) string
	// Take saves the dump of an instance in a folder, and returns the file.
	Take func(instance, folder string) (file string, err error)
}

// askWorst says what a full dump of the instance that has most of the row costs
// it, and asks for the folder to save it in.
func (m *model) askWorst() tea.Cmd {
	instance, n := m.worst()
	if instance == nil {
		m.refuse("no instance has any of it")
		return nil
	}
	take, name := m.config.Worst.Take, instance.Name
	label := fmt.Sprintf("full dump of %s (%s here): stops it for about %s; to folder: ", clean(name), number.Group(n), m.config.Worst.Cost(instance.Goroutines))
	m.ask(prompt{label: label, enter: "take", esc: "back", entered: func(folder string) tea.Cmd {
		return func() tea.Msg {
			file, err := take(name, folder)
			return worstMsg{name, file, err}
		}
	}}, ".")
	return nil
}

// worstMsg is a full dump that was taken of an instance.
type worstMsg struct {
	instance, file string
	err            error
}

// tookWorst says where the dump is.
func (m *model) tookWorst(msg worstMsg) {
	if msg.err != nil {
		m.say("", msg.err)
		return
	}
	m.say(fmt.Sprintf("the dump of %s is in %s", clean(msg.instance), clean(msg.file)), nil)
}

// worst is the instance that has most of the row under the cursor, and how many.
func (m *model) worst() (*goroutine.Instance, int) {
	s := &m.trend.Series[m.selected()]
	if m.grouped() && m.members.by.Instance != nil {
		return m.members.largest(s.Name)
	}
	if s.Bucket == nil || s.Bucket.Spread == nil {
		return nil, 0
	}
	return s.Bucket.Spread.Worst()
}

// hasInstances reports whether the row under the cursor is of instances that can
// be asked.
func hasInstances(m *model) bool {
	return m.config.Worst != nil && m.ofFleet && m.selected() >= 0 && m.selected() < len(m.trend.Series)
}
