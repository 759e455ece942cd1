package ui

import (
	"fmt"
	"strings"

	"gdump/internal/code"
	"gdump/internal/goroutine"
	"gdump/internal/view"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

const (
	leastSource  = 4  // lines, with the rule above; below that no source is shown
	sourceFrom   = 8  // lines of the stack pane from which on frames give way to source
	roomySource  = 12 // lines from which on the rest of the room is for the facts
	sharedSource = 13 // lines of the pane from which on source has its part, however long the stack
)

// source is the code of the frame under the cursor.
type source struct {
	frame *goroutine.Frame // what is shown or being read
	code  code.Source
	err   error // why there is no source
	read  bool  // the answer is here
}

// readSource asks for the code of the frame under the cursor, if that is not
// what is shown already.
func (m *model) readSource() tea.Cmd {
	f := m.stack.frame()
	if same(f, m.source.frame) || m.config.Source == nil {
		return nil
	}
	m.source = source{frame: f}
	if f == nil {
		return nil
	}
	read := m.config.Source
	return func() tea.Msg {
		c, err := read(*f)
		return sourceMsg{f, c, err}
	}
}

// same reports whether two frames have the same code. The stack pane makes its
// frames anew whenever it is filled.
func same(a, b *goroutine.Frame) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// took takes the code, if the cursor is still on its frame.
func (m *model) took(msg sourceMsg) {
	if same(msg.frame, m.source.frame) {
		m.source = source{frame: msg.frame, code: msg.code, err: msg.err, read: true}
		m.fitStack()
	}
}

// have reports whether the code of the frame under the cursor is here, and
// says why if it is not.
func (m *model) have() bool {
	switch {
	case m.config.Source == nil:
		m.refuse("no source can be read here")
	case m.source.frame == nil:
		m.refuse("no frame under the cursor")
	case m.source.err != nil:
		m.say("", m.source.err)
	case !m.source.read:
		m.refuse("the source is still being read")
	default:
		return true
	}
	return false
}

// sourceRows is how much of the stack pane shows code, and below it what else
// is known: all rows that the frames leave. Why there is no code is one line.
func (m *model) sourceRows() int {
	h := m.layout.stack.h
	least := 0
	switch {
	case m.config.Source == nil || m.stack.cursor < 0 || h < 3:
		return 0
	case m.source.err != nil:
		return 1
	case h >= sharedSource:
		least = h * 2 / 5
	case h >= sourceFrom:
		least = leastSource
	}
	rows := max(least, h-1-len(m.frames))
	if rows < leastSource {
		return 0
	}
	return rows
}

// factsBelow reports whether what else is known of a bucket has its place
// below the source.
func (m *model) factsBelow() bool {
	least := roomySource
	if m.source.read {
		least = min(least, 1+len(m.source.code.Lines))
	}
	return len(m.facts) > 0 && m.source.err == nil && m.sourceRows()-len(m.facts) >= least
}

// sourceView draws the code around the frame's line, its rule above.
func (m *model) sourceView(w, h int) []string {
	s := &m.source
	if s.err != nil {
		return []string{m.rule(whyNoSource(s, w-6), "", w, false)}
	}
	var facts []line
	if m.factsBelow() {
		facts = m.facts
	}
	title, code := "source", pager{cursor: -1}
	h -= len(facts)
	if s.read {
		title = clean(s.code.File) + fmt.Sprintf(":%d", s.code.Line)
		all, at := sourceLines(&s.code)
		h = min(h, len(all)+1)
		from := max(0, min(at-(h-1)/2, len(all)-(h-1)))
		code.lines = all[from:]
	}
	lines := append([]string{m.rule(cutTitle(title, w), "", w, false)}, m.pagerView(&code, w, h-1)...)
	return append(lines, m.pagerView(&pager{lines: facts, cursor: -1}, w, len(facts))...)
}

// whyNoSource says in w cells why there is no source: of a path too long the
// end can be read.
func whyNoSource(s *source, w int) string {
	why, file := clean(s.err.Error()), clean(s.frame.File)
	const readable = 20 // cells of a path
	if hint := strings.LastIndexByte(why, ';'); hint > 0 && cells(why)-cells(file)+readable > w {
		why = why[:hint]
	}
	if cells(why) > w && file != "" {
		why = strings.Replace(why, file, view.CutFront(file, max(12, w-cells(why)+cells(file))), 1)
	}
	return ansi.Truncate(why, w, "…")
}

// sourceLines are the lines of code with their numbers, and which of them is
// the frame's.
func sourceLines(s *code.Source) ([]line, int) {
	lines := make([]line, len(s.Lines))
	digits := len(fmt.Sprint(s.First + len(s.Lines)))
	for i, text := range s.Lines {
		n := s.First + i
		mark, k := " ", plainLine
		if n == s.Line {
			mark, k = "▸", strongLine
		}
		lines[i] = line{text: fmt.Sprintf("%s%*d  %s", mark, digits, n, clean(strings.ReplaceAll(text, "\t", "    "))), kind: k}
		if strings.HasPrefix(strings.TrimSpace(text), "//") && k == plainLine {
			lines[i].kind = faintLine
		}
	}
	return lines, s.Line - s.First
}

// showSource opens the code of the frame under the cursor over everything.
func (m *model) showSource() tea.Cmd {
	if !m.have() {
		return nil
	}
	lines, at := sourceLines(&m.source.code)
	t := &text{title: clean(m.source.code.File), at: inSource}
	t.page.set(lines, -1)
	m.open(t)
	t.page.scrollTo(at-t.page.height/2, 0)
	return nil
}

// edit opens the code in the user's editor.
func (m *model) edit() tea.Cmd {
	switch {
	case m.config.Edit == nil:
		m.refuse("no editor: set $VISUAL or $EDITOR")
		return nil
	case !m.have():
		return nil
	}
	c, err := m.config.Edit(m.source.code.File, m.source.code.Line)
	if err != nil {
		m.say("", err)
		return nil
	}
	return tea.Exec(c, func(err error) tea.Msg { return editedMsg{err} })
}
