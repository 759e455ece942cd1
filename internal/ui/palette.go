package ui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// showPalette lists the commands that work here.
func (m *model) showPalette() tea.Cmd {
	at := m.here()
	var commands []*binding
	x := &menu{title: "commands", finds: true}
	for i := range m.bindings {
		b := &m.bindings[i]
		if b.topic == "move" || b.where&at == 0 {
			continue
		}
		commands = append(commands, b)
		x.items = append(x.items, item{text: b.help, tail: strings.Join(b.shown(), " ")})
	}
	x.choose = func(m *model, chosen []int) tea.Cmd {
		b := commands[chosen[0]]
		if lacks := b.lacks(m); lacks != nil {
			m.say(lacks.why, nil)
			return nil
		}
		return b.do(m)
	}
	m.openMenu(x, 0)
	return nil
}
