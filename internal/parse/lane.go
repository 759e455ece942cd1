package parse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

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
	text   []byte // what stack points into
	loose  bool   // the header lacks its colon: a title, unless a stack follows
	badAt  int    // number of the first of its lines that could not be read
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

// orphan is frames whose header is not in the text.
type orphan struct {
	stack stack
	lines []byte
	line  int
}

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
		// The lines of a goroutine can be in several chunks.
		from := len(l.text)
		l.text = append(append(l.text, line[:len(text)]...), '\n')
		frames, foreign := len(l.stack.frames), l.foreign
		unread := l.stack.unread
		ours := l.stack.line(l.text[from : len(l.text)-1 : len(l.text)-1])
		if unread == nil && l.stack.unread != nil {
			l.badAt = where().line
			if &l.stack.unread[len(l.stack.unread)-1] != &l.text[len(l.text)-2] {
				l.badAt-- // it was waiting for this line
			}
		}
		if ours {
			if l.doubt && len(l.stack.frames) > frames {
				l.foreign = false
			}
			l.doubt = false
			return
		}
		if l.stack.name == nil {
			l.pass(line, where)
			l.doubt = !foreign
		}
		if at := ownReason(text); at > 0 && l.stack.isComplete() {
			l.why(text[at:], where)
		} else if l.stack.section == created {
			l.orphaned(line[:len(text)], where)
		}
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

// ownReason finds where in a line the reason of a dump begins. One that is
// quoted within the line is only mentioned.
func ownReason(text []byte) int {
	at := grammar.ReasonAt(text)
	if at > 0 && text[at-1] == '"' && bytes.Count(text[at:], []byte{'"'})%2 == 1 {
		return -1
	}
	return at
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

// clip shortens a text, with a mark where it does.
func clip(text []byte, size int) string {
	if len(text) <= size {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:size]), "") + "…"
}

// panicText consumes the indented lines of a panic's value. A dump inside it
// is text of the panic, not of this process's goroutines.
func (l *lane) panicText(line, text []byte) bool {
	if len(text) == 0 {
		l.open = false
		return true
	}
	if line[0] != '\t' && !bytes.HasPrefix(line, []byte("    ")) {
		l.state = between
		return false
	}
	word := bytes.TrimSpace(text)
	switch {
	case string(word) == "running tests:":
		l.state = listing
	case line[0] == '\t' && bytes.HasPrefix(word, grammar.PanicWord):
		// One panic while another ran: the last is what ended the process.
		l.because("; ", word)
	case l.state == listing && len(l.tests) < maxTests:
		l.tests = append(l.tests, string(word))
	case l.state == panicking && grammar.LooksLikeHeader(word):
		l.state = nesting
		l.because(" ", []byte("…"))
	case l.state == panicking && isProse(word):
		l.because(" ", word)
	}
	return true
}

// isProse reports whether a line is none of a dump.
func isProse(line []byte) bool {
	kind := grammar.KindOf(line)
	return kind == grammar.Other || kind == grammar.Partial
}

// because adds to the reason, which is shortened if it is too long.
func (l *lane) because(glue string, text []byte) {
	if len(l.reason) < maxReason {
		l.reason = clip(append([]byte(l.reason+glue), text...), maxReason)
	}
}

// begin makes ready for the goroutine of a header, or n of them; the dump it
// belongs to may end or begin here.
func (l *lane) begin(text []byte, n int, at place) {
	var r record
	r.header(text)
	r.count = uint32(n)
	l.starts(&r, at)
	l.headedBy(at)
	l.at.around = nil
	l.header, l.first, l.text, l.loose = r, append(l.first[:0], text...), l.text[:0], false
	l.stack.reset()
	l.state = inside
}

// starts says that a goroutine begins.
func (l *lane) starts(r *record, at place) {
	if l.state == inside && l.header.id == r.id && r.count == 0 && l.stack.isEmpty() {
		l.state = between // that header was a title over this one
	}
	if l.state != between || len(l.lost.lines) > 0 {
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
			l.badAt = l.at.line + bytes.Count(l.text, newline)
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
			l.builder(l.at).problem(l.badAt, fmt.Sprintf("goroutine %d has an unreadable line: %s", r.id, clip(s.unread, maxProblem)))
		}
		r.sum, r.frames = s.sum(), uint32(len(s.frames))
		r.lock = s.lock(r.state.of(l.first))
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

// told is what the program said with a stack that it logged: in another field
// of the record, before the stack in its text, or in the line before. sure says
// that it is a reason, whatever the stack shows.
func (l *lane) told(line int) (text string, sure bool) {
	var own []byte
	if len(l.last) > 0 && line-l.lastAt <= 2 {
		own = bytes.TrimRight(withoutStamp(l.last), ": ")
	}
	c := l.document
	if c == nil {
		return clip(own, maxReason), false
	}
	if text := fieldOf(c.Fields, reasonFields); text != "" {
		return clip([]byte(text), maxReason), true
	}
	if len(own) > 0 {
		return clip(own, maxReason), false
	}
	if text := fieldOf(c.Fields, messageFields); text != "" && !isTitle([]byte(text)) {
		return clip([]byte(text), maxReason), false
	}
	for _, text := range slices.Backward(bytes.Split(c.Before, newline)) {
		if text = withoutStamp(text); len(text) > 0 && !bytes.Contains(text, grammar.Goroutine) && !isTitle(text) {
			return clip(text, maxReason), grammar.Reason(text) != nil
		}
	}
	return "", false
}

// fieldOf is the text of the first field that a record has of some, alone or
// within another.
func fieldOf(fields []unwrap.Field, keys []string) string {
	for _, key := range keys {
		for _, f := range fields {
			if name := strings.ToLower(f.Key); f.Value != "" && (name == key || strings.HasSuffix(name, "."+key)) {
				return f.Value
			}
		}
	}
	return ""
}

// Fields of a record that say why it has a stack, and those that may.
var (
	reasonFields = []string{
		"error", "err", "error.message", "err.message", "panic", "exception", "exception.message", "reason", "cause", "recovered", "recover", "panic_value", "value",
	}
	messageFields = []string{"msg", "message"}
)

// isTitle reports whether a text says no more than that a stack follows.
func isTitle(text []byte) bool {
	text = bytes.TrimRight(text, ": ")
	return len(text) < 60 && (bytes.Contains(text, []byte("tack")) || bytes.Contains(text, []byte("race"))) &&
		bytes.IndexByte(text, ':') < 0 && len(bytes.Fields(text)) <= 4
}

// withoutStamp takes off what a logger puts before its words: times, numbers
// and signs.
func withoutStamp(text []byte) []byte {
	for rest := text; ; {
		rest = bytes.TrimLeft(rest, " \t")
		word, after, more := bytes.Cut(rest, []byte{' '})
		if !more || !isStamp(word) {
			return rest
		}
		rest = after
	}
}

// isStamp reports whether a word is of a time stamp, or has no letter.
func isStamp(word []byte) bool {
	switch string(word) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	letters := bytes.ContainsFunc(word, unicode.IsLetter)
	return !letters || bytes.ContainsAny(word, "0123456789") && bytes.ContainsAny(word, ":/")
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

// why notes why a dump is to come.
func (l *lane) why(text []byte, where func() place) {
	l.finish()
	l.state = between
	if l.dashes {
		return
	}
	l.reason, l.tests = clip(text, maxReason), nil
	l.when = l.time(where())
	l.value, l.open = l.value[:0], bytes.HasPrefix(text, grammar.PanicWord)
	if l.open {
		l.state = panicking
	}
}

// isCrash reports whether a reason is why the process ends.
func isCrash(reason string) bool {
	return grammar.Reason([]byte(reason)) != nil && !strings.HasPrefix(reason, served)
}

// served begins what net/http says of a handler's panic, which ends no process.
const served = "panic serving "

// orphaned takes a line of a stack whose header is not in the text.
func (l *lane) orphaned(line []byte, where func() place) bool {
	o := &l.lost
	text := bytes.TrimLeft(line, " \t")
	if o.stack.name == nil && (l.b != nil && l.b.counted || !grammar.IsCall(text) && !grammar.IsCreated(text)) {
		return false
	}
	if len(o.lines) == 0 {
		o.stack.reset()
		o.line = where().line
	}
	from := len(o.lines)
	o.lines = append(append(o.lines, line...), '\n')
	return o.stack.line(o.lines[from : len(o.lines)-1 : len(o.lines)-1])
}

// orphans names the frames that have no header.
func (l *lane) orphans() {
	o := &l.lost
	if len(o.lines) == 0 {
		return
	}
	message := ""
	switch s := &o.stack; {
	case len(s.frames) > 0:
		message = fmt.Sprintf("%d frames without the header of their goroutine, from %s", len(s.frames), clip(s.frames[0].function, maxProblem))
	case s.creator.function != nil:
		message = fmt.Sprintf("a go statement in %s, without the goroutine that it created", clip(s.creator.function, maxProblem))
	}
	switch {
	case message == "":
	case l.b == nil:
		l.in.problem(o.line, "the text begins within a goroutine: "+message)
	default:
		l.b.problem(o.line, message)
	}
	o.lines = o.lines[:0]
	o.stack.reset()
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

// end finishes the lane at the end of its text.
func (l *lane) end() {
	cut := l.state == inside && (l.stack.name != nil || len(l.stack.frames) == 0)
	r, ok := l.finishAt(true)
	if ok && !r.isG0() && r.count == 0 && (cut || l.cut || l.b.saysCreators()) && !l.stack.isComplete() && r.id != 1 {
		l.b.truncated = true
		l.b.problem(l.at.line, fmt.Sprintf("the text ends within goroutine %d", r.id))
	}
	l.close()
}

// endsInHeader takes the last line of the text, which has no line's end, if it
// is the beginning of a header.
func (l *lane) endsInHeader(line []byte, where func() place) bool {
	word := line[:min(len(line), len(grammar.Goroutine))]
	if l.b == nil && l.state != inside || l.foreign || len(word) == 0 || !bytes.HasPrefix(grammar.Goroutine, word) {
		return false
	}
	rest := bytes.TrimLeft(line[len(word):], "0123456789")
	if rest = bytes.TrimPrefix(rest, []byte(" ")); len(rest) > 0 && (rest[0] != '[' || bytes.IndexByte(rest, ']') >= 0) {
		return false
	}
	l.finish()
	at := where()
	b := l.builder(at)
	b.truncated = true
	b.problem(at.line, "the text ends within the header of a goroutine: "+clip(line, maxProblem))
	return true
}
