// Package unwrap takes dumps out of what surrounds them: compression, the
// prefixes of log systems, JSON records, quotes and escapes, lines that were
// wrapped or reversed. It keeps the lines of different processes apart and
// knows nothing of what they mean but what shows where a dump begins.
package unwrap

import (
	"bytes"
	"maps"
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
	nextID  int
	free    sync.Pool

	where
	back   *Chunk // lines of the source, to be looked at again
	cut    bool   // the last line has no end
	mail   bool   // the text is quoted-printable
	soft   []byte // of it, a line that goes on
	broken brokenRecord
	id     []byte
	buf    [maxNested + 2][]byte
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
	learned uint64 // how many shapes ever were
	last    *Stream
	quick   *Stream // of the lines that head matches, since no shape comes before its own
	head    mask
	streams map[string]*Stream // by their shape and identity
	fields  map[string]bool    // paths of the fields of JSON records in which dumps were seen
	records bool               // JSON records can be of a dump
	marked  bool               // lines are marked up, of which a prefix was learned without that
	pending *pending
}

// New returns a Reader that gives chunks to emit.
func New(emit func(*Chunk)) *Reader {
	r := &Reader{emit: emit, root: &level{streams: map[string]*Stream{}}}
	r.root.bare = r.stream(r.root, "")
	r.back = r.chunk(nil)
	return r
}

// stream begins a stream that has a key in its level.
func (r *Reader) stream(l *level, id string) *Stream {
	if len(r.streams) >= maxStreams {
		r.evict()
	}
	s := r.newStream(l)
	l.streams[id] = s
	r.streams = append(r.streams, s)
	return s
}

func (r *Reader) newStream(l *level) *Stream {
	r.nextID++
	return &Stream{ID: r.nextID - 1, level: l, lastKind: grammar.Blank}
}

// newLevel is the level of what is wrapped in a stream.
func newLevel(bare *Stream) *level {
	return &level{depth: bare.level.depth + 1, bare: bare, streams: map[string]*Stream{}}
}

// follow makes a stream that of the lines of a shape that have a key.
func (s *Stream) follow(sh *shape, id string) {
	s.shape, s.id, s.cut, s.Prefixed, s.level.streams[id] = sh, id, nil, !sh.escaped, s
}

// evict ends the half of the streams that were quiet for longest.
func (r *Reader) evict() {
	byUse := slices.SortedFunc(slices.Values(r.streams), func(a, b *Stream) int { return a.used - b.used })
	median := byUse[len(byUse)/2].used
	r.abandon(func(s *Stream) bool { return s.used <= median && s != r.root.bare })
}

// abandon ends streams while the source goes on, and what is wrapped in them.
func (r *Reader) abandon(gone func(*Stream) bool) {
	for _, s := range slices.Clone(r.streams) {
		if s.abandoned || !gone(s) && (s.level.bare == nil || !s.level.bare.abandoned) {
			continue
		}
		s.abandoned = true
		r.end(s, false)
		maps.DeleteFunc(s.level.streams, func(_ string, o *Stream) bool { return o == s })
	}
	r.streams = slices.DeleteFunc(r.streams, func(s *Stream) bool { return s.abandoned })
}

// Feed reads whole lines, of which the first has a number and an offset in the
// source. The last line may lack its end only where the source ends.
func (r *Reader) Feed(text []byte, line int, offset int64) {
	r.line = line
	for pos := 0; pos < len(text); r.line++ {
		n := bytes.IndexByte(text[pos:], '\n')
		if r.cut = n < 0; r.cut {
			n = len(text) - pos
		}
		r.offset = offset + int64(pos)
		r.source(text[pos : pos+n])
		pos += n + 1
	}
	for _, s := range r.streams {
		r.give(s)
	}
}

// Break says that text without wrapping was read past the Reader.
func (r *Reader) Break() {
	r.settle(r.root)
	r.closeBroken()
	r.passed(r.root.bare)
	r.back.Text, r.back.lines = r.back.Text[:0], r.back.lines[:0]
}

// passed says that whole goroutines of a stream were read past the Reader.
func (r *Reader) passed(s *Stream) {
	s.settled, s.suspect, s.inPanic, s.lastKind, s.want = true, false, false, grammar.Blank, grammar.Other
	r.giveAll(s)
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
	r.streams = nil
}

// give emits the text of a stream but for the last line, which may go on in the
// next. What is to be put into another order is kept.
func (r *Reader) give(s *Stream) {
	if c := s.out; s.settled && !s.reversed && c != nil && len(c.lines) > 1 {
		s.out = c.split(len(c.lines) - 1)
		r.emit(c)
	}
}

// giveAll emits all text of a stream.
func (r *Reader) giveAll(s *Stream) {
	if c := s.out; c != nil {
		s.out = nil
		if s.reversed {
			c = c.reverse()
		}
		r.emit(c)
	}
}

// end emits the rest of a stream. source says that the source ends here too.
func (r *Reader) end(s *Stream, source bool) {
	if len(s.pieces) > 0 {
		r.piece(s, nil, false)
	}
	if s.inner != nil {
		r.settle(s.inner)
	}
	if s.out == nil {
		if s.State == nil {
			return // nothing was ever given out that is of use
		}
		s.out = r.chunk(s)
	}
	s.out.End = true
	s.out.Cut = source && s.used == r.line-1 && r.cut
	r.giveAll(s)
}

// source reads a line of the source.
func (r *Reader) source(line []byte) {
	line = cleanLine(line)
	if r.mail || len(line) > 20 && line[0] == 'C' {
		var whole bool
		if line, whole = r.unquote(line); !whole {
			return
		}
	}
	if r.broken.text != nil && r.goesOn(line) {
		return
	}
	r.raw, r.around = line, line
	r.take(r.root, line)
	r.back.add(line[:min(len(line), backBytes)], origin{line: r.line, offset: r.offset}, nil)
	if c := r.back; len(c.Text) > 4*backBytes { // now and then only, since it moves them
		r.back = c.split(c.index(len(c.Text) - backBytes))
		c.Free()
	}
}

// take reads a line of a level.
func (r *Reader) take(l *level, line []byte) {
	if l.marked {
		line = cleanText(line)
	}
	if l.pending != nil && r.resolve(l, line) {
		return
	}
	if s := l.quick; s != nil && l.head.matches(line) && !s.abandoned {
		l.last = s
		r.prefixed(s, line, l.head.size, len(line))
		return
	}
	if slices.ContainsFunc(l.shapes, func(sh *shape) bool { return r.byShape(l, sh, line) }) {
		return
	}
	if l.depth == 0 && r.broken.line != r.line && r.isCut(l, line) && r.breaks(line, `\`, true) {
		return
	}
	if len(l.shapes) > 0 && l.last != nil && l.last.used == r.line-1 && r.rejoin(l.last, line) {
		return
	}
	if (grammar.Interesting(line) || l.records || bytes.Contains(line, bytesWord)) && r.recognise(l, line) {
		return
	}
	r.plain(l.bare, line)
}

// byShape gives a line to its stream if it has a shape.
func (r *Reader) byShape(l *level, sh *shape, line []byte) bool {
	from, to, id, ok := sh.match(line, r.id[:0])
	r.id = id
	s := l.streams[string(id)]
	if !ok || s == nil {
		return false
	}
	if l.last == s && sh == l.shapes[0] && !sh.escaped && sh.suffix == nil && to > from {
		l.quick = s
		l.head.learn(&sh.before, line[:from])
	}
	l.last = s
	if sh.escaped {
		buf := &r.buf[l.depth]
		*buf = unescape((*buf)[:0], line[from:to])
		r.lines(s, bytes.TrimRight(*buf, "\r"), sh.pieces)
	} else {
		r.prefixed(s, line, from, to)
	}
	return true
}

// prefixed gives the text of a line to a stream, a part of a line if a
// container runtime's flag says so.
func (r *Reader) prefixed(s *Stream, line []byte, from, to int) {
	r.piece(s, line[from:to], s.shape.before.flagged && from > 1 && line[from-2] == 'P')
}

// lines gives text to a stream: whole lines, or with pieces also a part of a
// line.
func (r *Reader) lines(s *Stream, text []byte, pieces bool) {
	text = stripEscapes(text)
	text, ended := bytes.CutSuffix(text, []byte{'\n'})
	for {
		line, rest, more := bytes.Cut(text, []byte{'\n'})
		r.piece(s, line, !more && pieces && !ended)
		if text = rest; !more {
			return
		}
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
	if s.shape != nil && s.shape.before.csv {
		text = csvField(text)
	}
	if !s.inner.isInUse() {
		if r.regular(s, text) {
			return
		}
		if s.inner == nil && (s.level.depth >= maxNested || !grammar.Interesting(text)) || grammar.IsCreated(text) {
			r.plain(s, text)
			return
		}
	}
	if s.inner == nil {
		s.inner = newLevel(s)
	}
	r.take(s.inner, text)
}

// regular takes a line that is as Go prints it and in its place.
func (r *Reader) regular(s *Stream, text []byte) bool {
	if s.lastKind == grammar.Partial || s.suspect || bytes.IndexByte(text, '&') >= 0 || bytes.Contains(text, nbsp) {
		return false
	}
	k := grammar.Plain(text)
	switch {
	case k == grammar.Blank:
	case k == grammar.Place && s.want == k:
		s.want, s.lastKind = grammar.Call, k
	case k == grammar.Call && s.want == k:
		s.want, s.lastKind = grammar.Place, k
	case k == grammar.Start && s.want == grammar.Call && s.lastKind != grammar.Call && s.settled:
		s.lastKind, s.inPanic = k, false
	default:
		return false
	}
	r.append(s, text, k == grammar.Start)
	return true
}

// append adds a line to what a stream has to give out. stamped says that its
// time is wanted.
func (r *Reader) append(s *Stream, text []byte, stamped bool) {
	if s.out == nil {
		s.out = r.chunk(s)
	}
	var around []byte
	if stamped {
		around = r.around
	}
	s.out.add(text, origin{line: r.line, offset: r.offset}, around)
	s.used, s.parts = r.line, 0
	switch size := len(s.out.Text); {
	case s.reversed && size > maxReversed:
		r.giveAll(s)
	case !s.settled && size > heldBytes:
		s.settled, s.suspect = true, false
	}
}
