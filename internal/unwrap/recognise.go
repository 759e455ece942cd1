package unwrap

import (
	"bytes"
	"html"
	"regexp"
	"slices"

	"gdump/internal/grammar"
)

// An unwrapper takes a dump's first line out of one kind of wrapping, and
// learns from it how the lines that follow are wrapped.
type unwrapper struct {
	name string
	take func(r *Reader, l *level, line []byte) bool
}

// unwrappers are tried in order, on lines in which a dump may begin.
func unwrappers() []unwrapper {
	return []unwrapper{
		{"container's log", (*Reader).containerPrefix}, // TIME stderr F
		{"JSON record", (*Reader).jsonRecord},          // Docker, journald, Google Cloud, JSON loggers
		{"quoted text", (*Reader).quotedText},          // logfmt, a member of spread-out JSON, a list of strings
		{"escaped text", (*Reader).escapedText},        // a dump in one line: rsyslog's #012, \n, <br>
		{"joined lines", (*Reader).joinedLines},        // a dump whose line ends have become blanks
		{"prefix", (*Reader).learnedPrefix},            // all that log systems, terminals and people put before and after lines
	}
}

func (r *Reader) recognise(l *level, line []byte) bool {
	if len(line) == 0 || grammar.IsCreated(line) || startsWhole(line) || line[0] == '#' && grammar.KindOf(line) == grammar.Counts {
		return false
	}
	for i, u := range unwrappers() {
		if (l.depth < maxNested || i == len(unwrappers())-1) && u.take(r, l, line) {
			return true
		}
	}
	return false
}

// startsWhole reports whether a line is the first line of a dump and nothing else.
func startsWhole(line []byte) bool {
	if _, ok := grammar.ParseHeader(line); ok {
		return true
	}
	return grammar.StartAt(line) == 0 && !bytes.Contains(line, []byte(`:\n`)) // not its labels, but its end is escaped
}

// containerPrefix reads a line of a container runtime's log, whole or a part.
func (r *Reader) containerPrefix(l *level, line []byte) bool {
	g, n := stampAt(line)
	if g != dateTime || !isContainers(line[n:]) {
		return false
	}
	s := r.streamOf(l, &shape{before: learnPrefix(line[:n+len(" stderr F ")], "")}, line)
	return r.byShape(l, s.shape, line)
}

// streamOf finds or makes the stream of the lines of a shape that have the
// identity of a line. A new one gets those of the lines before that are its own.
func (r *Reader) streamOf(l *level, sh *shape, line []byte) *Stream {
	sh, id := l.shape(sh, line)
	s := l.streams[id]
	if s == nil {
		s = r.stream(l, id)
		s.follow(sh, id)
		r.replay(s)
	}
	l.last = s
	return s
}

// shape finds a shape among those of the level, or adds it, and the key of the
// stream of a line that has it. The longest prefixes come first, or "> " would
// take what is "> > ".
func (l *level) shape(n *shape, line []byte) (_ *shape, id string) {
	i := slices.IndexFunc(l.shapes, n.same)
	if i >= 0 {
		n = l.shapes[i]
	} else {
		l.learned++
		n.key = l.learned
	}
	from, to, key, _ := n.match(line, nil)
	if i < 0 {
		n.weight = from + len(line) - to
		l.shapes = l.shapes[:min(len(l.shapes), maxShapes-1)]
		i = slices.IndexFunc(l.shapes, func(sh *shape) bool { return sh.weight < n.weight })
		if i < 0 {
			i = len(l.shapes)
		}
		l.shapes, l.quick = slices.Insert(l.shapes, i, n), nil
	}
	return n, string(key)
}

// jsonRecord reads a line that is, or ends in, a JSON object or array.
func (r *Reader) jsonRecord(l *level, line []byte) bool {
	end := bytes.TrimRight(line, " \t,")
	from := bytes.IndexAny(line, "{[")
	if from < 0 || end[len(end)-1] != '}' && end[len(end)-1] != ']' {
		return false
	}
	if line[from] == '[' && (from > 0 || end[len(end)-1] == '}') {
		from = bytes.IndexByte(line, '{')
	}
	if from < 0 || from > 0 && !bytes.HasPrefix(line[from:], []byte(`{"`)) {
		return false
	}
	var rec record
	if !rec.read(end[from:]) {
		return false
	}
	l.records = l.records || grammar.Interesting(line)
	around := r.around
	r.around = line
	r.takeRecord(l, &rec, line[:from])
	r.around = around
	return true
}

// takeRecord gives the texts of a record that are lines of a dump to their
// streams, and reads those that hold a whole one. Lines are in the field in
// which a header was seen; before that, in the field that by its name holds
// them.
func (r *Reader) takeRecord(l *level, rec *record, prefix []byte) {
	var texts []*field
	var documents [][]byte
	learned, best := false, len(lineFields)
	for i := range rec.fields {
		f := &rec.fields[i]
		if !f.bytes && rec.line[f.from] != '"' {
			continue
		}
		if f.bytes || grammar.Interesting(rec.line[f.from:f.to]) {
			t := rec.text(f, nil)
			if holdsDump(t) || lineField(f.name) == len(lineFields) && bytes.Count(t, []byte(`\n`)) > 2 {
				documents = append(documents, t)
				r.document(l, t, rec.texts(f))
				continue
			}
			if grammar.StartAt(cleanLine(bytes.TrimRight(t, "\r\n"))) >= 0 {
				if l.fields == nil || len(l.fields) > maxShaped {
					l.fields = map[string]bool{}
				}
				l.fields[rec.path(f)] = true
			}
		}
		texts = append(texts, f)
		learned = learned || l.fields[rec.path(f)]
		best = min(best, lineField(f.name))
	}
	if len(documents) > 0 && !learned {
		return // the other texts are in the documents' fields
	}
	texts = slices.DeleteFunc(texts, func(f *field) bool {
		return !l.fields[rec.path(f)] && (learned || best == len(lineFields) || lineField(f.name) > best) ||
			slices.ContainsFunc(documents, func(d []byte) bool { return bytes.HasPrefix(d, rec.text(f, nil)) }) // it is said twice
	})
	for _, f := range texts {
		r.recordLine(l, rec, f, prefix, len(texts) == 1)
	}
}

// recordLine gives a text of a record to the stream of its process. alone says
// that no other text of the record is a line, so that the fields of further
// records like it need not be looked at.
func (r *Reader) recordLine(l *level, rec *record, f *field, prefix []byte, alone bool) {
	p := learnPrefix(prefix, "")
	_, id, _ := p.cut(prefix, []byte{0}) // no shape has this key
	id = append(id, rec.identity(f.in)...)
	s := l.streams[string(id)]
	fresh := s == nil
	if fresh {
		s = r.stream(l, string(id))
	}
	pieces := bytes.Contains(id, []byte("|Package=")) || bytes.Contains(id, []byte(`|stream="std`))
	if sh := rec.shape(f); alone && len(prefix) == 0 && sh != nil {
		sh.pieces = pieces
		s.follow(l.shape(sh, rec.line))
	}
	if fresh {
		r.replay(s)
	}
	l.last = s
	r.lines(s, rec.text(f, nil), pieces)
}

// quotedText reads a line in which a quoted string holds a dump, or a line of
// one: msg="goroutine 1 [running]:".
func (r *Reader) quotedText(l *level, line []byte) bool {
	from, size := quotedAround(line, grammar.InterestingAt(line))
	if size == 0 {
		return false
	}
	if size < 0 {
		return l.depth == 0 && holdsDump(unescape(nil, line[from+1:])) && r.breaks(line, `\`, true)
	}
	to := from + size
	if to < len(line) && line[to] == '"' || from > 0 && line[from-1] == ',' && to == len(line) {
		return false // of CSV, which doubles quotes, and does not quote each field of a column
	}
	text := unescape(nil, line[from+1:to-1])
	one := bytes.TrimRight(text, "\r\n")
	many := bytes.IndexByte(one, '\n') >= 0
	if at := grammar.StartAt(line); many && !holdsDump(text) || !many && (grammar.StartAt(one) < 0 || at >= 0 && at < from) {
		return false
	}
	if many {
		r.around = line
		r.document(l, text, pairs(line, from))
		return true
	}
	s := r.streamOf(l, &shape{before: learnPrefix(line[:from+1], "=\""), after: learnPrefix(bytes.TrimRight(line[to-1:], " \t,"), "="), escaped: true}, line)
	r.around = line
	r.lines(s, text, false)
	return true
}

// quotedAround finds the quoted string that a place in a line lies in. size is
// 0 if it lies in none, -1 if the string has no end.
func quotedAround(line []byte, at int) (from, size int) {
	for i := 0; ; {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 || i+n > at {
			return 0, 0
		}
		i += n
		size = grammar.QuotedSize(line[i:])
		if size < 0 || i+size > at {
			return i, size
		}
		i += size
	}
}

// Ways to write the end of a line, and a tab, within a line.
var (
	lineEnd = regexp.MustCompile("#012|(?i:<br ?/?>)|\\^J|\u2028|\u240a|\u21b5|[\x1e\v\r]")
	lineTab = regexp.MustCompile(`#011|\^I|\x{2409}`)
)

// escapedText reads a dump whose line ends a log system has escaped.
func (r *Reader) escapedText(l *level, line []byte) bool {
	if bytes.IndexByte(line, '[') < 0 && !bytes.Contains(line, []byte(" @ 0x")) {
		return false // words about goroutines, as in the reason of a deadlock
	}
	text, end := decode(line)
	if text == nil {
		return false
	}
	if l.depth == 0 && r.broken.line != r.line { // the lines that follow may be the rest
		return r.breaks(line, end, false)
	}
	r.around = line
	r.document(l, text, nil)
	return true
}

// decode returns the dump that an escaped line holds, nil if there is none, and
// what each piece of the line has. Labels can have further escapes: those that
// make the most lines are those of the dump.
func decode(line []byte) (text []byte, end string) {
	most := 0
	try := func(t []byte, e string) {
		if n := bytes.Count(t, []byte{'\n'}); n > most && holdsDump(t) {
			text, end, most = t, e, n
		}
	}
	once := unescape(nil, line)
	for t, n := once, 0; n < maxNested && text == nil; n++ {
		try(t, `\`)
		t = unescape(nil, t)
	}
	try(bytes.ReplaceAll(once, []byte("', '"), []byte{'\n'}), "', '")
	try(lineTab.ReplaceAll(lineEnd.ReplaceAll(line, []byte{'\n'}), []byte{'\t'}), string(lineEnd.Find(line)))
	try(grammar.Unescape(nil, line, '%'), "%")
	try([]byte(html.UnescapeString(string(line))), "&")
	return text, end
}

// A place ends a frame, and a header its line.
var (
	joinedPlace  = regexp.MustCompile(` +((?:[^ ]*\.\w+|<autogenerated>):\d+(?: \+0x[0-9a-f]+)?(?: [fsp][pc]=0x[0-9a-f]+)*)(?: +|$)`)
	joinedHeader = regexp.MustCompile(` *(goroutine \d+ (?:gp=[^\[]*)?\[[^\]]*\]:)(?: +|$)`)
)

// joinedLines reads a dump whose line ends have become blanks.
func (r *Reader) joinedLines(l *level, line []byte) bool {
	from, end := grammar.FindHeader(line)
	if from < 0 || !joinedPlace.Match(line[end:]) {
		return false
	}
	text := joinedHeader.ReplaceAll(joinedPlace.ReplaceAll(line, []byte("\n\t$1\n")), []byte("\n$1\n"))
	r.around = line
	r.document(l, append(text, '\n'), pairs(line[:from], -1))
	return true
}

// holdsDump reports whether a text of many lines has the beginning of a dump in
// one that is not the last.
func holdsDump(text []byte) bool {
	for {
		line, rest, more := bytes.Cut(text, []byte{'\n'})
		if !more || len(bytes.TrimSpace(rest)) == 0 {
			return false
		}
		if text = rest; !grammar.Interesting(line) || grammar.IsCreated(line) {
			continue
		}
		begins, _ := dumpIn(line)
		if from, size := quotedAround(line, grammar.InterestingAt(line)); begins >= 0 || size > 0 && from > 0 {
			return true
		}
	}
}

// document reads a text that holds a dump from its first to its last line.
func (r *Reader) document(l *level, text []byte, fields []Field) {
	s := r.newStream(l)
	s.Document, s.settled = true, true
	s.out = r.chunk(s)
	s.out.Before, s.out.Fields = r.before(), fields
	s.inner = newLevel(s)
	around := r.around
	for more := true; more; {
		var line []byte
		line, text, more = bytes.Cut(text, []byte{'\n'})
		if more || len(line) > 0 {
			r.put(s, cleanLine(line))
		}
		r.around = around
	}
	if r.settle(s.inner); s.inner.isInUse() {
		r.abandon(func(o *Stream) bool { return o.level == s.inner })
	}
	if s.out.End = true; len(s.out.Text) > 0 {
		r.emit(s.out)
	}
}
