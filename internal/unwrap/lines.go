package unwrap

import (
	"bytes"
	"slices"

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
		// What closes a quotation around it may follow.
		t := bytes.TrimRight(bytes.TrimSuffix(line, []byte(`\n`)), "\"'`,;\\} \t|$]>")
		if len(t) < len(line) {
			if tk := grammar.KindOf(t); tk > grammar.Blank && tk < grammar.Partial {
				line, k = t, tk
			}
		}
	}
	if s.inPanic {
		if k == grammar.Blank || isIndented(line) {
			r.append(s, line, false)
			return
		}
		s.inPanic = false
	}
	if s.suspect && (k != grammar.Blank || s.lastKind == grammar.Counts) {
		// What follows shows whether the header is behind its frames.
		s.suspect, s.settled = false, true
		s.reversed = k == grammar.Place && s.lastKind == grammar.Start || k == grammar.Blank && s.lastKind == grammar.Counts
	}
	if k == grammar.Blank {
		r.append(s, line, false)
		if s.lastKind == grammar.Partial {
			s.lastKind = grammar.Blank
		}
		return
	}
	if !s.reversed && r.join(s, line, k) {
		return
	}
	r.append(s, line, s.follows(line, k))
	s.lastKind = k
}

// follows notes what a line of some kind means for those that come next. It
// reports whether the line's time is wanted.
func (s *Stream) follows(line []byte, k grammar.Kind) bool {
	behind := false // frames, which the line should be before
	switch k {
	case grammar.Start:
		s.want, s.alien = grammar.Call, false
		behind = s.lastKind == grammar.Call || s.lastKind == grammar.Note
	case grammar.Call:
		s.want = grammar.Place
		return false
	case grammar.Place:
		s.want = grammar.Call
		return false
	case grammar.Other:
		s.alien = s.alien || grammar.OtherProfile(line) != ""
		at := grammar.ReasonAt(line)
		s.inPanic = at >= 0 && bytes.HasPrefix(line[at:], grammar.PanicWord) && (at == 0 || !isIndented(line) && endsPrefix(line[:at]))
		return at >= 0
	case grammar.Counts:
		if line[0] == '#' {
			return false
		}
		before := s.out.last()
		behind = line[0] != 'g' && s.lastKind == grammar.Counts && len(before) > 0 && before[0] == '#'
		if line[0] != 'g' && !behind {
			return true
		}
	default:
		return false
	}
	if !s.settled {
		s.suspect = behind && !s.Document
		s.settled = !s.suspect
	}
	return true
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

// rejoin adds a line that has no prefix to the stream of the line before, if it
// goes on with that: a terminal wrapped it after it had got its prefix.
func (r *Reader) rejoin(s *Stream, line []byte) bool {
	if s.inner != nil && s.inner.last != nil && s.inner.last.used == r.line-1 {
		s = s.inner.last
	}
	k := grammar.KindOf(line)
	return !s.reversed && k != grammar.Blank && r.join(s, line, k)
}

const (
	maxJoined = 16 << 10 // bytes of a line that may go on in the next
	maxParts  = 256      // of a broken line; each costs a look at all before it
)

// join adds a line to the one before if that was broken, by a terminal, in a
// mail or by a collector. What is broken shows in the grammar: a beginning
// without an end, and a rest that is nothing by itself.
func (r *Reader) join(s *Stream, line []byte, k grammar.Kind) bool {
	before := s.out.last()
	if k == grammar.Start || len(before) == 0 || len(before) > maxJoined || s.parts >= maxParts {
		return false
	}
	line = bytes.TrimRight(line, " \t")
	var whole []byte
	joined := grammar.Counts
	switch {
	case s.lastKind == grammar.Counts:
		if k != grammar.Counts {
			whole = joinCounts(before, line)
		}
	case s.lastKind == grammar.Partial, s.lastKind == grammar.Place, s.lastKind == grammar.Call && s.want == grammar.Place:
		whole, joined = s.rejoined(before, line, k)
	}
	if whole == nil {
		return false
	}
	s.out.replace(whole)
	s.used, s.lastKind = r.line, joined
	s.parts++
	switch joined {
	case grammar.Call:
		s.want = grammar.Place
	case grammar.Place:
		s.want = grammar.Call
	case grammar.Start:
		s.settled, s.want = true, grammar.Call
	}
	return true
}

// rejoined is a line with what follows it, and what the two are; nil if they
// do not belong together.
func (s *Stream) rejoined(before, line []byte, k grammar.Kind) ([]byte, grammar.Kind) {
	text, rest := bytes.TrimLeft(before, " \t"), bytes.TrimLeft(line, " \t")
	own := grammar.KindOf(text)
	if own == grammar.Call && (k == grammar.Place || grammar.IsRooted(rest)) ||
		own == grammar.Place && len(bytes.Trim(rest, "0123456789abcdefx+=:sp ")) > 0 {
		return nil, own
	}
	glues := []string{"", " "}
	// Where words are broken between lines a blank is lost, but where lines are
	// cut at a width none is.
	last := before[len(before)-1]
	words := isHeader(text) && grammar.IsWord(last) && grammar.IsWord(line[0]) && len(before)+1 < s.width
	if last == ',' || words {
		glues = []string{" ", ""}
	}
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
	loose := k == grammar.Other || k == grammar.Partial // the line is nothing by itself
	if own != grammar.Call && loose && (goesOn || placeBegins(j)) {
		return j, grammar.Partial
	}
	return nil, own
}

// makes reports whether two halves, which together are j of some kind, are one
// line: text is the first, and line, of kind k, the second.
func makes(text, line []byte, k grammar.Kind, j []byte, kind grammar.Kind) bool {
	switch kind {
	case grammar.Start:
		return isHeader(text)
	case grammar.Place:
		before, placed := grammar.ParsePlace(text)
		if after, _ := grammar.ParsePlace(bytes.TrimLeft(j, " \t")); placed && !bytes.Equal(before.File, after.File) {
			return false // the file's name was whole
		}
		return !isHeader(text) && (grammar.IsRooted(text) || k != grammar.Place)
	case grammar.Call:
		// A line that is a whole call by itself need not be the rest of another.
		open := bytes.LastIndexByte(line, '(')
		whole := open > 0 && bytes.IndexByte(line[:open], '.') > 0 && bytes.IndexByte(line[:open], '/') > 0
		return !grammar.IsCall(text) && (bytes.HasPrefix(text, []byte("created by")) || grammar.IsCall(bytes.TrimLeft(j, " \t")) && !whole)
	}
	return false
}

func isHeader(text []byte) bool { return bytes.HasPrefix(text, grammar.Goroutine) }

// halves are the halves of a broken line, as they are and without what may have
// been added: indentation, a hyphen.
func (s *Stream) halves(before, line, rest []byte) [][2][]byte {
	all := [][2][]byte{{before, line}, {before, rest}}
	if hyphen, ok := bytes.CutSuffix(before, []byte{'-'}); ok {
		all = append(all, [2][]byte{hyphen, rest})
		if s.hyphens {
			slices.Reverse(all)
		}
	}
	return all
}

// placeBegins reports whether a text is a place but for its last word, which
// was broken.
func placeBegins(text []byte) bool {
	i := bytes.LastIndexByte(text, ' ')
	return i > 0 && grammar.BeginsOffset(text[i+1:]) && grammar.IsPlace(bytes.TrimSpace(text[:i]))
}

// isArguments reports whether a text can lie within the arguments of a call.
func isArguments(text []byte) bool {
	return len(bytes.Trim(text, "0123456789abcdefx, {}?._()")) == 0
}

// joinCounts joins the lines of a debug=1 dump; nil if they do not belong
// together.
func joinCounts(before, line []byte) []byte {
	if bytes.HasPrefix(line, []byte("  ")) {
		line = bytes.TrimLeft(line, " ") // what goes on is indented
	}
	glue, ok := "", false
	last := before[len(before)-1]
	words := bytes.Fields(before)
	switch end := words[len(words)-1]; {
	case before[0] != '#':
		if ok = grammar.RecordAt(before) == 0 && len(bytes.Trim(line, "0123456789abcdefx ")) == 0; last != ' ' && bytes.HasPrefix(line, []byte("0x")) {
			glue = " "
		}
	case bytes.HasPrefix(before, []byte("# labels: ")):
		ok = last != '}'
	case grammar.IsPlace(bytes.TrimSpace(before[bytes.LastIndexByte(before, '\t')+1:])):
		ok = len(bytes.Trim(line, "0123456789")) == 0
	case line[0] == '/' && bytes.Contains(end, []byte("+0x")), len(words) == 2 && bytes.HasPrefix(end, []byte("0x")) && bytes.IndexByte(line, '.') > 0:
		glue, ok = "\t", true // a place, or a name
	default:
		ok = bytes.IndexByte(line, ' ') < 0 || bytes.IndexByte(line, '/') >= 0
	}
	if !ok {
		return nil
	}
	return append(append(bytes.Clone(before), glue...), line...)
}
