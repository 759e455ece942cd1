package unwrap

import (
	"bytes"
	"regexp"
	"slices"
	"unicode"

	"gdump/internal/grammar"
)

// held is a line that is looked at again.
type held struct {
	text []byte
	where
}

// pending is a line with a header behind a prefix, of which one of the lines
// that follow is to show how much other lines have too. They wait with it.
type pending struct {
	held
	from, end int // the header
	suffix    *regexp.Regexp
	queue     []held
}

const (
	maxQueue  = 16
	maxPrefix = 4 << 10 // bytes
	maxTried  = 40      // lengths of a prefix
)

// hold keeps a line of the source, which does not stay.
func (r *Reader) hold(line []byte) held {
	w := r.where
	w.raw, w.around = bytes.Clone(w.raw[:min(len(w.raw), heldBytes)]), bytes.Clone(w.around[:min(len(w.around), heldBytes)])
	return held{bytes.Clone(line), w}
}

// learnedPrefix takes a line that holds the first line of a dump behind a
// prefix, or before a suffix.
func (r *Reader) learnedPrefix(l *level, line []byte) bool {
	clean := cleanText(line)
	from, end := dumpIn(clean)
	suffix := bytes.TrimSpace(clean[end:])
	if l.bare.alien && from == grammar.RecordAt(clean) {
		return false
	}
	if from < 0 || from > maxPrefix || len(suffix) > maxPrefix || from == 0 && len(suffix) == 0 || l.bare.inPanic && isIndented(clean) {
		return false
	}
	r.settle(l)
	l.marked = l.marked || !bytes.HasPrefix(line, clean[:from])
	if own := r.panicking(l, clean); own != nil {
		return r.byShape(l, r.streamOf(l, &shape{before: learnPrefix(own, "")}, clean).shape, clean)
	}
	l.pending = &pending{held: r.hold(clean), from: from, end: end, suffix: suffixOf(suffix)}
	return true
}

// dumpIn finds the first line of a dump within a line, also behind the mark of a
// line that a diff takes away, and where it ends; -1 if there is none.
func dumpIn(line []byte) (from, end int) {
	if from, end = grammar.FindHeader(line); from >= 0 {
		return from, end
	}
	if rest, minus := bytes.CutPrefix(line, []byte{'-'}); minus {
		if from, end = grammar.FindHeader(rest); from != 0 {
			from, end = grammar.FindCounts(rest)
		}
		if from == 0 {
			return 1, end + 1
		}
	}
	if from, end = grammar.FindCounts(line); from >= 0 {
		return from, end
	}
	return grammar.RecordAt(line), len(line)
}

// csvField is the text of a field of CSV, quoted or not.
func csvField(text []byte) []byte {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	return bytes.ReplaceAll(text[1:len(text)-1], []byte(`""`), []byte{'"'})
}

// panicking returns the prefix of a line that is within the text of a panic,
// behind that of the panic's first line and the text's indentation; nil if it
// is not. Such text can hold a dump, which is not one of this process.
func (r *Reader) panicking(l *level, line []byte) []byte {
	for _, before := range slices.Backward(r.lookBack(l)) {
		at := bytes.Index(before.text, grammar.PanicWord)
		if at <= 0 {
			continue
		}
		p := learnPrefix(before.text[:at], "")
		_, want, _ := p.cut(before.text, nil)
		if n, id, ok := p.cut(line, nil); ok && bytes.Equal(id, want) && isIndented(line[n:]) {
			return line[:n]
		}
		return nil
	}
	return nil
}

// resolve looks whether a line shows how much of the pending header's prefix
// the lines of its goroutine have. It reports whether the line has to wait.
func (r *Reader) resolve(l *level, line []byte) bool {
	p := l.pending
	clean := cleanText(line)
	for i, tried := p.from, 0; i >= 0 && len(bytes.TrimSpace(clean)) > 0; i-- {
		if i > 0 && (tried == maxTried || i < p.from && grammar.IsWord(p.text[i-1])) {
			continue
		}
		tried++
		for _, suffix := range []*regexp.Regexp{p.suffix, nil} {
			if sh := (&shape{before: learnPrefix(p.text[:i], ""), suffix: suffix}); p.fits(sh, i, clean) {
				r.adopt(l, sh, i)
				return false
			}
		}
	}
	if p.queue = append(p.queue, r.hold(line)); len(p.queue) >= maxQueue {
		r.settle(l)
	}
	return true
}

// fits reports whether a line that has a shape is what can follow the pending
// header, of whose prefix n bytes are the shape's.
func (p *pending) fits(sh *shape, n int, line []byte) bool {
	_, _, want, _ := sh.match(p.text, nil)
	from, to, id, ok := sh.match(line, nil)
	if !ok || !bytes.Equal(id, want) {
		return false
	}
	rest := cleanText(line[from:to])
	if sh.before.csv {
		rest = csvField(rest)
	}
	switch grammar.KindOf(rest) {
	case grammar.Call, grammar.Note, grammar.Counts:
		return true
	case grammar.Place: // in reversed order it is next
		return grammar.IsRooted(bytes.TrimSpace(rest))
	case grammar.Start:
		return n == p.from
	case grammar.Partial:
		return n == p.from || bytes.IndexByte(rest, '(') > 0
	}
	return false
}

// settle gives a pending header to the stream with all of its prefix, if no
// line has shown which is right.
func (r *Reader) settle(l *level) {
	for l.pending != nil {
		p := l.pending
		r.adopt(l, &shape{before: learnPrefix(p.text[:p.from], "")}, p.from)
	}
}

// adopt gives the pending header to the stream of a shape, which has n bytes of
// its prefix.
func (r *Reader) adopt(l *level, sh *shape, n int) {
	p := l.pending
	l.pending = nil
	w := r.where
	r.where = p.where
	s := l.bare
	if n > 0 || sh.suffix != nil {
		s = r.streamOf(l, sh, p.text)
	}
	// What comes before the header in its line may say why it is there.
	lead := bytes.TrimSpace(p.text[n:p.from])
	if sh.suffix == nil {
		lead = bytes.TrimSpace(append(append(bytes.Clone(lead), ' '), p.text[p.end:]...))
	}
	if bytes.ContainsFunc(lead, unicode.IsLetter) {
		r.plain(s, lead)
	}
	s.inPanic = false
	r.plain(s, p.text[p.from:p.end])
	for _, h := range p.queue {
		r.where = h.where
		r.take(l, h.text)
	}
	r.where = w
}

// lookBack returns the last lines before the one being read, as a level has
// them and as far as they are kept.
func (r *Reader) lookBack(l *level) []held {
	c := r.back
	if l.depth > 0 {
		if c = l.bare.out; c == nil || l.bare.settled && !l.bare.Document { // it may have been given out
			return nil
		}
	}
	var lines []held
	for i := len(c.lines) - 1; i >= 0 && len(lines) < backLines; i-- {
		if at, text := c.lines[i], c.line(i); at.line < r.line || l.depth > 0 {
			if l.marked {
				text = cleanText(text)
			}
			lines = append(lines, held{text, where{at.line, at.offset, text, text}})
		}
	}
	slices.Reverse(lines)
	return lines
}

// replay gives the lines before the one being read that are a stream's to the
// stream: the reason of a dump comes before its first header.
func (r *Reader) replay(s *Stream) {
	if s.shape == nil {
		return
	}
	w := r.where
	for _, b := range r.lookBack(s.level) {
		r.where = b.where
		if _, _, id, ok := s.shape.match(b.text, nil); ok && string(id) == s.id && (!grammar.Interesting(b.text) || grammar.StartAt(b.text) < 0) {
			r.byShape(s.level, s.shape, b.text)
		}
	}
	r.where = w
}

// before returns what the last lines of the source say, for a document.
func (r *Reader) before() []byte {
	var out []byte
	lines := r.lookBack(r.root)
	for _, h := range lines[max(0, len(lines)-4):] {
		if len(h.text) < heldBytes {
			out = append(append(out, message(h.text)...), '\n')
		}
	}
	return out
}

// message is what a line of a log says: the text of a record and the error
// with it, or the line.
func message(line []byte) []byte {
	var rec record
	var fields []Field
	if len(line) > 0 && line[0] == '{' && rec.read(line) {
		fields = rec.texts(nil)
	} else if bytes.Contains(line, []byte(`msg=`)) {
		fields = pairs(line, -1)
	}
	best, said := len(lineFields), line
	for _, f := range fields {
		if n := lineField([]byte(f.Key)); n < best {
			best, said = n, []byte(f.Value)
		}
	}
	for _, f := range fields {
		if best < len(lineFields) && (f.Key == "error" || f.Key == "err" || f.Key == "panic") {
			said = append(append(said, ": "...), f.Value...)
		}
	}
	return bytes.ReplaceAll(bytes.TrimSpace(said), []byte{'\n'}, []byte{' '})
}
