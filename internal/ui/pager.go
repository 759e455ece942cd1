package ui

import (
	"strings"
	"unicode/utf8"

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
)

// line is a line of a text, already clean of control characters.
type line struct {
	text string
	tail string // after the text, fainter: where the function is
	kind kind
}

func (l line) String() string { return l.text + l.tail }

// wrapLine breaks a line into lines of at most w cells, at blanks where it can.
func wrapLine(l line, w int) []line {
	var out []line
	for t := range strings.SplitSeq(ansi.Wrap(l.String(), w, ""), "\n") {
		out = append(out, line{text: t, kind: l.kind})
	}
	return out
}

// pager is a text that scrolls, with a search in it.
type pager struct {
	key           int // what the text is of, for its owner
	lines         []line
	width, height int
	top, left     int
	search        string
	hits          []int // lines that the search found
	hit           int   // index in hits
}

func (p *pager) set(lines []line) {
	p.lines, p.top, p.left = lines, 0, 0
	p.look()
}

func (p *pager) resize(w, h int) {
	p.width, p.height = max(w, 0), max(h, 0)
	p.scrollTo(p.top, p.left)
}

func (p *pager) scrollTo(top, left int) {
	p.top = max(0, min(top, len(p.lines)-p.height))
	widest := 0
	for i := range p.lines {
		widest = max(widest, ansi.StringWidth(p.lines[i].String()))
	}
	p.left = max(0, min(left, widest-p.width))
}

func (p *pager) move(n int) { p.scrollTo(p.top+n, p.left) }

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
	if at := p.hits[p.hit]; at < p.top || at >= p.top+p.height {
		p.scrollTo(at-p.height/3, p.left)
	}
}

// matches finds where words stand in a text, as pairs of byte offsets in
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

// insertSpan keeps spans in order and joins those that meet.
func insertSpan(spans [][2]int, from, to int) [][2]int {
	var out [][2]int
	for _, s := range spans {
		switch {
		case s[1] < from:
			out = append(out, s)
		case s[0] > to:
			out = append(out, [2]int{from, to}, s)
			from, to = s[0], s[1]
			out = out[:len(out)-1]
		default:
			from, to = min(from, s[0]), max(to, s[1])
		}
	}
	return append(out, [2]int{from, to})
}

// typed turns the runes of a key into text that can be looked for.
func typed(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		if r != utf8.RuneError && r >= ' ' {
			b.WriteRune(r)
		}
	}
	return b.String()
}
