package unwrap

import (
	"bytes"
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
	for _, u := range unwrappers() {
		if u.take(r, l, line) {
			return true
		}
	}
	return false
}

// startsWhole reports whether a line is the first line of a dump and nothing else.
func startsWhole(line []byte) bool {
	if from, end := grammar.FindCounts(line); from == 0 {
		return len(bytes.TrimSpace(line[end:])) == 0
	}
	if _, ok := grammar.ParseHeader(line); ok {
		return true
	}
	return grammar.StartAt(line) == 0 && !bytes.Contains(line, []byte(`\n`))
}

// jsonRecord reads a line that is, or ends in, a JSON object or array.
func (r *Reader) jsonRecord(l *level, line []byte) bool {
	end := bytes.TrimRight(line, " \t,")
	if len(end) < 2 || l.depth >= maxNested || end[len(end)-1] != '}' && end[len(end)-1] != ']' {
		return false
	}
	from := bytes.IndexAny(line, "{[")
	if from < 0 || bytes.HasSuffix(line[:from+1], []byte("labels:{")) {
		return false
	}
	if line[from] == '[' && (from > 0 || end[len(end)-1] == '}') {
		if from = bytes.IndexByte(line, '{'); from < 0 {
			return false
		}
	}
	if from > 0 && !bytes.ContainsAny(line[from:min(len(line), from+2)], `"`) {
		return false
	}
	rec := r.record
	r.record = record{} // a record in a record needs its own
	defer func() { r.record = rec }()
	if !rec.read(end[from:]) {
		return false
	}
	if grammar.Interesting(line) {
		l.records = true
	}
	around := r.around
	r.around = line
	r.takeRecord(l, &rec, line[:from])
	r.around = around
	return true
}

// takeRecord gives the texts of a record that are lines of a dump to their
// streams. Lines are in the field in which a header was seen; before that, in
// the field that by its name holds them.
func (r *Reader) takeRecord(l *level, rec *record, prefix []byte) {
	learned, best := false, len(lineFields)
	for i := range rec.fields {
		f := &rec.fields[i]
		if !f.bytes && !f.isText(rec.line) {
			continue
		}
		if raw := rec.line[f.from:f.to]; !l.fields[f.path] && (f.bytes || grammar.Interesting(raw)) {
			if t := cleanLine(bytes.TrimRight(rec.text(f, nil), "\r\n")); bytes.IndexByte(t, '\n') < 0 && grammar.StartAt(t) >= 0 && len(l.fields) < 64 {
				if l.fields == nil {
					l.fields = map[uint64]bool{}
				}
				l.fields[f.path] = true
			}
		}
		learned = learned || l.fields[f.path]
		best = min(best, lineField(f.name))
	}
	var lines []*field
	documents := false
	for i := range rec.fields {
		f := &rec.fields[i]
		if !f.bytes && !f.isText(rec.line) {
			continue
		}
		raw := rec.line[f.from:f.to]
		if f.bytes || grammar.Interesting(raw) {
			if t := rec.text(f, nil); holdsDump(t) || lineField(f.name) == len(lineFields) && bytes.Count(t, []byte(`\n`)) > 2 && grammar.StartAt(t) < 0 {
				r.document(l, t, rec.texts(f))
				documents = true
				continue
			}
		}
		if l.fields[f.path] || !learned && best < len(lineFields) && lineField(f.name) == best {
			lines = append(lines, f)
		}
	}
	if documents && !learned {
		return // the other texts are in the documents' fields
	}
	for _, f := range lines {
		p := learnPrefix(prefix, "")
		_, id, _ := p.cut(prefix, nil)
		id = append(append(id, "json"...), rec.identity(f.in)...)
		s := l.keys[string(id)]
		fresh := s == nil
		if fresh {
			s = r.stream(l, nil, string(id))
			if l.keys == nil {
				l.keys = map[string]*Stream{}
			}
			l.keys[string(id)] = s
		}
		pieces := bytes.Contains(id, []byte("|Package=")) || bytes.Contains(id, []byte(`|stream="std`))
		if len(lines) == 1 && len(prefix) == 0 {
			r.learnRecord(l, s, rec, f, pieces)
		}
		if fresh {
			r.replay(s, r.earlier(l))
		}
		l.last = s
		r.lines(s, rec.text(f, nil), pieces)
	}
}

// learnRecord makes the shape by which further records like this are read.
func (r *Reader) learnRecord(l *level, s *Stream, rec *record, f *field, pieces bool) {
	if f.bytes || len(l.shapes) >= maxShapes {
		return
	}
	before, after, ok := rec.shape(f)
	if !ok {
		return
	}
	sh := l.shape(shape{before: before, after: after, escaped: true, pieces: pieces})
	if n, id, ok := before.cut(rec.line, nil); ok {
		if _, id, ok = after.cut(rec.line[n-1+scalarSize(rec.line[n-1:])-1:], id); ok {
			sh.streams[string(id)] = s
			s.shape, s.id, s.cut = sh, string(id), nil
		}
	}
}

// shape finds a shape among those of the level, or adds it. The longest
// prefixes come first, or "> " would take what is "> > ".
func (l *level) shape(n shape) *shape {
	for _, sh := range l.shapes {
		if sh.escaped == n.escaped && bytes.Equal(sh.suffix, n.suffix) && sh.before.same(&n.before) && sh.after.same(&n.after) {
			return sh
		}
	}
	sh := &n
	sh.streams = map[string]*Stream{}
	if len(l.shapes) >= maxShapes {
		l.shapes = l.shapes[:maxShapes-1]
	}
	i := 0
	for i < len(l.shapes) && l.shapes[i].before.literals()+len(l.shapes[i].suffix) >= n.before.literals()+len(n.suffix) {
		i++
	}
	l.shapes = slices.Insert(l.shapes, i, sh)
	return sh
}

// quotedText reads a line in which a quoted string holds a dump, or a line of
// one: msg="goroutine 1 [running]:".
func (r *Reader) quotedText(l *level, line []byte) bool {
	if l.depth >= maxNested {
		return false
	}
	at := grammar.InterestingAt(line)
	if at < 0 {
		return false
	}
	from, size := quotedAround(line, at)
	if size == 0 {
		return false
	}
	if size < 0 {
		return r.breaks(l, line, from)
	}
	if from+size < len(line) && line[from+size] == '"' {
		return false // CSV doubles quotes, so the field goes on
	}
	text := unescape(nil, line[from+1:from+size-1])
	if one := bytes.TrimRight(text, "\r\n"); bytes.IndexByte(one, '\n') >= 0 {
		if !holdsDump(text) {
			return false
		}
		r.around = line
		r.document(l, text, pairs(line, from))
		return true
	} else if grammar.StartAt(one) < 0 || isCSV(line, from, size) || bytes.IndexByte(line[:from], '[') >= 0 && grammar.StartAt(line) >= 0 {
		return false
	}
	before, after := learnPrefix(line[:from+1], "=\""), learnPrefix(bytes.TrimRight(line[from+size-1:], " \t,"), "=")
	sh := l.shape(shape{before: before, after: after, escaped: true, member: true})
	_, id, _ := before.cut(line, nil)
	_, id, _ = after.cut(line[from+size-1:], id)
	s := sh.streams[string(id)]
	if s == nil {
		s = r.stream(l, sh, string(id))
		r.replay(s, r.earlier(l))
	}
	l.last = s
	r.around = line
	r.lines(s, text, false)
	return true
}

// isCSV reports whether a quoted string is a field of CSV, which others of the
// same column need not be quoted as.
func isCSV(line []byte, from, size int) bool {
	return from > 0 && line[from-1] == ',' && from+size == len(bytes.TrimRight(line, " \t")) && bytes.IndexByte(line, '{') != 0
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
		if size < 0 {
			if bytes.Contains(line[i:], []byte(`\n`)) {
				return i, -1
			}
			return 0, 0
		}
		if i+size > at {
			return i, size
		}
		i += size
	}
}

// escapedText reads a dump whose line ends a log system has escaped.
func (r *Reader) escapedText(l *level, line []byte) bool {
	if l.depth >= maxNested {
		return false
	}
	for _, e := range lineEscapes {
		if !bytes.Contains(line, []byte(e.end)) {
			continue
		}
		text := line
		switch e.end[0] {
		case '\\':
			for n := 0; n < maxNested && !holdsDump(text); n++ {
				text = unescape(nil, text)
			}
		case '%':
			text = grammar.Unescape(nil, line, '%')
		default:
			text = bytes.ReplaceAll(text, []byte(e.end), []byte{'\n'})
			if e.tab != "" {
				text = bytes.ReplaceAll(text, []byte(e.tab), []byte{'\t'})
			}
		}
		if holdsDump(text) {
			if l.depth == 0 && r.broken == nil && r.brokeAt.line != r.line {
				r.broken, r.brokeEnd, r.brokeAt = bytes.Clone(line), e.end, where{line: r.line, offset: r.offset}
				return true
			}
			r.around = line
			r.document(l, text, nil)
			return true
		}
	}
	return false
}

// joinedLines reads a dump whose line ends have become blanks: a place ends a
// frame, and shows where the next line begins.
func (r *Reader) joinedLines(l *level, line []byte) bool {
	from, end := grammar.FindHeader(line)
	if from < 0 || l.depth >= maxNested || len(line)-end < 16 {
		return false
	}
	text := append(bytes.Clone(line[from:end]), '\n')
	frames, start := 0, end // start is where the line being read begins
	for pos := end; pos < len(line); {
		for pos < len(line) && line[pos] == ' ' {
			pos++
		}
		next := pos
		for next < len(line) && line[next] != ' ' {
			next++
		}
		word := line[pos:next]
		offset := len(bytes.TrimSpace(line[start:pos])) == 0 && text[len(text)-2] != ':' && grammar.IsPlace(append([]byte("/f:1 "), word...))
		h, size := -1, 0
		if grammar.LooksLikeHeader(line[pos:]) {
			h, size = grammar.FindHeader(line[pos:])
		}
		switch {
		case h == 0:
			text = append(append(append(text, '\n'), line[pos:pos+size]...), '\n')
			next, start = pos+size, pos+size
		case offset: // " +0x1d" goes on with the place
			text = append(append(append(text[:len(text)-1], ' '), word...), '\n')
			start = next
		case grammar.IsPlace(word) && grammar.KindOf(line[start:pos]) == grammar.Call:
			text = append(append(append(append(text, bytes.TrimSpace(line[start:pos])...), "\n\t"...), word...), '\n')
			frames, start = frames+1, next
		}
		pos = next
	}
	if frames == 0 {
		return false
	}
	text = append(append(text, bytes.TrimSpace(line[start:])...), '\n')
	r.around = line
	r.document(l, append(append(bytes.Clone(bytes.TrimSpace(line[:from])), '\n'), text...), pairs(line[:from], -1))
	return true
}

// holdsDump reports whether a text of many lines has the beginning of a dump in
// one that is not the last.
func holdsDump(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 || len(bytes.TrimSpace(text[i:])) == 0 {
			return false
		}
		line := text[:i]
		if grammar.Interesting(line) && !grammar.IsCreated(line) {
			if from, _ := grammar.FindHeader(line); from >= 0 || grammar.CountsAt(line) >= 0 || grammar.RecordAt(line) >= 0 {
				return true
			}
			if from, size := quotedAround(line, grammar.InterestingAt(line)); size > 0 && from > 0 {
				return true
			}
		}
		text = text[i+1:]
	}
}

// document reads a text that holds a dump from its first to its last line.
func (r *Reader) document(l *level, text []byte, fields []Field) {
	s := &Stream{ID: r.nextID, level: l, Document: true, lastKind: grammar.Blank, started: true}
	r.nextID++
	s.out = r.chunk(s)
	s.out.Before = r.before(4)
	s.out.Fields = fields
	s.inner = &level{depth: l.depth + 1, bare: s}
	around := r.around
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			i = len(text)
		}
		line := text[:i]
		text = text[min(i+1, len(text)):]
		if bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0x1b) >= 0 {
			line = cleanLine(line)
		}
		r.put(s, line)
		r.around = around
	}
	r.endDocument(s)
}

func (r *Reader) endDocument(s *Stream) {
	l := s.inner
	r.settle(l)
	for _, o := range slices.Clone(r.streams) {
		if o.level == l {
			r.abandon(o)
			r.streams = slices.DeleteFunc(r.streams, func(x *Stream) bool { return x == o })
		}
	}
	s.dirty = false
	r.dirty = slices.DeleteFunc(r.dirty, func(o *Stream) bool { return o == s || o.abandoned })
	c := s.out
	s.out, c.End = nil, true
	if len(c.Text) > 0 {
		r.emit(c)
	}
}

// containerPrefix reads a line of a container runtime's log, whole or a part.
func (r *Reader) containerPrefix(l *level, line []byte) bool {
	g, n := stampAt(line)
	if g != dateTime || !goesOnAsContainer(line[n:]) || len(line) < n+10 {
		return false
	}
	r.prefixed(l, line[:n+10], nil, r.earlier(l))
	return r.byShape(l, l.shapes[slices.IndexFunc(l.shapes, func(sh *shape) bool { return sh.before.isContainer() })], line)
}

// prefixed finds or makes the stream with a prefix and a suffix. A new one gets
// those of the lines before that are its own.
func (r *Reader) prefixed(l *level, prefix, suffix []byte, before []lookedBack) *Stream {
	if len(prefix) == 0 && len(suffix) == 0 {
		return l.bare
	}
	p := learnPrefix(prefix, "")
	_, id, _ := p.cut(prefix, nil)
	sh := l.shape(shape{before: p, suffix: bytes.Clone(suffix)})
	if s := sh.streams[string(id)]; s != nil {
		return s
	}
	s := r.stream(l, sh, string(id))
	s.prefix, s.container, s.csv = p, p.isContainer(), len(prefix) > 0 && prefix[len(prefix)-1] == ','
	s.extended = len(suffix) > 0 || p.size == 0
	for _, o := range l.shapes {
		if o.escaped {
			continue
		}
		if _, id, ok := o.before.cut(prefix, nil); ok && o.streams[string(id)] != nil && o.streams[string(id)] != s {
			o.streams[string(id)].extended = true
		}
	}
	r.replay(s, before)
	return s
}

// pending is a header behind a prefix of which the next line is to show how
// much other lines have too.
type pending struct {
	prefix, header, suffix []byte
	where                  where
	waited                 int
}

const (
	maxWaited = 8       // lines of others that are passed over
	maxPrefix = 4 << 10 // bytes
)

// learnedPrefix takes a line that holds the first line of a dump behind a
// prefix, or before a suffix.
func (r *Reader) learnedPrefix(l *level, line []byte) bool {
	clean := cleanText(line)
	from, end := grammar.FindHeader(clean)
	if from < 0 {
		from, end = grammar.FindCounts(clean)
	}
	if from >= 0 {
		r.alien = false
	} else if !r.alien {
		from, end = grammar.RecordAt(clean), len(clean)
	}
	if from < 0 || from > maxPrefix || from == 0 && len(bytes.TrimSpace(clean[end:])) == 0 || l.bare.inPanic && isIndented(clean) {
		return false
	}
	r.settle(l)
	r.marked = r.marked || from > 0 && bytes.IndexByte(line, '<') >= 0 && len(clean) != len(line)
	if s := r.panicking(l, clean[:from]); s != nil {
		l.last = s
		return r.byShape(l, s.shape, line)
	}
	if from > 1 && string(clean[from-2:from]) == `,"` && bytes.HasSuffix(clean, []byte{'"'}) {
		from, clean = from-1, csvField(clean, from-1)
		end = len(clean)
	}
	l.pending = &pending{
		prefix: bytes.Clone(clean[:from]), header: bytes.Clone(clean[from:end]), suffix: bytes.Clone(bytes.TrimSpace(clean[end:])),
		where: where{r.line, r.offset, bytes.Clone(r.raw[:min(len(r.raw), heldBytes)]), bytes.Clone(r.around[:min(len(r.around), heldBytes)])},
	}
	return true
}

// csvField takes the quotes off the last field of a line.
func csvField(line []byte, from int) []byte {
	field := bytes.ReplaceAll(line[from+1:len(line)-1], []byte(`""`), []byte{'"'})
	return append(bytes.Clone(line[:from]), field...)
}

// panicking returns the stream in which a panic's text goes on behind a prefix
// that ends in the text's own indentation; nil if there is none. Such text can
// hold a dump, which is not one of this process.
func (r *Reader) panicking(l *level, prefix []byte) *Stream {
	for _, indent := range []string{"\t", "        ", "    "} {
		own, ok := bytes.CutSuffix(prefix, []byte(indent))
		if !ok || len(own) == 0 {
			continue
		}
		p := learnPrefix(own, "")
		_, want, _ := p.cut(own, nil)
		lines := r.lookBack()
		for i := len(lines) - 1; i >= 0; i-- {
			n, id, ok := p.cut(lines[i].text, nil)
			if !ok || !bytes.Equal(id, want) || n == len(lines[i].text) || isIndented(lines[i].text[n:]) {
				continue
			}
			if bytes.HasPrefix(lines[i].text[n:], grammar.PanicWord) {
				return r.prefixed(l, own, nil, lines)
			}
			break
		}
	}
	return nil
}

// resolve looks whether a line shows how much of the pending header's prefix
// the lines of its goroutine have. It never consumes the line.
func (r *Reader) resolve(l *level, line []byte) bool {
	p := l.pending
	clean := cleanText(line)
	if len(bytes.TrimSpace(clean)) == 0 {
		return false
	}
	tried := 0
	for i := len(p.prefix); i >= 0; i-- {
		if i > 0 && i < len(p.prefix) && grammar.IsWord(p.prefix[i-1]) {
			continue
		}
		if tried++; tried > 40 && i > 0 {
			continue
		}
		for _, suffix := range [][]byte{p.suffix, nil} {
			if r.fits(l, p, p.prefix[:i], suffix, clean) {
				r.adopt(l, i, suffix)
				return false
			}
			if len(p.suffix) == 0 {
				break
			}
		}
	}
	if p.waited++; p.waited > maxWaited {
		r.settle(l)
	}
	return false
}

// fits reports whether a line, without a prefix and a suffix, is what can
// follow a header.
func (r *Reader) fits(l *level, p *pending, prefix, suffix, line []byte) bool {
	learned := learnPrefix(prefix, "")
	_, want, _ := learned.cut(prefix, nil)
	n, id, ok := learned.cut(line, nil)
	if !ok || !bytes.Equal(id, want) {
		return false
	}
	rest := line[n:]
	if len(suffix) > 0 {
		if rest, ok = cutSuffix(rest, suffix); !ok {
			return false
		}
	}
	rest = cleanText(rest)
	if len(rest) > 1 && rest[0] == '"' && bytes.HasSuffix(prefix, []byte{','}) && rest[len(rest)-1] == '"' {
		rest = csvField(rest, 0)
	}
	switch grammar.KindOf(rest) {
	case grammar.Call, grammar.Note, grammar.Counts:
		return true
	case grammar.Start:
		return len(prefix) == len(p.prefix)
	case grammar.Partial:
		return len(prefix) == len(p.prefix) || bytes.IndexByte(rest, '(') > 0
	case grammar.Place:
		return r.callBefore(&learned, want)
	}
	return false
}

// callBefore reports whether the last line before the pending header that has
// a prefix is a call, as in text whose lines are in reversed order.
func (r *Reader) callBefore(p *pattern, want []byte) bool {
	lines := r.lookBack()
	for i := len(lines) - 1; i >= 0 && i > len(lines)-8; i-- {
		n, id, ok := p.cut(lines[i].text, nil)
		if !ok || !bytes.Equal(id, want) {
			continue
		}
		switch grammar.KindOf(lines[i].text[n:]) {
		case grammar.Call, grammar.Note:
			return true
		case grammar.Start, grammar.Blank:
		default:
			return false
		}
	}
	return false
}

// settle gives a pending header to the stream with all of its prefix, if no
// line has shown which is right.
func (r *Reader) settle(l *level) {
	if l.pending != nil {
		r.adopt(l, len(l.pending.prefix), nil)
	}
}

// adopt gives the pending header to a stream.
func (r *Reader) adopt(l *level, n int, suffix []byte) {
	p := l.pending
	l.pending = nil
	w := r.where
	defer func() { r.where = w }()
	lines := r.earlier(l)
	i := len(lines)
	for i > 0 && lines[i-1].line >= p.where.line {
		i--
	}
	r.where = p.where
	s := r.prefixed(l, p.prefix[:n], suffix, lines[:i])
	if s != l.bare {
		l.last = s
	}
	// What comes before the header in its line may say why it is there.
	lead := bytes.TrimSpace(p.prefix[n:])
	if len(suffix) == 0 && len(p.suffix) > 0 {
		lead = append(append(bytes.Clone(lead), ' '), p.suffix...)
	}
	if bytes.ContainsFunc(lead, func(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }) {
		r.plain(s, lead)
	}
	s.inPanic = false
	r.plain(s, p.header)
	if s != l.bare && i < len(lines) {
		r.replay(s, lines[min(len(lines), i+1):]) // what came while the header was pending
	}
}

// lookedBack is a line before the one being read.
type lookedBack struct {
	text   []byte
	line   int
	offset int64
}

// lookBack returns the last lines before the one being read.
func (r *Reader) lookBack() []lookedBack {
	before := r.text[:min(r.pos, len(r.text))]
	var lines []lookedBack
	size, n, offset := 0, r.line, r.offset
	for _, b := range [][]byte{before, r.back} {
		for len(b) > 0 && len(lines) < backLines && size < backBytes {
			end := len(b)
			if b[end-1] == '\n' {
				end--
			}
			i := bytes.LastIndexByte(b[:end], '\n') + 1
			n--
			size += end - i
			offset -= int64(len(b) - i)
			text := b[i:end]
			if bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0x1b) >= 0 {
				text = cleanLine(text)
			}
			lines = append(lines, lookedBack{text, n, offset})
			b = b[:i]
		}
	}
	slices.Reverse(lines)
	return lines
}

// before returns what the last lines say, for a document.
func (r *Reader) before(n int) []byte {
	var out []byte
	lines := r.lookBack()
	for _, line := range lines[max(0, len(lines)-n):] {
		if len(line.text) < heldBytes {
			out = append(append(out, r.message(line.text)...), '\n')
		}
	}
	return out
}

// message is what a line of a log says: the text of a record and the error
// beside it, or the line.
func (r *Reader) message(line []byte) []byte {
	var rec record
	var fields []Field
	if len(line) > 0 && line[0] == '{' && rec.read(bytes.TrimRight(line, " \t\r")) {
		fields = rec.texts(nil)
	} else if bytes.Contains(line, []byte(`msg=`)) {
		fields = pairs(line, -1)
	}
	best, said := len(lineFields), ""
	for _, f := range fields {
		if n := lineField([]byte(f.Key)); n < best {
			best, said = n, f.Value
		}
	}
	if said == "" {
		return line
	}
	for _, f := range fields {
		if f.Key == "error" || f.Key == "err" || f.Key == "panic" {
			said += ": " + f.Value
		}
	}
	return bytes.ReplaceAll(bytes.TrimSpace([]byte(said)), []byte{'\n'}, []byte{' '})
}

// earlier returns the lines before the one being read, as a level has them.
func (r *Reader) earlier(l *level) []lookedBack {
	if l.depth == 0 {
		return r.lookBack()
	}
	var lines []lookedBack
	if c := l.bare.out; c != nil && !l.bare.started {
		for pos := 0; pos < len(c.Text); {
			n := bytes.IndexByte(c.Text[pos:], '\n')
			lines = append(lines, lookedBack{bytes.Clone(c.Text[pos : pos+n]), c.Line(pos), c.Offset(pos)})
			pos += n + 1
		}
	}
	return lines[max(0, len(lines)-backLines):]
}

// replay gives the lines before the one being read that have a stream's shape
// to the stream: the reason of a dump comes before its first header.
func (r *Reader) replay(s *Stream, lines []lookedBack) {
	if s.shape == nil {
		return
	}
	w := r.where
	for _, b := range lines {
		if r.marked {
			b.text = cleanText(b.text)
		}
		r.where = where{b.line, b.offset, b.text, b.text}
		if own, _, _ := r.match(s.shape, b.text); own == s && (!grammar.Interesting(b.text) || grammar.StartAt(b.text) < 0) {
			r.byShape(s.level, s.shape, b.text)
		}
	}
	r.where = w
}

// breaks begins a record whose quoted text does not end in its line, since a
// collector broke it.
func (r *Reader) breaks(l *level, line []byte, from int) bool {
	if l.depth > 0 || r.broken != nil || !holdsDump(unescape(nil, line[from+1:])) {
		return false
	}
	r.broken, r.brokeEnd, r.brokeAt = bytes.Clone(line), "", where{line: r.line, offset: r.offset}
	return true
}

// goesOn adds a line to the broken record. It says false if the line begins
// another.
func (r *Reader) goesOn(line []byte) bool {
	if end := r.brokeEnd; end != "" {
		n := min(len(r.broken), 8)
		first, _, more := bytes.Cut(line, []byte(end))
		begins := grammar.Interesting(line) && grammar.StartAt(first) >= 0
		if !more || begins || bytes.HasPrefix(line, r.broken[:n]) || len(r.broken) > maxBroken {
			r.closeBroken()
			return false
		}
		r.broken = append(r.broken, line...)
		return true
	}
	head := r.broken[:bytes.IndexByte(r.broken, '"')+1]
	p := learnPrefix(head[:min(len(head), maxStamped)], "=")
	_, want, _ := p.cut(head, nil)
	if _, id, ok := p.cut(line, nil); ok && bytes.Equal(id, want) && len(head) > 2 || len(r.broken) > maxBroken || r.line > r.brokeAt.line+32 {
		r.closeBroken()
		return false
	}
	r.broken = append(r.broken, line...)
	if at := grammar.InterestingAt(r.broken); at >= 0 {
		if _, size := quotedAround(r.broken, at); size > 0 {
			r.closeBroken()
		}
	}
	return true
}

// closeBroken reads the broken record as far as it is there.
func (r *Reader) closeBroken() {
	line := r.broken
	if line == nil {
		return
	}
	r.broken = nil
	w := r.where
	r.where = r.brokeAt
	r.raw, r.around = line, line
	if r.brokeEnd != "" {
		r.take(r.root, line)
	} else if _, size := quotedAround(line, grammar.InterestingAt(line)); size > 0 {
		r.take(r.root, line)
	} else if from, _ := quotedAround(line, grammar.InterestingAt(line)); from > 0 || line[0] == '"' {
		r.root.bare.problem(r, "the record ends within its text")
		r.document(r.root, unescape(nil, line[from+1:]), pairs(line[:from], -1))
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
	soft := len(line) > 0 && line[len(line)-1] == '='
	if soft {
		line = line[:len(line)-1]
	}
	out := grammar.Unescape(r.soft, line, '=')
	if soft && len(out) < maxBroken {
		r.soft = out
		return nil, false
	}
	r.soft = nil
	return out, true
}
