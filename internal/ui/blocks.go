package ui

import (
	"fmt"
	"slices"

	"gdump/internal/blocked"
	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// showBlocks lists what goroutines wait for, the cursor on what those of the
// bucket in the list wait for. Enter goes to who keeps them waiting.
func (m *model) showBlocks() tea.Cmd {
	cursor := 0
	if i := m.selected(); i >= 0 {
		cursor = max(0, slices.Index(m.queues, m.waits[m.trend.Series[i].Bucket.ID]))
	}
	title := "who blocks whom"
	if n := len(m.report.Deadlocks); n > 0 {
		title += " · " + number.Plural(n, "deadlock", "deadlocks")
	}
	x := m.blockMenu(title, []string{"waiting", "for", "longest", "who keeps them waiting"})
	for _, i := range m.queues {
		r := &m.report.Resources[i]
		x.put(view.PadLeft(number.Group(r.Waiters), len("waiting")), diagnose.Resource(r), minutes(r.Longest), m.holders(r))
	}
	x.preview = func(m *model, i, w int) []line { return m.resourceText(&m.report.Resources[m.queues[i]], w) }
	x.choose = func(m *model, chosen []int) tea.Cmd {
		m.overlays = append(m.overlays, x) // Esc comes back to it
		return m.showSuspects(m.queues[chosen[0]])
	}
	m.openMenu(x, cursor)
	return nil
}

// showSuspects lists who keeps others waiting for a resource. Enter goes on to
// what the one under the cursor waits for itself, or to its stack.
func (m *model) showSuspects(resource int) tea.Cmd {
	r := &m.report.Resources[resource]
	if len(r.Suspects) == 0 {
		m.say("who keeps them waiting: "+m.holders(r), nil)
		return nil
	}
	x := m.blockMenu(fmt.Sprintf("%s %s for %s, kept waiting by", number.Plural(r.Waiters, "goroutine", "goroutines"), number.Word(r.Waiters, "waits", "wait"), diagnose.Resource(r)),
		[]string{"suspect", "how sure", "blocks", "state", "waits for itself"})
	for i := range r.Suspects {
		s := &r.Suspects[i]
		on := "–"
		if n := m.waitsFor(s); n >= 0 {
			on = diagnose.Resource(&m.report.Resources[n])
		}
		state := clean(s.State)
		if s.Wait > 0 {
			state += " " + number.Minutes(s.Wait)
		}
		x.put(m.diagnosis.Who(s), s.Confidence.String(), view.PadLeft(number.Group(s.Blocks), len("blocks")), state, on)
	}
	x.preview = func(m *model, i, w int) []line { return m.suspectText(&r.Suspects[i], w) }
	x.choose = func(m *model, chosen []int) tea.Cmd {
		s := &r.Suspects[chosen[0]]
		if n := m.waitsFor(s); n >= 0 && n != resource {
			m.overlays = append(m.overlays, x)
			return m.showSuspects(n)
		}
		m.overlays = nil
		m.goTo(m.diagnosis.Newest().Buckets[s.Bucket].ID)
		return nil
	}
	m.openMenu(x, 0)
	return nil
}

// blockMenu is a menu of resources or suspects.
func (m *model) blockMenu(title string, head []string) *menu {
	x := &menu{title: title, at: inBlocks}
	x.head.columns = head
	for _, h := range head {
		x.head.widths = append(x.head.widths, cells(h))
		x.head.cuts = append(x.head.cuts, nil)
	}
	return x
}

// put adds an item of columns.
func (x *menu) put(columns ...string) {
	for i, c := range columns {
		x.head.widths[i] = max(x.head.widths[i], cells(c))
	}
	x.items = append(x.items, item{columns: columns})
}

func minutes(n int) string {
	if n == 0 {
		return "–"
	}
	return number.Minutes(n)
}

// holders says in a few words who keeps the waiters of a resource waiting.
func (m *model) holders(r *blocked.Resource) string {
	switch {
	case r.Holder == blocked.Gone:
		return "nobody any more (proven)"
	case len(r.Suspects) == 0:
		return "not found"
	case r.Holder == blocked.OneOf:
		return fmt.Sprintf("one of %s", number.Group(len(r.Suspects)))
	}
	s := &r.Suspects[0]
	return fmt.Sprintf("%s (%s), %s", m.diagnosis.Who(s), s.Confidence, view.SiteName(m.bucketOf(s)))
}

func (m *model) bucketOf(s *blocked.Suspect) *goroutine.Bucket {
	return &m.diagnosis.Newest().Buckets[s.Bucket]
}

// resourceText is a resource in full: who waits, and who is suspected.
func (m *model) resourceText(r *blocked.Resource, w int) []line {
	text := fmt.Sprintf("%s %s for %s", number.Plural(r.Waiters, "goroutine", "goroutines"), number.Word(r.Waiters, "waits", "wait"), diagnose.Resource(r))
	if site := view.Show(r.Site); site.Place != "" {
		text += fmt.Sprintf(" in %s at %s", site.Name, site.Place)
	}
	if r.Longest > 0 {
		text += ", the longest for " + number.Minutes(r.Longest)
	}
	lines := wrapLine(line{text: text, kind: strongLine}, w)
	if r.MayBeMixed {
		lines = append(lines, line{text: "the dump does not show whether it is one or several"})
	}
	if len(r.Suspects) == 0 {
		return append(lines, line{text: "who keeps them waiting: " + m.holders(r)})
	}
	const most = 5
	for i := range r.Suspects[:min(most, len(r.Suspects))] {
		lines = append(lines, m.suspectLines(&r.Suspects[i], w)...)
	}
	return append(append(lines, line{}), m.stackOf(&r.Suspects[0], w)...)
}

// suspectLines say who a suspect is, what it does and why it is one.
func (m *model) suspectLines(s *blocked.Suspect, w int) []line {
	text := fmt.Sprintf("%s (%s) %s", m.diagnosis.Who(s), s.Confidence, m.diagnosis.Does(s))
	if why := diagnose.Because(s); why != "" {
		text += "; " + why
	}
	if s.Blocks > 0 {
		text += fmt.Sprintf("; blocks %s", number.Group(s.Blocks))
	}
	return wrapLine(line{text: text}, w)
}

func (m *model) suspectText(s *blocked.Suspect, w int) []line {
	return append(append(m.suspectLines(s, w), line{}), m.stackOf(s, w)...)
}

func (m *model) stackOf(s *blocked.Suspect, w int) []line {
	b := m.bucketOf(s)
	return stackText{dumps: 1, width: w}.lines(&trend.Series{Bucket: b, Counts: []int{b.Count}})
}

// waitsFor is the resource that a suspect waits for itself, -1 if it waits for
// none that is known.
func (m *model) waitsFor(s *blocked.Suspect) int {
	return slices.IndexFunc(m.report.Resources, func(r blocked.Resource) bool {
		return slices.Contains(r.Whole, s.Bucket) || s.ID != 0 && slices.ContainsFunc(r.Known, func(w blocked.Waiter) bool { return w.ID == s.ID })
	})
}

// waitNotes say what the goroutines of a bucket wait for, who may keep them
// waiting, and how many wait for them.
func (m *model) waitNotes(b *goroutine.Bucket) []string {
	var notes []string
	if i, ok := m.waits[b.ID]; ok && (len(m.report.Resources[i].Suspects) > 0 || lockLike(m.report.Resources[i].Kind)) {
		r := &m.report.Resources[i]
		text := "waits for " + diagnose.Resource(r)
		if others := r.Waiters - b.Count; others > 0 {
			text += fmt.Sprintf(", as %s", number.Plural(others, "other", "others"))
		}
		switch {
		case r.Holder == blocked.Gone:
			text += "; nobody holds it any more (proven)"
		case r.Holder == blocked.OneOf:
			text += fmt.Sprintf("; one of %s may keep it waiting", number.Group(len(r.Suspects)))
		case len(r.Suspects) == 0:
			text += "; who keeps it waiting is not found"
		default:
			s := &r.Suspects[0]
			sure := map[blocked.Confidence]string{blocked.Certain: "keeps", blocked.Probable: "probably keeps"}[s.Confidence]
			if sure == "" {
				sure = "may keep"
			}
			text += fmt.Sprintf("; %s in %s %s it waiting (> goes there)", m.diagnosis.Who(s), view.SiteName(m.bucketOf(s)), sure)
		}
		notes = append(notes, text)
	}
	if n := m.blocks[b.ID]; n > 0 {
		notes = append(notes, fmt.Sprintf("blocks %s (L shows whom)", number.Plural(n, "goroutine", "goroutines")))
	}
	return notes
}

// suspect is who keeps the goroutines of a series waiting, nil if nobody is known.
func (m *model) suspect(series int) *blocked.Suspect {
	if series < 0 {
		return nil
	}
	i, ok := m.waits[m.trend.Series[series].Bucket.ID]
	if !ok || len(m.report.Resources[i].Suspects) == 0 {
		return nil
	}
	return &m.report.Resources[i].Suspects[0]
}

// toSuspect goes to who keeps the bucket under the cursor waiting.
func (m *model) toSuspect() tea.Cmd {
	from := m.selected()
	if m.goTo(m.bucketOf(m.suspect(from)).ID) {
		m.trail = append(m.trail, from)
	}
	return nil
}

// toWaiter goes back.
func (m *model) toWaiter() tea.Cmd {
	last := len(m.trail) - 1
	m.goTo(m.trend.Series[m.trail[last]].Bucket.ID)
	m.trail = m.trail[:last]
	return nil
}
