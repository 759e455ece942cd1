package parse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stream is the lines of one process as they stand in a source: those with one
// prefix, or with one set of fields in JSON records. It brings the text of
// each goroutine into the regular shape that digest reads.
type stream struct {
	key    string // the fields that tell this stream's JSON records from others; "" for plain text
	prefix prefix
	m      *machine
	b      *builder // the dump being read; nil before its first goroutine

	open     bool // a goroutine is being read
	text     []byte
	at       place
	frames   int
	ended    bool // it has its created by
	function []byte
	previous []byte // the line before, if nothing was made of it
	partial  []byte // of a line that JSON records carry in pieces

	reason   string // why a dump is to come: seen since the last header
	reasonAt place
	when     time.Time
	seen     time.Time // time stamp of the last line that was no part of a dump
	header   time.Time // when the last header was written
	inPanic  bool      // within the text of a panic, which can hold a whole dump, indented
	inTests  bool      // within the list of running tests
	tests    []string
	dashes   bool // a line "-----" since the last header
	dashed   bool // one since the dump began
	foreign  bool // text of another kind since the last header
}

// line takes the next line, without its prefix.
func (s *stream) line(line []byte, at place) {
	text := bytes.TrimRight(line, " \t\r")
	if s.inPanic && s.panicText(line, text) {
		return
	}
	if len(text) == 0 {
		return
	}
	if text[0] == 'g' && bytes.HasPrefix(text, goroutineWord) {
		var r record
		if r.header(text) {
			s.begin(r.is(running), at)
			s.stamped()
			s.text = append(append(s.text, text...), '\n')
			s.open = true
			return
		}
		if looksLikeHeader(text) {
			s.finish()
			s.builder(at).problem(at.line, "bad goroutine header: "+string(clip(text)))
			return
		}
	}
	if text[0] == 'g' && bytes.Contains(text, totalWord) {
		if m := countsHead.FindSubmatch(text); m != nil {
			s.beginCounts(m, at)
			return
		}
	}
	if s.mark(text, at) {
		return
	}
	if !s.open && s.b != nil && s.b.counts != nil && s.b.counts.take(text, at.line) {
		return
	}
	if !s.open {
		s.passOver(line)
		return
	}
	s.body(line, text)
}

const maxReason = 400 // bytes, past which no further panic is added to a reason

// panicText consumes the indented lines of a panic's value. A dump inside it
// is text of the panic, not of this process's goroutines.
func (s *stream) panicText(line, text []byte) bool {
	if len(text) == 0 {
		return true
	}
	if !isIndented(line) {
		s.inPanic, s.inTests = false, false
		return false
	}
	word := string(bytes.TrimSpace(text))
	switch {
	case word == "running tests:":
		s.inTests = true
	case line[0] == '\t' && strings.HasPrefix(word, "panic: ") && len(s.reason) < maxReason:
		// One panic while another ran: the last is what ended the process.
		s.reason += "; " + string(clip([]byte(word)))
	case s.inTests && word != "" && len(s.tests) < 100:
		s.tests = append(s.tests, word)
	}
	return true
}

func isIndented(line []byte) bool {
	return line[0] == '\t' || bytes.HasPrefix(line, []byte("    "))
}

// looksLikeHeader reports whether a line begins as a header does, so that not
// to understand it is a problem.
func looksLikeHeader(text []byte) bool {
	rest := bytes.TrimPrefix(text, goroutineWord)
	digits := bytes.TrimLeft(rest, "0123456789")
	return len(digits) < len(rest) && (bytes.HasPrefix(digits, []byte(" [")) || bytes.HasPrefix(digits, []byte(" gp=")))
}

func clip(b []byte) []byte { return b[:min(len(b), 120)] }

// begin makes ready for the goroutine of a header; the dump it belongs to may
// end or begin here.
func (s *stream) begin(running bool, at place) {
	s.finish()
	if s.b != nil && s.b.counts != nil {
		s.b = nil
	}
	if s.b != nil && !s.dashes && (s.reason != "" || s.foreign && running) {
		s.b = nil
	}
	s.at, s.frames, s.ended = at, 0, false
	s.dashes, s.foreign, s.inPanic, s.inTests = false, false, false, false
	s.function, s.previous = nil, nil
	s.text = s.text[:0]
}

// beginCounts begins a dump that tells counts only, by its first line.
func (s *stream) beginCounts(head [][]byte, at place) {
	s.finish()
	s.b = nil
	s.stamped()
	s.builder(at).counts = newCountsReader(head)
}

// stamped keeps when the header being read was written: its own time stamp, or
// the last before it.
func (s *stream) stamped() {
	if s.header = s.m.when; s.header.IsZero() {
		s.header = s.seen
	}
}

// builder is the dump that what comes now belongs to.
func (s *stream) builder(at place) *builder {
	if s.b == nil {
		s.b = &builder{countsOnly: s.m.countsOnly}
		s.b.line, s.b.offset = at.line, at.offset
		s.b.reason, s.b.takenAt = s.reason, s.when
		if s.b.takenAt.IsZero() {
			s.b.takenAt = s.header
		}
		s.when = time.Time{}
		if len(s.tests) > 0 {
			s.b.reason += "; running tests: " + strings.Join(s.tests, ", ")
		}
		s.m.dumps = append(s.m.dumps, s.b)
		s.dashed = false
	}
	s.reason, s.tests = "", nil
	return s.b
}

// finish counts the goroutine being read, if there is one.
func (s *stream) finish() {
	if s.open {
		s.close(false)
	}
}

// close counts the goroutine being read; last says that the text ends here.
func (s *stream) close(last bool) (record, bool) {
	s.open = false
	var r record
	if !s.m.scan.scan(s.text, &r) {
		s.builder(s.at).problem(s.at.line, "unreadable goroutine: "+string(clip(firstLine(s.text))))
		// It counts all the same, without its frames.
		s.text = s.text[:len(firstLine(s.text))+1]
		if !s.m.scan.scan(s.text, &r) {
			return r, false
		}
		s.count(&r, s.text, s.at)
		return r, true
	}
	if int(r.size) == len(firstLine(s.text))+1 && !r.isG0() && !last {
		if len(s.prefix.parts) > 0 && s.b == nil {
			return r, false // a sentence that reads like a header
		}
		s.builder(s.at).problem(s.at.line, fmt.Sprintf("goroutine %d has no frames", r.id))
	}
	s.count(&r, s.text, s.at)
	return r, true
}

func firstLine(b []byte) []byte {
	if before0, _, ok := bytes.Cut(b, []byte{'\n'}); ok {
		return before0
	}
	return b
}

// count adds a goroutine to its dump. An id that was there before begins a new
// dump, but within the output of one crash it is the same goroutine again.
func (s *stream) count(r *record, text []byte, at place) {
	b := s.builder(at)
	b.crash = b.crash || r.is(crash)
	if r.isG0() {
		return
	}
	if b.seen.add(r.id) {
		if s.dashed || b.lacks(r) {
			b.replace(r, text, at)
			return
		}
		s.b = nil
		b = s.builder(at)
		b.seen.add(r.id)
	}
	s.m.goroutines++
	b.add(r, text, at)
}

// mark handles the lines that stand around goroutines.
func (s *stream) mark(text []byte, at place) bool {
	if why := reasonIn(text); why != nil {
		s.finish()
		if !s.dashes {
			s.reason, s.reasonAt, s.tests = string(clip(why)), at, nil
			if t := s.m.when; !t.IsZero() {
				s.when = t
			}
			if s.inPanic = bytes.HasPrefix(why, []byte("panic: ")); s.inPanic {
				s.m.panicking = s
			}
		}
		return true
	}
	switch text[0] {
	case '-':
		if string(text) == "-----" {
			s.finish()
			s.dashes, s.dashed = true, true
			return true
		}
	case 'r':
		if string(text) == "runtime stack:" {
			s.finish()
			return true
		}
	case '=':
		if bytes.HasPrefix(text, []byte("==================")) {
			s.finish()
			return true
		}
	case 'W':
		if bytes.HasPrefix(text, []byte("WARNING: DATA RACE")) {
			s.finish()
			return true
		}
	}
	return false
}

// served begins what net/http says of a handler's panic, which ends no process.
const served = "panic serving "

// reasons begin the lines with which a process says why it writes a dump.
var reasons = [][]byte{
	[]byte("panic: "), []byte("fatal error: "), []byte("SIGQUIT: "), []byte("SIGABRT: "), []byte("SIGSEGV: "),
	[]byte(served), []byte("SIGBUS: "), []byte("SIGFPE: "), []byte("SIGILL: "), []byte("SIGTRAP: "), []byte("SIGSYS: "), []byte("SIGTERM: "), []byte("runtime: goroutine stack exceeds"),
}

func reasonIn(text []byte) []byte {
	switch text[0] {
	case 'p', 'f', 'S', 'r':
		for _, r := range reasons {
			if bytes.HasPrefix(text, r) {
				return text
			}
		}
	}
	return nil
}

// body takes a line within a goroutine. A line names a function only if a file
// line follows, so it is kept until then; lines of other writers in between
// are passed over.
func (s *stream) body(line, text []byte) {
	trimmed := bytes.TrimLeft(text, " \t")
	switch {
	case isUnavailable(trimmed):
		s.text = append(append(append(s.text, '\t'), trimmed...), '\n')
		return
	case isElided(trimmed):
		s.text = append(append(s.text, trimmed...), '\n')
		return
	case bytes.HasPrefix(trimmed, []byte("[originating from goroutine ")):
		s.text = append(append(s.text, trimmed...), '\n')
		s.ended = false
		return
	case bytes.HasPrefix(trimmed, []byte("non-Go function at pc=")):
		s.frame([]byte("\x01non-Go function"), []byte("?:0"))
		return
	}
	indented := len(text) != len(trimmed) && len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
	if file, c, ok := s.asFile(trimmed, indented); ok {
		name := s.function
		if c {
			name = append([]byte{cMark}, s.previous...)
		} else if name == nil {
			name = s.previous
		}
		if len(name) > 0 && !(c && len(name) == 1) {
			s.frame(name, file)
			return
		}
	}
	s.previous = append(s.previous[:0], trimmed...)
	if bytes.HasPrefix(trimmed, createdBy) || trimmed[len(trimmed)-1] == ')' && bytes.IndexByte(trimmed, '(') > 0 && !s.ended {
		s.function = append(s.function[:0:0], trimmed...)
		return
	}
	s.passOver(line)
}

// passOver notes a line of another writer, between goroutines or frames.
func (s *stream) passOver(line []byte) {
	if !s.open || s.function == nil {
		s.foreign = true
		s.note(line)
	}
}

// note keeps the time stamp of a line of other kind.
func (s *stream) note(line []byte) {
	if line[0]-'0' > 9 && line[0] != '[' {
		return
	}
	if t := s.m.stampTime(line); !t.IsZero() {
		s.seen = t
	}
}

// frame appends a pair of lines to the goroutine's text.
func (s *stream) frame(name, file []byte) {
	switch {
	case s.ended: // what follows created by is not of this goroutine
		s.foreign = true
		s.function, s.previous = nil, s.previous[:0]
		return
	case bytes.HasPrefix(name, createdBy):
		s.ended = true
	case name[0] == '(':
		name = append([]byte("??"), name...)
	case name[0] != cMark && name[len(name)-1] != ')':
		name = append(slices.Clip(name), "()"...)
	}
	s.text = append(append(s.text, name...), "\n\t"...)
	s.text = append(append(s.text, file...), '\n')
	s.frames++
	s.function, s.previous = nil, s.previous[:0]
}

// asFile reads a line as the second of a frame and gives it the regular shape.
// c says that it is a frame of C code, which prints its pc alone.
func (s *stream) asFile(text []byte, indented bool) (file []byte, c, ok bool) {
	if bytes.HasPrefix(text, []byte("pc=0x")) && (indented || string(s.previous) == "non-Go function") {
		return []byte("?:0"), true, true
	}
	withTab := append([]byte{'\t'}, text...)
	base, _, ok := fileLine(withTab)
	if !ok {
		// A log system may have cut the line: keep the name without its line.
		if indented && s.function != nil && text[0] == '/' && len(s.prefix.parts) > 0 && bytes.IndexByte(text, ' ') < 0 {
			return append(bytes.TrimRight(bytes.Clone(text), ":"), ":0"...), false, true
		}
		return nil, false, false
	}
	c = bytes.Contains(text, []byte(" pc=0x")) && !bytes.Contains(text, []byte(" fp=0x")) && len(s.previous) > 0
	if !indented && !c && (s.function == nil || !bytes.HasSuffix(base, []byte(".go")) && !bytes.HasSuffix(base, []byte(".s")) && text[0] != '/' && text[0] != '<') {
		return nil, false, false
	}
	return text, c, true
}

// end finishes the stream at the end of the source. whole says that the source
// ended with a line's end.
func (s *stream) end(whole bool) {
	if !s.open {
		return
	}
	cut := s.function != nil || s.frames == 0
	r, ok := s.close(true)
	if !ok || r.isG0() {
		return
	}
	if cut && !r.is(complete) || !r.is(complete) && (!whole || s.b.total > 1) {
		s.b.truncated = true
		s.b.problem(s.at.line, fmt.Sprintf("the text ends within goroutine %d", r.id))
	}
}

// endsInHeader takes the last line of the text, which has no line's end, if it
// is the beginning of a header.
func (s *stream) endsInHeader(line []byte, at place) bool {
	word := line[:min(len(line), len(goroutineWord))]
	if s.b == nil && !s.open || s.foreign || len(word) == 0 || !bytes.HasPrefix(goroutineWord, word) {
		return false
	}
	rest := bytes.TrimLeft(line[len(word):], "0123456789")
	if rest = bytes.TrimPrefix(rest, []byte(" ")); len(rest) > 0 && (rest[0] != '[' || bytes.IndexByte(rest, ']') >= 0) {
		return false
	}
	s.finish()
	s.builder(at).truncated = true
	s.builder(at).problem(at.line, "the text ends within the header of a goroutine: "+string(clip(line)))
	return true
}
