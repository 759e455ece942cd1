package unwrap

import (
	"bytes"
	"strconv"
)

var (
	profileWord  = []byte(" profile: total ")
	recordWord   = []byte(" @ 0x")
	interestWord = []byte("oroutine") // in every header, also in goleak's, which begin with a capital
	bytesWord    = []byte(`"MESSAGE":`)
	createdBy    = []byte("created by ")
	goleakWord   = []byte("Goroutine ")
	stateWord    = []byte(" in state ")
	foldedWord   = []byte(" goroutines [")
	originWord   = []byte("[originating from goroutine ")
)

// reasons begin the lines with which a process says why it writes a dump.
var reasons = [][]byte{
	[]byte("panic: "), []byte("fatal error: "), []byte("SIGQUIT: "), []byte("SIGABRT: "), []byte("SIGSEGV: "),
	[]byte("panic serving "), []byte("SIGBUS: "), []byte("SIGFPE: "), []byte("SIGILL: "), []byte("SIGTRAP: "),
	[]byte("SIGSYS: "), []byte("SIGTERM: "), []byte("runtime: goroutine stack exceeds"),
}

var signalNote = []byte("[signal ") // says more of the panic in the line before

// Reason returns text if a process says in it why it writes a dump: "panic: …",
// "fatal error: …", "SIGQUIT: quit". Else it returns nil.
func Reason(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	switch text[0] {
	case 'p', 'f', 'S', 'r':
		for _, r := range reasons {
			if bytes.HasPrefix(text, r) {
				return text
			}
		}
	}
	return nil
}

// ReasonAt finds where in a line a reason begins, or -1.
func ReasonAt(line []byte) int {
	if Reason(line) != nil {
		return 0
	}
	if !bytes.Contains(line, []byte(": ")) && !bytes.Contains(line, []byte("panic serving ")) {
		return -1
	}
	for _, r := range reasons {
		if i := bytes.Index(line, r); i > 0 && i < 200 && !isWord(line[i-1]) && !bytes.HasSuffix(line[:i], signalNote) {
			return i
		}
	}
	return -1
}

// HeaderAt finds where in a line the header of a goroutine begins, or -1. The
// header must reach to the line's end.
func HeaderAt(line []byte) int {
	from, end := findHeader(line)
	if from >= 0 && len(bytes.TrimRight(line[end:], " \t\r")) == 0 {
		return from
	}
	return -1
}

// maxTried is how many words of a line are tried as the beginning of a header:
// each can cost a look at all of the line.
const maxTried = 64

// findHeader finds a header in a line, and where its colon ends; -1 if there
// is none. A header that begins the line counts even if it cannot be read
// whole, since not to understand it is a problem that is reported.
func findHeader(line []byte) (from, end int) {
	for i, tried := 0, 0; ; i++ {
		n := bytes.Index(line[i:], interestWord)
		if n < 0 || tried == maxTried {
			return -1, 0
		}
		tried++
		if n == 0 {
			continue
		}
		i += n
		at := i - 1
		if at > 0 && isWord(line[at-1]) {
			continue
		}
		switch {
		case line[at] == 'G':
			if _, ok := Goleak(line[at:]); ok {
				return at, len(line)
			}
		case line[at] != 'g':
		case bytes.HasPrefix(line[at:], goroutineWord):
			if _, rest, ok := cutHeader(line[at:]); ok {
				return at, len(line) - len(rest)
			}
			if at == 0 && LooksLikeHeader(line) {
				return 0, len(line)
			}
		default:
			if n := folded(line[:at], line[at:]); n > 0 {
				return at - n, len(line)
			}
		}
	}
}

// folded reports how many bytes before "goroutines [semacquire, 4 minutes]:"
// are the count of a header that is for many goroutines.
func folded(before, rest []byte) int {
	if !bytes.HasPrefix(rest, foldedWord[1:]) || !bytes.HasSuffix(bytes.TrimRight(rest, " \t\r"), []byte("]:")) {
		return 0
	}
	n := len(bytes.TrimSuffix(before, []byte{' '}))
	digits := n - len(bytes.TrimRight(before[:n], "0123456789"))
	if n == len(before) || digits == 0 {
		return 0
	}
	return digits + 1
}

// Folded reads a header that is for many goroutines:
// "48 goroutines [semacquire, 4 minutes]:".
func Folded(text []byte) (Header, bool) {
	i := bytes.IndexByte(text, ' ')
	if i < 1 || i > 9 || folded(text[:i+1], text[i+1:]) != i+1 {
		return Header{}, false
	}
	h, ok := ParseHeader(append([]byte("goroutine 0 "), text[i+len(foldedWord)-1:]...))
	h.Count, _ = strconv.Atoi(string(text[:i]))
	return h, ok && h.Count > 0
}

// LooksLikeHeader reports whether a line begins as a header does, so that not
// to understand it is a problem.
func LooksLikeHeader(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, goroutineWord)
	digits := bytes.TrimLeft(rest, "0123456789")
	return ok && len(digits) < len(rest) && (bytes.HasPrefix(digits, []byte(" [")) || bytes.HasPrefix(digits, []byte(" gp=")))
}

// Goleak reads the header that leak checkers write in a sentence:
//
//	Goroutine 31 in state select, 3 minutes, with main.f on top of the stack:
func Goleak(line []byte) (Header, bool) {
	var h Header
	rest, ok := bytes.CutPrefix(line, goleakWord)
	i := bytes.Index(rest, stateWord)
	if !ok || i < 1 || i > 20 {
		return h, false
	}
	id, err := strconv.ParseUint(string(rest[:i]), 10, 64)
	rest = rest[i+len(stateWord):]
	end := bytes.Index(rest, []byte(", with "))
	if err != nil || end < 1 {
		return h, false
	}
	h.ID, h.Leaked = id, true
	fields := bytes.Split(rest[:end], []byte(", "))
	h.setState(fields[0])
	for _, f := range fields[1:] {
		h.setField(f)
	}
	return h, true
}

// CountsAt finds where in a line the head of a debug=1 dump begins
// ("goroutine profile: total 9"), or -1.
func CountsAt(line []byte) int {
	from, _ := findCounts(line)
	return from
}

func findCounts(line []byte) (from, end int) {
	i := bytes.Index(line, profileWord)
	if i < 0 {
		return -1, 0
	}
	digits := bytes.TrimLeft(line[i+len(profileWord):], "0123456789")
	if len(digits) == len(line)-i-len(profileWord) || len(digits) > 0 && isWord(digits[0]) {
		return -1, 0
	}
	from = i
	for from > 0 && isWord(line[from-1]) {
		from--
	}
	if !bytes.HasPrefix(line[from:], interestWord) && !bytes.HasPrefix(line[from:], []byte("goroutine")) {
		return -1, 0
	}
	return from, len(line) - len(digits)
}

// RecordAt finds where in a line a record of a debug=1 dump begins
// ("12 @ 0x4304c0 0x42d6ba"), or -1. The record must reach to the line's end.
func RecordAt(line []byte) int {
	i := bytes.Index(line, recordWord)
	if i < 1 || len(bytes.Trim(line[i+len(recordWord):], "0123456789abcdefx \t")) > 0 {
		return -1
	}
	from := i
	for from > 0 && line[from-1]-'0' <= 9 {
		from--
	}
	if from == i {
		return -1
	}
	return from
}

// startAt finds where in a line a dump begins, in any of its forms, or -1.
func startAt(line []byte) int {
	if p := HeaderAt(line); p >= 0 {
		return p
	}
	if p := CountsAt(line); p >= 0 {
		return p
	}
	return RecordAt(line)
}

// interesting reports whether a dump can begin in a line or go on in a way
// that only the record around the line shows.
func interesting(line []byte) bool {
	return bytes.Contains(line, interestWord) || bytes.Contains(line, recordWord) || bytes.Contains(line, bytesWord)
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isHex(c byte) bool { return c-'0' <= 9 || c-'a' <= 5 }

// kind is what a line without its wrapping looks like in a dump. It serves to
// recognise wrapped and reversed text; what a line means is the parser's.
type kind uint8

const (
	other   kind = iota
	blank        // nothing, or white space
	start        // the header of a goroutine
	call         // main.f(0x1, 0x2), created by main.f
	place        // /src/f.go:12 +0x3
	note         // a line that takes the place of frames, or says where they come from
	counts       // a line of a debug=1 dump
	partial      // the beginning of a call, place or header, but not its end
)

// kindOf classifies a line.
func kindOf(line []byte) kind {
	text := bytes.TrimSpace(line)
	if len(text) == 0 {
		return blank
	}
	switch last := text[len(text)-1]; {
	case text[0] == 'g' && CountsAt(text) == 0, text[0] == '#' && isComment(text[1:]), RecordAt(text) == 0:
		return counts
	case text[0] == 'g' && bytes.HasPrefix(text, goroutineWord):
		if HeaderAt(text) == 0 {
			return start
		}
		if bytes.HasSuffix(text, []byte("unavailable")) || bytes.HasPrefix(text, []byte("goroutine running on")) {
			return note
		}
		if len(text) > len(goroutineWord) && isDigit(text[len(goroutineWord)]) && bytes.IndexByte(text, ']') < 0 {
			return partial
		}
	case text[0] == 'G' && HeaderAt(text) == 0:
		return start
	case bytes.HasPrefix(text, createdBy):
		return call
	case text[0] == '[' && bytes.HasPrefix(text, originWord), bytes.HasSuffix(text, []byte(" frames elided...")):
		return note
	case last == ')' && isCall(text):
		return call
	case isPlace(text):
		return place
	}
	return partialKind(text)
}

// isComment reports whether a text follows the "#" of a debug=1 dump: a frame
// or labels.
func isComment(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	return len(text) == 0 || bytes.HasPrefix(text, []byte("0x")) || bytes.HasPrefix(text, []byte("labels: {"))
}

// isCall reports whether a text is a function with its arguments.
func isCall(text []byte) bool {
	open := callParen(text)
	return open > 0 && text[len(text)-1] == ')' && wordsOnly(text[:open])
}

// callParen is where the arguments of a call begin, -1 if nowhere. A method's
// receiver, as in "main.(*T).f(", is not it.
func callParen(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] == '(' {
			if i > 0 && text[i-1] == '.' {
				if n := bytes.IndexByte(text[i:], ')'); n > 0 {
					i += n
					continue
				}
			}
			return i
		}
	}
	return -1
}

// wordsOnly reports whether a function's name has no blank, except within the
// brackets of type arguments.
func wordsOnly(name []byte) bool {
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

// isPlace reports whether a text is a file and a line, with what may follow:
// "/src/f.go:12 +0x3 fp=0x1 sp=0x2 pc=0x3".
func isPlace(text []byte) bool {
	rest := text
	for {
		i := bytes.LastIndexByte(rest, ' ')
		if i < 0 || !isOffset(rest[i+1:]) {
			break
		}
		rest = bytes.TrimRight(rest[:i], " ")
	}
	digits := len(rest) - len(bytes.TrimRight(rest, "0123456789"))
	if digits == 0 || digits > 7 || digits+2 > len(rest) || rest[len(rest)-digits-1] != ':' {
		return false
	}
	file := rest[:len(rest)-digits-1]
	if bytes.ContainsAny(file, "=\"") {
		return false
	}
	return file[0] == '/' || file[0] == '<' || file[0] == '?' || len(file) > 2 && file[1] == ':' ||
		bytes.IndexByte(file, ' ') < 0 && hasExtension(file)
}

// hasExtension reports whether a file's name ends like "f.go" or "sql.y".
func hasExtension(file []byte) bool {
	i := bytes.LastIndexByte(file, '.')
	return i > 0 && i+1 < len(file) && i+9 > len(file) && !isDigit(file[i+1]) && isWord(file[i+1])
}

// isOffset reports whether a word is what follows a place: +0x1d, fp=0xc0.
func isOffset(word []byte) bool {
	i := bytes.Index(word, []byte("0x"))
	if i != 1 && i != 3 || i == 1 && word[0] != '+' || i == 3 && word[2] != '=' {
		return false
	}
	for _, c := range word[i+2:] {
		if !isHex(c) {
			return false
		}
	}
	return len(word) > i+2
}

// partialKind reports whether a text looks like the beginning of a line of a
// dump that has been broken.
func partialKind(text []byte) kind {
	if i := callParen(text); i > 0 {
		if wordsOnly(text[:i]) && bytes.IndexByte(text[:i], '.') > 0 {
			return partial // arguments without an end
		}
		return other
	}
	switch {
	case text[0] == '/' || len(text) > 2 && text[1] == ':' && (text[2] == '\\' || text[2] == '/'):
		return partial
	case bytes.IndexByte(text, ' ') < 0 && len(text) > 8 && wordsOnly(text) && bytes.ContainsAny(text, "./"):
		return partial // a path or a name
	case string(text) == "created by", bytes.HasSuffix(text, []byte(" +0x")), bytes.HasSuffix(text, []byte(" +")):
		return partial
	}
	return other
}
