package ui

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view"

	"github.com/charmbracelet/x/ansi"
)

// kind is what a line of a text is, which decides how it is drawn.
type kind int

const (
	plainLine kind = iota
	strongLine
	faintLine
	warnLine
	badLine
	goodLine
)

// line is a line of a text, already clean of control characters.
type line struct {
	text  string
	tail  string // after the text, fainter: where the function is
	kind  kind
	frame *goroutine.Frame // what the line shows; the cursor stops at lines with a frame
	row   int              // of the frame in its stack: see view.StackRows
}

func (l line) String() string { return l.text + l.tail }

// wrapLine breaks a line into lines of at most w cells, at blanks where it can,
// but not within a number such as "1 450".
func wrapLine(l line, w int) []line {
	var out []line
	for _, text := range view.Wrap(l.String(), w) {
		out = append(out, line{text: text, kind: l.kind})
	}
	return out
}

const noBreak = "\u00a0" // a blank at which ansi.Wrap does not break

func whole(s string) string { return strings.ReplaceAll(s, " ", noBreak) }

// wrapWords breaks a line at any of its blanks.
func wrapWords(l line, w int) []line {
	var out []line
	for t := range strings.SplitSeq(ansi.Wrap(l.String(), max(w, 1), ""), "\n") {
		out = append(out, line{text: strings.ReplaceAll(t, noBreak, " "), kind: l.kind})
	}
	return out
}

// pager is a text that scrolls, with a search in it. Where lines show frames a
// cursor goes from one to the next, and the text follows.
type pager struct {
	lines         []line
	width, height int
	top, left     int
	cursor        int // line of the frame under the cursor, -1 if no line has a frame
	search        string
	hits          []int // lines that the search found
	hit           int   // index in hits
}

// set shows a text from its top; the cursor is on the first line with the frame
// of row start, or on the first frame.
func (p *pager) set(lines []line, start int) {
	p.lines, p.top, p.left, p.cursor = lines, 0, 0, -1
	for i := range lines {
		if lines[i].frame == nil {
			continue
		}
		if lines[i].row == start {
			p.cursor = i
			break
		}
		if p.cursor < 0 {
			p.cursor = i
		}
	}
	p.look()
	p.follow()
}

// frame is the one under the cursor, nil if there is no frame.
func (p *pager) frame() *goroutine.Frame {
	if p.cursor < 0 || p.cursor >= len(p.lines) {
		return nil
	}
	return p.lines[p.cursor].frame
}

func (p *pager) resize(w, h int) {
	p.width, p.height = max(w, 0), max(h, 0)
	p.scrollTo(p.top, p.left)
	p.follow()
}

func (p *pager) scrollTo(top, left int) {
	p.top = max(0, min(top, len(p.lines)-p.height))
	widest := 0
	for i := range p.lines {
		widest = max(widest, cells(p.lines[i].String()))
	}
	p.left = max(0, min(left, widest-p.width))
}

// follow brings the cursor's line in sight.
func (p *pager) follow() {
	switch {
	case p.cursor < 0 || p.height == 0:
	case p.cursor < p.top:
		p.scrollTo(p.cursor, p.left)
	case p.cursor >= p.top+p.height:
		p.scrollTo(p.cursor-p.height+1, p.left)
	}
}

// move goes n lines on: from frame to frame where there are frames, and past
// the last of them through what else the text says.
func (p *pager) move(n int) {
	if p.cursor < 0 || n != 1 && n != -1 {
		p.scrollTo(p.top+n, p.left)
		p.nearest()
		return
	}
	for i := p.cursor + n; i >= 0 && i < len(p.lines); i += n {
		if p.lines[i].frame != nil && p.lines[i].frame != p.frame() {
			p.cursor = i
			p.follow()
			return
		}
	}
	p.scrollTo(p.top+n, p.left)
}

// nearest puts the cursor on a frame in sight, if there is one.
func (p *pager) nearest() {
	if p.cursor < 0 || p.cursor >= p.top && p.cursor < p.top+p.height {
		return
	}
	step, at := 1, p.top
	if p.cursor >= p.top+p.height {
		step, at = -1, p.top+p.height-1
	}
	for ; at >= 0 && at < len(p.lines); at += step {
		if p.lines[at].frame != nil {
			p.cursor = at
			return
		}
	}
}

// to goes to the first or the last line.
func (p *pager) to(end bool) {
	first, step, top := 0, 1, 0
	if end {
		first, step, top = len(p.lines)-1, -1, len(p.lines)
	}
	p.scrollTo(top, p.left)
	if p.cursor < 0 {
		return
	}
	for i := first; i >= 0 && i < len(p.lines); i += step {
		if p.lines[i].frame != nil {
			p.cursor = i
			return
		}
	}
}

// position tells which of its matches, or of its lines, a text shows.
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

// motion moves the cursor or the text.
func (p *pager) motion(x motion) {
	switch x {
	case first, last:
		p.to(x == last)
	default:
		p.move(x.rows(p.height))
	}
}

// searchFor marks a word and goes to its first line at or below the top.
func (p *pager) searchFor(word string) {
	p.search = word
	p.look()
	for i, h := range p.hits {
		if h >= p.top {
			p.hit = i
			break
		}
	}
	p.reveal()
}

func (p *pager) look() {
	p.hits, p.hit = nil, 0
	if p.search == "" {
		return
	}
	for i := range p.lines {
		if len(matches(p.lines[i].String(), []string{p.search})) > 0 {
			p.hits = append(p.hits, i)
		}
	}
}

// next goes n matches on, around the ends.
func (p *pager) next(n int) bool {
	if len(p.hits) == 0 {
		return false
	}
	p.hit = (p.hit + n + len(p.hits)) % len(p.hits)
	p.reveal()
	return true
}

func (p *pager) reveal() {
	if len(p.hits) == 0 {
		return
	}
	at := p.hits[p.hit]
	if at < p.top || at >= p.top+p.height {
		p.scrollTo(at-p.height/3, p.left)
	}
	if p.lines[at].frame != nil {
		p.cursor = at
	}
	p.nearest()
}

// matches finds words in a text, as pairs of byte offsets in
// order. A word in lower case is found in any case.
func matches(text string, words []string) [][2]int {
	var found [][2]int
	lower := ""
	for _, w := range words {
		in := text
		if w == strings.ToLower(w) {
			if lower == "" {
				lower = lowerASCII(text)
			}
			in = lower
		}
		for from := 0; w != ""; {
			i := strings.Index(in[from:], w)
			if i < 0 {
				break
			}
			found = insertSpan(found, from+i, from+i+len(w))
			from += i + len(w)
		}
	}
	return found
}

// lowerASCII keeps every byte in its place, unlike strings.ToLower.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// insertSpan puts a span among others that are in order and apart, and joins
// it with those that it meets.
func insertSpan(spans [][2]int, from, to int) [][2]int {
	var before, after [][2]int
	for _, s := range spans {
		switch {
		case s[1] < from:
			before = append(before, s)
		case s[0] > to:
			after = append(after, s)
		default:
			from, to = min(from, s[0]), max(to, s[1])
		}
	}
	return append(append(before, [2]int{from, to}), after...)
}

// printable are the runes of a key that a text can have.
func printable(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		if r >= ' ' && r != 0x7f {
			b.WriteRune(r)
		}
	}
	return b.String()
}
