package ui

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

func clean(s string) string { return goroutine.Clean(s) }

// cells is how wide a text is on the screen.
func cells(s string) int { return ansi.StringWidth(s) }

// View draws the screen: exactly height lines of exactly width cells.
func (m *model) View() string {
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
	case m.over() != nil:
		return m.whole(m.overlayView())
	case m.waiting():
		return m.whole(m.waitingView())
	case len(m.trend.Dumps) == 0: // it ends: there was nothing to load
		return m.whole(m.loadingView())
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

// bar draws how much of a source of known size was read, or of a fleet asked, in
// w cells and the percentage.
func (m *model) bar(w int) string {
	done, size := m.progress.Bytes, m.config.Size
	if m.asked.Of > 0 {
		done, size = int64(m.asked.Done), int64(m.asked.Of)
	}
	if size <= 0 || w <= 0 {
		return ""
	}
	share := min(1, float64(done)/float64(size))
	full := int(share * float64(w))
	return strings.Repeat("█", full) + m.theme.Faint.Render(strings.Repeat("░", w-full)) + fmt.Sprintf(" %3d%%", int(share*100))
}

// readSoFar shows bytes, rate and goroutines, of a fleet how many were asked.
func (m *model) readSoFar() string {
	const mib = 1 << 20
	p := m.progress
	doing := "reading  "
	if m.stopping {
		doing = "stopping  "
	}
	if a := m.asked; a.Of > 0 {
		asked := fmt.Sprintf("asked %s of %s %s", number.Group(a.Done), number.Group(a.Of), a.What)
		if a.Failed > 0 {
			asked += " · " + number.Group(a.Failed) + " failed"
		}
		if m.stopping {
			return doing + asked
		}
		return asked
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

func (m *model) stackView() []string {
	r := m.layout.stack
	if r.w == 0 {
		return nil
	}
	title := "stack"
	if i := m.selected(); i >= 0 {
		title = "stack of "
		if m.grouped() || i == m.folded.row {
			title = "stacks of "
		}
		title += view.Name(&m.trend.Series[i])
	}
	code := m.sourceRows()
	lines := []string{m.rule(title, m.stack.position(), r.w, m.focus == stackPane)}
	lines = append(lines, m.pagerView(&m.stack, r.w, r.h-1-code)...)
	if code > 0 {
		lines = append(lines, m.sourceView(r.w, code)...)
	}
	for len(lines) < r.h {
		lines = append(lines, fit("", r.w))
	}
	return lines
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

// statusView is the line between the panes and the keys: messages stand in it.
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
	if m.prompt != nil {
		return m.promptView()
	}
	left, right := " ", " "
	if t, ok := m.over().(interface{ typing() string }); ok {
		left += t.typing()
	}
	if b, _ := m.bound("?", m.here()); b != nil && m.over() == nil {
		right = m.theme.Key.Render("?") + " more "
	}
	for i, h := range m.hints() {
		if i > 0 {
			h = "   " + h
		}
		if cells(left)+cells(h)+cells(right)+2 > m.width {
			break
		}
		left += h
	}
	return spread(left, right, m.width)
}

// hints are the keys that work here, each with what it does in a word, the
// most useful first.
func (m *model) hints() []string {
	at := m.here()
	var rows []*binding
	seen := map[string]bool{}
	for i := range m.bindings {
		b := &m.bindings[i]
		name := b.names()[0]
		if b.where&at == 0 || b.lacks(m) != nil || seen[name] {
			continue
		}
		if seen[name] = true; b.hint != "" && (b.shows == 0 || b.shows&at != 0) {
			rows = append(rows, b)
		}
	}
	rank := func(b *binding) int {
		if m.live != nil && b.live > 0 {
			return b.live
		}
		return b.rank
	}
	slices.SortStableFunc(rows, func(a, b *binding) int { return rank(a) - rank(b) })
	hints := make([]string, len(rows))
	for i, b := range rows {
		keys := b.shown()[0]
		if b.pair != "" {
			keys += " " + b.pair
		}
		hints[i] = m.theme.Key.Render(keys) + " " + b.hint
	}
	return hints
}

// cutTitle cuts a path in front, so that it fits into a rule of w cells.
func cutTitle(path string, w int) string { return view.CutFront(path, max(8, w-8)) }
