package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gdump/internal/goroutine"

	tea "github.com/charmbracelet/bubbletea"
)

// Sample is what a watched target said at one moment: a dump, or only how many
// goroutines there are, or why it said nothing.
type Sample struct {
	At         time.Time
	Next       time.Time // of the next one; zero if it is not known
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
	next    time.Time
	err     error // of the newest, nil if it was none
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
	l.next = s.Next
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
	m.say("requested a dump", nil)
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
	case l.err != nil && age == "":
		return "! no answer yet"
	case l.err != nil:
		return "! " + clean(l.err.Error()) + ", last answer " + age
	}
	return "watch ● " + age
}

// waiting reports whether a watch has no dump to show yet.
func (m *model) waiting() bool { return m.live != nil && !m.loading && len(m.trend.Dumps) == 0 }

// waitingView says why there is nothing to show, and when that may change.
func (m *model) waitingView() []string {
	title := m.theme.Title.Render(" gdump") + "  " + clean(strings.Join(m.config.Names, " → "))
	lines := []string{spread(title, m.live.status()+" ", m.width), ""}
	text := func(s string, k kind) {
		for _, l := range wrapLine(line{text: s, kind: k}, m.width-4) {
			lines = append(lines, "  "+m.style(l.kind).Render(l.text))
		}
	}
	text("no dump yet", strongLine)
	if m.live.err != nil {
		text("! "+clean(m.live.err.Error()), warnLine)
	}
	next := "trying now"
	if wait := m.live.next.Sub(m.live.now); wait > 0 {
		next = "next try in " + wait.Round(time.Second).String()
	}
	text(next, plainLine)
	for len(lines) < m.height-2 {
		lines = append(lines, "")
	}
	return append(lines[:max(0, m.height-2)], m.statusView(), m.keysView())
}
