package unwrap

import (
	"bytes"

	"gdump/internal/grammar"
)

// plain adds a line without its wrapping to a stream.
func (r *Reader) plain(s *Stream, line []byte) {
	s.width = max(s.width, len(r.raw))
	if r.regular(s, line) {
		return
	}
	line = cleanText(line)
	k := grammar.KindOf(line)
	if k == grammar.Other {
		if t := trimEnd(line); len(t) < len(line) {
			if tk := grammar.KindOf(t); tk != grammar.Other && tk != grammar.Partial {
				line, k = t, tk
			}
		}
	}
	if s.inPanic {
		if k == grammar.Blank || isIndented(line) {
			r.append(s, line)
			return
		}
		s.inPanic = false
	}
	if k == grammar.Blank {
		if s.suspect && s.lastKind == grammar.Counts {
			s.suspect, s.reversed = false, text(s) != nil
		}
		r.append(s, line)
		if s.lastKind == grammar.Partial {
			s.lastKind = grammar.Blank
		}
		return
	}
	if s.suspect {
		s.suspect = false
		s.reversed = s.reversed || k == grammar.Place && s.lastKind == grammar.Start && text(s) != nil
	}
	if !s.reversed && r.join(s, line, k) {
		return
	}
	switch k {
	case grammar.Start:
		s.suspect = !s.started && (s.lastKind == grammar.Call || s.lastKind == grammar.Note) && !s.Document
		s.started, s.want = true, grammar.Call
		r.stamp(s)
	case grammar.Call:
		s.want = grammar.Place
	case grammar.Place:
		s.want = grammar.Call
	case grammar.Other:
		r.alien = r.alien || grammar.OtherProfile(line) != ""
		if at := grammar.ReasonAt(line); at >= 0 {
			s.inPanic = bytes.HasPrefix(line[at:], []byte("panic: ")) && (at == 0 || !isIndented(line) && endsPrefix(line[:at]))
			r.stamp(s)
		}
	case grammar.Counts:
		if line[0] == '#' {
			break
		}
		// A record behind its frames: the order of the lines is reversed, if
		// nothing follows it.
		s.started = s.started || line[0] == 'g'
		behind := s.lastKind == grammar.Counts && s.out != nil && s.last < len(s.out.Text) && s.out.Text[s.last] == '#'
		s.suspect = behind && !s.started && !s.Document && grammar.IsDigit(line[0])
		r.stamp(s)
	}
	s.lastKind = k
	r.append(s, line)
}

// endsPrefix reports whether what follows a text can be a process's own words:
// the text is what a log system writes, not the beginning of a sentence.
func endsPrefix(before []byte) bool {
	before = bytes.TrimRight(before, " \t")
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return grammar.IsDigit(last) || !grammar.IsWord(last) && last != ':' || bytes.HasSuffix(before, []byte("]:"))
}

func isIndented(line []byte) bool {
	return len(line) > 0 && line[0] == '\t' || bytes.HasPrefix(line, []byte("    "))
}

// trimEnd takes off a line's end what closes a quotation around it.
func trimEnd(line []byte) []byte {
	for {
		t := bytes.TrimRight(line, "\"'`,;\\} \t|$")
		t = bytes.TrimSuffix(t, []byte(`\n`))
		t = bytes.TrimSuffix(t, []byte("]]>"))
		if len(t) == len(line) {
			return t
		}
		line = t
	}
}

// rejoin adds a line that has no prefix to the stream of the line before, if it
// goes on with that: a terminal wrapped it after it had got its prefix.
func (r *Reader) rejoin(s *Stream, line []byte) bool {
	if s.inner != nil && s.inner.last != nil && s.inner.last.used == r.line-1 {
		s = s.inner.last
	}
	k := grammar.KindOf(line)
	if s.out == nil || s.reversed || k == grammar.Start || k == grammar.Blank || !r.join(s, line, k) {
		return false
	}
	s.used = r.line
	return true
}

const (
	maxJoined = 16 << 10 // bytes of a line that may go on in the next
	maxParts  = 256      // of a broken line; each costs a look at all before it
)

// join adds a line to the one before if that was broken, by a terminal, in a
// mail or by a collector. What is broken shows in the grammar: a beginning
// without an end, and a rest that is nothing by itself.
func (r *Reader) join(s *Stream, line []byte, k grammar.Kind) bool {
	if k == grammar.Start || s.out == nil || s.last >= len(s.out.Text) {
		return false
	}
	c := s.out
	before := c.Text[s.last : len(c.Text)-1]
	if len(before) == 0 || len(before) > maxJoined || s.parts >= maxParts {
		return false
	}
	line = bytes.TrimRight(line, " \t")
	var whole []byte
	var joined grammar.Kind
	switch {
	case s.lastKind == grammar.Counts:
		if k != grammar.Counts {
			whole, joined = joinCounts(before, line), grammar.Counts
		}
	case s.lastKind == grammar.Partial, s.lastKind == grammar.Place, s.lastKind == grammar.Call && s.want == grammar.Place:
		whole, joined = s.rejoined(before, line, k)
	}
	if whole == nil {
		return false
	}
	c.Text = append(append(c.Text[:s.last], whole...), '\n')
	c.next, s.used, s.lastKind = -1, r.line, joined
	s.parts++
	switch joined {
	case grammar.Call:
		s.want = grammar.Place
	case grammar.Place:
		s.want = grammar.Call
	case grammar.Start:
		s.started, s.want = true, grammar.Call
	}
	return true
}

// rejoined is a line with what follows it, and what the two are; nil if they
// do not belong together.
func (s *Stream) rejoined(before, line []byte, k grammar.Kind) ([]byte, grammar.Kind) {
	text, rest := bytes.TrimLeft(before, " \t"), bytes.TrimLeft(line, " \t")
	own := grammar.KindOf(text)
	loose := k == grammar.Other || k == grammar.Partial // the line is nothing by itself
	switch {
	case len(rest) == 0, len(text) == 0,
		own == grammar.Call && (k == grammar.Place || grammar.IsRooted(rest)),
		own == grammar.Place && (!loose || len(rest) > 80 || len(bytes.Trim(rest, "0123456789abcdefx+=:sp ")) > 0):
		return nil, own
	}
	glues := s.glues(before, line)
	for _, p := range s.halves(before, line, rest) {
		for _, glue := range glues {
			j := append(append(bytes.Clone(p[0]), glue...), p[1]...)
			if kind := grammar.KindOf(j); makes(text, line, k, j, kind) {
				s.hyphens = s.hyphens || len(p[0]) < len(before)
				return j, kind
			}
		}
	}
	j := append(append(bytes.Clone(before), glues[0]...), rest...)
	goesOn := own != grammar.Place && grammar.KindOf(j) == grammar.Partial &&
		(isHeader(text) || isArguments(rest[bytes.LastIndexByte(rest, '(')+1:]) || bytes.IndexByte(rest, ' ') < 0)
	if own != grammar.Call && loose && (goesOn || placeBegins(j)) {
		return j, grammar.Partial
	}
	return nil, own
}

// makes reports whether two halves, which together are j of some kind, are one
// line: text is the first, and line, of kind k, the second.
func makes(text, line []byte, k grammar.Kind, j []byte, kind grammar.Kind) bool {
	header, created, rooted := isHeader(text), bytes.HasPrefix(text, []byte("created by")), grammar.IsRooted(text)
	switch kind {
	case grammar.Start:
		return header
	case grammar.Place:
		before, placed := grammar.ParsePlace(text)
		if after, _ := grammar.ParsePlace(bytes.TrimLeft(j, " \t")); placed && !bytes.Equal(before.File, after.File) {
			return false // the file's name was whole
		}
		return !header && (rooted || text[0] == '<' || k != grammar.Place && !created)
	case grammar.Call:
		if rooted || k == grammar.Place || grammar.IsCall(text) {
			return false
		}
		return created || grammar.IsCall(bytes.TrimLeft(j, " \t")) && (text[len(text)-1] == ',' || !isCallLine(line))
	}
	return false
}

func isHeader(text []byte) bool { return bytes.HasPrefix(text, grammar.Goroutine) }

// glues are what may have been between the halves of a broken line, the
// likeliest first: where words are broken between lines a blank is lost, but
// where lines are cut at a width none is.
func (s *Stream) glues(before, line []byte) []string {
	last := before[len(before)-1]
	words := isHeader(bytes.TrimLeft(before, " \t")) && grammar.IsWord(last) && grammar.IsWord(line[0]) && len(before)+1 < s.width
	if last == ',' || words || bytes.HasSuffix(before, []byte(" with")) {
		return []string{" ", ""}
	}
	return []string{"", " "}
}

// halves are the halves of a broken line, as they are and without what may have
// been added: indentation, a hyphen.
func (s *Stream) halves(before, line, rest []byte) [][2][]byte {
	if before[len(before)-1] != '-' {
		return [][2][]byte{{before, line}, {before, rest}}
	}
	hyphen := before[:len(before)-1]
	if s.hyphens {
		return [][2][]byte{{hyphen, rest}, {before, rest}}
	}
	return [][2][]byte{{before, line}, {before, rest}, {hyphen, rest}}
}

// placeBegins reports whether a text is a place but for its last word, which
// was broken.
func placeBegins(text []byte) bool {
	i := bytes.LastIndexByte(text, ' ')
	return i > 0 && grammar.BeginsOffset(text[i+1:]) && grammar.IsPlace(bytes.TrimSpace(text[:i]))
}

// isCallLine reports whether a line by itself is a whole call, so that it need
// not be the rest of another.
func isCallLine(line []byte) bool {
	open := bytes.LastIndexByte(line, '(')
	return open > 0 && bytes.IndexByte(line[:open], '.') > 0 && bytes.IndexByte(line[:open], '/') > 0
}

// isArguments reports whether a text can lie within the arguments of a call.
func isArguments(text []byte) bool {
	return len(bytes.Trim(text, "0123456789abcdefx, {}?._()")) == 0
}

// joinCounts joins the lines of a debug=1 dump.
func joinCounts(before, line []byte) []byte {
	if bytes.HasPrefix(line, []byte("  ")) {
		line = bytes.TrimLeft(line, " ") // what goes on is indented
	}
	joined := func(glue string, ok bool) []byte {
		if !ok {
			return nil
		}
		return append(append(bytes.Clone(before), glue...), line...)
	}
	if before[0] == '#' {
		if bytes.HasPrefix(before, []byte("# labels: ")) {
			if before[len(before)-1] == ',' {
				return joined(" ", true)
			}
			return joined("", before[len(before)-1] != '}')
		}
		whole := grammar.IsPlace(bytes.TrimSpace(before[max(0, bytes.LastIndexByte(before, '\t')):]))
		if whole {
			return joined("", len(bytes.Trim(line, "0123456789")) == 0)
		}
		words := bytes.Fields(before)
		end := words[len(words)-1]
		placeNext := line[0] == '/' && bytes.Contains(end, []byte("+0x"))
		nameNext := len(words) == 2 && bytes.HasPrefix(end, []byte("0x")) && line[0] > ' ' && bytes.IndexByte(line, '.') > 0
		if before[len(before)-1] > ' ' && (placeNext || nameNext) {
			return joined("\t", true)
		}
		return joined("", bytes.IndexByte(bytes.TrimLeft(line, " \t"), ' ') < 0 || bytes.IndexByte(line, '/') >= 0)
	}
	if grammar.RecordAt(before) != 0 || len(bytes.Trim(line, "0123456789abcdefx ")) > 0 {
		return nil
	}
	if bytes.HasPrefix(line, []byte("0x")) && before[len(before)-1] != ' ' {
		return joined(" ", true)
	}
	return joined("", true)
}
