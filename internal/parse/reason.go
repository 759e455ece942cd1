package parse

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"gdump/internal/grammar"
	"gdump/internal/unwrap"
)

// ownReason finds where in a line the reason of a dump begins. One that is
// quoted within the line is only mentioned.
func ownReason(text []byte) int {
	at := grammar.ReasonAt(text)
	if at > 0 && text[at-1] == '"' && bytes.Count(text[at:], []byte{'"'})%2 == 1 {
		return -1
	}
	return at
}

// why notes why a dump is to come.
func (l *lane) why(text []byte, where func() place) {
	l.finish()
	l.state = between
	if l.dashes {
		return
	}
	l.reason, l.tests = clip(text, maxReason), nil
	l.when = l.time(where())
	l.value, l.open = l.value[:0], bytes.HasPrefix(text, grammar.PanicWord)
	if l.open {
		l.state = panicking
	}
}

// panicText consumes the indented lines of a panic's value. A dump inside it
// is text of the panic, not of this process's goroutines.
func (l *lane) panicText(line, text []byte) bool {
	if len(text) == 0 {
		l.open = false
		return true
	}
	if line[0] != '\t' && !bytes.HasPrefix(line, []byte("    ")) {
		l.state = between
		return false
	}
	word := bytes.TrimSpace(text)
	switch {
	case string(word) == "running tests:":
		l.state = listing
	case line[0] == '\t' && bytes.HasPrefix(word, grammar.PanicWord):
		// One panic while another ran: the last is what ended the process.
		l.because("; ", word)
	case l.state == listing && len(l.tests) < maxTests:
		l.tests = append(l.tests, string(word))
	case l.state == panicking && grammar.LooksLikeHeader(word):
		l.state = nesting
		l.because(" ", []byte("…"))
	case l.state == panicking && isProse(word):
		l.because(" ", word)
	}
	return true
}

// isProse reports whether a line is none of a dump.
func isProse(line []byte) bool {
	kind := grammar.KindOf(line)
	return kind == grammar.Other || kind == grammar.Partial
}

// because adds to the reason, which is shortened if it is too long.
func (l *lane) because(glue string, text []byte) {
	if len(l.reason) < maxReason {
		l.reason = clip(append([]byte(l.reason+glue), text...), maxReason)
	}
}

// isCrash reports whether a reason is why the process ends.
func isCrash(reason string) bool {
	return grammar.Reason([]byte(reason)) != nil && !strings.HasPrefix(reason, served)
}

// served begins what net/http says of a handler's panic, which ends no process.
const served = "panic serving "

// told is what the program said with a stack that it logged: in another field
// of the record, before the stack in its text, or in the line before. sure says
// that it is a reason, whatever the stack shows.
func (l *lane) told(line int) (text string, sure bool) {
	var own []byte
	if len(l.last) > 0 && line-l.lastAt <= 2 {
		own = bytes.TrimRight(withoutStamp(l.last), ": ")
	}
	c := l.document
	if c == nil {
		return clip(own, maxReason), false
	}
	if text := fieldOf(c.Fields, reasonFields); text != "" {
		return clip([]byte(text), maxReason), true
	}
	if len(own) > 0 {
		return clip(own, maxReason), false
	}
	if text := fieldOf(c.Fields, messageFields); text != "" && !isTitle([]byte(text)) {
		return clip([]byte(text), maxReason), false
	}
	for _, text := range slices.Backward(bytes.Split(c.Before, newline)) {
		if text = withoutStamp(text); len(text) > 0 && !bytes.Contains(text, grammar.Goroutine) && !isTitle(text) {
			return clip(text, maxReason), grammar.Reason(text) != nil
		}
	}
	return "", false
}

// fieldOf is the text of the first field that a record has of some, alone or
// within another.
func fieldOf(fields []unwrap.Field, keys []string) string {
	for _, key := range keys {
		for _, f := range fields {
			if name := strings.ToLower(f.Key); f.Value != "" && (name == key || strings.HasSuffix(name, "."+key)) {
				return f.Value
			}
		}
	}
	return ""
}

// Fields of a record that say why it has a stack, and those that may.
var (
	reasonFields = []string{
		"error", "err", "error.message", "err.message", "panic", "exception", "exception.message", "reason", "cause", "recovered", "recover", "panic_value", "value",
	}
	messageFields = []string{"msg", "message"}
)

// isTitle reports whether a text says no more than that a stack follows.
func isTitle(text []byte) bool {
	text = bytes.TrimRight(text, ": ")
	return len(text) < 60 && (bytes.Contains(text, []byte("tack")) || bytes.Contains(text, []byte("race"))) &&
		bytes.IndexByte(text, ':') < 0 && len(bytes.Fields(text)) <= 4
}

// withoutStamp takes off what a logger puts before its words: times, numbers
// and signs.
func withoutStamp(text []byte) []byte {
	for rest := text; ; {
		rest = bytes.TrimLeft(rest, " \t")
		word, after, more := bytes.Cut(rest, []byte{' '})
		if !more || !isStamp(word) {
			return rest
		}
		rest = after
	}
}

// isStamp reports whether a word is of a time stamp, or has no letter.
func isStamp(word []byte) bool {
	switch string(word) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	letters := bytes.ContainsFunc(word, unicode.IsLetter)
	return !letters || bytes.ContainsAny(word, "0123456789") && bytes.ContainsAny(word, ":/")
}

// clip shortens a text, with a mark where it does.
func clip(text []byte, size int) string {
	if len(text) <= size {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:size]), "") + "…"
}
