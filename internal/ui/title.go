package ui

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

// titleView shows which dumps these are and how large.
func (m *model) titleView() string {
	dumps := m.trend.Dumps
	last := &dumps[len(dumps)-1]
	position, name := "", clean(dumps[0].Source)
	facts := []string{number.Plural(last.Goroutines, "goroutine", "goroutines")}
	buckets := number.Plural(len(last.Buckets), "bucket", "buckets")
	if !m.grouped() {
		buckets = number.Plural(m.buckets(), "bucket", "buckets")
	}
	if len(dumps) == 1 {
		if len(m.dumps) > 1 {
			position = fmt.Sprintf("%d of %d · ", m.looking[0]+1, len(m.dumps))
			name = unnumbered(name)
		}
		facts = append(facts, buckets, string(last.Level))
		if last.GoVersion != "" {
			facts = append(facts, last.GoVersion)
		}
		if !last.TakenAt.IsZero() {
			facts = append(facts, last.TakenAt.Local().Format("2006-01-02 15:04:05 MST"))
		}
	} else {
		name += " → " + m.after(last)
		if n := len(dumps) - 2; n > 0 {
			name += fmt.Sprintf(" (+%d between)", n)
		}
		facts[0] = number.Group(dumps[0].Goroutines) + " → " + facts[0]
		facts = append(facts, buckets)
		if len(dumps) > 2 {
			facts = append(facts, number.Plural(len(dumps), "dump", "dumps"))
		}
		if s := view.Span(&m.trend); s != "" {
			facts[len(facts)-1] += " over " + s
		}
	}
	const head = " gdump  "
	right := strings.Join(facts, " · ") + " "
	// What says least goes first: folders, then facts, then the front of the name.
	if m.config.Over == nil && cells(head+position+name+right)+2 > m.width {
		name = strings.ReplaceAll(name, unnumbered(clean(dumps[0].Source)), shortSource(unnumbered(clean(dumps[0].Source))))
		name = strings.ReplaceAll(name, clean(last.Source), shortSource(clean(last.Source)))
	}
	for len(facts) > 1 && cells(head+position+name+right)+2 > m.width {
		facts = facts[:len(facts)-1]
		right = strings.Join(facts, " · ") + " "
	}
	switch room := m.width - cells(head+position+right) - 2; {
	case room >= 8 || position == "":
		name = position + view.CutFront(name, max(8, room))
	default:
		name = strings.TrimSuffix(position, " · ")
	}
	return spread(m.theme.Title.Render(head)+m.theme.Strong.Render(name), right, m.width)
}

// after is the source of the last dump, behind that of the first. Over time both
// are of one server, and only the moment differs.
func (m *model) after(last *goroutine.Dump) string {
	first, source := m.trend.Dumps[0].Source, last.Source
	if at := strings.LastIndexByte(first, ' ') + 1; m.config.Over != nil && strings.HasPrefix(source, first[:at]) {
		source = source[at:]
	}
	return clean(source)
}

// shortSource is a source without its folders, or the host of a URL.
func shortSource(name string) string {
	if _, rest, ok := strings.Cut(name, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		return host
	}
	return goroutine.Base(name)
}

func (m *model) headlineView() []string {
	var lines []string
	all := m.headline()
	for _, l := range all[:min(len(all), m.layout.headline)] {
		lines = append(lines, m.style(all[0].kind).Render("▌")+m.style(l.kind).Render(l.text))
	}
	for len(lines) < m.layout.headline {
		lines = append(lines, "")
	}
	return lines
}

// headline is the lines under the title: the findings, and what could not be
// read.
func (m *model) headline() []line {
	if len(m.trend.Dumps) == 0 || m.width < minWidth {
		return nil
	}
	most := mostHeadline(m.height)
	var notes []line
	if w := m.warning(); w != "" {
		notes = append(notes, line{text: ansi.Truncate(w, m.width-2, "…"), kind: warnLine})
	}
	if m.live != nil {
		notes = append(notes, m.liveView())
	}
	notes = notes[max(0, len(notes)+1-most):]
	return append(m.findingLines(most-len(notes)), notes...)
}

// warning says in a line that something was not read, or that there are notes.
func (m *model) warning() string {
	var parts []string
	problems := 0
	for i := range m.trend.Dumps {
		d := &m.trend.Dumps[i]
		problems += len(d.Problems)
		if d.Truncated {
			parts = append(parts, shortSource(clean(d.Source))+" is cut off")
		}
	}
	if problems > 0 {
		parts = append(parts, number.Plural(problems, "problem", "problems")+" in what was read")
	}
	if len(m.trend.Warnings) > 0 {
		parts = append(parts, number.Plural(len(m.trend.Warnings), "note", "notes"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "! " + strings.Join(parts, ", ") + " (! shows)"
}
