package ui

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	tea "github.com/charmbracelet/bubbletea"
)

// diagnosed is what a diagnosis says, worked out before it is shown.
type diagnosed struct {
	diagnosis *diagnose.Diagnosis
	findings  []diagnose.Finding // at least one
	rest      []string           // what else a single dump shows, a line each
	report    *blocked.Report
	queues    []int                // the resources worth a look
	waits     map[goroutine.ID]int // by bucket of the newest dump: the one of those that it waits for
	blocks    map[goroutine.ID]int // by bucket: how many goroutines it keeps waiting
	idle      map[goroutine.ID]bool
}

func diagnosedBy(d *diagnose.Diagnosis) diagnosed {
	x := diagnosed{
		diagnosis: d, findings: d.Findings(), report: d.Blocked(),
		waits: map[goroutine.ID]int{}, blocks: map[goroutine.ID]int{}, idle: map[goroutine.ID]bool{},
	}
	newest := d.Newest()
	if newest == nil {
		return x
	}
	for i := range x.report.Resources {
		r := &x.report.Resources[i]
		if !telling(r) {
			continue
		}
		x.queues = append(x.queues, i)
		for _, b := range r.Buckets {
			if id := newest.Buckets[b].ID; !has(x.waits, id) {
				x.waits[id] = i
			}
		}
		for _, s := range r.Suspects {
			if id := newest.Buckets[s.Bucket].ID; s.Confidence >= blocked.Probable {
				x.blocks[id] = max(x.blocks[id], s.Blocks)
			}
		}
	}
	for i, why := range x.report.Idle {
		if why != "" {
			x.idle[newest.Buckets[i].ID] = true
		}
	}
	if len(d.Trend.Dumps) == 1 {
		if rest := d.Rest(); rest != "" {
			x.rest = append(x.rest, rest)
		}
		if s := view.States(view.DumpStates(newest), 4); s != "" && newest.Goroutines > 1 {
			x.rest = append(x.rest, "states: "+s)
		}
	}
	return x
}

// telling reports whether it is worth a look that goroutines wait for a
// resource: somebody has it, or may have. Nearly every goroutine waits for a
// channel that nobody has.
func telling(r *blocked.Resource) bool {
	return lockLike(r.Kind) || len(r.Suspects) > 0 || r.Proven || r.Pattern != ""
}

// lockLike reports whether somebody has a resource of a kind while others wait.
func lockLike(k blocked.Kind) bool {
	switch k {
	case blocked.Chan, blocked.NilChan, blocked.Select, blocked.Cond:
		return false
	}
	return true
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// diagnose asks for the diagnosis with the source at hand. It takes long where
// there is much source: what is known without it is on the screen already.
func (m *model) diagnose() tea.Cmd {
	if m.config.Package == nil || len(m.queues) == 0 {
		return nil
	}
	t, first, source := *m.diagnosis.Trend, &m.trend.Series[0], m.config.Package
	return func() tea.Msg { return diagnosedMsg{diagnosedBy(diagnose.Of(&t, source)), first} }
}

// rediagnosed takes the diagnosis, if its trend is still on the screen. The cursor
// goes to what the first finding is about, unless it has been moved.
func (m *model) rediagnosed(msg diagnosedMsg) tea.Cmd {
	if len(m.trend.Series) == 0 || msg.of != &m.trend.Series[0] {
		return nil
	}
	m.diagnosed = msg.diagnosed
	sorted := m.order.column >= 0 && m.order.column < len(m.columns)
	title := ""
	if sorted {
		title = m.columns[m.order.column].Title
	}
	m.measure()
	if sorted {
		m.order.column = slices.IndexFunc(m.columns, func(c view.Column) bool { return c.Title == title })
	}
	m.resize()
	lead := leadOf(&m.trend, &m.findings[0])
	if lead < 0 || m.moved || m.live != nil || m.diagnosis.Culprit() >= 0 {
		return nil
	}
	m.wanted = identity(&m.trend.Series[lead])
	return m.arrange()
}

// findingLines are the first two findings in at most most lines: the first with
// what is known of it, the second in a line.
func (m *model) findingLines(most int) []line {
	first := &m.findings[0]
	kind := lineOf(first.Kind)
	w := m.width - 2
	var second []line
	if len(m.findings) > 1 && most > 1 {
		second = []line{{text: m.secondFinding(w), kind: lineOf(m.findings[1].Kind)}}
	}
	room := most - len(second)
	lines := wrapLine(line{text: first.Says, kind: kind}, w)
	details := []string{joined(append([]string{first.Where}, first.Evidence...)), joined(first.Limits), first.Advice()}
	if len(second) == 0 {
		details = append(details, m.rest...)
	}
	for _, text := range details {
		if text != "" && len(lines) < room {
			lines = append(lines, wrapLine(line{text: text}, w)...)
		}
	}
	if len(lines) > room {
		lines = lines[:room]
		lines[room-1].text = cutEnd(lines[room-1].text, w)
	}
	lines = append(lines, second...)
	if len(second) > 0 && len(m.rest) > 0 && len(lines) < most {
		lines = append(lines, line{text: view.CutEnd(m.rest[0], w)})
	}
	return lines
}

// secondFinding is the second finding in a line of w cells, and how many more
// there are.
func (m *model) secondFinding(w int) string {
	more := ""
	if n := len(m.findings) - 2; n > 0 {
		more = fmt.Sprintf(" · %d more (f)", n)
	}
	return view.CutEnd(m.findings[1].Says, w-cells(more)) + more
}

// cutEnd marks that a text goes on after its end.
func cutEnd(s string, w int) string { return view.CutEnd(s+" …", w) }

func lineOf(k diagnose.Kind) kind {
	switch view.Weight(k) {
	case view.Bad:
		return badLine
	case view.Good:
		return goodLine
	default:
		return plainLine
	}
}

func joined(parts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), "; ")
}

// showFindings lists all findings; below is what is known of the one under the
// cursor. Enter goes to its goroutines.
func (m *model) showFindings() tea.Cmd {
	x := &menu{title: number.Plural(len(m.findings), "finding", "findings"), at: inFindings}
	x.head = item{columns: []string{"kind", "finding"}, widths: []int{len("kind"), len("finding")}, cuts: []func(string, int) string{nil, nil}}
	for i := range m.findings {
		f := &m.findings[i]
		x.put(f.Code(), strings.TrimPrefix(f.Says, string(f.Kind)+": "))
	}
	x.preview = func(m *model, i, w int) []line { return findingText(&m.findings[i], w) }
	x.choose = func(m *model, chosen []int) tea.Cmd {
		f := &m.findings[chosen[0]]
		if len(f.Buckets) == 0 {
			m.say("no goroutines of its own: "+f.Says, nil)
			return nil
		}
		m.goTo(f.Buckets[0])
		return nil
	}
	m.openMenu(x, 0)
	return nil
}

// findingText is a finding in full.
func findingText(f *diagnose.Finding, w int) []line {
	const names = len("confidence") + 2
	lines := wrapLine(line{text: f.Says, kind: strongLine}, w)
	add := func(name, text string) {
		if text == "" {
			return
		}
		for i, l := range wrapLine(line{text: text}, w-names) {
			if i > 0 {
				name = ""
			}
			lines = append(lines, line{text: pad(name, names) + l.text})
		}
	}
	add("where", f.Where)
	for _, e := range f.Evidence {
		add("evidence", e)
	}
	for _, l := range f.Limits {
		add("open", l)
	}
	add("remedy", f.Remedy)
	add("link", f.Link)
	if f.Confidence > 0 {
		add("confidence", fmt.Sprintf("%d %%", int(100*f.Confidence+0.5)))
	}
	return lines
}

// goTo puts the cursor of the list on a bucket of the newest dump.
func (m *model) goTo(id goroutine.ID) bool {
	i := slices.IndexFunc(m.trend.Series, func(s trend.Series) bool { return s.Bucket.ID == id })
	switch {
	case m.grouped():
		m.refuse("goroutines are grouped: press B until they are listed by stack")
	case i < 0:
		m.refuse("its goroutines are not in the list")
	case !m.choose(i):
		m.refuse("its bucket is hidden: esc clears the filter, . shows what is idle")
	default:
		m.moved = true
		m.showStack()
		return true
	}
	m.showStack()
	return false
}
