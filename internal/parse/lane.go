package parse

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
	"gdump/internal/unwrap"
)

// lane is the lines of one process, in order. It splits them into goroutines
// and dumps.
type lane struct {
	in       *reader
	prefixed bool // a prefix was learned for it, perhaps from a sentence
	homes    *homes
	b        *builder // the dump being read; nil before its first goroutine

	state  state
	header record // of the goroutine being read
	first  []byte // its header's line
	at     place  // and where that is
	stack  stack  // its frames
	loose  bool   // the header lacks its colon: a title, unless a stack follows
	lost   orphan
	counts counts // the dump being read, where it has counts only

	reason   string // why a dump is to come: seen since the last header
	value    []byte // what follows it up to a blank line, which can be the rest of a panic's value
	open     bool   // that line has not come
	tests    []string
	when     time.Time // of the reason
	seen     time.Time // time stamp of the last line that was not part of a dump
	headed   time.Time // when the last header was written
	dashes   bool      // a line "-----" since the last header
	dashed   bool      // one since the dump began
	alien    bool      // a profile of another kind began since
	foreign  bool      // text of another kind since the last header
	doubt    bool      // it is only since the line before, which may be a function after all
	last     []byte    // the last such line
	lastAt   int       // its number
	said     string    // with a running goroutine
	sure     bool      // and it is a reason
	document *unwrap.Chunk
	leaks    bool // goroutines that have leaked are to come
	cut      bool // the text does not end with a line's end
}

// state is what the next line of a lane can be.
type state uint8

const (
	between   state = iota // lines of other writers, until a header
	inside                 // lines of a goroutine
	panicking              // indented lines of a panic's value, which can hold a whole dump
	listing                // the list of running tests in such a value
	nesting                // a dump in it
	counting               // records of a dump that has counts only
	skipping               // frames of no goroutine: a runtime stack, a report of a data race
)

// lines takes text of a chunk line by line.
func (l *lane) lines(c *unwrap.Chunk, from, to int) {
	pos := from
	where := func() place { return placeIn(c, pos) }
	for pos < to {
		n := bytes.IndexByte(c.Text[pos:to], '\n')
		line := c.Text[pos : pos+n : pos+n]
		last := c.Cut && pos+n+1 == len(c.Text)
		if !last || !l.endsInHeader(line, where) {
			l.line(line, where)
		}
		if last {
			l.cut = true
		}
		pos += n + 1
	}
}

// line takes the next line, which is at a place that where returns.
func (l *lane) line(line []byte, where func() place) {
	text := bytes.TrimRight(line, " \t\r")
	if (l.state == panicking || l.state == listing || l.state == nesting) && l.panicText(line, text) {
		return
	}
	if len(text) == 0 {
		l.open = false
		l.blank(line)
		return
	}
	if l.head(text, where) || l.mark(text, where) {
		return
	}
	switch l.state {
	case inside:
		l.goroutineLine(line[:len(text)], where)
		return
	case counting:
		if l.counts.take(text, where) {
			return
		}
	case skipping:
		return
	}
	if l.orphaned(line[:len(text)], where) {
		return
	}
	l.pass(line, where)
	if at := ownReason(text); at > 0 && l.state == between {
		l.why(text[at:], where)
	}
}

// goroutineLine takes a line behind a header.
func (l *lane) goroutineLine(text []byte, where func() place) {
	frames, foreign := len(l.stack.frames), l.foreign
	if l.stack.keep(text, where) {
		if l.doubt && len(l.stack.frames) > frames {
			l.foreign = false
		}
		l.doubt = false
		return
	}
	if l.stack.name == nil {
		l.pass(text, where)
		l.doubt = !foreign
	}
	if at := ownReason(text); at > 0 && l.stack.isComplete() {
		l.why(text[at:], where)
	} else if l.stack.section == created {
		l.orphaned(text, where)
	}
}

// blank takes a line without text. An empty one ends a goroutine that is as Go
// prints it; in others there may be one after each line.
func (l *lane) blank(line []byte) {
	switch {
	case l.state != inside:
	case len(line) == 0 && l.stack.ends():
		l.finish()
	default:
		l.stack.plain = false
	}
}

// head reads a line that begins a goroutine or a dump.
func (l *lane) head(text []byte, where func() place) bool {
	if l.leaks || l.b != nil && l.b.checker {
		text = bytes.TrimLeft(text, " ") // Gomega indents them
	}
	switch c := text[0]; {
	case c == 'g':
		if _, ok := grammar.ParseHeader(text); ok {
			l.begin(text, 0, where())
			return true
		}
		if grammar.IsTitle(text) {
			l.begin(append(bytes.Clone(text), ':'), 0, where())
			l.loose = true
			return true
		}
		if grammar.LooksLikeHeader(text) {
			l.finish()
			l.builder(where()).problem(where().line, "bad goroutine header: "+clip(text, maxProblem))
			return true
		}
		if grammar.CountsAt(text) == 0 {
			l.beginCounts(text, where())
			return true
		}
	case c == 'G' || c == '[' || c == ' ' || c == '*' || c-'0' <= 9:
		if h, leaks, ok := grammar.ParseListed(bytes.TrimLeft(text, "[* ")); ok {
			l.begin(plainHeader(&h), h.Count, where())
			if h.Call != nil {
				l.stack.title(h.Call, h.At)
			}
			if leaks {
				b := l.builder(l.at)
				b.leaks, b.checker = true, true
			}
			return true
		}
		if l.state != counting && !l.alien && grammar.RecordAt(text) == 0 {
			l.beginCounts(nil, where())
			return l.counts.take(text, where)
		}
	}
	return false
}

// plainHeader writes a header as Go prints it.
func plainHeader(h *grammar.Header) []byte {
	text := fmt.Appendf(nil, "goroutine %d [%s", h.ID, h.State)
	if h.Leaked {
		text = append(text, " (leaked)"...)
	}
	if h.Minutes > 0 {
		text = fmt.Appendf(text, ", %d minutes", h.Minutes)
	}
	return append(text, "]:"...)
}

const (
	maxReason  = 1000 // bytes
	maxProblem = 120  // bytes of a line in a problem
	maxTests   = 100
)

// begin makes ready for the goroutine of a header, or n of them; the dump it
// belongs to may end or begin here.
func (l *lane) begin(text []byte, n int, at place) {
	var r record
	r.header(text)
	r.count = uint32(n)
	l.starts(&r, at)
	l.headedBy(at)
	l.at.around = nil
	l.header, l.first, l.loose = r, append(l.first[:0], text...), false
	l.stack.reset()
	l.state = inside
}

// starts says that a goroutine begins.
func (l *lane) starts(r *record, at place) {
	if l.state == inside && l.header.id == r.id && r.count == 0 && l.stack.isEmpty() {
		l.state = between // that header was a title over this one
	}
	if l.state != between || len(l.lost.stack.text) > 0 {
		l.finish()
	}
	if l.b != nil && (l.b.counted || !l.dashes && (l.reason != "" || l.foreign && r.is(running))) {
		l.close()
	}
	if len(l.value) > 0 && !l.open && l.reason != "" {
		l.because("", l.value)
	}
	l.value, l.open = l.value[:0], false
	if l.said, l.sure = "", false; r.is(running) {
		l.said, l.sure = l.told(at.line)
	}
	l.at = at
	l.dashes, l.foreign, l.doubt, l.alien = false, false, false, false
	l.state = between
	if l.b == nil {
		l.headedBy(at)
		first, _, _ := bytes.Cut(at.around, newline)
		l.leaks = l.leaks || grammar.SaysLeaked(first)
	}
}

// headedBy notes when a header was written.
func (l *lane) headedBy(at place) {
	if l.headed = l.time(at); l.headed.IsZero() {
		l.headed = l.seen
	}
}

// time is when the line at a place was written.
func (l *lane) time(at place) time.Time {
	line, _, _ := bytes.Cut(at.around, newline)
	return unwrap.TimeOf(line, l.in.options.Latest)
}

// beginCounts begins a dump that has counts only, by its first line, which may
// be missing.
func (l *lane) beginCounts(head []byte, at place) {
	l.finish()
	l.close()
	l.headedBy(at)
	b := l.builder(at)
	b.level, b.counted = goroutine.Debug1, true
	l.counts.begin(b, head, at)
	l.state = counting
}

// builder is the dump that what comes now belongs to.
func (l *lane) builder(at place) *builder {
	if l.b == nil {
		b := &builder{home: l.homes.next(), countsOnly: l.in.options.CountsOnly, level: goroutine.Debug2, line: at.line, offset: at.offset}
		l.b = b
		b.leaks, b.checker, l.leaks = l.leaks, l.leaks, false
		b.reason, b.takenAt, b.crash = l.reason, l.when, isCrash(l.reason)
		if b.takenAt.IsZero() {
			b.takenAt = l.headed
		}
		if len(l.tests) > 0 {
			b.reason += "; running tests: " + strings.Join(l.tests, ", ")
		}
		l.in.builders = append(l.in.builders, b)
		l.dashed = false
	}
	l.reason, l.tests, l.when = "", nil, time.Time{}
	return l.b
}

// close ends the dump being read.
func (l *lane) close() {
	if l.b != nil {
		l.b.finish()
		l.b = nil
	}
}

// finish counts the goroutine or the record being read, if there is one.
func (l *lane) finish() { l.finishAt(false) }

// finishAt is finish; last says that the text ends here. It returns the
// goroutine if it counts.
func (l *lane) finishAt(last bool) (r *record, ok bool) {
	was := l.state
	if l.state == inside || l.state == counting {
		l.state = between
	}
	defer l.orphans() // they came after the goroutine, which may begin a dump
	switch was {
	case counting:
		l.counts.end()
	case inside:
		r, s := &l.header, &l.stack
		if !last && s.dropName() {
			s.badAt = l.at.line + bytes.Count(s.text, newline)
		}
		if len(s.frames) == 0 && !s.unavailable && !r.isG0() {
			if !last && s.creator.function == nil {
				if l.loose || l.prefixed && l.b == nil {
					return nil, false // a sentence that reads like a header
				}
				l.builder(l.at).problem(l.at.line, fmt.Sprintf("goroutine %d has no frames", r.id))
			}
			s.missing = string(r.state.of(l.first)) != "runnable"
		}
		if s.unread != nil {
			l.builder(l.at).problem(s.badAt, fmt.Sprintf("goroutine %d has an unreadable line: %s", r.id, clip(s.unread, maxProblem)))
		}
		r.sum, r.frames = s.sum(), uint32(len(s.frames))
		r.lock = findLock(r.state.of(l.first), s.locks(), func(frame int) []byte { return s.frames[frame].args })
		l.count(&reading{record: r, text: l.first, at: l.at, exact: s})
		return r, true
	}
	return nil, false
}

// regular takes a goroutine that a worker has read.
func (l *lane) regular(g *reading) {
	l.starts(g.record, g.at)
	l.count(g)
}

// count adds a goroutine to its dump. An id that was there before begins a new
// dump, but within the output of one crash it is the same goroutine again.
func (l *lane) count(g *reading) {
	b := l.builder(g.at)
	b.crash = b.crash || g.is(crash)
	switch {
	case g.count > 0:
		b.fold(g)
		return
	case g.isG0():
		return
	case b.seen.add(g.id):
		if l.dashed || b.lacks(g) {
			b.again(g)
			return
		}
		l.close()
		if g.spare != nil { // a worker has read it: nobody has looked yet
			l.headedBy(g.at)
		}
		b = l.builder(g.at)
		b.seen.add(g.id)
	}
	l.in.goroutines++
	b.add(g)
	if b.total == 1 && b.reason == "" && g.is(running) && !g.is(leaked) {
		b.told, b.sure = l.said, l.sure
		b.crash = l.sure && isCrash(l.said)
	}
}

// mark handles the lines that are around goroutines.
func (l *lane) mark(text []byte, where func() place) bool {
	switch grammar.MarkOf(text) {
	case grammar.Leaks:
		l.finish()
		l.close()
		l.leaks = true
	case grammar.Why:
		l.why(text, where)
	case grammar.Dashes:
		l.finish()
		l.dashes, l.dashed = true, true
	case grammar.Foreign:
		l.finish()
		l.state = skipping
	default:
		return false
	}
	return true
}

// pass notes a line of another writer, between goroutines or frames.
func (l *lane) pass(line []byte, where func() place) {
	switch text := bytes.TrimSpace(line); {
	case !l.open:
		l.value = l.value[:0] // it was another writer's
	case len(l.value) < maxReason && isProse(text) && !bytes.HasPrefix(text, []byte("[signal ")):
		l.value = append(append(l.value, ' '), text[:min(len(text), maxReason)]...)
	}
	l.foreign = true
	l.alien = l.alien || grammar.OtherProfile(line) != ""
	if !isTitle(withoutStamp(line[:min(len(line), maxReason)])) {
		l.last = append(l.last[:0], line[:min(len(line), 2*maxReason)]...)
	}
	l.lastAt = where().line
	if line[0]-'0' > 9 && line[0] != '[' {
		return
	}
	if t := unwrap.Stamp(line, l.in.options.Latest); !t.IsZero() {
		l.seen = t
	}
}
