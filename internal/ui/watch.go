package ui

import (
	"context"
	"fmt"
	"time"

	"gdump/internal/goroutine"

	tea "github.com/charmbracelet/bubbletea"
)

// Sample is what a watched target said at one moment: a dump, or only how many
// goroutines there are, or why it said nothing.
type Sample struct {
	At         time.Time
	Goroutines int
	Dump       *goroutine.Dump // nil for a cheap sample
	Err        error
}

// Watch asks a target again and again and hands on what it says, until the
// context ends.
type Watch func(ctx context.Context, emit func(Sample)) error

const (
	keptDumps = 100         // of a watch; older ones go
	ageEvery  = time.Second // the age of what is on the screen is drawn anew
)

// live is a target that is being watched.
type live struct {
	samples chan Sample
	last    Sample // newest that was no error
	err     error  // of the newest, nil if it was none
	paused  bool
	held    []goroutine.Dump // that came while paused
	now     time.Time
}

// watchCmd runs the watch and hands its samples to the screen one by one.
func watchCmd(ctx context.Context, watch Watch, samples chan<- Sample) tea.Cmd {
	return func() tea.Msg {
		defer close(samples)
		err := watch(ctx, func(s Sample) {
			select {
			case samples <- s:
			case <-ctx.Done():
			}
		})
		if err != nil && ctx.Err() == nil {
			return sampledMsg{Err: err}
		}
		return nil
	}
}

// sampleCmd waits for one sample.
func sampleCmd(samples <-chan Sample) tea.Cmd {
	return func() tea.Msg {
		s, ok := <-samples
		if !ok {
			return nil
		}
		return sampledMsg(s)
	}
}

func ageCmd() tea.Cmd {
	return tea.Tick(ageEvery, func(t time.Time) tea.Msg { return agedMsg(t) })
}

// watch begins to watch, if that is what the screen is for.
func (m *model) watch() tea.Cmd {
	if m.config.Watch == nil {
		return nil
	}
	m.live = &live{samples: make(chan Sample), now: m.config.now()}
	return tea.Batch(watchCmd(m.ctx, m.config.Watch, m.live.samples), sampleCmd(m.live.samples), ageCmd())
}

// sampled takes a sample. A dump joins the others, unless the screen is held.
func (m *model) sampled(s Sample) tea.Cmd {
	l := m.live
	next := sampleCmd(l.samples)
	if l.err = s.Err; s.Err != nil {
		return next
	}
	l.last = s
	if s.Dump == nil {
		return next
	}
	l.held = append(l.held[:len(l.held):len(l.held)], *s.Dump)
	if l.paused {
		return next
	}
	return tea.Batch(m.release(), next)
}

// release shows the dumps that were held. Who looks at one dump of the past
// goes on looking at it.
func (m *model) release() tea.Cmd {
	all := len(m.looking) == len(m.dumps)
	m.dumps = append(m.dumps[:len(m.dumps):len(m.dumps)], m.live.held...)
	m.live.held = nil
	if over := len(m.dumps) - keptDumps; over > 0 {
		m.dumps = m.dumps[over:]
		for i := range m.looking {
			m.looking[i] = max(0, m.looking[i]-over)
		}
	}
	if !all {
		return nil
	}
	m.looking = m.looking[:0:0]
	for i := range m.dumps {
		m.looking = append(m.looking, i)
	}
	return m.compare()
}

// pause holds the screen, or lets it go on.
func (m *model) pause() tea.Cmd {
	if m.live.paused = !m.live.paused; m.live.paused {
		return nil
	}
	return m.release()
}

// refresh asks for a dump right away.
func (m *model) refresh() tea.Cmd {
	ask := m.config.Refresh
	if ask == nil {
		return nil
	}
	m.say("asked for a dump", nil)
	return func() tea.Msg {
		ask()
		return nil
	}
}

// status says how fresh the screen is.
func (l *live) status() string {
	age := ""
	if !l.last.At.IsZero() {
		age = fmt.Sprintf("%ds ago", int(max(0, l.now.Sub(l.last.At)).Seconds()))
	}
	switch {
	case l.paused:
		return fmt.Sprintf("paused, %d newer", len(l.held))
	case l.err != nil:
		return "! " + clean(l.err.Error()) + ", last answer " + age
	}
	return "watch ● " + age
}
