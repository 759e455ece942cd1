//go:build !unix

package ui

import tea "github.com/charmbracelet/bubbletea"

// stops has nothing to do where processes cannot be stopped.
type stops struct{}

func newStops() *stops { return &stops{} }

func (*stops) serve(*tea.Program) {}

func (*stops) suspend() tea.Msg { return tea.SuspendMsg{} }

func (*stops) resumed() {}

func (*stops) close() {}
