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
		s.suspect = !s.started && !s.Document && grammar.IsDigit(line[0]) && s.lastKind == grammar.Counts && s.out != nil && s.last < len(s.out.Text) && s.out.Text[s.last] == '#'
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
	own, last := grammar.KindOf(text), before[len(before)-1]
	switch {
	case len(rest) == 0, len(text) == 0, own == grammar.Call && (k == grammar.Place || grammar.IsRooted(rest)),
		own == grammar.Place && (k != grammar.Other && k != grammar.Partial || len(bytes.Trim(rest, "0123456789abcdefx+=:sp ")) > 0 || len(rest) > 80):
		return nil, own
	}
	// Where words are broken between lines a blank is lost, but where lines are
	// cut at a width none is. What goes on may be indented.
	header, created := bytes.HasPrefix(text, grammar.Goroutine), bytes.HasPrefix(text, []byte("created by"))
	glues := []string{"", " "}
	if last == ',' || header && grammar.IsWord(last) && grammar.IsWord(line[0]) && len(before)+1 < s.width || bytes.HasSuffix(before, []byte(" with")) {
		glues = []string{" ", ""}
	}
	parts := [][2][]byte{{before, line}, {before, rest}}
	if hyphen := before[:len(before)-1]; last == '-' {
		parts = append(parts, [2][]byte{hyphen, rest})
		if s.hyphens {
			parts = [][2][]byte{{hyphen, rest}, {before, rest}}
		}
	}
	for _, p := range parts {
		for _, glue := range glues {
			j := append(append(bytes.Clone(p[0]), glue...), p[1]...)
			ok := false
			switch kind := grammar.KindOf(j); kind {
			case grammar.Start:
				ok = header
			case grammar.Place:
				ok = !header && (grammar.IsRooted(text) || text[0] == '<' || k != grammar.Place && !created)
			case grammar.Call:
				ok = !grammar.IsRooted(text) && !grammar.IsCall(text) && k != grammar.Place && (created || last == ',' || !isCallLine(line)) && (created || grammar.IsCall(bytes.TrimLeft(j, " \t")))
			}
			if ok {
				s.hyphens = s.hyphens || len(p[0]) < len(before)
				return j, grammar.KindOf(j)
			}
		}
	}
	j := append(append(bytes.Clone(before), glues[0]...), rest...)
	if own != grammar.Call && (k == grammar.Other || k == grammar.Partial) && (own == grammar.Place && placeBegins(j) ||
		own != grammar.Place && grammar.KindOf(j) == grammar.Partial && (header || isArguments(rest[bytes.LastIndexByte(rest, '(')+1:]) || bytes.IndexByte(rest, ' ') < 0 || placeBegins(j))) {
		return j, grammar.Partial
	}
	return nil, own
}

// placeBegins reports whether a text is a place but for its last word, which
// was broken.
func placeBegins(text []byte) bool {
	i := bytes.LastIndexByte(text, ' ')
	return i > 0 && grammar.IsPlace(bytes.TrimSpace(text[:i]))
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
		if blankEnd := len(before) > 0 && before[len(before)-1] <= ' '; !blankEnd && (line[0] == '/' && bytes.Contains(end, []byte("+0x")) || len(words) == 2 && bytes.HasPrefix(end, []byte("0x")) && line[0] > ' ' && bytes.IndexByte(line, '.') > 0) {
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
