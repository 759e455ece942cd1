// Package grammar says what a line of a goroutine dump is: the header of a
// goroutine, a call, its place, a line that takes the place of frames, a line
// of counts, a reason. It looks at one line at a time; what lines mean together
// is for its callers.
package grammar

import (
	"bytes"
	"math"
	"strconv"
)

// Kind is what a line looks like in a dump.
type Kind uint8

const (
	Other   Kind = iota
	Blank        // nothing, or white space
	Start        // the header of a goroutine, in any form
	Call         // main.f(0x1, 0x2), created by main.f
	Place        // /src/f.go:12 +0x3
	Note         // a line that takes the place of frames, or says where they come from
	Counts       // a line of a debug=1 dump
	Partial      // the beginning of a call, place or header, but not its end
)

var (
	createdBy   = []byte("created by ")
	inGoroutine = []byte(" in goroutine ")
	origin      = []byte("[originating from goroutine ")
	elidedEnd   = []byte(" frames elided...")
)

// Plain is what a line is that is as Go prints it, without any damage and with
// its tab; Other if it needs a closer look. A place is not read as far as its
// file.
func Plain(line []byte) Kind {
	if len(line) < 2 {
		if len(line) == 0 {
			return Blank
		}
		return Other
	}
	switch first, last := line[0], line[len(line)-1]; {
	case first == '\t':
		if line[1] > ' ' && IsHexDigit(last) && !IsUnavailable(line[1:]) {
			return Place
		}
	case first <= ' ':
	case first == 'c' && (IsWord(last) || last == ']') && IsCreated(line),
		last == ')' && first != '(' && first != '#' && first != '<' && bytes.IndexByte(line, '(') > 0 && !isAround(line):
		return Call
	case first == 'g' && last == ':' && bytes.HasSuffix(line, []byte("]:")) && LooksLikeHeader(line) && bytes.IndexByte(line, '"') < 0:
		return Start
	}
	return Other
}

// isAround reports whether a line that may look like a call is one around
// goroutines.
func isAround(line []byte) bool {
	switch line[0] {
	case 'G':
		_, ok := parseGoleak(line)
		return ok
	case 'p', 'f', 'r', 'S', '=', 'W':
		return bytes.IndexByte(line, ' ') > 0 && MarkOf(line) != NoMark || line[0] == '='
	}
	return false
}

// KindOf classifies a line, which may have lost its tab.
func KindOf(line []byte) Kind {
	text := bytes.TrimSpace(line)
	if len(text) == 0 {
		return Blank
	}
	switch last := text[len(text)-1]; {
	case text[0] == 'g' && CountsAt(text) == 0, text[0] == '#' && isComment(text[1:]), RecordAt(text) == 0:
		return Counts
	case text[0] == 'g' && bytes.HasPrefix(text, Goroutine):
		switch _, whole := ParseHeader(text); {
		case IsUnavailable(text):
			return Note
		case whole || LooksLikeHeader(text) && (bytes.HasSuffix(text, []byte("]:")) || bytes.HasSuffix(text, []byte("}:")) || IsTitle(text)):
			return Start
		case len(text) > len(Goroutine) && IsDigit(text[len(Goroutine)]):
			return Partial
		}
	case (text[0] == 'G' || IsDigit(text[0])) && HeaderAt(text) == 0:
		return Start
	case IsCreated(text):
		if f, id := CutCreated(text); !IsName(f) || id != nil && (len(id) == 0 || len(bytes.Trim(id, "0123456789")) > 0) {
			return Partial
		}
		return Call
	case last == ')' && looksLikeCall(text):
		return Call
	case IsOrigin(text), bytes.HasSuffix(text, elidedEnd):
		return Note
	case IsPlace(text):
		return Place
	}
	return partialKind(text)
}

// partialKind reports whether a text looks like the beginning of a line of a
// dump that has been broken.
func partialKind(text []byte) Kind {
	if i := bytes.LastIndexByte(text, '('); i > 0 {
		if IsName(text[:i]) && bytes.IndexByte(text[:i], '.') > 0 {
			return Partial // arguments without an end
		}
		return Other
	}
	switch {
	case IsRooted(text),
		bytes.IndexByte(text, ' ') < 0 && len(text) > 8 && IsName(text) && bytes.ContainsAny(text, "./"), // a path or a name
		string(text) == "created by", bytes.HasSuffix(text, []byte(" +0x")), bytes.HasSuffix(text, []byte(" +")):
		return Partial
	}
	return Other
}

// IsCreated reports whether a line says what created the goroutine.
func IsCreated(line []byte) bool { return bytes.HasPrefix(line, createdBy) }

// IsOrigin recognises the line before the frames of an ancestor.
func IsOrigin(text []byte) bool { return bytes.HasPrefix(text, origin) }

// IsUnavailable recognises the line that takes the place of the frames of a
// goroutine whose stack could not be read.
func IsUnavailable(text []byte) bool {
	return bytes.HasSuffix(text, []byte("; stack unavailable")) && bytes.HasPrefix(text, Goroutine)
}

// Elided reads "...23 frames elided..." (Go 1.21 and later) and "...additional
// frames elided...", for which n is -1.
func Elided(text []byte) (n int, ok bool) {
	word, front := bytes.CutPrefix(text, []byte("..."))
	word, end := bytes.CutSuffix(word, elidedEnd)
	if !front || !end || len(word) == 0 {
		return 0, false
	}
	if n, err := strconv.Atoi(string(word)); err == nil {
		return n, true
	}
	return -1, true
}

// CutCreated takes "created by main.f in goroutine 7" apart; id is nil where
// it is not printed.
func CutCreated(line []byte) (function, id []byte) {
	function = bytes.TrimPrefix(line, createdBy)
	if i := bytes.LastIndex(function, inGoroutine); i >= 0 {
		function, id = function[:i], function[i+len(inGoroutine):]
	}
	return function, id
}

// CutCall takes "main.f(0x1, 0x2)" apart. What has no arguments is all name, as
// gccgo prints it. The end of the arguments may be cut off.
func CutCall(line []byte) (function, args []byte) {
	switch open := bytes.LastIndexByte(line, '('); {
	case open == 0:
		return append([]byte("??"), line...), nil
	case open > 0 && line[len(line)-1] == ')':
		return bytes.TrimRight(line[:open], " "), line[open+1 : len(line)-1]
	case open > 0 && areArguments(line[open+1:]):
		return bytes.TrimRight(line[:open], " "), line[open+1:]
	}
	return line, nil
}

// IsCall reports whether a line is a call in every detail: a name of package
// and function, and arguments as Go prints them.
func IsCall(line []byte) bool {
	open := bytes.LastIndexByte(line, '(')
	return open > 0 && looksLikeCall(line) && bytes.IndexByte(line[:open], '.') > 0 && areArguments(line[open+1:len(line)-1])
}

// looksLikeCall reports whether a text is a function with anything in
// parentheses.
func looksLikeCall(text []byte) bool {
	open := bytes.LastIndexByte(text, '(')
	return open > 0 && text[len(text)-1] == ')' && IsName(text[:open])
}

// areArguments reports whether a text is arguments as Go prints them:
// "0xc000102000, {0x1, 0x2?}, _, ...".
func areArguments(text []byte) bool {
	for word := range bytes.SplitSeq(text, []byte{','}) {
		word = bytes.TrimSuffix(bytes.Trim(word, " {}"), []byte{'?'})
		switch string(word) {
		case "", "_", "...", "0x", "0":
		default:
			if _, ok := Hex(word); !ok {
				return false
			}
		}
	}
	return true
}

// IsName reports whether a function's name has no blank, except within the
// brackets of type arguments.
func IsName(name []byte) bool {
	depth := 0
	for _, c := range name {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ' ', '\t', '"', '=', ',':
			if depth == 0 {
				return false
			}
		}
	}
	return len(name) > 0 && depth == 0
}

// A Location is where a call is: "/dir/file.go:12 +0x1a fp=0x1 sp=0x2 pc=0x3".
type Location struct {
	File      []byte
	Line      int
	Registers []byte // " fp=0x1 sp=0x2 pc=0x3", as crash output has it
}

// ParsePlace reads a place. Any text before the line's number is a file.
func ParsePlace(text []byte) (l Location, ok bool) {
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
			l.Registers = text[i:]
		}
		for end > 0 && text[end-1] == ' ' {
			end--
		}
	}
	i := end
	for i > 0 && IsDigit(text[i-1]) {
		i--
	}
	if i == end || i < 2 || text[i-1] != ':' || text[i-2] == '/' || text[i-2] == '\\' {
		return Location{}, false
	}
	l.File, l.Line = text[:i-1], Number(text[i:end])
	return l, true
}

// IsPlace reports whether a text is surely a place, where its tab is lost.
func IsPlace(text []byte) bool {
	l, ok := ParsePlace(text)
	return ok && l.Line < 1e7 && IsFile(l.File)
}

// IsFile reports whether a text alone shows that it is a file's name.
func IsFile(file []byte) bool {
	if len(file) == 0 || bytes.ContainsAny(file, "=\"\t") || bytes.Contains(file, []byte("  ")) {
		return false
	}
	if IsRooted(file) || file[0] == '<' || file[0] == '?' {
		return true
	}
	i := bytes.LastIndexByte(file, '.')
	return bytes.IndexByte(file, ' ') < 0 && i > 0 && i+1 < len(file) && i+9 > len(file) && !IsDigit(file[i+1]) && IsWord(file[i+1])
}

// IsRooted reports whether a text begins as an absolute path does.
func IsRooted(text []byte) bool {
	return len(text) > 0 && text[0] == '/' || len(text) > 2 && text[1] == ':' && (text[2] == '/' || text[2] == '\\')
}

// isOffset reports whether a word is +0x1a, fp=0x1a, sp=0x1a or pc=0x1a.
func isOffset(w []byte) bool {
	if len(w) > 3 && w[2] == '=' && (w[1] == 'p' && (w[0] == 'f' || w[0] == 's') || w[0] == 'p' && w[1] == 'c') {
		w = w[2:]
	} else if len(w) == 0 || w[0] != '+' {
		return false
	}
	_, ok := Hex(w[1:])
	return ok
}

// BeginsOffset reports whether a word is an offset, or one that was cut short:
// "+0x1a", "sp=0x", "f".
func BeginsOffset(w []byte) bool {
	for _, front := range [...]string{"+0x", "fp=0x", "sp=0x", "pc=0x"} {
		if n := min(len(w), len(front)); n > 0 && string(w[:n]) == front[:n] {
			return len(bytes.TrimLeft(w[n:], "0123456789abcdef")) == 0
		}
	}
	return false
}

// Hex reads 0x1a. It reports false, and 0, for all else.
func Hex(word []byte) (value uint64, ok bool) {
	if len(word) < 3 || len(word) > len("0x")+16 || word[0] != '0' || word[1] != 'x' {
		return 0, false
	}
	for _, c := range word[2:] {
		switch {
		case c-'0' <= 9:
			value = value<<4 | uint64(c-'0')
		case c-'a' <= 5:
			value = value<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return value, true
}

// Number is what digits say, as far as a line of a file goes; 0 for all else.
func Number(digits []byte) int {
	n := 0
	for _, c := range digits {
		if c-'0' > 9 {
			return 0
		}
		n = min(n*10+int(c-'0'), math.MaxUint32)
	}
	return n
}

// IsWord reports whether a byte is of a word of letters, digits, - and _.
func IsWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80
}

// IsDigit reports whether a byte is a decimal digit.
func IsDigit(c byte) bool { return c-'0' <= 9 }

// IsHexDigit reports whether a byte is a hexadecimal digit as Go prints it.
func IsHexDigit(c byte) bool { return c-'0' <= 9 || c-'a' <= 5 }

// CutNumbered turns a call as debuggers list it, without arguments, into Go's
// way: "0  0x000000000043a0b6 in runtime.gopark".
func CutNumbered(text []byte) (call []byte, ok bool) {
	front, function, ok := bytes.Cut(text, []byte(" in "))
	number, pc, _ := bytes.Cut(bytes.TrimLeft(front, " #"), []byte{' '})
	if _, isPC := Hex(bytes.TrimLeft(pc, " ")); !ok || !isPC || len(bytes.Trim(number, "0123456789")) > 0 {
		return nil, false
	}
	return append(bytes.Clone(function), "(...)"...), true
}

// CutPlaced takes a call and its place apart where they are in one line, as
// Gomega lists them: "main.f() at a/b.go:3", "created by main.g, at: a/b.go:9".
func CutPlaced(text []byte) (call, place []byte, ok bool) {
	if IsCreated(text) {
		call, place, ok = bytes.Cut(text, []byte(", at: "))
	} else if i := bytes.LastIndex(text, []byte(") at ")); i > 0 {
		call, place, ok = text[:i+1], text[i+len(") at "):], looksLikeCall(text[:i+1])
	}
	return call, place, ok && IsPlace(place)
}

// DecodeName turns the linker's escapes in the last element of an import path
// back: "gopkg.in/yaml%2ev3.Unmarshal" is function Unmarshal of gopkg.in/yaml.v3.
func DecodeName(name []byte) []byte {
	if bytes.IndexByte(name, '%') < 0 {
		return name
	}
	return Unescape(nil, name, '%')
}

// Unescape appends a text in which an escape is a sign and two digits, as in
// "%2e" and, in mail, "=3D". What is no escape stays as it is.
func Unescape(to, text []byte, sign byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == sign && i+2 < len(text) {
			if c, err := strconv.ParseUint(string(text[i+1:i+3]), 16, 8); err == nil {
				to = append(to, byte(c))
				i += 2
				continue
			}
		}
		to = append(to, text[i])
	}
	return to
}
