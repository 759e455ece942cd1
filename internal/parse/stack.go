package parse

import (
	"bytes"
	"math"
	"strconv"

	"gdump/internal/goroutine"
	"gdump/internal/unwrap"
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
	plain   bool   // all lines are as Go prints them: functions and their places
	unread  []byte // the first line that a stack has and that could not be read whole
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
}

func (s *stack) reset() {
	*s = stack{frames: s.frames[:0], ancestors: s.ancestors[:0], scratch: s.scratch, before: s.before[:0], plain: true}
}

var (
	createdBy   = []byte("created by ")
	inGoroutine = []byte(" in goroutine ")
	originating = []byte("[originating from goroutine ")
	nonGo       = []byte("non-Go function")
)

// read reads the lines of a goroutine's text from pos on, up to a blank line,
// a header, or the end. It reports whether all are plain, and where they end.
func (s *stack) read(text []byte, pos int) (end int, plain bool) {
	s.reset()
	for pos < len(text) && text[pos] != '\n' {
		n := bytes.IndexByte(text[pos:], '\n')
		if n < 0 || unwrap.LooksLikeHeader(text[pos:pos+n]) {
			break
		}
		if !s.line(text[pos:pos+n]) || !s.plain {
			return pos, false
		}
		pos += n + 1
	}
	return pos, s.ends()
}

// ends reports whether the stack is as Go prints it up to where it is read.
func (s *stack) ends() bool { return s.plain && s.name == nil && len(s.frames) > 0 }

// line reads a line that is not blank. It reports whether the line is of the
// stack.
func (s *stack) line(line []byte) bool {
	if line[0] == '\t' && s.name != nil && len(line) > 1 && line[1] > ' ' {
		if f, ok := readPlace(line[1:]); ok && f.isGo() {
			s.add(s.name, f)
			return true
		}
	} else if s.name == nil && line[0] > ' ' {
		switch {
		case bytes.HasPrefix(line, createdBy) && s.section == calls && line[len(line)-1] > ' ':
			s.name, s.section = line, creating
			return true
		case s.section == calls && line[len(line)-1] == ')' && line[0] != '(' && bytes.IndexByte(line, '(') > 0 && !isAround(line):
			s.name, s.before = line, line
			return true
		case line[0] == '.' && isElided(line):
			s.elide(line)
			return true
		}
	} else if line[0] == '\t' && isUnavailable(line[1:]) {
		s.unavailable = true
		return true
	}
	s.plain = false
	return s.odd(line)
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
	case isUnavailable(text):
		s.unavailable = true
		return true
	case isElided(text):
		s.elide(text)
		return true
	case bytes.HasPrefix(text, originating):
		s.section, s.name = ancestral, nil
		return true
	case bytes.HasPrefix(text, nonGo) && bytes.HasPrefix(text[len(nonGo):], []byte(" at pc=")):
		s.addC(nonGo, frame{file: []byte("?")})
		return true
	case bytes.HasPrefix(text, []byte("pc=0x")) && len(s.before) > 0 && (indented || bytes.Equal(s.before, nonGo)):
		s.addC(s.before, frame{file: []byte("?")})
		return true
	}
	if f, ok := readPlace(withoutCut(text)); ok {
		switch {
		case !f.isGo() && len(s.before) > 0:
			s.addC(s.before, f)
			return true
		case s.name != nil && (indented || isSource(f.file)):
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
		s.unread = text
		s.add(s.name, frame{file: bytes.TrimRight(bytes.TrimSuffix(text, []byte(":0")), ":")})
		return true
	}
	switch {
	case bytes.HasPrefix(text, createdBy) && (s.section == calls || s.section == ancestral):
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

// dropName ends the wait for a place. What is surely a call is a frame without
// one.
func (s *stack) dropName() {
	if s.name != nil && (s.section == creating || isCall(s.name)) {
		s.unread = s.name
		s.add(s.name, frame{})
	}
	s.name = nil
}

// elide notes that Go left out frames.
func (s *stack) elide(line []byte) {
	n, err := strconv.Atoi(string(bytes.TrimSuffix(line[len("..."):], elidedEnd)))
	if err != nil {
		n = -1
	}
	s.elided, s.elidedAt = n, len(s.frames)
}

// addC adds a frame of C code.
func (s *stack) addC(name []byte, f frame) {
	s.plain = false
	f.function, f.c = name, true
	s.put(f)
}

// add adds the frame of a function, whose line is name, at a place.
func (s *stack) add(name []byte, f frame) {
	if s.section == creating || s.section == ancestral && bytes.HasPrefix(name, createdBy) {
		name = name[len(createdBy):]
		if i := bytes.LastIndex(name, inGoroutine); i >= 0 {
			if s.section == creating {
				s.starter = name[i+len(inGoroutine):]
			}
			name = name[:i]
		}
		f.function = decodeName(name)
		s.put(f)
		return
	}
	switch open := bytes.LastIndexByte(name, '('); {
	case open == 0:
		f.function = append([]byte("??"), name...)
	case open > 0 && name[len(name)-1] == ')':
		f.function, f.args = name[:open], name[open+1:len(name)-1]
	case open > 0 && areArguments(name[open+1:]): // the rest of the line was cut off
		f.function, f.args = name[:open], name[open+1:]
	default:
		f.function = name // as gccgo prints it
	}
	f.function = decodeName(bytes.TrimRight(f.function, " "))
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

// readPlace reads "/dir/file.go:12 +0x1a fp=0x1 sp=0x2 pc=0x3".
func readPlace(text []byte) (f frame, ok bool) {
	end := len(text)
	for end > 0 {
		i := end - 1
		for i > 0 && text[i] != ' ' && text[i] != ':' && text[i] != '/' {
			i--
		}
		if text[i] != ' ' || !isOffset(text[i+1:end]) {
			break
		}
		if end = i; text[i+1] != '+' {
			f.registers = text[i:]
		}
	}
	i := end
	for i > 0 && text[i-1]-'0' <= 9 {
		i--
	}
	if i == end || i < 2 || text[i-1] != ':' || text[i-2] == '/' || text[i-2] == '\\' {
		return frame{}, false
	}
	f.file, f.line = text[:i-1], number(text[i:end])
	return f, true
}

// number is what digits say, as far as a line of a file goes.
func number(digits []byte) int {
	n := 0
	for _, c := range digits {
		if c-'0' > 9 {
			return 0
		}
		n = min(n*10+int(c-'0'), math.MaxUint32)
	}
	return n
}

// isOffset reports whether a word is +0x1a, fp=0x1a, sp=0x1a or pc=0x1a.
func isOffset(w []byte) bool {
	if len(w) > 0 && w[0] == '+' {
		return isHex(w[1:])
	}
	return len(w) > 3 && w[2] == '=' && (w[1] == 'p' && (w[0] == 'f' || w[0] == 's') || w[0] == 'p' && w[1] == 'c') && isHex(w[3:])
}

// isHex reports whether a word is 0x1a.
func isHex(w []byte) bool {
	if len(w) < 3 || w[0] != '0' || w[1] != 'x' {
		return false
	}
	for _, c := range w[2:] {
		if c-'0' > 9 && c-'a' > 5 {
			return false
		}
	}
	return true
}

// isSource reports whether a file's name alone shows that it is one, where the
// tab before it is lost.
func isSource(file []byte) bool {
	return bytes.HasSuffix(file, []byte(".go")) || bytes.HasSuffix(file, []byte(".s")) || file[0] == '/' || file[0] == '<'
}

// withoutCut takes off an offset that a log system has cut short: " sp=0x".
func withoutCut(text []byte) []byte {
	i := bytes.LastIndexByte(text, ' ')
	if i <= 0 || len(text)-i > len(" fp=0x") {
		return text
	}
	for _, offset := range [...]string{"+0x", "fp=0x", "sp=0x", "pc=0x"} {
		if bytes.HasPrefix([]byte(offset), text[i+1:]) {
			return text[:i]
		}
	}
	return text
}

// isPath reports whether a text is a file's name, which may be cut off.
func isPath(text []byte, indented bool) bool {
	rooted := text[0] == '/' || len(text) > 2 && text[1] == ':' && (text[2] == '/' || text[2] == '\\')
	return (rooted || indented && bytes.IndexByte(text, '/') > 0) && text[len(text)-1] != ')' && bytes.IndexByte(text, ' ') < 0
}

// isCall reports whether a line is a call in every detail: a name of package
// and function, and arguments as Go prints them.
func isCall(line []byte) bool {
	open := bytes.LastIndexByte(line, '(')
	if open <= 0 || line[len(line)-1] != ')' || bytes.ContainsAny(line[:open], " \t=\"") || bytes.IndexByte(line[:open], '.') <= 0 {
		return false
	}
	return areArguments(line[open+1 : len(line)-1])
}

// areArguments reports whether a text is arguments as Go prints them:
// "0xc000102000, {0x1, 0x2?}, _, ...".
func areArguments(text []byte) bool {
	for word := range bytes.SplitSeq(text, []byte{','}) {
		word = bytes.TrimSuffix(bytes.Trim(word, " {}"), []byte{'?'})
		if len(word) > 0 && !isHex(word) && string(word) != "_" && string(word) != "..." && string(word) != "0x" && string(word) != "0" {
			return false
		}
	}
	return true
}

// isMisprint reports whether the name of a frame has parentheses, but not as a
// call has them.
func isMisprint(name []byte) bool {
	return bytes.IndexByte(name, ')') >= 0 || bytes.HasSuffix(name, []byte{'('})
}

var (
	elidedEnd      = []byte(" frames elided...")
	unavailableEnd = []byte("; stack unavailable")
)

// isUnavailable recognises the line that takes the place of the frames of a
// goroutine whose stack could not be read.
func isUnavailable(text []byte) bool {
	return bytes.HasSuffix(text, unavailableEnd) && bytes.HasPrefix(text, goroutineWord)
}

// isElided recognises "...23 frames elided..." (Go 1.21 and later) and
// "...additional frames elided...".
func isElided(text []byte) bool {
	return bytes.HasPrefix(text, []byte("...")) && bytes.HasSuffix(text, elidedEnd) && len(text) > len(elidedEnd)+2
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

// decodeName turns the linker's escapes in the last element of an import path
// back: "gopkg.in/yaml%2ev3.Unmarshal" is function Unmarshal of gopkg.in/yaml.v3.
func decodeName(name []byte) []byte {
	if bytes.IndexByte(name, '%') < 0 {
		return name
	}
	var b []byte
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(string(name[i+1:i+3]), 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, name[i])
	}
	return b
}
