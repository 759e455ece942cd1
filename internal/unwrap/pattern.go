package unwrap

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"

	"gdump/internal/grammar"
)

// shape is how lines carry text: between two patterns, escaped or not. Lines
// of one shape are of different streams if the identity in it differs.
type shape struct {
	before, after pattern
	suffix        *regexp.Regexp // of what follows a text that is not escaped; nil if nothing does
	escaped       bool           // the text is a quoted string
	pieces        bool           // the text carries its line's end, if it is not a piece of a line
	weight        int            // how much of a line it takes for what it is
	key           uint64         // among the shapes of its level
}

// match finds the text of a line that has the shape, and appends the key of its
// stream to id.
func (sh *shape) match(line, id []byte) (from, to int, _ []byte, ok bool) {
	from, id, ok = sh.before.cut(line, binary.AppendUvarint(id, sh.key))
	if to = len(line); !ok {
		return 0, 0, id, false
	}
	if sh.suffix != nil {
		at := sh.suffix.FindIndex(line[from:])
		if at == nil {
			return 0, 0, id, false
		}
		to = from + at[0]
	}
	if sh.escaped {
		to = from - 2 + scalarSize(line[from-1:])
		if to < from {
			return 0, 0, id, false
		}
		n := 0
		if n, id, ok = sh.after.cut(line[to:], id); !ok || len(bytes.Trim(line[to+n:], " \t,")) > 0 {
			return 0, 0, id, false
		}
	}
	return from, to, id, true
}

// same reports whether two shapes differ in nothing but their streams.
func (sh *shape) same(o *shape) bool {
	suffixes := sh.suffix == o.suffix || sh.suffix != nil && o.suffix != nil && sh.suffix.String() == o.suffix.String()
	return suffixes && sh.escaped == o.escaped && slices.Equal(sh.before.parts, o.before.parts) && slices.Equal(sh.after.parts, o.after.parts)
}

// suffixOf matches the end of a line that ends as another does, but for
// numbers and for the blanks before it; nil if that has no suffix.
func suffixOf(suffix []byte) *regexp.Regexp {
	if len(suffix) == 0 {
		return nil
	}
	text := numbers.ReplaceAllString(regexp.QuoteMeta(string(suffix)), `\d+`)
	return regexp.MustCompile(`[ \t]*` + strings.ToValidUTF8(text, ".+") + `[ \t]*$`)
}

var numbers = regexp.MustCompile(`\d+`)

// A pattern is what is around the text of a line, learned from one line. All
// lines of a log system have the same parts; the bytes of those that are
// identity tell one process from another.
type pattern struct {
	parts   []part
	flagged bool // the last bytes are the flag of a container runtime and a blank
	csv     bool // the last byte is the comma before a field of CSV, quoted or not
}

type part struct {
	gap     gap
	literal string // gap none: what must be there
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
	flag         // "F" or "P": a container runtime wrote a whole line, or a part of one
	stamps       // this and all above are kinds of time stamps
)

// fill is the length of the text at the start of b that the part can be, 0 if
// there is none.
func (t *part) fill(b []byte) int {
	switch t.gap {
	case none:
		if len(b) >= len(t.literal) && string(b[:len(t.literal)]) == t.literal {
			return len(t.literal)
		}
	case identity:
		if len(b) >= t.size {
			return t.size
		}
	case number:
		blanks := len(b) - len(bytes.TrimLeft(b, " "))
		if n := digits(b[blanks:]); n > 0 {
			return blanks + n
		}
	case value, named:
		if n := scalarSize(b); !grammar.Interesting(b[:n]) { // it could hold a dump
			return n
		}
	case flag:
		if len(b) > 0 && (b[0] == 'F' || b[0] == 'P') {
			return 1
		}
	default:
		_, n := t.gap.stamp(b)
		return n
	}
	return 0
}

// learnPrefix makes a pattern of the text before a dump's line. Time stamps
// are gaps, and of other digits those that are alone, which count lines or are
// a priority ("web-1" is a name, "[1234]:" a process). After lists further
// bytes behind which such a number can begin.
func learnPrefix(b []byte, after string) (p pattern) {
	from := 0 // of what is identity
	open := func(i, n int, g gap) int {
		if i > from {
			p.parts = append(p.parts, part{gap: identity, size: i - from})
		}
		if n > 0 {
			p.parts = append(p.parts, part{gap: g})
		}
		from = i + n
		return from
	}
	for i := 0; i < len(b); {
		var g gap
		n := 0
		if i == 0 || !grammar.IsWord(b[i-1]) {
			g, n = stampAt(b[i:])
			if n == 0 && (i == 0 || b[i] == ' ' || i == 1 && b[0] == '[' && after != "" || strings.IndexByte(" <:"+after, b[i-1]) >= 0) {
				g, n = number, (&part{gap: number}).fill(b[i:])
				if i+n < len(b) && grammar.IsWord(b[i+n]) {
					n = 0
				}
			}
		}
		if n == 0 {
			i++
			continue
		}
		first := i == 0
		if i = open(i, n, g); first && isContainers(b[i:]) {
			i = open(i+len(" stderr "), 1, flag)
			p.flagged = len(b) == i+1
		}
	}
	open(len(b), 0, none)
	p.csv = bytes.HasSuffix(b, []byte{','})
	return p
}

// isContainers reports whether a text goes on as container runtimes under
// Kubernetes write a log after the time: " stderr F ".
func isContainers(b []byte) bool {
	return len(b) >= 10 && (string(b[:8]) == " stdout " || string(b[:8]) == " stderr ") && (b[8] == 'F' || b[8] == 'P') && b[9] == ' '
}

// cut matches the pattern at the start of a line. It returns how long what
// matched is, and appends the identity to id. An empty line may have lost the
// blanks at the pattern's end.
func (p *pattern) cut(line, id []byte) (n int, _ []byte, ok bool) {
	for i := range p.parts {
		t, rest := &p.parts[i], line[n:]
		size := t.fill(rest)
		if size == 0 {
			if t.gap != identity || i < len(p.parts)-1 || len(rest) == 0 && t.size > 1 {
				return 0, id, false
			}
			id = append(append(id, rest...), "                "[:min(16, t.size-len(rest))]...)
			return len(line), append(id, 0), true
		}
		if t.gap == identity || t.gap == named {
			id = append(append(id, rest[:size]...), 0)
		}
		n += size
	}
	return n, id, true
}

// A mask compares the start of a line with that of another at once, but for
// the digits of what may differ.
type mask struct {
	words []masked
	size  int // bytes that they cover
}

type masked struct{ mask, want uint64 }

// learn makes the mask for lines that begin as this one does, which a pattern
// matches.
func (m *mask) learn(p *pattern, line []byte) {
	m.words = m.words[:0]
	open := make([]byte, 0, 128) // for each byte, the bits that count
	for i := range p.parts {
		t := &p.parts[i]
		exact := t.gap == none || t.gap == identity || t.gap == named || t.gap == flag
		for _, c := range line[len(open) : len(open)+t.fill(line[len(open):])] {
			if !exact && grammar.IsDigit(c) {
				open = append(open, 0xf0)
			} else {
				open = append(open, 0xff)
			}
		}
	}
	m.size = len(open)
	for i := 0; i < len(open); i += 8 {
		var bits, want [8]byte
		copy(bits[:], open[i:])
		copy(want[:], line[i:])
		b := binary.LittleEndian.Uint64(bits[:])
		m.words = append(m.words, masked{b, binary.LittleEndian.Uint64(want[:]) & b})
	}
}

// matches reports whether a line begins as the one that the mask was learned
// from.
func (m *mask) matches(line []byte) bool {
	if len(m.words) == 0 || len(line) < m.size || cap(line) < 8*len(m.words) {
		return false
	}
	line = line[:8*len(m.words)]
	for i, w := range m.words {
		if binary.LittleEndian.Uint64(line[8*i:])&w.mask != w.want {
			return false
		}
	}
	return true
}
