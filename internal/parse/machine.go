package parse

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"gdump/internal/goroutine"
)

const (
	maxStreams = 256      // prefixes followed at once
	maxNested  = 3        // JSON in JSON in JSON
	maxLine    = 64 << 20 // bytes; a longer line is passed over
)

// machine reads a source line by line, exactly: it takes each line out of what
// a log system wrapped it in and gives it to the stream it belongs to.
type machine struct {
	scan       scanner
	bare       *stream   // lines without a prefix
	streams    []*stream // all others, newest first
	dumps      []*builder
	goroutines int
	countsOnly bool
	latest     time.Time // no stamp is later; zero if not known
	panicking  *stream   // the last in which a panic began
	when       time.Time // time stamp of the record being read
	nested     int
	records    bool            // JSON records of the text can be of a dump
	fields     map[string]bool // where in JSON records headers were seen
	named      map[string]bool // logfmt fields in which headers or reasons were seen
	fresh      *stream         // the line before was a header or a reason in this stream, behind a prefix
	before     []byte          // that prefix, of a reason
	mail       bool            // the text is quoted-printable
	mailLine   []byte          // of it, a line that goes on
}

func newMachine() *machine {
	m := &machine{scan: scanner{digester: digester{exact: true}}}
	m.bare = &stream{m: m}
	return m
}

// raw takes a line of the source.
func (m *machine) raw(line []byte, at place) {
	m.when = time.Time{}
	m.take("", line, at)
}

// plain finds the stream of a line by its prefix.
func (m *machine) plain(key string, line []byte, at place) {
	fresh := m.fresh
	if fresh != nil && len(line) > 0 {
		if m.fresh = nil; fresh.key == key && fresh.alone(line) {
			m.exact(key).adopt(fresh)
		}
	}
	if s := m.panicking; s != nil && s.key == key && s.inPanic {
		// Before anything is looked for in the line: the text of a panic can hold a dump.
		if rest, ok := s.prefix.cut(line); ok && len(rest) > 0 && isIndented(rest) {
			s.line(rest, at)
			return
		}
	}
	if p := headerAt(line); p > 0 {
		s := m.stream(key, line[:p])
		if fresh != nil && fresh.key == key && fresh != s {
			// A logger wrote the reason: behind what all lines begin with came its own.
			if _, ok := s.prefix.cut(m.before); ok {
				s.takeReason(fresh)
			}
		}
		s.stampedAt(line[:p])
		s.line(line[p:], at)
		m.fresh = s
		return
	} else if p == 0 {
		m.exact(key).line(line, at)
		return
	}
	if p := countsAt(line); p > 0 {
		s := m.stream(key, line[:p])
		s.stampedAt(line[:p])
		s.line(line[p:], at)
		m.fresh = s
		return
	}
	for i, s := range m.streams {
		if s.key != key || len(s.prefix.parts) == 0 {
			continue
		}
		if rest, ok := s.prefix.cut(line); ok {
			text := untab(rest)
			if len(text) > 0 && reasonIn(text) != nil {
				m.reasoned(s, line[:len(line)-len(rest)])
			}
			s.line(text, at)
			if i > 8 { // keep the busy ones near
				m.streams = slices.Insert(slices.Delete(m.streams, i, i+1), 0, s)
			}
			return
		}
	}
	if p := reasonAt(line); p > 0 && !(m.exact(key).inPanic && len(bytes.TrimSpace(line[:p])) == 0) {
		s := m.stream(key, line[:p])
		m.reasoned(s, line[:p])
		s.line(line[p:], at)
		return
	}
	m.exact(key).line(line, at)
}

// reasoned notes that a reason comes in a stream, behind a prefix.
func (m *machine) reasoned(s *stream, prefix []byte) {
	s.stampedAt(prefix)
	m.fresh = s
	m.before = append(m.before[:0], prefix...)
}

// alone reports whether a header or reason has a prefix that the next line
// does not have, as where a whole stack is one message of a logger:
//
//	2026/11/24 22:45:26 goroutine 7 [running]:
//	main.f()
func (s *stream) alone(line []byte) bool {
	if len(s.prefix.parts) == 0 || s.open && s.frames > 0 {
		return false
	}
	if _, ok := s.prefix.cut(line); ok {
		return false
	}
	if !s.open && s.b != nil && s.b.counts != nil {
		return line[0] == '#' || line[0]-'0' <= 9
	}
	if !s.open {
		return line[0] == '\t' || bytes.HasPrefix(line, signalNote) || bytes.HasPrefix(line, goroutineWord)
	}
	text := bytes.TrimSpace(line)
	if bytes.HasPrefix(text, createdBy) || isUnavailable(text) {
		return true
	}
	open := bytes.IndexByte(text, '(')
	return open > 0 && text[len(text)-1] == ')' && bytes.IndexByte(text[:open], ' ') < 0
}

// adopt goes on with the goroutine or the reason at which another stream is.
func (s *stream) adopt(o *stream) {
	s.takeReason(o)
	if !o.open && o.b != nil && o.b.counts != nil {
		s.finish()
		s.b, o.b = o.b, nil
		return
	}
	if !o.open {
		return
	}
	var r record
	if !r.header(firstLine(o.text)) {
		return
	}
	s.begin(r.is(running), o.at)
	s.header = o.header
	s.text, s.open = append(s.text, o.text...), true
	o.open = false
}

// takeReason takes over the reason that another stream has read.
func (s *stream) takeReason(o *stream) {
	if o.reason == "" {
		return
	}
	s.finish()
	s.reason, s.reasonAt, s.tests, s.when, s.inPanic = o.reason, o.reasonAt, o.tests, o.when, o.inPanic
	o.reason, o.tests, o.inPanic = "", nil, false
	if s.m.panicking == o {
		s.m.panicking = s
	}
}

// stampedAt keeps the time of a dump's header.
func (s *stream) stampedAt(prefix []byte) {
	if t := s.m.stampTime(prefix); !t.IsZero() {
		s.m.when = t
	}
}

// exact is the stream of a key without a prefix.
func (m *machine) exact(key string) *stream {
	if key == "" {
		return m.bare
	}
	for _, s := range m.streams {
		if s.key == key && len(s.prefix.parts) == 0 {
			return s
		}
	}
	return m.open(&stream{m: m, key: key})
}

// stream is the one whose prefix has the pattern of before.
func (m *machine) stream(key string, before []byte) *stream {
	if isTag(before) {
		return m.exact(key)
	}
	p := learnPrefix(before)
	for _, s := range m.streams {
		if s.key == key && s.prefix.text == p.text {
			return s
		}
	}
	return m.open(&stream{m: m, key: key, prefix: p})
}

func (m *machine) open(s *stream) *stream {
	if len(m.streams) >= maxStreams {
		last := m.streams[len(m.streams)-1]
		last.finish()
		m.streams = m.streams[:len(m.streams)-1]
	}
	m.streams = slices.Insert(m.streams, 0, s)
	// The longest prefix is tried first, or "> " would take what is "> > ".
	slices.SortStableFunc(m.streams, func(a, b *stream) int { return len(b.prefix.text) - len(a.prefix.text) })
	return s
}

// isTag reports whether the text before a header is only an HTML tag, which
// the next lines will not repeat.
func isTag(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 2 && b[0] == '<' && b[len(b)-1] == '>' && !bytes.ContainsAny(b, "0123456789")
}

// headerAt finds where in a line a goroutine's header begins, or -1. It must
// reach to the line's end.
func headerAt(line []byte) int {
	for from := 0; ; {
		i := bytes.Index(line[from:], goroutineWord)
		if i < 0 {
			return -1
		}
		i += from
		if i == 0 || !isWord(line[i-1]) {
			if _, ok := parseHeader(bytes.TrimRight(line[i:], " \t")); ok {
				return i
			}
			if i == 0 && looksLikeHeader(line) {
				return 0
			}
		}
		from = i + 1
	}
}

// startAt finds where in a line a dump begins, with a goroutine's header or the
// head of a debug=1 dump, or -1.
func startAt(line []byte) int {
	if p := headerAt(line); p >= 0 {
		return p
	}
	return countsAt(line)
}

var signalNote = []byte("[signal ") // says more of the panic in the line before

// reasonAt finds a panic or its like behind a prefix, or -1.
func reasonAt(line []byte) int {
	for _, r := range reasons {
		if i := bytes.Index(line, r); i > 0 && i < 200 && !isWord(line[i-1]) && !bytes.HasSuffix(line[:i], signalNote) {
			return i
		}
	}
	return -1
}

// end finishes all streams and returns the dumps in the order of their first
// lines. whole says that the source ended with a line's end.
func (m *machine) end(whole bool) []goroutine.Dump {
	for _, s := range m.streams {
		s.flushPartial()
		s.end(whole)
	}
	m.bare.end(whole)
	slices.SortStableFunc(m.dumps, func(a, b *builder) int {
		if a.offset != b.offset {
			return int(min(1, max(-1, a.offset-b.offset)))
		}
		return a.line - b.line
	})
	var out []goroutine.Dump
	var orphans []goroutine.Problem
	for _, b := range m.dumps {
		if b.total == 0 && b.counts == nil {
			orphans = append(orphans, b.problems...)
			continue
		}
		out = append(out, b.dump())
	}
	if len(out) > 0 && len(orphans) > 0 {
		out[0].Problems = append(out[0].Problems, orphans...)
	}
	return out
}

// tooLong notes a line that was passed over.
func (m *machine) tooLong(at place) {
	m.bare.builder(at).problem(at.line, fmt.Sprintf("line longer than %d MiB passed over", maxLine>>20))
}
