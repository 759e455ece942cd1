package unwrap

import "bytes"

// A Cut is how the lines of one stream are wrapped. It can take the wrapping
// off text that is read past the Reader, in several goroutines at once.
type Cut struct {
	Stream *Stream
	shape  *shape
	id     string // the key of the stream
}

// Cut is how the text that comes next is wrapped, if it goes on as it does now;
// nil if that is not simple.
func (r *Reader) Cut() *Cut {
	s := r.root.last
	if s == nil || !r.isSteady(s) {
		return nil
	}
	if s.cut == nil {
		s.cut = &Cut{s, s.shape, s.id}
	}
	return s.cut
}

// isSteady reports whether a whole goroutine in the lines of a stream is no
// more than that: nothing that came before changes how it is read.
func (r *Reader) isSteady(s *Stream) bool {
	if r.root.pending != nil || r.broken.text != nil || r.mail || s.level != r.root || s.shape == nil || s.shape.suffix != nil {
		return false
	}
	return s.settled && !s.reversed && !s.abandoned && !s.shape.before.csv && len(s.pieces) == 0 && !s.inner.isInUse()
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
	r.passed(s)
	r.line = line + lines
	s.used = r.line - 1
	r.root.last = s
	return true
}

// A Cutter takes wrappings off as fast as lines can be compared: it keeps what
// surrounded a line, since other lines mostly differ from it in the digits of a
// time only.
type Cutter struct {
	cut        *Cut
	head, tail mask
	missed     bool // by the line before
	id, text   []byte
}

// Fits reports whether a text begins with lines that a Cut is for, or with a
// few others and then such lines.
func (k *Cutter) Fits(c *Cut, text []byte) bool {
	for range 16 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		if _, _, size := k.Lines(c, text[:len(text)-len(rest)], nil, nil); size > len(line) {
			return true
		}
		text = rest
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
		n := bytes.IndexByte(text[pos:], '\n')
		if n < 0 {
			return to, starts, pos
		}
		line := text[pos : pos+n]
		body, ok := k.quick(line)
		if ok {
			k.missed = false
		} else {
			body, ok = k.exact(line)
		}
		if ok && c.shape.escaped {
			body, ok = k.unescape(body)
		}
		if !ok {
			return to, starts, pos
		}
		to = append(append(to, body...), '\n')
		starts = append(starts, uint32(pos))
		pos += n + 1
	}
	return to, starts, len(text)
}

// quick finds what a line holds.
func (k *Cutter) quick(line []byte) (body []byte, ok bool) {
	if !k.head.matches(line) {
		return nil, false
	}
	body = line[k.head.size:]
	if !k.cut.shape.escaped {
		return body, true
	}
	i := bytes.IndexByte(body, '"')
	if i < 0 || i > 0 && body[i-1] == '\\' || len(body)-i != k.tail.size || !k.tail.matches(body[i:]) {
		return nil, false
	}
	return body[:i], true
}

// exact is quick, part by part.
func (k *Cutter) exact(line []byte) (body []byte, ok bool) {
	sh := k.cut.shape
	from, to, id, ok := sh.match(line, k.id[:0])
	k.id = id
	if !ok || string(id) != k.cut.id || sh.before.flagged && (from < 2 || line[from-2] != 'F') {
		return nil, false
	}
	// A time that has lost the zeros at its end is no reason to compare all
	// others with it.
	if k.missed && to > from {
		k.head.learn(&sh.before, line[:from])
		k.tail.learn(&sh.after, line[to:])
	}
	k.missed = !k.missed
	return line[from:to], true
}

// unescape is the line that an escaped text holds, if it is one.
func (k *Cutter) unescape(text []byte) ([]byte, bool) {
	if text, ok := bytes.CutSuffix(text, []byte(`\n`)); ok && bytes.IndexByte(text, '\\') < 0 {
		return text, true
	}
	k.text = unescape(k.text[:0], text)
	line, ended := bytes.CutSuffix(k.text, []byte{'\n'})
	return line, !bytes.ContainsAny(line, "\n\r\x1b") && (ended || !k.cut.shape.pieces)
}
