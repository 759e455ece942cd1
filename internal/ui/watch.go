package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

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
	keptDumps  = 100 // of a watch; older ones go
	keptTotals = 60
	sparkCells = 12
	ageEvery   = time.Second // the age of what is on the screen is drawn anew
)

// live is a target that is being watched.
type live struct {
	samples chan Sample
	last    Sample // newest with a number of goroutines
	totals  []int  // of goroutines, the newest last
	next    time.Time
	err     error     // of the newest, nil if it was none
	pulled  time.Time // when the newest dump came
	failing time.Time // since when there are only errors; zero if there are none
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
	switch l.err = s.Err; {
	case s.Err == nil:
		l.failing = time.Time{}
	case l.failing.IsZero():
		l.failing = l.now
	}
	if s.Dump != nil && s.Goroutines == 0 {
		s.Goroutines = s.Dump.Goroutines
	}
	if s.Goroutines > 0 {
		l.last = s
		l.totals = append(l.totals, s.Goroutines)
		l.totals = l.totals[max(0, len(l.totals)-keptTotals):]
	}
	if s.Dump == nil {
		return next
	}
	l.pulled = s.At
	l.held = append(l.held[max(0, len(l.held)-keptDumps+1):len(l.held):len(l.held)], *s.Dump)
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

// liveView is the line that says what the target does now, and of when what is
// on the screen is. What says least goes first where there is no room.
func (m *model) liveView() line {
	l := m.live
	shown := len(m.trend.Dumps) - 1
	at := m.trend.Dumps[shown].TakenAt
	if at.IsZero() {
		at = l.pulled
	}
	screen := fmt.Sprintf("dump %d of %d", m.looking[len(m.looking)-1]+1, len(m.dumps)+len(l.held))
	if !at.IsZero() {
		screen += ", " + age(l.now.Sub(at)) + " old"
	}
	total, spark, ago := "no answer yet", "", ""
	if !l.last.At.IsZero() {
		total, ago = number.Group(l.last.Goroutines), " "+age(l.now.Sub(l.last.At))+" ago"
		if len(l.totals) > 1 {
			spark = " " + view.History(l.totals, sparkCells)
		}
	}
	if l.err != nil {
		text := " · last: " + total + spark + ago + " · " + screen
		if d := l.now.Sub(l.failing); d >= time.Minute {
			text = " for " + age(d) + text
		}
		return line{text: "! " + view.CutMiddle(clean(l.err.Error()), max(16, m.width-4-cells(text))) + text, kind: warnLine}
	}
	text := "live ● "
	if l.paused {
		text = fmt.Sprintf("paused, %d newer · ", len(l.held))
	}
	if text += total; ago != "" {
		text += number.Word(l.last.Goroutines, " goroutine", " goroutines") + spark + ago
	}
	for _, p := range []string{"screen: " + screen, m.suspects()} {
		if cells(text+" · "+p) <= m.width-2 {
			text += " · " + p
		}
	}
	return line{text: text}
}

// suspects counts what grows so far.
func (m *model) suspects() string {
	sure, maybe := 0, 0
	for i := range m.trend.Series {
		if m.folded.has(i) {
			continue
		}
		switch m.trend.Series[i].Verdict {
		case trend.Accumulating:
			sure++
		case trend.Growing:
			maybe++
		}
	}
	switch {
	case len(m.trend.Dumps) < 2:
		return "suspects: one dump shows none"
	case sure+maybe == 0:
		return "no suspects so far"
	case maybe == 0:
		return number.Plural(sure, "suspect", "suspects")
	case sure == 0:
		return number.Plural(maybe, "possible suspect", "possible suspects")
	}
	return fmt.Sprintf("%s, %d more possible", number.Plural(sure, "suspect", "suspects"), maybe)
}

// age is how long something is ago, to the second below a minute.
func age(d time.Duration) string {
	if d = max(0, d); d < time.Minute {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return number.Span(d)
}

// waiting reports whether a watch has no dump to show yet.
func (m *model) waiting() bool { return m.live != nil && !m.loading && len(m.trend.Dumps) == 0 }

// waitingView says why there is nothing to show, and when that may change.
func (m *model) waitingView() []string {
	title := m.theme.Title.Render(" gdump") + "  " + clean(strings.Join(m.config.Names, " → "))
	lines := []string{spread(title, "watch ", m.width), ""}
	text := func(s string, k kind) {
		for _, l := range wrapLine(line{text: s, kind: k}, m.width-4) {
			lines = append(lines, "  "+m.style(l.kind).Render(l.text))
		}
	}
	text("no dump yet", strongLine)
	if m.live.err != nil {
		text("! "+clean(m.live.err.Error()), warnLine)
	}
	if d := m.live.now.Sub(m.live.failing); !m.live.failing.IsZero() && d >= time.Second {
		text("no answer for "+age(d), plainLine)
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
