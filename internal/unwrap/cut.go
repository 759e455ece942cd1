package unwrap

import (
	"bytes"

	"gdump/internal/grammar"
)

// A Cut is how the lines of one stream are wrapped. It can take the wrapping
// off text that is read past the Reader, in several goroutines at once.
type Cut struct {
	Stream  *Stream
	before  pattern
	after   pattern // of an escaped text
	id      string  // what the parts that are identity say
	escaped bool
	pieces  bool
}

// Cut is how the text that comes next is wrapped, if it goes on as it does now;
// nil if that is not simple.
func (r *Reader) Cut() *Cut {
	s := r.root.last
	if s == nil || !r.isSteady(s) {
		return nil
	}
	if sh := s.shape; s.cut == nil {
		s.cut = &Cut{Stream: s, before: sh.before, after: sh.after, id: s.id, escaped: sh.escaped, pieces: sh.pieces}
	}
	return s.cut
}

// isSteady reports whether a whole goroutine in the lines of a stream is no
// more than that: nothing that came before changes how it is read.
func (r *Reader) isSteady(s *Stream) bool {
	if r.root.pending != nil || r.broken != nil || r.mail || s.level != r.root || s.shape == nil {
		return false
	}
	special := s.extended || s.reversed || s.suspect || s.abandoned || s.csv || len(s.pieces) > 0 || len(s.shape.suffix) > 0
	return s.started && !special && !s.inner.isInUse()
}

// isInUse reports whether lines may be wrapped once more.
func (l *level) isInUse() bool {
	return l != nil && (len(l.shapes) > 0 || l.pending != nil || l.records)
}

// Pass says that whole goroutines were read past the Reader: text with a Cut's
// wrapping, in lines of which the first has a number. It reports false if they
// have to be fed.
func (r *Reader) Pass(c *Cut, text []byte, line, lines int) bool {
	s := c.Stream
	if !r.isSteady(s) {
		return false
	}
	if s.out != nil {
		r.give(s, len(s.out.Text))
	}
	s.lastKind, s.want, s.inPanic = grammar.Blank, grammar.Other, false
	r.line = line + lines
	s.used = r.line - 1
	r.root.last = s
	r.keepBack(text)
	return true
}

// keepBack keeps the end of a text, to be looked at again.
func (r *Reader) keepBack(text []byte) {
	if len(text) >= backBytes {
		r.back = append(r.back[:0], tailLines(text)...)
		return
	}
	// It is cut now and then only: that moves all of it.
	if r.back = append(r.back, text...); len(r.back) > 4*backBytes {
		r.back = append(r.back[:0], tailLines(r.back)...)
	}
}

// A Cutter takes wrappings off as fast as lines can be compared: it keeps what
// surrounded a line, since other lines mostly differ from it in the digits of a
// time only.
type Cutter struct {
	cut        *Cut
	head, tail pattern // compared at once
	missed     bool    // by the line before
	id, text   []byte
}

// Fits reports whether a text begins with lines that a Cut is for, or with a
// few others and then such lines.
func (k *Cutter) Fits(c *Cut, text []byte) bool {
	const others = 16
	for range others {
		n := bytes.IndexByte(text, '\n') + 1
		if n == 0 {
			return false
		}
		if _, _, size := k.Lines(c, text[:n], nil, nil); size > 0 {
			return true
		}
		text = text[n:]
	}
	return false
}

// Lines takes the wrapping off whole lines, up to the first that has another or
// holds more or less than a line. It appends them to a text, and where each
// begins to starts, and returns where the first begins that it left.
func (k *Cutter) Lines(c *Cut, text, to []byte, starts []uint32) (_ []byte, _ []uint32, size int) {
	if k.cut != c {
		*k = Cutter{cut: c, missed: true, id: k.id, text: k.text}
	}
	for pos := 0; pos < len(text); {
		rest := text[pos:]
		body, n, ok := k.quick(rest)
		if ok {
			k.missed = false
		} else {
			if body, n, ok = k.exact(rest); !ok {
				return to, starts, pos
			}
		}
		if c.escaped {
			if body, ok = k.unescape(body); !ok {
				return to, starts, pos
			}
			to = append(append(to, body...), '\n')
		} else {
			to = append(to, body...)
		}
		starts = append(starts, uint32(pos))
		pos += n
	}
	return to, starts, len(text)
}

// quick finds what the first line of a text holds, and where the next begins.
// What is not escaped has the line's end.
func (k *Cutter) quick(text []byte) (body []byte, n int, ok bool) {
	if !k.head.matches(text) {
		return nil, 0, false
	}
	from := k.head.size
	if !k.cut.escaped {
		n = from + bytes.IndexByte(text[from:], '\n') + 1
		return text[from:n], n, n > from
	}
	i := bytes.IndexByte(text[from:], '"')
	if i < 0 {
		return nil, 0, false
	}
	end := from + i
	if text[end-1] == '\\' || !k.tail.matches(text[end:]) {
		return nil, 0, false
	}
	n = end + k.tail.size + 1
	return text[from:end], n, n <= len(text) && text[n-1] == '\n'
}

// exact is quick, part by part.
func (k *Cutter) exact(text []byte) (body []byte, n int, ok bool) {
	n = bytes.IndexByte(text, '\n') + 1
	if n == 0 {
		return nil, 0, false
	}
	c, line := k.cut, text[:n-1]
	from, id, ok := c.before.cut(line, k.id[:0])
	k.id = id
	if !ok || c.before.isContainer() && line[c.before.flagAt(line)] != 'F' {
		return nil, 0, false
	}
	body = text[from:n]
	end := len(line)
	if c.escaped {
		size := scalarSize(line[max(0, from-1):])
		if from == 0 || line[from-1] != '"' || size < 2 {
			return nil, 0, false
		}
		end = from - 1 + size - 1
		body = line[from:end]
		m, id, ok := c.after.cut(line[end:], id)
		k.id = id
		if !ok || end+m != len(line) {
			return nil, 0, false
		}
	}
	if string(k.id) != c.id {
		return nil, 0, false
	}
	// A time that has lost the zeros at its end is no reason to compare all
	// others with it.
	if k.missed && len(body) > 1 {
		k.head.fixTo(&c.before, line[:from])
		k.tail.fixTo(&c.after, line[end:])
	}
	k.missed = !k.missed
	return body, n, true
}

// unescape is the line that an escaped text holds, if it is one.
func (k *Cutter) unescape(text []byte) ([]byte, bool) {
	if text, ok := bytes.CutSuffix(text, []byte(`\n`)); ok && bytes.IndexByte(text, '\\') < 0 {
		return text, true
	}
	k.text = unescape(k.text[:0], text)
	line, ended := bytes.CutSuffix(k.text, []byte{'\n'})
	plain := bytes.IndexByte(line, '\n') < 0 && bytes.IndexByte(line, '\r') < 0 && bytes.IndexByte(line, 0x1b) < 0
	return line, plain && (ended || !k.cut.pieces)
}
