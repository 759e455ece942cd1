package ui

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

func clean(s string) string { return goroutine.Clean(s) }

// cells is how wide a text is on the screen.
func cells(s string) int { return ansi.StringWidth(s) }

// View draws the screen: exactly height lines of exactly width cells.
func (m model) View() string {
	if m.config.ASCII {
		return plainGlyphs.Replace(m.draw())
	}
	return m.draw()
}

// plainGlyphs draws with what every terminal has, cell for cell.
var plainGlyphs = strings.NewReplacer("▸", ">", "▌", "|", "▏", "_", "│", "|", "┬", "+", "┴", "+", "─", "-", "━", "=", "▲", "^", "▼", "v",
	"–", "-", "·", ".", "…", "~", "→", ">", "←", "<", "↑", "^", "↓", "v", "≤", "<", "●", "*", "█", "#", "░", ".",
	"▁", "_", "▂", "_", "▃", ".", "▄", "-", "▅", "-", "▆", "=", "▇", "=", "‹", "<", "›", ">")

func (m *model) draw() string {
	switch {
	case m.width <= 0 || m.height <= 0:
		return ""
	case m.width < minWidth || m.height < minHeight:
		return m.whole([]string{fmt.Sprintf("terminal too small (%dx%d, need %dx%d)", m.width, m.height, minWidth, minHeight)})
	case m.loading && !m.filling():
		return m.whole(m.loadingView())
	case m.waiting() && m.overlay == noOverlay:
		return m.whole(m.waitingView())
	case m.overlay == menuOverlay:
		return m.whole(m.menuView())
	case m.overlay != noOverlay:
		return m.whole(m.overlayView())
	}
	lines := append([]string{m.titleView()}, m.headlineView()...)
	lines = append(lines, m.bodyView()...)
	return m.whole(append(lines, m.statusView(), m.keysView()))
}

// whole makes lines the size of the window.
func (m *model) whole(lines []string) string {
	out := make([]string, m.height)
	for i := range out {
		if i < len(lines) {
			out[i] = fit(lines[i], m.width)
		} else {
			out[i] = strings.Repeat(" ", m.width)
		}
	}
	return strings.Join(out, "\n")
}

// fit cuts or fills a drawn line to w cells.
func fit(s string, w int) string { return pad(ansi.Truncate(s, w, "…"), w) }

// spread puts a text at the left and another at the right end of w cells; the
// right one gives way.
func spread(left, right string, w int) string {
	room := w - cells(left)
	if room < cells(right)+2 {
		return fit(left, w)
	}
	return left + strings.Repeat(" ", room-cells(right)) + right
}

func (m *model) loadingView() []string {
	lines := []string{m.theme.Title.Render(" gdump") + "  " + clean(strings.Join(m.config.Names, " → ")), ""}
	if !m.slow {
		return lines
	}
	return append(lines, " "+m.bar(min(40, m.width-10)), " "+m.readSoFar(), "", " "+m.theme.Key.Render("esc")+" stop and show what was read")
}

// bar draws how much of a source of known size was read, in w cells and the
// percentage.
func (m *model) bar(w int) string {
	size := m.config.Size
	if size <= 0 || w <= 0 {
		return ""
	}
	share := min(1, float64(m.progress.Bytes)/float64(size))
	full := int(share * float64(w))
	return strings.Repeat("█", full) + m.theme.Faint.Render(strings.Repeat("░", w-full)) + fmt.Sprintf(" %3d%%", int(share*100))
}

// readSoFar shows bytes, rate and goroutines.
func (m *model) readSoFar() string {
	const mib = 1 << 20
	p := m.progress
	doing := "reading  "
	if m.stopping {
		doing = "stopping  "
	}
	read := fmt.Sprintf("%.1f MiB", float64(p.Bytes)/mib)
	if size := m.config.Size; size > 0 {
		read += fmt.Sprintf(" of %.1f MiB", float64(size)/mib)
	}
	if s := m.config.now().Sub(m.started).Seconds(); s > 0 {
		read += fmt.Sprintf(", %.0f MiB/s", float64(p.Bytes)/mib/s)
	}
	return doing + read + " · " + number.Plural(p.Goroutines, "goroutine", "goroutines")
}

// titleView shows which dumps these are and how large.
func (m *model) titleView() string {
	dumps := m.trend.Dumps
	last := &dumps[len(dumps)-1]
	position, name := "", clean(dumps[0].Source)
	facts := []string{number.Plural(last.Goroutines, "goroutine", "goroutines")}
	buckets := number.Plural(len(last.Buckets), "bucket", "buckets")
	if !m.grouped() {
		buckets = number.Plural(len(m.trend.Series), "bucket", "buckets")
	}
	if len(dumps) == 1 {
		if len(m.dumps) > 1 {
			position = fmt.Sprintf("%d of %d · ", m.looking[0]+1, len(m.dumps))
		}
		facts = append(facts, buckets, string(last.Level))
		if last.GoVersion != "" {
			facts = append(facts, last.GoVersion)
		}
		if !last.TakenAt.IsZero() {
			facts = append(facts, last.TakenAt.Local().Format("2006-01-02 15:04:05 MST"))
		}
	} else {
		name += " → " + clean(last.Source)
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
	status := " "
	if m.live != nil {
		status = "   " + ansi.Truncate(m.live.status(), m.width/2, "…") + " "
	}
	right := strings.Join(facts, " · ") + status
	// What says least goes first: folders, then facts, then the front of the name.
	if cells(head+position+name+right)+2 > m.width {
		name = strings.ReplaceAll(name, clean(dumps[0].Source), shortSource(clean(dumps[0].Source)))
		name = strings.ReplaceAll(name, clean(last.Source), shortSource(clean(last.Source)))
	}
	for len(facts) > 1 && cells(head+position+name+right)+2 > m.width {
		facts = facts[:len(facts)-1]
		right = strings.Join(facts, " · ") + status
	}
	switch room := m.width - cells(head+position+right) - 2; {
	case room >= 8 || position == "":
		name = position + view.CutFront(name, max(8, room))
	default:
		name = strings.TrimSuffix(position, " · ")
	}
	return spread(m.theme.Title.Render(head)+m.theme.Strong.Render(name), right, m.width)
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
		style := m.style(l.kind)
		if l.kind == plainLine {
			style = lipgloss.NewStyle()
		}
		lines = append(lines, m.style(all[0].kind).Render("▌")+style.Render(l.text))
	}
	for len(lines) < m.layout.headline {
		lines = append(lines, "")
	}
	return lines
}

func (m *model) style(k kind) lipgloss.Style {
	switch k {
	case strongLine:
		return m.theme.Strong
	case faintLine:
		return m.theme.Faint
	case warnLine:
		return m.theme.Warn
	case badLine:
		return m.theme.Bad
	case goodLine:
		return m.theme.Good
	default:
		return lipgloss.NewStyle()
	}
}

func (m *model) bodyView() []string {
	left, right := m.listView(), m.stackView()
	if !m.layout.side {
		return append(left, right...)
	}
	for i := range left {
		bar := "│"
		if i == 0 {
			bar = "┬"
		}
		left[i] = left[i] + m.theme.Faint.Render(bar) + right[i]
	}
	return left
}

// rule is the line above a pane: its title, and whether keys go to it.
func (m *model) rule(title, right string, w int, focused bool) string {
	dash, style := "─", m.theme.Faint
	if focused {
		dash, style = "━", m.theme.Title
	}
	title = ansi.Truncate(title, max(0, w-6), "…")
	room := w - cells(title) - 4
	if right != "" && room > cells(right)+4 {
		right = " " + right + " "
	} else {
		right = ""
	}
	fill := max(0, room-cells(right)-1)
	s := style.Render(strings.Repeat(dash, 1)+" ") + style.Render(title) + style.Render(" "+strings.Repeat(dash, fill))
	if right != "" {
		s += m.theme.Faint.Render(right) + style.Render(strings.Repeat(dash, 2))
	} else {
		s += style.Render(strings.Repeat(dash, 2))
	}
	return fit(s, w)
}

func (m *model) listView() []string {
	r := m.layout.list
	if r.w == 0 {
		return nil
	}
	lines := []string{m.rule(m.listTitle(), m.position(), r.w, m.focus == listPane)}
	if m.tree {
		lines = append(lines, m.treeTitles(r.w))
	} else {
		lines = append(lines, m.columnTitles(r.w))
	}
	from, to := m.list.Visible()
	for i := from; i < to; i++ {
		if m.tree {
			lines = append(lines, m.branchView(i, i == m.list.Cursor, r.w))
		} else {
			lines = append(lines, m.rowView(m.rows[i], i == m.list.Cursor, r.w))
		}
	}
	if to == 0 {
		lines = append(lines, "", "  "+m.emptyView())
	}
	for len(lines) < r.h {
		lines = append(lines, "")
	}
	for i := range lines {
		lines[i] = fit(lines[i], r.w)
	}
	return lines[:r.h]
}

// listTitle shows how many buckets are listed, and why not all.
func (m *model) listTitle() string {
	title := number.Plural(len(m.trend.Series), "bucket", "buckets")
	if m.grouped() {
		title = number.Plural(len(m.trend.Series), "group", "groups") + " by " + clean(m.trend.By)
	}
	if m.applied != "" {
		title = fmt.Sprintf("%s of %s · filter: %s", number.Group(len(m.rows)), title, clean(m.applied))
	}
	if m.hidden > 0 {
		title += fmt.Sprintf(" · %s of Go itself hidden (%s)", number.Group(m.hidden), keys.fold.Help().Key)
	}
	if m.tree {
		title += " · tree"
	}
	return title
}

// emptyView says why the list is empty, and the way on.
func (m *model) emptyView() string {
	switch {
	case m.applied != "":
		return "nothing matches " + clean(m.applied) + " (esc clears the filter)"
	case m.hidden > 0:
		return "only goroutines of Go itself (. shows them)"
	}
	return "no goroutines"
}

// position shows where in a long list the cursor is.
func (m *model) position() string {
	if m.list.Len() <= m.list.Height() {
		return ""
	}
	return fmt.Sprintf("%s/%s", number.Group(m.list.Cursor+1), number.Group(m.list.Len()))
}

func (m *model) columnTitles(w int) string {
	sorted, mark := m.order.column, "▼"
	if sorted < 0 {
		sorted = 0
	}
	if m.columns[sorted].Right == m.order.reversed {
		mark = "▲"
	}
	var b strings.Builder
	for i := range m.columns {
		c := &m.columns[i]
		if m.widths[i] == 0 {
			continue
		}
		cell, after := c.Fill(c.Title, m.widths[i]), "  "
		switch {
		case i != sorted:
		case c.Right || cells(c.Title) >= m.widths[i]:
			after = mark + " " // in the gap: a column keeps its place when it is sorted by
		default:
			cell = c.Fill(c.Title+mark, m.widths[i])
		}
		b.WriteString(cell + after)
	}
	return m.theme.Faint.Render(fit("  "+strings.TrimRight(b.String(), " "), w))
}

// rowView draws a bucket's row. Its verdict is shown by sign and word, the
// cursor by a mark; colour and weight only help.
func (m *model) rowView(i int, selected bool, w int) string {
	s := &m.trend.Series[i]
	var cells []string
	for j := range m.columns {
		if m.widths[j] == 0 {
			continue
		}
		cells = append(cells, m.columns[j].Fill(m.columns[j].Cell(s), m.widths[j]))
	}
	text := strings.Join(cells, "  ")
	if selected {
		return m.theme.Selected.Render(fit("▸ "+text, w))
	}
	return "  " + m.mark(text, m.query.Words(), m.rowStyle(s))
}

func (m *model) rowStyle(s *trend.Series) lipgloss.Style {
	if s.Verdict != "" {
		if st, ok := m.theme.Verdict(s.Verdict); ok {
			return st
		}
	}
	if _, own := s.Bucket.Stack.Owner(); !own {
		return m.theme.Faint
	}
	return lipgloss.NewStyle()
}

// mark draws text with the words that were searched for highlighted.
func (m *model) mark(text string, words []string, base lipgloss.Style) string {
	spans := matches(text, words)
	if len(spans) == 0 {
		return base.Render(text)
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s[0] > at {
			b.WriteString(base.Render(text[at:s[0]]))
		}
		b.WriteString(m.theme.Match.Render(text[s[0]:s[1]]))
		at = s[1]
	}
	if at < len(text) {
		b.WriteString(base.Render(text[at:]))
	}
	return b.String()
}

func (m *model) stackView() []string {
	r := m.layout.stack
	if r.w == 0 {
		return nil
	}
	title := "stack"
	if i := m.selected(); i >= 0 {
		title = "stack of " + view.SiteName(m.trend.Series[i].Bucket)
		if m.grouped() {
			title = "stacks of " + clean(m.trend.Series[i].Name)
		}
	}
	code := m.sourceRows(r.h)
	lines := []string{m.rule(title, m.stack.position(), r.w, m.focus == stackPane)}
	lines = append(lines, m.pagerView(&m.stack, r.w, r.h-1-code)...)
	if code > 0 {
		lines = append(lines, m.sourceView(r.w, code)...)
	}
	return lines
}

// position shows which of its matches, or of its lines, a text shows.
func (p *pager) position() string {
	switch {
	case p.search != "" && len(p.hits) > 0:
		return fmt.Sprintf("/%s %d/%d", clean(p.search), p.hit+1, len(p.hits))
	case p.search != "":
		return "/" + clean(p.search) + " not found"
	case len(p.lines) > p.height:
		return fmt.Sprintf("%d–%d/%d", p.top+1, min(p.top+p.height, len(p.lines)), len(p.lines))
	}
	return ""
}

// pagerView draws the part of a text that is in sight, between a margin for the
// cursor's mark and a blank.
func (m *model) pagerView(p *pager, w, h int) []string {
	lines := make([]string, h)
	var words []string
	if p.search != "" {
		words = []string{p.search}
	}
	for i := range lines {
		n := p.top + i
		if n >= len(p.lines) {
			lines[i] = fit("", w)
			continue
		}
		l := p.lines[n]
		tail := m.theme.Faint
		if l.kind == strongLine {
			tail = lipgloss.NewStyle()
		}
		margin := " "
		if n == p.cursor {
			margin = m.theme.Title.Render("▸")
		}
		s := m.mark(l.text, words, m.style(l.kind)) + m.mark(l.tail, words, tail)
		lines[i] = fit(margin+ansi.Cut(s, p.left, p.left+max(0, w-2)), w)
	}
	return lines
}

func (m *model) overlayView() []string {
	title, help := m.title, m.hints([]hint{{"/", "search"}, {"↑↓", "scroll"}, {"esc", "back"}})
	switch m.overlay {
	case helpOverlay:
		help = "type to filter   " + m.hints([]hint{{"↑↓", "scroll"}, {"esc", "back"}})
		if m.find != "" {
			title += " · " + clean(m.find) + "▏"
		}
	case sourceOverlay:
		help = m.hints([]hint{{"e", "editor"}, {"/", "search"}, {"↑↓", "scroll"}, {"esc", "back"}})
	}
	lines := []string{m.rule(title, m.text.position(), m.width, true)}
	lines = append(lines, m.pagerView(&m.text, m.width, m.height-3)...)
	status := m.theme.Faint.Render(strings.Repeat("─", m.width))
	if m.toast.text != "" {
		status = m.statusView()
	}
	if m.mode != normal {
		return append(lines, status, m.keysView())
	}
	return append(lines, status, " "+help)
}

// statusView is the line between the panes and the keys: messages are shown in it.
func (m *model) statusView() string {
	text, style := m.toast.text, m.theme.Strong
	if m.filling() && text == "" {
		text = m.readSoFar() + "  (esc stops)"
	}
	if m.toast.err {
		text, style = "error: "+text, m.theme.Bad
	}
	if m.bad != nil {
		text, style = "error: "+m.bad.Error(), m.theme.Bad
	}
	dashes := strings.Repeat("─", m.width)
	if m.layout.side {
		dashes = strings.Repeat("─", m.layout.list.w) + "┴" + strings.Repeat("─", m.layout.stack.w)
	}
	if text == "" {
		return m.theme.Faint.Render(dashes)
	}
	text = clean(text)
	if m.toast.err && cells(text) > m.width-4 {
		text = ansi.Truncate(text, m.width-14, "…") + " (! shows)"
	}
	text = ansi.Truncate(text, m.width-4, "…")
	n := cells(text)
	return m.theme.Faint.Render("─ ") + style.Render(text) + m.theme.Faint.Render(" "+ansi.Cut(dashes, n+3, m.width))
}

// keysView shows the keys that work here, or what is being typed.
func (m *model) keysView() string {
	if m.mode != normal {
		return m.inputView()
	}
	all := []hint{{"enter", "whole stack"}, {"/", "filter"}, {"s", "sort"}, {"b", "group"}, {"t", "tree"}, {"tab", "pane"}, {"e", "editor"}, {"y", "copy"}, {"q", "quit"}}
	switch {
	case m.focus == stackPane:
		all = []hint{{"esc", "back"}, {"enter", "source"}, {"e", "editor"}, {"/", "search"}, {"y", "copy"}, {".", "fold"}, {"w", "wrap"}, {"z", "full"}}
	case m.tree:
		all = []hint{{"enter", "open"}, {"←→", "close, open"}, {"/", "filter"}, {"t", "list"}, {"y", "copy"}, {"q", "quit"}}
	case len(m.trend.Dumps) > 1:
		all = append([]hint{all[0], {"v", "evidence"}}, all[1:]...)
	}
	more := m.hints([]hint{{"?", "more"}}) + " "
	text := " " + m.hints(all)
	for len(all) > 1 && cells(text)+cells(more)+2 > m.width {
		all = all[:len(all)-1]
		text = " " + m.hints(all)
	}
	return spread(text, more, m.width)
}

// inputView shows what is being typed, and what it finds.
func (m *model) inputView() string {
	label, found := "/", ""
	does := []hint{{"enter", "keep"}, {"esc", "clear"}}
	switch m.mode {
	case filtering:
		found = fmt.Sprintf("%s of %s ", number.Group(len(m.rows)), number.Group(len(m.trend.Series)))
	case searching:
		found = m.stack.position() + " "
		if m.overlay != noOverlay {
			found = m.text.position() + " "
		}
	case jumping:
		label, does = "goroutine ", []hint{{"enter", "go"}, {"esc", "back"}}
	case naming:
		label, does = "write to (.txt .json .md .html): ", []hint{{"enter", "write"}, {"esc", "back"}}
	}
	value := []rune(m.input.Value())
	at := m.input.Position()
	left := " " + label + clean(string(value[:at])) + "▏" + clean(string(value[at:]))
	if help := "   " + m.hints(does); cells(left+help+found)+4 <= m.width {
		left += help
	}
	return spread(left, m.theme.Faint.Render(found), m.width)
}

// hint is a key and what it does, in a word.
type hint struct{ key, does string }

func (m *model) hints(all []hint) string {
	var parts []string
	for _, h := range all {
		parts = append(parts, m.theme.Key.Render(h.key)+" "+h.does)
	}
	return strings.Join(parts, "   ")
}

// cutTitle cuts a path in front, so that it fits into a rule of w cells.
func cutTitle(path string, w int) string { return view.CutFront(path, max(8, w-8)) }
