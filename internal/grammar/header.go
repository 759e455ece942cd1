package grammar

import (
	"bytes"
	"strconv"
)

// A Header is what the first line of a goroutine says. Its slices point into
// that line.
type Header struct {
	ID      uint64
	Count   int    // goroutines, where one header is for many: "48 goroutines [select]:"; 0 for others
	State   []byte // "chan receive", without the suffixes below
	Minutes int    // 0 if not printed
	Locked  bool
	Leaked  bool
	Crash   bool   // has gp=, m= and mp=, which only crash output prints
	Labels  []byte // `k: v, "k2": "v2"}`
	Call    []byte // where the header says that: the call that it is in,
	At      []byte // and its place
}

// Goroutine begins the header of a goroutine.
var Goroutine = []byte("goroutine ")

var (
	word        = []byte("oroutine") // in every header, also in goleak's, which begin with a capital
	minutesWord = []byte(" minutes")
	foldedWord  = []byte(" goroutines [")
	listedWord  = []byte(" instances of:")
)

// ParseHeader reads the first line of a goroutine:
//
//	goroutine 7 gp=0xc0 m=nil [chan receive, 12 minutes, locked to thread]:
//	goroutine 8 [select, 5 minutes labels:{"a": "b"}]:       Go 1.26
//	goroutine 8 [select (durable), synctest bubble 1] {foo: bar}:   Go 1.27
//
// Label text can hold anything, also "]:", so it is read token by token. What
// is between the commas and is not known is skipped.
func ParseHeader(line []byte) (h Header, ok bool) {
	ok = h.Parse(line)
	return h, ok
}

// Parse is ParseHeader, into a Header that must be zero.
func (h *Header) Parse(line []byte) bool {
	if h.quick(line) {
		return true
	}
	var rest []byte
	var ok bool
	*h, rest, ok = cutHeader(line)
	return ok && len(bytes.TrimRight(rest, " \t\r")) == 0
}

// quick reads the commonest headers, "goroutine 7 [select, 5 minutes]:", as
// cutHeader does, but in a quarter of the time.
func (h *Header) quick(line []byte) bool {
	i := len(Goroutine)
	if len(line) < i+6 || string(line[:i]) != string(Goroutine) {
		return false
	}
	for ; line[i]-'0' <= 9 && i < len(Goroutine)+18 && i < len(line)-4; i++ {
		h.ID = h.ID*10 + uint64(line[i]-'0')
	}
	if i == len(Goroutine) || line[i] != ' ' || line[i+1] != '[' {
		return false
	}
	state := i + 2
	for i = state; i < len(line) && line[i] != ',' && line[i] != ']'; i++ {
		if line[i] == ')' || line[i] == '{' {
			return false // a suffix, or labels
		}
	}
	h.State = line[state:i]
	rest := line[i:]
	if len(rest) > 3 && rest[0] == ',' && rest[1] == ' ' && IsDigit(rest[2]) {
		j := 2
		for ; j < len(rest) && j < 10 && IsDigit(rest[j]); j++ {
			h.Minutes = h.Minutes*10 + int(rest[j]-'0')
		}
		var more bool
		if rest, more = bytes.CutPrefix(rest[j:], minutesWord); !more {
			return false
		}
	}
	return string(rest) == "]:"
}

// cutHeader reads a header and returns what follows its colon.
func cutHeader(line []byte) (h Header, rest []byte, ok bool) {
	p, ok := bytes.CutPrefix(line, Goroutine)
	if !ok {
		return h, nil, false
	}
	n := 0
	for n < len(p) && n < 20 && p[n]-'0' <= 9 {
		h.ID = h.ID*10 + uint64(p[n]-'0')
		n++
	}
	if n == 0 || n+1 >= len(p) || p[n] != ' ' {
		return h, nil, false
	}
	p = p[n+1:]
	if bytes.HasPrefix(p, []byte("gp=")) {
		h.Crash = true
		p = p[max(0, bytes.Index(p, []byte(" [")))+1:]
	}
	if len(p) == 0 || p[0] != '[' {
		return h, nil, false
	}
	if p, ok = h.brackets(p[1:]); ok && bytes.HasPrefix(p, []byte(" {")) {
		p, ok = h.readLabels(p[2:])
	}
	if !ok || len(p) == 0 || p[0] != ':' {
		return h, nil, false
	}
	return h, p[1:], true
}

// brackets reads what is between [ and ] and returns what follows the ].
func (h *Header) brackets(p []byte) ([]byte, bool) {
	for first := true; ; first = false {
		i := 0
		for i < len(p) && p[i] != ',' && p[i] != ']' && p[i] != '{' {
			i++
		}
		if i == len(p) {
			return nil, false
		}
		field, labels := p[:i], p[i] == '{'
		if labels {
			if field, labels = bytes.CutSuffix(field, []byte(" labels:")); !labels {
				return nil, false
			}
		}
		if first {
			h.setState(field)
		} else {
			h.setField(field)
		}
		p = p[i:]
		if labels {
			rest, ok := h.readLabels(p[1:])
			if !ok || len(rest) == 0 || rest[0] != ']' {
				return nil, false
			}
			p = rest
		}
		if p[0] == ']' {
			return p[1:], true
		}
		p = bytes.TrimLeft(p[1:], " ")
	}
}

func (h *Header) setState(s []byte) {
	for len(s) > 0 && s[len(s)-1] == ')' {
		if rest, ok := bytes.CutSuffix(s, []byte(" (leaked)")); ok {
			s, h.Leaked = rest, true
		} else if rest, ok := bytes.CutSuffix(s, []byte(" (scan)")); ok {
			s = rest
		} else if rest, ok := bytes.CutSuffix(s, []byte(" (durable)")); ok {
			s = rest
		} else {
			break
		}
	}
	h.State = s
}

func (h *Header) setField(f []byte) {
	if n, ok := bytes.CutSuffix(f, minutesWord); ok {
		if m, err := strconv.Atoi(string(n)); err == nil && m >= 0 {
			h.Minutes = m
		}
		return
	}
	h.Locked = h.Locked || string(f) == "locked to thread"
}

// readLabels finds the end of `k: v, "k2": "v2"}` and returns what follows it.
func (h *Header) readLabels(p []byte) ([]byte, bool) {
	rest, ok := EachLabel(p, func(_, _ []byte) {})
	if ok && len(p)-len(rest) > 1 {
		h.Labels = p[:len(p)-len(rest)]
	}
	return rest, ok
}

// EachLabel goes through `k: v, "k2": "v2"}` and returns what follows the }.
func EachLabel(p []byte, visit func(key, value []byte)) (rest []byte, ok bool) {
	if len(p) > 0 && p[0] == '}' {
		return p[1:], true
	}
	for {
		n := labelWord(p)
		if n == 0 || n == len(p) || p[n] != ':' {
			return nil, false
		}
		key := p[:n]
		p = bytes.TrimLeft(p[n+1:], " ")
		if n = labelWord(p); n == 0 || n == len(p) {
			return nil, false
		}
		visit(key, p[:n])
		p = p[n:]
		switch p[0] {
		case '}':
			return p[1:], true
		case ',':
			p = bytes.TrimLeft(p[1:], " ")
		default:
			return nil, false
		}
	}
}

// labelWord is the length of the quoted string or bare word at the start of p.
// Go 1.27 leaves bare what is all letters, digits, dots, slashes and
// underscores.
func labelWord(p []byte) int {
	if len(p) > 0 && p[0] == '"' {
		return max(0, QuotedSize(p))
	}
	i := 0
	for i < len(p) && p[i] != ':' && p[i] != ',' && p[i] != '}' && p[i] != ' ' {
		i++
	}
	return i
}

// LabelText is what a quoted or bare word says. What is quoted in a way that is
// not Go's stays as it is.
func LabelText(word []byte) string {
	if len(word) > 0 && word[0] == '"' {
		if s, err := strconv.Unquote(string(word)); err == nil {
			return s
		}
	}
	return string(word)
}

// QuotedSize is the length of the quoted string at the start of b, -1 if it
// has no end.
func QuotedSize(b []byte) int {
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

// LooksLikeHeader reports whether a line begins as a header does, so that not
// to understand it is a problem.
func LooksLikeHeader(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, Goroutine)
	n := 0
	for n < len(rest) && IsDigit(rest[n]) {
		n++
	}
	return ok && n > 0 && (bytes.HasPrefix(rest[n:], []byte(" [")) || bytes.HasPrefix(rest[n:], []byte(" gp=")))
}

// IsTitle reports whether a line is a header but for its colon: a title over a
// goroutine, or the header itself.
func IsTitle(line []byte) bool {
	_, ok := ParseHeader(append(bytes.Clone(line), ':'))
	return ok
}

// ParseListed reads the headers that other programs write for goroutines.
// leaks says that it is a leak checker's, which lists only what has leaked.
//
//	Goroutine 31 in state select, 3 minutes, with main.f on top of the stack:
//	48 goroutines [semacquire, 4 minutes]:
//	2 instances of:                       as net/http's own tests list leaks
//	Goroutine 18 - User: ./worker.go:31 main.worker (0x4a5e44) [select 1234567]      Delve
func ParseListed(line []byte) (h Header, leaks, ok bool) {
	if len(line) > 0 && line[0] == 'G' {
		if h, ok = parseGoleak(line); ok {
			return h, true, true
		}
		h, ok = parseDelve(line)
		return h, false, ok
	}
	i := bytes.IndexByte(line, ' ')
	if i < 1 || i > 9 {
		return h, false, false
	}
	n, err := strconv.Atoi(string(line[:i]))
	switch {
	case err != nil || n <= 0:
	case folded(line[:i+1], line[i+1:]) > 0:
		h, ok = ParseHeader(append([]byte("goroutine 0 "), line[i+len(foldedWord)-1:]...))
		h.Count = n
		return h, false, ok
	case bytes.Equal(bytes.TrimRight(line[i:], " \t\r"), listedWord):
		return Header{Count: n}, true, true
	}
	return h, false, false
}

func parseGoleak(line []byte) (h Header, ok bool) {
	rest, ok := bytes.CutPrefix(line[1:], Goroutine[1:])
	id, rest, more := bytes.Cut(rest, []byte(" in state "))
	state, _, end := bytes.Cut(rest, []byte(", with "))
	n, err := strconv.ParseUint(string(id[:min(len(id), 20)]), 10, 64)
	if !ok || !more || !end || err != nil || len(state) == 0 {
		return h, false
	}
	h.ID, h.Leaked = n, true
	for i, f := range bytes.Split(state, []byte(", ")) {
		if i == 0 {
			h.setState(f)
		} else {
			h.setField(f)
		}
	}
	return h, true
}

// parseDelve reads a line of the debugger's list of goroutines.
func parseDelve(line []byte) (h Header, ok bool) {
	id, rest, _ := bytes.Cut(bytes.TrimPrefix(line[1:], Goroutine[1:]), []byte(" - "))
	kind, rest, _ := bytes.Cut(rest, []byte(": "))
	at, rest, _ := bytes.Cut(rest, []byte{' '})
	function, rest, ok := bytes.Cut(rest, []byte(" (0x"))
	n, err := strconv.ParseUint(string(id[:min(len(id), 20)]), 10, 64)
	if !ok || err != nil || len(kind) == 0 || bytes.IndexByte(kind, ' ') >= 0 {
		return h, false
	}
	h = Header{ID: n, State: []byte("running"), Call: append(bytes.Clone(function), "(...)"...), At: bytes.Clone(at)}
	if i, j := bytes.LastIndexByte(rest, '['), bytes.LastIndexByte(rest, ']'); i >= 0 && j > i {
		h.State = bytes.TrimRight(rest[i+1:j], " 0123456789") // how long it waits is in no known unit
	}
	return h, true
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

// maxTried is how many words of a line are tried as the beginning of a header:
// each can cost a look at all of the line.
const maxTried = 64

// FindHeader finds a header in a line, and where its colon ends; -1 if there
// is none. A header that begins the line counts even if it cannot be read
// whole, since not to understand it is a problem that is reported.
func FindHeader(line []byte) (from, end int) {
	for i, tried := 0, 0; ; i++ {
		n := bytes.Index(line[i:], word)
		if n < 0 || tried == maxTried {
			return -1, 0
		}
		tried++
		if n == 0 {
			continue
		}
		i += n
		at := i - 1
		if at > 0 && IsWord(line[at-1]) {
			continue
		}
		switch {
		case line[at] == 'G':
			if _, ok := parseGoleak(line[at:]); ok {
				return at, len(line)
			}
		case line[at] != 'g':
		case bytes.HasPrefix(line[at:], Goroutine):
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

// HeaderAt finds where in a line the header of a goroutine begins, or -1. The
// header must reach to the line's end.
func HeaderAt(line []byte) int {
	from, end := FindHeader(line)
	if from >= 0 && len(bytes.TrimRight(line[end:], " \t\r")) == 0 {
		return from
	}
	return -1
}
