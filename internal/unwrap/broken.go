package unwrap

import (
	"bytes"

	"gdump/internal/grammar"
)

// brokenRecord is one that a collector broke into several lines.
type brokenRecord struct {
	text []byte // nil if there is none
	end  string // what it has for the ends of its lines; "" if it is quoted
	where
}

// breaks begins a record whose quoted text does not end in its line, since a
// collector broke it.
func (r *Reader) breaks(l *level, line []byte, from int) bool {
	if l.depth > 0 || r.broken.text != nil || !holdsDump(unescape(nil, line[from+1:])) {
		return false
	}
	r.broken = brokenRecord{text: bytes.Clone(line), where: where{line: r.line, offset: r.offset}}
	return true
}

// goesOn adds a line to the broken record. It reports false if the line begins
// another.
func (r *Reader) goesOn(line []byte) bool {
	b := &r.broken
	head := b.text[:min(len(b.text), 8)]
	first, _, more := bytes.Cut(line, []byte(b.end))
	begins := !more || b.end != "" && grammar.Interesting(line) && grammar.StartAt(first) >= 0
	if b.end == "" {
		head = b.text[:min(bytes.IndexByte(b.text, '"')+1, maxStamped)]
		begins = r.line > b.line+32
	}
	p := learnPrefix(head, "=")
	_, want, _ := p.cut(head, nil)
	if _, id, ok := p.cut(line, nil); begins || ok && bytes.Equal(id, want) && len(head) > 2 || len(b.text) > maxBroken {
		r.closeBroken()
		return false
	}
	b.text = append(b.text, line...)
	if b.end == "" {
		if _, size := quotedAround(b.text, grammar.InterestingAt(b.text)); size > 0 {
			r.closeBroken()
		}
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
	if from, size := quotedAround(b.text, grammar.InterestingAt(b.text)); b.end != "" || size > 0 {
		r.take(r.root, b.text)
	} else {
		r.root.bare.problem(r, "the record ends within its text")
		r.document(r.root, unescape(nil, b.text[from+1:]), pairs(b.text[:from], -1))
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
