package unwrap

import (
	"bytes"
	"slices"

	"gdump/internal/grammar"
)

// brokenRecord is one that a collector broke into several lines.
type brokenRecord struct {
	text   []byte // nil if there is none
	end    string // what its pieces have for the ends of lines
	quoted bool   // its text ends in a quote
	where
}

// breaks begins a record that goes on in the lines that follow, perhaps.
func (r *Reader) breaks(line []byte, end string, quoted bool) bool {
	r.broken = brokenRecord{bytes.Clone(line), end, quoted, where{line: r.line, offset: r.offset}}
	return true
}

// isCut reports whether a line is the beginning of a record.
func (r *Reader) isCut(l *level, line []byte) bool {
	if bytes.HasPrefix(line, []byte(`{"`)) && (l.records || grammar.Interesting(line)) {
		return !isClosed(line)
	}
	return slices.ContainsFunc(l.shapes, func(sh *shape) bool {
		n, id, ok := sh.before.cut(line, r.id[:0])
		r.id = id
		return ok && sh.escaped && n > 0 && line[n-1] == '"' && scalarSize(line[n-1:]) == 0
	})
}

// isClosed reports whether all quotes of a line have ends, and its brace.
func isClosed(line []byte) bool {
	for rest := line; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return line[0] != '{' || bytes.HasSuffix(bytes.TrimRight(line, " \t,"), []byte{'}'})
		}
		size := grammar.QuotedSize(rest[i:])
		if size < 0 {
			return false
		}
		rest = rest[i+size:]
	}
}

// goesOn adds a line to the broken record. It reports false if the line is not
// a piece of it.
func (r *Reader) goesOn(line []byte) bool {
	b := &r.broken
	first, _, more := bytes.Cut(line, []byte(b.end))
	more = more || b.quoted && (bytes.IndexByte(line, '"') >= 0 || r.line < b.line+8)
	begins := bytes.HasPrefix(line, b.text[:min(len(b.text), 8)]) || bytes.HasPrefix(line, []byte(`{"`)) || grammar.Interesting(line) && grammar.StartAt(first) >= 0
	if !more || begins || len(b.text) > maxBroken {
		r.closeBroken()
		return false
	}
	b.text = append(b.text, line...)
	if b.quoted && isClosed(b.text) {
		r.closeBroken()
	}
	return true
}

// closeBroken reads the broken record as far as it is there.
func (r *Reader) closeBroken() {
	b := r.broken
	if b.text == nil {
		return
	}
	r.broken.text = nil
	w := r.where
	r.where = b.where
	r.raw, r.around = b.text, b.text
	if from, size := quotedAround(b.text, grammar.InterestingAt(b.text)); b.quoted && size < 0 {
		r.root.bare.problem(r, "the record ends within its text")
		r.document(r.root, unescape(nil, b.text[from+1:]), pairs(b.text[:from], -1))
	} else {
		r.take(r.root, b.text)
	}
	r.where = w
}

// problem notes what could not be read in the line being read.
func (s *Stream) problem(r *Reader, message string) {
	if s.out == nil {
		s.out = r.chunk(s)
	}
	s.out.problems = append(s.out.problems, Problem{r.line, message})
}

var quotedPrintable = []byte("Content-Transfer-Encoding: quoted-printable")

// unquote undoes how mail carries text: "=3D" for "=", and "=" at the end of a
// line that goes on. whole says that the line does not.
func (r *Reader) unquote(line []byte) (text []byte, whole bool) {
	if !r.mail {
		r.mail = bytes.EqualFold(line, quotedPrintable)
		return line, true
	}
	line, soft := bytes.CutSuffix(line, []byte{'='})
	out := grammar.Unescape(r.soft, line, '=')
	if soft && len(out) < maxBroken {
		r.soft = out
		return nil, false
	}
	r.soft = nil
	return out, true
}
