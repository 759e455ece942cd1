package unwrap

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gdump/internal/grammar"
)

// unescape appends what an escaped text says, in the notation of JSON and of
// Go. What is no escape stays as it is.
func unescape(buf, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i == len(b)-1 {
			return append(buf, b...)
		}
		buf, b = append(buf, b[:i]...), b[i:]
		n := 2
		switch c := b[1]; c {
		case 'n':
			buf = append(buf, '\n')
		case 't':
			buf = append(buf, '\t')
		case '"', '\\', '/', '\'':
			buf = append(buf, c)
		default:
			buf, n = unescapeRune(buf, b)
		}
		b = b[n:]
	}
}

// unescapeRune appends what the escape at the start of b says, which is n bytes
// long.
func unescapeRune(buf, b []byte) (_ []byte, n int) {
	s := string(b[:min(len(b), len(`\ud83d\ude00`))])
	switch r, isRune, rest, err := strconv.UnquoteChar(s, 0); {
	case err == nil && isRune:
		return utf8.AppendRune(buf, r), len(s) - len(rest)
	case err == nil:
		return append(buf, byte(r)), len(s) - len(rest)
	}
	var pair string // a rune beyond 16 bits, as JSON writes it
	if b[1] == 'u' && json.Unmarshal([]byte(`"`+s+`"`), &pair) == nil {
		return append(buf, pair...), len(s)
	}
	return append(buf, b[:2]...), 2
}

// tabs are what is shown in place of a tab.
var tabs = [][]byte{
	[]byte("#011"), []byte("^I"), []byte(`\t`), []byte("\u2192"), []byte("\u2409"), []byte("\u00bb"), []byte("<0x09>"), []byte(`\x09`), []byte(`\u0009`),
	[]byte("=09"), []byte("\u25b8"),
}

var (
	nbsp      = []byte("\u00a0")
	invisible = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u200b", "", "\ufeff", "")
)

// cleanText takes off a text what was added when it was shown or copied: tags
// and entities of HTML, blanks that do not break, signs for tabs, the quotes of
// CSV.
func cleanText(text []byte) []byte {
	if bytes.IndexByte(text, '<') >= 0 {
		text = tags.ReplaceAll(apart.ReplaceAll(text, []byte(" | ")), nil)
	}
	if bytes.IndexByte(text, '&') >= 0 {
		text = []byte(html.UnescapeString(string(text)))
	}
	if bytes.IndexByte(text, 0xc2) >= 0 || bytes.IndexByte(text, 0xe2) >= 0 || bytes.IndexByte(text, 0xef) >= 0 {
		text = []byte(invisible.Replace(string(text)))
	}
	if bytes.Contains(text, []byte(`""`)) && doubled.Match(text) {
		text = bytes.ReplaceAll(text, []byte(`""`), []byte{'"'})
	}
	if len(text) > 0 && bytes.IndexByte([]byte("#^\\<&=\xc2\xe2"), text[0]) >= 0 {
		for _, tab := range tabs {
			if bytes.Contains(text[:min(len(text), len(tab)+1)], tab) {
				return bytes.ReplaceAll(text, tab, []byte{'\t'})
			}
		}
	}
	return text
}

// doubled is a label in a field of CSV.
var doubled = regexp.MustCompile(`{.*""[^",:}\] ]`)

// tag is an element of HTML that surrounds text.
const tag = `</?(?:a|b|blockquote|body|br|code|data|dd|details|div|dl|dt|em|font|h[1-3r]|html|i|kbd|li|mark|message|ol|p|pre|samp|span|strong|summary|table|tbody|td|th|tr|tt|u|ul)(?:[ /][^<>]*)?>`

var (
	tags  = regexp.MustCompile(`(?i)` + tag)
	apart = regexp.MustCompile(`(?i)\b(?:` + tag + `)+\b|<td[^<>]*>`) // what they are between does not belong together
)

// cleanLine takes off a line what a terminal was to do: it shows what was
// written after the last carriage return, and no escape sequences.
func cleanLine(line []byte) []byte {
	line = bytes.TrimRight(stripEscapes(bytes.TrimRight(line, "\r")), "\r")
	if bytes.IndexByte(line, '\b') >= 0 {
		line = bytes.ReplaceAll(line, []byte{'\b'}, nil)
	}
	if bytes.IndexByte(line, '\r') < 0 {
		return line
	}
	i := bytes.LastIndexByte(line, '\r')
	if grammar.Interesting(line[:i]) && bytes.IndexByte(line[i+1:], '\t') >= 0 {
		return line // a whole dump whose lines end in returns
	}
	return line[i+1:]
}

// escapeSequence is what sets a terminal's colors (ESC [), links and titles
// (ESC ]), and what CI systems send in their place (ESC _).
var escapeSequence = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|[]_P^][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|[=>78M])`)

func stripEscapes(b []byte) []byte {
	if bytes.IndexByte(b, 0x1b) < 0 {
		return b
	}
	return escapeSequence.ReplaceAll(b, nil)
}
