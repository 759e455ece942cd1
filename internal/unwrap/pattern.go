package unwrap

import (
	"bytes"
	"encoding/binary"

	"gdump/internal/grammar"
)

// A pattern is what surrounds the text of a line, learned from one line: a
// sequence of parts. All lines of a log system have the same parts; the bytes
// of those that are identity tell one process from another.
type pattern struct {
	parts []part
	fixed []masked // the line that it was learned from, digits of gaps left open; nil if it cannot be compared at once
	size  int      // bytes that fixed covers
}

type part struct {
	gap     gap
	literal []byte // gap none: what must be there
	size    int    // gap identity: how many bytes
}

// gap says what a part may be.
type gap uint8

const (
	none     gap = iota
	identity     // any bytes, so many of them; they name the process
	number       // digits, blanks before them
	value        // what a JSON string or number may hold
	named        // the same, and it names the process
	wholeOr      // "F" or "P": a container runtime wrote a whole line, or a part of one
	stamps       // this and all above are kinds of time stamps
)

// masked is eight bytes to be compared at once, but for the bits not in mask.
type masked struct{ mask, want uint64 }

// learnPrefix makes a pattern of the text before a dump's line. Time stamps
// are gaps, and of other digits those that are alone, which count lines or are
// a priority ("web-1" is a name, "[1234]:" a process). After lets further
// bytes begin such a number.
func learnPrefix(b []byte, after string) pattern {
	var p pattern
	var open []byte // for each byte, how much of it is fixed
	fixed := true
	literal := 0
	flush := func(i int) {
		if i > literal {
			p.parts = append(p.parts, part{gap: identity, size: i - literal})
			for range i - literal {
				open = append(open, 0xff)
			}
		}
	}
	cut := func(i, n int, g gap) int {
		flush(i)
		p.parts = append(p.parts, part{gap: g})
		for _, c := range b[i : i+n] {
			if grammar.IsDigit(c) {
				open = append(open, 0xf0)
			} else {
				open = append(open, 0xff)
			}
			fixed = fixed && g != number
		}
		literal = i + n
		return i + n
	}
	for i := 0; i < len(b); {
		if i > 0 && (grammar.IsWord(b[i-1]) || i > 1 && b[i] == ' ' && b[i-1] == ' ' && !grammar.IsWord(b[i-2])) { // blanks were tried at the first
			i++
			continue
		}
		if g, n := stampAt(b[i:]); n > 0 {
			i = cut(i, n, g)
			if goesOnAsContainer(b[i:]) && i == n {
				flush(i + len(" stderr "))
				literal = i + len(" stderr ")
				p.parts = append(p.parts, part{gap: wholeOr})
				open = append(open, 0xe9) // the bits that F and P share
				i = literal + 1
				literal = i
			}
			continue
		}
		if n := number.size(b[i:]); n > 0 && (i == 0 || b[i-1] == ' ' || b[i-1] == '<' || b[i-1] == ':' || b[i] == ' ' || bytes.IndexByte([]byte(after), b[i-1]) >= 0) &&
			(i+n == len(b) || !grammar.IsWord(b[i+n])) {
			i = cut(i, n, number)
			continue
		}
		i++
	}
	flush(len(b))
	if fixed {
		p.fix(b, open)
	}
	return p
}

// goesOnAsContainer reports whether a text goes on as container runtimes under
// Kubernetes write a log after the time: " stderr F ".
func goesOnAsContainer(b []byte) bool {
	return len(b) >= 9 && (string(b[:8]) == " stdout " || string(b[:8]) == " stderr ") && (b[8] == 'F' || b[8] == 'P')
}

func (p *pattern) fix(b, open []byte) {
	p.size = len(b)
	for i := 0; i < len(b); i += 8 {
		var m, w [8]byte
		copy(m[:], open[i:])
		copy(w[:], b[i:])
		m64 := binary.LittleEndian.Uint64(m[:])
		p.fixed = append(p.fixed, masked{m64, binary.LittleEndian.Uint64(w[:]) & m64})
	}
}

// fixTo makes p what to compare other lines with at once that have the parts of
// a pattern as this one has them, but for the digits of what is no identity.
func (p *pattern) fixTo(of *pattern, line []byte) {
	open := make([]byte, 0, 128)
	for _, part := range of.parts {
		n := part.size + len(part.literal)
		if part.gap == wholeOr {
			n = 1
		} else if n == 0 {
			n = part.gap.size(line[len(open):])
		}
		exact := part.gap == none || part.gap == identity || part.gap == named || part.gap == wholeOr
		for _, c := range line[len(open) : len(open)+n] {
			if !exact && grammar.IsDigit(c) {
				open = append(open, 0xf0)
			} else {
				open = append(open, 0xff)
			}
		}
	}
	p.fixed = p.fixed[:0]
	p.fix(line[:len(open)], open)
}

// matches compares the start of a line with the one that the pattern was
// learned from.
func (p *pattern) matches(line []byte) bool {
	if len(p.fixed) == 0 || len(line) < p.size || cap(line) < 8*len(p.fixed) {
		return false
	}
	line = line[:8*len(p.fixed)]
	for i, m := range p.fixed {
		if binary.LittleEndian.Uint64(line[8*i:])&m.mask != m.want {
			return false
		}
	}
	return true
}

// cut matches the pattern at the start of a line. It returns how long what
// matched is, and appends the identity to id. An empty line may have lost the
// blanks at the pattern's end.
func (p *pattern) cut(line, id []byte) (n int, _ []byte, ok bool) {
	for i, part := range p.parts {
		rest := line[n:]
		size := 0
		switch part.gap {
		case none:
			if !bytes.HasPrefix(rest, part.literal) {
				return 0, id, false
			}
			n += len(part.literal)
			continue
		case identity:
			if len(rest) < part.size {
				if i == len(p.parts)-1 && (len(rest) > 0 || part.size == 1) {
					id = append(id, rest...)
					for range part.size - len(rest) {
						id = append(id, ' ')
					}
					return len(line), append(id, 0), true
				}
				return 0, id, false
			}
			size = part.size
			id = append(append(id, rest[:size]...), 0)
		case wholeOr:
			if len(rest) == 0 || rest[0] != 'F' && rest[0] != 'P' {
				return 0, id, false
			}
			size = 1
		default:
			if size = part.gap.size(rest); size <= 0 {
				return 0, id, false
			}
			if part.gap == named {
				id = append(append(id, rest[:size]...), 0)
			}
		}
		n += size
	}
	return n, id, true
}

// same reports whether two patterns have the same parts, whatever the identity.
func (p *pattern) same(o *pattern) bool {
	if len(p.parts) != len(o.parts) {
		return false
	}
	for i, part := range p.parts {
		if q := o.parts[i]; part.gap != q.gap || part.size != q.size || !bytes.Equal(part.literal, q.literal) {
			return false
		}
	}
	return true
}

// isContainer reports whether the pattern is the prefix of a container
// runtime's log.
func (p *pattern) isContainer() bool { return len(p.parts) > 2 && p.parts[2].gap == wholeOr }

// flagAt is where a container runtime writes F or P in a line.
func (p *pattern) flagAt(line []byte) int { return p.parts[0].gap.size(line) + p.parts[1].size }

// literals is how many bytes of a line the pattern takes for what they are.
func (p *pattern) literals() int {
	n := 0
	for _, part := range p.parts {
		n += part.size + len(part.literal) + 1
	}
	return n
}

// size is the length of the text at the start of b that fills the gap, 0 if
// there is none.
func (g gap) size(b []byte) int {
	switch g {
	case number:
		i := 0
		for i < len(b) && b[i] == ' ' {
			i++
		}
		n := i
		for n < len(b) && grammar.IsDigit(b[n]) {
			n++
		}
		if n == i {
			return 0
		}
		return n
	case value, named:
		n := scalarSize(b)
		if grammar.Interesting(b[:n]) {
			return 0 // it may hold a dump
		}
		return n
	}
	_, n := g.stamp(b)
	return n
}

// cutSuffix matches the end of a line with a suffix that was learned; runs of
// digits may have any length, and so may the blanks before the suffix. It
// returns the line before it.
func cutSuffix(line, suffix []byte) ([]byte, bool) {
	line = bytes.TrimRight(line, " \t\r")
	i, j := len(line), len(suffix)
	for j > 0 {
		if i == 0 {
			return nil, false
		}
		c := suffix[j-1]
		if grammar.IsDigit(c) && grammar.IsDigit(line[i-1]) {
			for j > 0 && grammar.IsDigit(suffix[j-1]) {
				j--
			}
			for i > 0 && grammar.IsDigit(line[i-1]) {
				i--
			}
			continue
		}
		if c != line[i-1] {
			return nil, false
		}
		i--
		j--
	}
	return bytes.TrimRight(line[:i], " \t"), true
}
