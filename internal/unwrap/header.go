package unwrap

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
}

var (
	goroutineWord = []byte("goroutine ")
	minutesWord   = []byte(" minutes")
)

// ParseHeader reads the first line of a goroutine:
//
//	goroutine 7 gp=0xc0 m=nil [chan receive, 12 minutes, locked to thread]:
//	goroutine 8 [select, 5 minutes labels:{"a": "b"}]:       Go 1.26
//	goroutine 8 [select (durable), synctest bubble 1] {foo: bar}:   Go 1.27
//
// Label text can hold anything, also "]:", so it is read token by token. What
// is between the commas and is not known is skipped.
func ParseHeader(line []byte) (Header, bool) {
	h, rest, ok := cutHeader(line)
	return h, ok && len(bytes.TrimRight(rest, " \t\r")) == 0
}

// cutHeader reads a header and returns what follows its colon.
func cutHeader(line []byte) (Header, []byte, bool) {
	var h Header
	p, ok := bytes.CutPrefix(line, goroutineWord)
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
		i := bytes.Index(p, []byte(" ["))
		if i < 0 {
			return h, nil, false
		}
		p = p[i+1:]
	}
	if len(p) == 0 || p[0] != '[' {
		return h, nil, false
	}
	p, ok = h.brackets(p[1:])
	if !ok {
		return h, nil, false
	}
	if bytes.HasPrefix(p, []byte(" {")) {
		if p, ok = h.readLabels(p[2:]); !ok {
			return h, nil, false
		}
	}
	if len(p) == 0 || p[0] != ':' {
		return h, nil, false
	}
	return h, p[1:], true
}

// brackets reads what is between [ and ] and returns what follows the ].
func (h *Header) brackets(p []byte) ([]byte, bool) {
	i := 0
	for i < len(p) && p[i] != ',' && p[i] != ']' && p[i] != '{' {
		i++
	}
	if i == len(p) {
		return nil, false
	}
	if p[i] == '{' {
		state, ok := bytes.CutSuffix(p[:i], []byte(" labels:"))
		if !ok {
			return nil, false
		}
		h.setState(state)
		p, ok = h.readLabels(p[i+1:])
		return skipBracket(p, ok)
	}
	h.setState(p[:i])
	p = p[i:]
	for len(p) > 0 && p[0] == ',' {
		p = bytes.TrimLeft(p[1:], " ")
		i = 0
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
		h.setField(field)
		if labels {
			rest, ok := h.readLabels(p[i+1:])
			return skipBracket(rest, ok)
		}
		p = p[i:]
	}
	return skipBracket(p, true)
}

func skipBracket(p []byte, ok bool) ([]byte, bool) {
	if !ok || len(p) == 0 || p[0] != ']' {
		return nil, false
	}
	return p[1:], true
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
	if string(f) == "locked to thread" {
		h.Locked = true
	}
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
func EachLabel(p []byte, visit func(key, value []byte)) ([]byte, bool) {
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
		return max(0, quotedSize(p))
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

// quotedSize is the length of the quoted string at the start of b, -1 if it
// has no end.
func quotedSize(b []byte) int {
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
