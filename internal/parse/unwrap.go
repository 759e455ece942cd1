package parse

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"strings"
)

// take unwraps a line that came with the fields of key.
func (m *machine) take(key string, line []byte, at place) {
	line = bytes.TrimRight(line, "\r")
	if i := bytes.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:] // a terminal shows what was written last
	}
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = stripEscapes(line)
	}
	if m.mail && key == "" {
		var whole bool
		if line, whole = m.unquotePrintable(line); !whole {
			return
		}
	}
	if key == "" && len(line) > 20 && line[4] == '-' {
		if stream, text, whole, ok := cutCRI(line); ok {
			m.container(stream, line, text, whole, at)
			return
		}
	}
	if m.wrapper(line, at) {
		return
	}
	if bytes.IndexByte(line, '<') >= 0 {
		line = stripTags(line)
	}
	if bytes.IndexByte(line, '&') >= 0 && bytes.IndexByte(line, ';') >= 0 {
		line = []byte(html.UnescapeString(string(line)))
	}
	if len(line) > 0 && line[0] == 'C' && bytes.EqualFold(line, quotedPrintable) {
		m.mail = true
	}
	m.plain(key, csvQuotes(line), at)
}

// wrapper reads a line that carries one or many lines within, in a notation of
// its own. It says false if the line is none.
func (m *machine) wrapper(line []byte, at place) bool {
	if m.nested >= maxNested {
		return false
	}
	trimmed := bytes.TrimRight(line, " \t")
	if n := len(trimmed); n > 1 && trimmed[n-1] == '}' {
		i := bytes.IndexByte(line, '{')
		if i >= 0 && !bytes.HasSuffix(line[:i+1], labelsLine) && m.json(line[i:], at) {
			return true
		}
	} else if n > 1 && line[0] == '[' && trimmed[n-1] == ']' && m.json(line, at) {
		return true
	}
	if len(trimmed) > 2 && (trimmed[len(trimmed)-1] == '"' || trimmed[len(trimmed)-1] == ',') && m.member(trimmed, at) {
		return true
	}
	if bytes.Contains(line, fieldQuote) && m.logfmt(line, at) {
		return true
	}
	if !bytes.Contains(line, goroutineWord) {
		return false
	}
	if (bytes.Contains(line, []byte(`\ngoroutine `)) || bytes.Contains(line, []byte(`"goroutine `))) && m.quoted(line, at) {
		return true
	}
	return m.flattened(line, at)
}

// csvQuotes undoes how CSV writes quotes in a quoted field, which the labels
// of a header can have.
func csvQuotes(line []byte) []byte {
	if !bytes.Contains(line, []byte(`""`)) {
		return line
	}
	if i := bytes.Index(line, labelsLine); i >= 0 && bytes.HasPrefix(line[i+len(labelsLine):], []byte(`""`)) {
		return bytes.ReplaceAll(line, []byte(`""`), []byte{'"'})
	}
	i := bytes.Index(line, goroutineWord)
	if i < 0 {
		return line
	}
	if _, ok := parseHeader(line[i:]); ok {
		return line
	}
	plain := bytes.ReplaceAll(line[i:], []byte(`""`), []byte{'"'})
	if _, ok := parseHeader(plain); ok {
		return append(bytes.Clone(line[:i]), plain...)
	}
	return line
}

// document takes a text that holds a dump from its first to its last line.
func (m *machine) document(text string, at place) {
	m.nested++
	key := "document at line " + strconv.Itoa(at.line)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		m.take(key, []byte(line), at)
	}
	m.nested--
	kept := m.streams[:0]
	for _, s := range m.streams {
		if s.key == key {
			s.end(true)
			continue
		}
		kept = append(kept, s)
	}
	clear(m.streams[len(kept):])
	m.streams = kept
}

// quoted reads a dump in a quoted string, as in logfmt: msg="goroutine 1 [running]:\n...".
func (m *machine) quoted(line []byte, at place) bool {
	found := false
	for rest := line; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return found
		}
		rest = rest[i:]
		size := quotedSize(rest)
		if size < 0 {
			return found
		}
		if text, err := strconv.Unquote(string(rest[:size])); err == nil && strings.Contains(text, "\n") && holdsHeader(text) {
			if m.when.IsZero() {
				m.when = m.stampTime(line)
			}
			m.document(text, at)
			found = true
		}
		rest = rest[size:]
	}
}

var (
	fieldQuote  = []byte(`="`)
	fieldNumber = regexp.MustCompile(`=\d+\b`)
)

// maxNamed bounds the logfmt fields that are followed.
const maxNamed = 16

// logfmt reads a line of which one field holds a line of a dump, as in
// level=error msg="goroutine 1 [running]:". Which field that is, the first
// header or reason in it tells. It says false if there is none.
func (m *machine) logfmt(line []byte, at place) bool {
	for from := 0; ; {
		i := bytes.Index(line[from:], fieldQuote)
		if i < 0 {
			return false
		}
		i += from
		size := quotedSize(line[i+1:])
		if size < 0 {
			return false
		}
		from = i + 1 + size
		name := string(line[bytes.LastIndexByte(line[:i], ' ')+1 : i])
		if raw := line[i+len(fieldQuote):]; !m.named[name] && (len(m.named) >= maxNamed || !bytes.HasPrefix(raw, goroutineWord) && reasonIn(raw) == nil) {
			continue
		}
		text, err := strconv.Unquote(string(line[i+1 : from]))
		if err != nil || strings.Contains(text, "\n") || !m.named[name] && text[0] == 'g' && startAt([]byte(text)) != 0 {
			continue
		}
		if m.named == nil {
			m.named = map[string]bool{}
		}
		m.named[name] = true
		if m.when.IsZero() {
			m.when = m.stampTime(line)
		}
		m.bare.passOver(line)
		// The other fields tell processes apart, but for numbers and times.
		key := "logfmt " + fieldNumber.ReplaceAllString(learnPrefix(line[:i]).text+learnPrefix(line[from:]).text, "=\x00")
		m.nested++
		m.take(key, []byte(text), at)
		m.nested--
		return true
	}
}

// quotedSize is the length of the quoted string at the start of b, -1 if it
// has no end.
func quotedSize(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

var (
	octalEscapes = strings.NewReplacer("#012", "\n", "#011", "\t")
	bareEscapes  = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`)
)

// flattened reads a dump whose line ends a log system has escaped, without
// quotes: "#012" by rsyslog, "\n" by others.
func (m *machine) flattened(line []byte, at place) bool {
	var text string
	switch {
	case bytes.Contains(line, []byte("#012")):
		text = octalEscapes.Replace(string(line))
	case bytes.Contains(line, []byte(`\n`)) && startAt(line) < 0:
		text = bareEscapes.Replace(string(line))
	default:
		return false
	}
	if !holdsHeader(text) {
		return false
	}
	if m.when.IsZero() {
		m.when = m.stampTime(line)
	}
	m.document(text, at)
	return true
}

// criLine is how container runtimes under Kubernetes write a log: the time,
// the stream, and whether the text is a whole line (F) or a part (P).
var criLine = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) (stdout|stderr) ([FP])(?: |$)`)

func cutCRI(line []byte) (stream string, text []byte, whole, ok bool) {
	i := bytes.Index(line[:min(len(line), 60)], []byte(" std"))
	if i < 0 {
		return "", nil, false, false
	}
	at := criLine.FindSubmatchIndex(line)
	if at == nil {
		return "", nil, false, false
	}
	return string(line[at[2]:at[3]]), line[at[1]:], line[at[4]] == 'F', true
}

// container takes a line, or a part of one, that a container wrote.
func (m *machine) container(stream string, line, text []byte, whole bool, at place) {
	if m.when = m.stampTime(line); m.nested >= maxNested {
		return
	}
	key := "container " + stream
	s := m.exact(key)
	if !whole && len(s.partial) < maxLine {
		s.partial = append(s.partial, text...)
		return
	}
	if len(s.partial) > 0 {
		text = append(s.partial, text...)
		s.partial = nil
	}
	m.take(key, text, at)
}

var quotedPrintable = []byte("Content-Transfer-Encoding: quoted-printable")

// unquotePrintable undoes how mail carries text: "=3D" for "=", and "=" at the
// end of a line that goes on. whole says that the line does not.
func (m *machine) unquotePrintable(line []byte) (text []byte, whole bool) {
	soft := len(line) > 0 && line[len(line)-1] == '='
	if soft {
		line = line[:len(line)-1]
	}
	out := m.mailLine
	for i := 0; i < len(line); i++ {
		if line[i] == '=' && i+2 < len(line) {
			if c, err := strconv.ParseUint(string(line[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		out = append(out, line[i])
	}
	if soft && len(out) < maxLine {
		m.mailLine = out
		return nil, false
	}
	m.mailLine = nil
	return out, true
}

// Tags around a line; what looks like one in the middle is text.
var (
	tagsBefore = regexp.MustCompile(`^(?:</?[a-zA-Z][^<>]*>[ \t]*)+(goroutine |panic: |fatal error: |SIG)`)
	tagsAfter  = regexp.MustCompile(`(?:\s*(?:<[bh]r ?/?>|</[a-zA-Z]+>))+$`)
)

// stripTags takes HTML off a line: the end tags behind it, and the tags before
// a text that begins a dump.
func stripTags(line []byte) []byte {
	if line[len(line)-1] == '>' {
		if at := tagsAfter.FindIndex(line); at != nil {
			line = line[:at[0]]
		}
	}
	if len(line) > 0 && line[0] == '<' {
		if at := tagsBefore.FindSubmatchIndex(line); at != nil {
			line = line[at[2]:]
		}
	}
	return line
}

// stripEscapes removes the sequences by which a terminal is told of colours
// (ESC [), links and titles (ESC ]), and what CI systems send in their place
// (ESC _).
func stripEscapes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == 0x1b && i+1 < len(b) {
			if end := escapeEnd(b, i); end > 0 {
				i = end
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

// escapeEnd is the index of the last byte of the sequence that begins at i, 0
// if it has none.
func escapeEnd(b []byte, i int) int {
	switch b[i+1] {
	case '[':
		for j := i + 2; j < len(b); j++ {
			if b[j] >= 0x40 && b[j] <= 0x7e {
				return j
			}
		}
	case ']', '_', 'P', '^':
		for j := i + 2; j < len(b) && j < i+4096; j++ {
			if b[j] == 0x07 || b[j] == '\\' && b[j-1] == 0x1b {
				return j
			}
		}
	}
	return 0
}

// untab undoes rsyslog's way of writing a tab.
func untab(b []byte) []byte {
	if bytes.Contains(b, []byte("#011")) {
		return bytes.ReplaceAll(b, []byte("#011"), []byte{'\t'})
	}
	return b
}
