package parse

import (
	"bytes"
	"strconv"
)

// header is what the first line of a goroutine says. Its slices point into
// that line.
type header struct {
	id      uint64
	state   []byte // "chan receive", without the suffixes below
	minutes int    // 0 if not printed
	locked  bool
	leaked  bool
	crash   bool   // has gp=, m= and mp=, which only crash output prints
	labels  []byte // `k: v, "k2": "v2"}`
}

var (
	goroutineWord = []byte("goroutine ")
	minutesWord   = []byte(" minutes")
)

// parseHeader reads the first line of a goroutine:
//
//	goroutine 7 gp=0xc0 m=nil [chan receive, 12 minutes, locked to thread]:
//	goroutine 8 [select, 5 minutes labels:{"a": "b"}]:       Go 1.26
//	goroutine 8 [select (durable), synctest bubble 1] {foo: bar}:   Go 1.27
//
// Label text can hold anything, also "]:", so it is read token by token. What
// stands between the commas and is not known is skipped.
func parseHeader(line []byte) (header, bool) {
	var h header
	p, ok := bytes.CutPrefix(line, goroutineWord)
	if !ok {
		return h, false
	}
	n := 0
	for n < len(p) && n < 20 && p[n]-'0' <= 9 {
		h.id = h.id*10 + uint64(p[n]-'0')
		n++
	}
	if n == 0 || n+1 >= len(p) || p[n] != ' ' {
		return h, false
	}
	p = p[n+1:]
	if bytes.HasPrefix(p, []byte("gp=")) {
		h.crash = true
		i := bytes.Index(p, []byte(" ["))
		if i < 0 {
			return h, false
		}
		p = p[i+1:]
	}
	if len(p) == 0 || p[0] != '[' {
		return h, false
	}
	p, ok = h.brackets(p[1:])
	if !ok {
		return h, false
	}
	if bytes.HasPrefix(p, []byte(" {")) {
		if p, ok = h.readLabels(p[2:]); !ok {
			return h, false
		}
	}
	return h, len(p) > 0 && p[0] == ':' && len(bytes.TrimRight(p[1:], " \t\r")) == 0
}

// brackets reads what stands between [ and ] and returns what follows the ].
func (h *header) brackets(p []byte) ([]byte, bool) {
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

func (h *header) setState(s []byte) {
	for len(s) > 0 && s[len(s)-1] == ')' {
		if rest, ok := bytes.CutSuffix(s, []byte(" (leaked)")); ok {
			s, h.leaked = rest, true
		} else if rest, ok := bytes.CutSuffix(s, []byte(" (scan)")); ok {
			s = rest
		} else if rest, ok := bytes.CutSuffix(s, []byte(" (durable)")); ok {
			s = rest
		} else {
			break
		}
	}
	h.state = s
}

func (h *header) setField(f []byte) {
	if n, ok := bytes.CutSuffix(f, minutesWord); ok {
		if m, err := strconv.Atoi(string(n)); err == nil && m >= 0 {
			h.minutes = m
		}
		return
	}
	if string(f) == "locked to thread" {
		h.locked = true
	}
}

// readLabels finds the end of `k: v, "k2": "v2"}` and returns what follows it.
func (h *header) readLabels(p []byte) ([]byte, bool) {
	rest, ok := eachLabel(p, func(_, _ []byte) {})
	if ok && len(p)-len(rest) > 1 {
		h.labels = p[:len(p)-len(rest)]
	}
	return rest, ok
}

// eachLabel goes through `k: v, "k2": "v2"}` and returns what follows the }.
func eachLabel(p []byte, visit func(key, value []byte)) ([]byte, bool) {
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

// labelText is what a quoted or bare word says. What is quoted in a way that is
// not Go's stays as it is.
func labelText(word []byte) string {
	if len(word) > 0 && word[0] == '"' {
		if s, err := strconv.Unquote(string(word)); err == nil {
			return s
		}
	}
	return string(word)
}
