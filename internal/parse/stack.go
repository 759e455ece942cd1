package parse

import (
	"bytes"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
)

// stack is the frames of a goroutine while they are read. It has the only
// knowledge of what the lines behind a header mean: Go prints a function and
// then, indented by a tab, its place. In logs the tab may be lost, and lines of
// other writers may come between the two. The slices of a stack point into the
// lines it was given.
type stack struct {
	frames      []frame
	creator     frame  // without a function if there is none
	starter     []byte // digits of the goroutine it was created in
	ancestors   []frame
	elided      int
	elidedAt    int
	unavailable bool
	missing     bool // the goroutine has run, and there are no frames

	section section
	name    []byte // a function whose place is to come
	before  []byte // the line before, unless it was a place
	titled  bool   // the only frame is the header's
	plain   bool   // all lines are as Go prints them: functions and their places
	unread  []byte // the first line that a stack has and that could not be read whole
	badAt   int    // its number, where lines are kept
	text    []byte // the lines that are kept
	scratch []byte
}

// section is which part of a stack is being read.
type section uint8

const (
	calls     section = iota
	creating          // after "created by f", before its place
	created           // after that place
	ancestral         // after "[originating from goroutine 7]:"
)

// frame is a frame as its two lines say it.
type frame struct {
	function, args, file []byte
	line                 int
	registers            []byte // " fp=0x1 sp=0x2 pc=0x3", as crash output has it
	c                    bool   // C code, whose names ("ns::f(int)") have no package
	number               uint32 // of the function in the home, plus one; 0 if not known
}

func (s *stack) reset() {
	*s = stack{frames: s.frames[:0], ancestors: s.ancestors[:0], scratch: s.scratch, text: s.text[:0], before: s.before[:0], plain: true}
}

var nonGo = []byte("non-Go function")

// read reads the lines of a goroutine's text from pos on, up to a blank line,
// a header, or the end. It reports whether all are plain, and where they end.
func (s *stack) read(text []byte, pos int) (end int, plain bool) {
	s.reset()
	for pos < len(text) && text[pos] != '\n' {
		n := bytes.IndexByte(text[pos:], '\n')
		if n < 0 || grammar.LooksLikeHeader(text[pos:pos+n]) {
			break
		}
		if !s.line(text[pos:pos+n]) || !s.plain {
			return pos, false
		}
		pos += n + 1
	}
	return pos, s.ends()
}

// title puts what a debugger's header says of the stack in its place, as long
// as no frames follow.
func (s *stack) title(call, at []byte) {
	if f, ok := readPlace(at); ok {
		s.plain = false
		s.add(call, f)
		s.titled = true
	}
}

// isEmpty reports whether nothing of the stack has been read.
func (s *stack) isEmpty() bool {
	return len(s.frames) == 0 && s.name == nil && !s.unavailable && s.creator.function == nil
}

// ends reports whether the stack is as Go prints it up to where it is read.
func (s *stack) ends() bool { return s.plain && s.name == nil && len(s.frames) > 0 }

// keep reads a line that is not blank, and keeps it, as the slices of the stack
// point into it. The lines of a goroutine can be in several chunks.
func (s *stack) keep(line []byte, where func() place) bool {
	from, unread := len(s.text), s.unread
	s.text = append(append(s.text, line...), '\n')
	line = s.text[from : len(s.text)-1 : len(s.text)-1]
	ours := s.line(line)
	if unread == nil && s.unread != nil {
		s.badAt = where().line
		if &s.unread[len(s.unread)-1] != &line[len(line)-1] {
			s.badAt-- // it was waiting for this line
		}
	}
	return ours
}

// line reads a line that is not blank. It reports whether the line is of the
// stack.
func (s *stack) line(line []byte) bool {
	switch grammar.Plain(line) {
	case grammar.Place:
		if f, ok := readPlace(line[1:]); ok && f.isGo() && s.name != nil {
			s.add(s.name, f)
			return true
		}
	case grammar.Call:
		if s.section == calls && s.name == nil {
			if s.name, s.before = line, line; grammar.IsCreated(line) {
				s.section, s.before = creating, nil
			}
			return true
		}
	default:
		if s.name == nil && s.elide(line) {
			return true
		}
		if s.name == nil && line[0] == '\t' && grammar.IsUnavailable(line[1:]) {
			s.unavailable = true
			return true
		}
	}
	s.plain = false
	return s.odd(line)
}

func readPlace(text []byte) (frame, bool) {
	l, ok := grammar.ParsePlace(text)
	return frame{file: l.File, line: l.Line, registers: l.Registers}, ok
}

// isGo reports whether a place is one of Go code: of C code it has a program
// counter, but no frame pointer.
func (f *frame) isGo() bool {
	return len(f.registers) == 0 || bytes.HasPrefix(f.registers, []byte(" fp=0x"))
}

// odd reads a line that is not as Go prints it, or not for Go code.
func (s *stack) odd(line []byte) bool {
	text := bytes.TrimLeft(line, " \t")
	indented := len(text) < len(line)
	switch {
	case len(text) == 0:
		return false
	case grammar.IsUnavailable(text):
		s.unavailable = true
		return true
	case s.elide(text):
		return true
	case grammar.IsOrigin(text):
		s.section, s.name = ancestral, nil
		return true
	case bytes.HasPrefix(text, nonGo) && bytes.HasPrefix(text[len(nonGo):], []byte(" at pc=")):
		s.addC(nonGo, frame{file: []byte("?")})
		return true
	case bytes.HasPrefix(text, []byte("pc=0x")) && len(s.before) > 0 && (indented || bytes.Equal(s.before, nonGo)):
		s.addC(s.before, frame{file: []byte("?")})
		return true
	}
	if s.listed(text) {
		return true
	}
	if f, ok := readPlace(withoutCut(bytes.TrimPrefix(text, []byte("at ")))); ok {
		switch {
		case !f.isGo() && len(s.before) > 0:
			s.addC(s.before, f)
			return true
		case s.name != nil && (indented || grammar.IsFile(f.file)):
			s.add(s.name, f)
			return true
		case s.name == nil && indented && len(s.before) > 0 && s.section != creating && s.section != created:
			if s.before[0] != '(' && isMisprint(s.before) && s.unread == nil {
				s.unread = s.before
			}
			s.add(s.before, f)
			return true
		}
	} else if s.name != nil && isPath(text, indented) {
		if s.unread == nil {
			s.unread = text
		}
		s.add(s.name, frame{file: bytes.TrimRight(bytes.TrimSuffix(text, []byte(":0")), ":")})
		return true
	}
	switch {
	case grammar.IsCreated(text) && (s.section == calls || s.section == ancestral):
		s.dropName()
		if s.name = text; s.section == calls {
			s.section = creating
		}
		s.before = text
		return true
	case s.section != created && s.section != creating && text[len(text)-1] == ')' && bytes.IndexByte(text, '(') > 0:
		s.dropName()
		s.name, s.before = text, text
		return true
	}
	s.before = text
	return false
}

// listed reads a call as other programs list them.
func (s *stack) listed(text []byte) bool {
	if s.section != calls {
		return false
	}
	if call, place, ok := grammar.CutPlaced(text); ok {
		s.dropName()
		if grammar.IsCreated(call) {
			s.section = creating
		}
		f, _ := readPlace(place)
		s.add(call, f)
		return true
	}
	if call, ok := grammar.CutNumbered(text); ok {
		if s.titled {
			s.titled, s.frames = false, s.frames[:0]
		}
		s.name, s.before = call, call
		return true
	}
	return false
}

// dropName ends the wait for a place. What is surely a call is a frame without
// one; dropName reports whether it is the first line that cannot be read whole.
func (s *stack) dropName() bool {
	first := false
	if s.name != nil && (s.section == creating || grammar.IsCall(s.name)) {
		if first = s.unread == nil; first {
			s.unread = s.name
		}
		s.add(s.name, frame{})
	}
	s.name = nil
	return first
}

// elide notes that Go left out frames, if a line says that.
func (s *stack) elide(line []byte) bool {
	n, ok := grammar.Elided(line)
	if ok {
		s.elided, s.elidedAt = n, len(s.frames)
	}
	return ok
}

// addC adds a frame of C code.
func (s *stack) addC(name []byte, f frame) {
	s.plain = false
	f.function, f.c = name, true
	s.put(f)
}

// add adds the frame of a function, whose line is name, at a place.
func (s *stack) add(name []byte, f frame) {
	switch {
	case s.section == creating:
		f.function, s.starter = grammar.CutCreated(name)
	case s.section == ancestral && grammar.IsCreated(name):
		f.function, _ = grammar.CutCreated(name)
	default:
		f.function, f.args = grammar.CutCall(name)
	}
	f.function = grammar.DecodeName(f.function)
	s.put(f)
}

func (s *stack) put(f frame) {
	if !f.c && f.line == 0 && string(f.file) == "?" {
		f.file = nil // as Go prints a place that it does not know
	}
	switch s.section {
	case calls:
		s.frames = append(s.frames, f)
	case creating:
		s.creator, s.section = f, created
	case ancestral:
		s.ancestors = append(s.ancestors, f)
	}
	s.name, s.before = nil, nil
}

// withoutCut takes off an offset that a log system has cut short: " sp=0x".
func withoutCut(text []byte) []byte {
	i := bytes.LastIndexByte(text, ' ')
	if i > 0 && len(text)-i <= len(" fp=0x") && grammar.BeginsOffset(text[i+1:]) {
		return text[:i]
	}
	return text
}

// isPath reports whether a text is a file's name, which may be cut off.
func isPath(text []byte, indented bool) bool {
	return (grammar.IsRooted(text) || indented && bytes.IndexByte(text, '/') > 0) && text[len(text)-1] != ')' && bytes.IndexByte(text, ' ') < 0
}

// isMisprint reports whether the name of a frame has parentheses, but not as a
// call has them.
func isMisprint(name []byte) bool {
	return bytes.IndexByte(name, ')') >= 0 || bytes.HasSuffix(name, []byte{'('})
}

// sum identifies the stack.
func (s *stack) sum() goroutine.Sum {
	b := s.scratch[:0]
	for i := range s.frames {
		if s.elided != 0 && i == s.elidedAt {
			b = goroutine.AppendElided(b)
		}
		f := &s.frames[i]
		b = goroutine.AppendCall(b, f.function, f.file, f.line)
	}
	switch by := &s.creator; {
	case by.function != nil:
		b = goroutine.AppendCreatedBy(b, by.function, by.file, by.line)
	case s.unavailable || s.missing:
		b = goroutine.AppendAbsent(b)
	}
	s.scratch = b
	return goroutine.Identify(b)
}

// isComplete reports whether the goroutine ends where the text does: it tells
// what created it, or its outermost function is one that Go starts itself.
func (s *stack) isComplete() bool {
	if s.unavailable || s.creator.function != nil {
		return true
	}
	if len(s.frames) == 0 {
		return false
	}
	name := s.frames[len(s.frames)-1].function
	return string(name) == "main.main" || bytes.HasPrefix(name, []byte("runtime.")) || bytes.HasPrefix(name, []byte("_cgoexp_")) ||
		bytes.IndexByte(name, '.') < 0
}
