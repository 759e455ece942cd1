// Package unwrap takes dumps out of what surrounds them: compression, the
// prefixes of log systems, JSON records, quotes and escapes, lines that were
// wrapped or reversed. It keeps the lines of different processes apart and
// knows nothing of what they mean but what shows where a dump begins.
package unwrap

import (
	"bytes"
	"slices"
	"sync"

	"gdump/internal/grammar"
)

const (
	maxStreams  = 4096     // followed at once
	maxNested   = 4        // wrappings in one another
	maxShapes   = 64       // of lines, at one level
	maxReversed = 16 << 20 // bytes of reversed text that are kept until they end
	maxBroken   = 1 << 20  // bytes of a record that a collector broke into lines
	backBytes   = 32 << 10 // of text before a header that are looked at again
	backLines   = 256
	heldBytes   = 64 << 10 // of a stream that are kept until its order is known
)

// A Reader takes the text of a source and gives out the lines of each process.
// Its memory grows with the number of processes, not with the text.
type Reader struct {
	emit    func(*Chunk)
	root    *level
	streams []*Stream
	dirty   []*Stream
	nextID  int
	free    sync.Pool

	where
	back     []byte // lines before text, to be looked at again
	text     []byte // being fed
	pos      int    // of the line in text
	odd      bool   // the text may have entities of HTML, or blanks that do not break
	marked   bool   // lines are rows of HTML, of which a prefix was learned without its tags
	alien    bool   // a profile of another kind began, whose records are like those of goroutines
	mail     bool   // the text is quoted-printable
	soft     []byte // of it, a line that goes on
	broken   []byte // a record whose text does not end in its line
	brokeEnd string // what it has for the ends of its lines; "" if it is quoted
	brokeAt  where  // the line in which it begins
	record   record
	id       []byte
	buf      [maxNested + 2][]byte
}

// where is a line of the source.
type where struct {
	line   int // its number
	offset int64
	raw    []byte // it, as it is in the source
	around []byte // of the innermost wrapped line: the line around it, for its time
}

// level is one depth of wrapping: the shapes of its lines, and the streams
// they belong to.
type level struct {
	depth   int
	bare    *Stream // lines without a wrapping
	shapes  []*shape
	last    *Stream
	keys    map[string]*Stream // of JSON records
	fields  map[uint64]bool    // where in JSON records dumps were seen
	records bool               // JSON records can be of a dump
	pending *pending
}

// shape is how lines carry text: between two patterns, escaped or not. Lines
// of one shape are of different streams if the identity in it differs.
type shape struct {
	before, after pattern
	suffix        []byte // taken off the text's end
	escaped       bool   // the text is a quoted string
	pieces        bool   // the text carries its line's end, if it is not a piece of a line
	member        bool   // a comma may follow
	streams       map[string]*Stream
}

// New returns a Reader that gives chunks to emit.
func New(emit func(*Chunk)) *Reader {
	r := &Reader{emit: emit}
	r.root = &level{}
	r.root.bare = r.stream(r.root, nil, "")
	return r
}

func (r *Reader) stream(l *level, sh *shape, id string) *Stream {
	s := &Stream{ID: r.nextID, level: l, shape: sh, id: id, lastKind: grammar.Blank}
	r.nextID++
	if sh != nil {
		s.Prefixed = !sh.escaped
		sh.streams[id] = s
	}
	if len(r.streams) >= maxStreams {
		r.evict()
	}
	r.streams = append(r.streams, s)
	return s
}

// evict ends the half of the streams that were quiet for longest, and what is
// wrapped in them.
func (r *Reader) evict() {
	bare := r.streams[0]
	rest := slices.Clone(r.streams[1:])
	slices.SortStableFunc(rest, func(a, b *Stream) int { return b.used - a.used })
	for _, s := range rest[len(rest)/2:] {
		r.abandon(s)
	}
	r.streams = append([]*Stream{bare}, rest[:len(rest)/2]...)
	r.streams = slices.DeleteFunc(r.streams, func(s *Stream) bool {
		if s.level.bare != nil && s.level.bare.abandoned {
			r.abandon(s)
		}
		return s.abandoned
	})
}

// abandon ends a stream while the source goes on.
func (r *Reader) abandon(s *Stream) {
	r.end(s, false)
	s.abandoned = true
	if s.shape != nil && s.shape.streams[s.id] == s {
		delete(s.shape.streams, s.id)
	}
	if s.level.keys[s.id] == s {
		delete(s.level.keys, s.id)
	}
	if s.level.last == s {
		s.level.last = nil
	}
}

// Feed reads whole lines, of which the first has a number and an offset in the
// source. The last line may lack its end only where the source ends.
func (r *Reader) Feed(text []byte, line int, offset int64) {
	r.text, r.line = text, line
	r.odd = bytes.IndexByte(text, '&') >= 0 || bytes.Contains(text, nbsp)
	for pos := 0; pos < len(text); r.line++ {
		n := bytes.IndexByte(text[pos:], '\n')
		if n < 0 {
			n = len(text) - pos
		}
		r.pos, r.offset = pos, offset+int64(pos)
		r.source(text[pos : pos+n])
		pos += n + 1
	}
	r.flush(false)
	r.keepBack(text)
	r.text = nil
}

// tailLines is the last whole lines of a text.
func tailLines(text []byte) []byte {
	if len(text) <= backBytes {
		return text
	}
	text = text[len(text)-backBytes:]
	return text[bytes.IndexByte(text, '\n')+1:]
}

// Break says that text without wrapping was read past the Reader.
func (r *Reader) Break() {
	r.settle(r.root)
	r.closeBroken()
	bare := r.root.bare
	bare.started, bare.lastKind, bare.want = true, grammar.Blank, grammar.Other
	r.give(bare, len(text(bare)))
	r.back = r.back[:0]
}

// Close says that the source has ended, and gives out all that is held back.
func (r *Reader) Close() {
	if len(r.soft) > 0 {
		line := r.soft
		r.soft, r.mail = nil, false
		r.source(line)
	}
	r.closeBroken()
	r.settle(r.root)
	for _, s := range slices.Clone(r.streams) {
		r.end(s, true)
	}
	r.streams = r.streams[:0]
}

func text(s *Stream) []byte {
	if s.out == nil {
		return nil
	}
	return s.out.Text
}

// flush gives out the lines of all streams but for what may still be needed:
// the last line, with which a wrapped one may go on.
func (r *Reader) flush(all bool) {
	keep := r.dirty[:0]
	for _, s := range r.dirty {
		s.dirty = false
		size := len(text(s))
		switch {
		case size == 0:
			continue
		case all:
			r.give(s, size)
			continue
		case s.reversed && size < maxReversed, !s.started && size < heldBytes:
		case s.reversed:
			r.giveReversed(s)
			continue
		default:
			r.give(s, s.last)
		}
		if len(text(s)) > 0 {
			s.dirty = true
			keep = append(keep, s)
		}
	}
	r.dirty = keep
}

// give emits the text of a stream up to a position.
func (r *Reader) give(s *Stream, to int) {
	if to == 0 || s.out == nil {
		return
	}
	c := s.out
	if to < len(c.Text) {
		s.out = c.split(r, to)
		s.last -= to
	} else {
		s.out, s.last = nil, 0
	}
	r.emit(c)
}

func (r *Reader) giveReversed(s *Stream) {
	c := s.out
	s.out, s.last = c.reverse(r), 0
	c.Free()
	r.give(s, len(s.out.Text))
}

// end emits the rest of a stream. source says that the source ends here too.
func (r *Reader) end(s *Stream, source bool) {
	if s.abandoned {
		return
	}
	if len(s.pieces) > 0 {
		line := s.pieces
		s.pieces = nil
		r.put(s, line)
	}
	if s.inner != nil {
		r.settle(s.inner)
	}
	if s.reversed && len(text(s)) > 0 {
		c := s.out
		s.out = c.reverse(r)
		c.Free()
	}
	if s.out == nil {
		if s.State == nil {
			return // nothing was ever given out that is of use
		}
		s.out = r.chunk(s)
	}
	c := s.out
	c.End = true
	c.Cut = source && s.used == r.line-1 && r.cut()
	s.out, s.last = nil, 0
	r.emit(c)
}

// cut reports whether the source's last line has no end.
func (r *Reader) cut() bool { return len(r.back) > 0 && r.back[len(r.back)-1] != '\n' }

// source reads a line of the source.
func (r *Reader) source(line []byte) {
	if bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0x1b) >= 0 || bytes.IndexByte(line, '\b') >= 0 {
		line = cleanLine(line)
	}
	if r.mail || len(line) > 20 && line[0] == 'C' {
		var whole bool
		if line, whole = r.unquote(line); !whole {
			return
		}
	}
	if r.broken != nil && r.goesOn(line) {
		return
	}
	r.raw, r.around = line, line
	r.take(r.root, line)
}

// take reads a line of a level.
func (r *Reader) take(l *level, line []byte) {
	if r.marked && l.depth == 0 {
		line = cleanText(line)
	}
	if l.pending != nil && r.resolve(l, line) {
		return
	}
	if s := l.last; s != nil && !s.extended && s.prefix.matches(line) {
		r.cutPrefix(s, line)
		return
	}
	for _, sh := range l.shapes {
		if r.byShape(l, sh, line) {
			return
		}
	}
	if len(l.shapes) > 0 && l.last != nil && l.last.used == r.line-1 && r.rejoin(l.last, line) {
		return
	}
	if grammar.Interesting(line) || l.records || bytes.Contains(line, bytesWord) {
		if r.recognise(l, line) {
			return
		}
	}
	r.plain(l.bare, line)
}

// byShape gives a line to its stream if it has a shape.
func (r *Reader) byShape(l *level, sh *shape, line []byte) bool {
	s, from, to := r.match(sh, line)
	if s == nil {
		return false
	}
	l.last = s
	if sh.escaped {
		r.escaped(s, sh, line[from:to])
	} else {
		r.piece(s, line[from:to], s.container && line[min(from, sh.before.flagAt(line))] == 'P')
	}
	return true
}

// match finds the stream of a line that has a shape, and where its text is.
func (r *Reader) match(sh *shape, line []byte) (s *Stream, from, to int) {
	n, id, ok := sh.before.cut(line, r.id[:0])
	r.id = id
	if !ok {
		return nil, 0, 0
	}
	from, to = n, len(line)
	if sh.escaped {
		size := scalarSize(line[max(0, n-1):])
		if n == 0 || line[n-1] != '"' || size < 2 {
			return nil, 0, 0
		}
		to = n + size - 2
		m, id, ok := sh.after.cut(line[to:], r.id)
		r.id = id
		rest := bytes.TrimRight(line[min(len(line), to+m):], " \t")
		if !ok || len(rest) > 0 && !(sh.member && string(rest) == ",") {
			return nil, 0, 0
		}
	} else if len(sh.suffix) > 0 {
		rest, ok := cutSuffix(line[n:], sh.suffix)
		if !ok {
			return nil, 0, 0
		}
		to = n + len(rest)
	}
	return sh.streams[string(r.id)], from, to
}

// cutPrefix gives a line to a stream, whose prefix it has.
func (r *Reader) cutPrefix(s *Stream, line []byte) {
	if size := s.prefix.size; s.container {
		r.piece(s, line[size:], line[size-2] == 'P')
	} else {
		r.put(s, line[size:])
	}
}

// escaped gives the text of a quoted string to a stream.
func (r *Reader) escaped(s *Stream, sh *shape, raw []byte) {
	buf := &r.buf[s.level.depth]
	*buf = unescape((*buf)[:0], raw)
	r.lines(s, bytes.TrimRight(*buf, "\r"), sh.pieces)
}

// lines gives text to a stream: whole lines, or with pieces also a part of a
// line.
func (r *Reader) lines(s *Stream, text []byte, pieces bool) {
	if bytes.IndexByte(text, 0x1b) >= 0 {
		text = stripEscapes(text)
	}
	ended := len(text) > 0 && text[len(text)-1] == '\n'
	if ended {
		text = text[:len(text)-1]
	}
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			r.piece(s, text, pieces && !ended)
			return
		}
		r.piece(s, text[:i], false)
		text = text[i+1:]
	}
}

// piece gives a line or a part of one to a stream.
func (r *Reader) piece(s *Stream, text []byte, part bool) {
	if part && len(s.pieces) < heldBytes<<4 {
		s.pieces = append(s.pieces, text...)
		s.used = r.line
		return
	}
	if len(s.pieces) > 0 {
		text = append(s.pieces, text...)
		s.pieces = nil
	}
	r.put(s, text)
}

// bytesWord is in records of journald, which writes text that is not all
// printable as an array of bytes.
var bytesWord = []byte(`"MESSAGE":`)

// put gives a line to a stream. A line that is wrapped once more is unwrapped.
func (r *Reader) put(s *Stream, text []byte) {
	if s.csv && len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = csvField(text, 0)
	}
	if s.inner == nil || len(s.inner.shapes) == 0 && s.inner.pending == nil && !s.inner.records {
		if r.regular(s, text) {
			return
		}
		if s.inner == nil && (s.level.depth >= maxNested || !grammar.Interesting(text)) || grammar.IsCreated(text) {
			r.plain(s, text)
			return
		}
	}
	if s.inner == nil {
		s.inner = &level{depth: s.level.depth + 1, bare: s}
	}
	r.take(s.inner, text)
}

// regular takes a line that is as Go prints it and in its place.
func (r *Reader) regular(s *Stream, text []byte) bool {
	if s.lastKind == grammar.Partial || r.odd && (bytes.IndexByte(text, '&') >= 0 || bytes.Contains(text, nbsp)) {
		return false
	}
	switch k := grammar.Plain(text); {
	case k == grammar.Blank:
		if s.suspect {
			return false
		}
	case k == grammar.Place && s.want == k:
		s.want, s.lastKind = grammar.Call, k
	case k == grammar.Call && s.want == k:
		s.want, s.lastKind = grammar.Place, k
	case k == grammar.Start && s.want == grammar.Call && s.lastKind != grammar.Call:
		s.lastKind, s.inPanic = k, false
		r.stamp(s)
	default:
		return false
	}
	r.append(s, text)
	return true
}

// append adds a line to what a stream has to give out.
func (r *Reader) append(s *Stream, text []byte) {
	c := s.out
	if c == nil {
		c = r.chunk(s)
		c.offset = r.offset
		s.out = c
	}
	if !s.dirty {
		s.dirty = true
		r.dirty = append(r.dirty, s)
	}
	if c.next != r.line {
		c.marks = append(c.marks, mark{len(c.Text), r.line, s.Document})
	}
	c.next = r.line
	if !s.Document {
		c.next++
	}
	s.last, s.used, s.parts = len(c.Text), r.line, 0
	c.Text = append(append(c.Text, text...), '\n')
}

// stamp notes the time of the line that is appended next.
func (r *Reader) stamp(s *Stream) {
	if s.out == nil {
		s.out = r.chunk(s)
	}
	c := s.out
	from := len(c.aux)
	c.aux = appendAround(c.aux, r.around)
	c.stamps = append(c.stamps, stampText{len(c.Text), from, len(c.aux), r.offset})
}
