package unwrap

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
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
		buf = append(buf, b[:i]...)
		b = b[i+1:]
		n := 1
		switch c := b[0]; c {
		case 'n':
			buf = append(buf, '\n')
		case 't':
			buf = append(buf, '\t')
		case 'r':
			buf = append(buf, '\r')
		case '"', '\\', '/', '\'':
			buf = append(buf, c)
		case 'a', 'b', 'f', 'v':
			buf = append(buf, "\a\b\f\v"[bytes.IndexByte([]byte("abfv"), c)])
		case 'u', 'U', 'x', '0', '1', '2', '3':
			var r rune
			var single bool
			if r, single, n = number16(b); n == 0 {
				buf, n = append(buf, '\\', c), 1
			} else if single {
				buf = append(buf, byte(r))
			} else {
				buf = utf8.AppendRune(buf, r)
			}
		default:
			buf = append(buf, '\\', c)
		}
		b = b[n:]
	}
}

// number16 reads u263a, U0001f600, x1b or 033 at the start of b. single says
// that it is a byte.
func number16(b []byte) (r rune, single bool, n int) {
	digits, base := 3, 8
	switch b[0] {
	case 'u':
		digits, base, n = 4, 16, 1
	case 'U':
		digits, base, n = 8, 16, 1
	case 'x':
		digits, base, n = 2, 16, 1
	}
	if len(b) < n+digits {
		return 0, false, 0
	}
	v, err := strconv.ParseUint(string(b[n:n+digits]), base, 32)
	if err != nil || v > utf8.MaxRune || digits == 3 && v > 255 {
		return 0, false, 0
	}
	n += digits
	if r = rune(v); utf16.IsSurrogate(r) && len(b) >= n+6 && b[n] == '\\' && b[n+1] == 'u' {
		if low, err := strconv.ParseUint(string(b[n+2:n+6]), 16, 32); err == nil {
			return utf16.DecodeRune(r, rune(low)), false, n + 6
		}
	}
	return r, digits < 4, n
}

// Ways to write the end of a line within a line, and what is written for a
// tab beside them.
var lineEscapes = []struct{ end, tab string }{
	{"#012", "#011"},
	{`\n`, `\t`},
	{`\u000a`, ""},
	{`\x0a`, ""},
	{`\012`, ""},
	{"%0A", ""},
	{"', '", `\t`},
	{"&#10;", "&#9;"},
	{"&#xA;", "&#x9;"},
	{"&#xa;", "&#x9;"},
	{"<br>", ""},
	{"<br/>", ""},
	{"<br />", ""},
	{"^J", "^I"},
	{"\u2028", ""},
	{"\u240a", "\u2409"},
	{"\u21b5", ""},
	{"\x1e", ""},
	{"\v", ""},
	{"\r", ""},
}

// tabs are what is shown in place of a tab.
var tabs = [][]byte{
	[]byte("#011"), []byte("^I"), []byte(`\t`), []byte("\u2192"), []byte("\u2409"), []byte("\u00bb"), []byte("<0x09>"), []byte("&#9;"), []byte(`\x09`), []byte(`\u0009`),
	[]byte("=09"), []byte("\u25b8"),
}

var nbsp = []byte("\u00a0")

// cleanText takes off a text what was added when it was shown or copied: tags
// and entities of HTML, blanks that do not break, signs for tabs.
func cleanText(text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	if bytes.IndexByte(text, '<') >= 0 {
		text = stripTags(text)
	}
	if bytes.IndexByte(text, '&') >= 0 && bytes.IndexByte(text, ';') >= 0 {
		text = []byte(html.UnescapeString(string(text)))
	}
	if bytes.IndexByte(text, 0xc2) >= 0 {
		text = bytes.ReplaceAll(text, nbsp, []byte{' '})
	}
	if bytes.IndexByte(text, 0xe2) >= 0 {
		text = bytes.ReplaceAll(text, []byte("\u200b"), nil)
		text = bytes.ReplaceAll(text, []byte("\u202f"), []byte{' '})
	}
	if bytes.IndexByte(text, 0xef) >= 0 {
		text = bytes.ReplaceAll(text, []byte("\ufeff"), nil)
	}
	if bytes.Contains(text, []byte(`""`)) {
		text = csvQuotes(text)
	}
	if len(text) == 0 {
		return text
	}
	switch text[0] {
	case '#', '^', '\\', '<', '&', '=', 0xe2, 0xc2:
		for _, tab := range tabs {
			if bytes.Contains(text[:min(len(text), len(tab)+1)], tab) {
				return bytes.ReplaceAll(text, tab, []byte{'\t'})
			}
		}
	}
	return text
}

// csvQuotes undoes how CSV writes quotes in a quoted field, which the labels
// of a header or record can have.
func csvQuotes(line []byte) []byte {
	single := bytes.ReplaceAll(line, []byte(`""`), []byte{'"'})
	if bytes.Contains(line, []byte(`labels: {""`)) {
		return single
	}
	i := bytes.Index(line, grammar.Goroutine)
	if i < 0 {
		return line
	}
	if _, ok := grammar.ParseHeader(line[i:]); ok {
		return line
	}
	if _, ok := grammar.ParseHeader(single[i:]); ok {
		return append(bytes.Clone(line[:i]), single[i:]...)
	}
	return line
}

// tags are the elements of HTML that surround text.
var tags = map[string]bool{
	"a": true, "b": true, "blockquote": true, "body": true, "br": true, "code": true, "dd": true, "details": true, "div": true, "dl": true, "dt": true,
	"em": true, "font": true, "h1": true, "h2": true, "h3": true, "hr": true, "html": true, "i": true, "kbd": true, "li": true, "mark": true, "ol": true,
	"p": true, "pre": true, "samp": true, "span": true, "strong": true, "summary": true, "table": true, "tbody": true, "td": true, "th": true,
	"tr": true, "tt": true, "u": true, "ul": true, "data": true, "message": true,
}

// stripTags removes the tags of HTML from a line.
func stripTags(line []byte) []byte {
	var out []byte
	pos := 0
	for i := 0; i < len(line); i++ {
		if line[i] != '<' {
			continue
		}
		j := i + 1
		if j < len(line) && line[j] == '/' {
			j++
		}
		name := j
		for j < len(line) && (line[j] >= 'a' && line[j] <= 'z' || line[j] >= 'A' && line[j] <= 'Z' || grammar.IsDigit(line[j])) {
			j++
		}
		if !tags[string(bytes.ToLower(line[name:j]))] {
			continue
		}
		end := bytes.IndexAny(line[j:], "<>")
		if end < 0 || line[j+end] == '<' || line[j] != '>' && line[j] != ' ' && line[j] != '/' {
			continue
		}
		out = append(out, line[pos:i]...)
		pos = j + end + 1
		tag, n := string(line[i+1:j]), len(out)
		if n > 0 && pos < len(line) && (tag == "td" || tag != "/td" && grammar.IsWord(out[n-1]) && (grammar.IsWord(line[pos]) || line[pos] == '<')) {
			out = append(out, " | "...) // cells of a table, or a title before a text
		}
		i = pos - 1
	}
	if pos == 0 {
		return line
	}
	return append(out, line[pos:]...)
}

// cleanLine takes off a line what a terminal was to do: it shows what was
// written after the last carriage return, and no escape sequences.
func cleanLine(line []byte) []byte {
	line = bytes.TrimRight(line, "\r")
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = stripEscapes(line)
		line = bytes.TrimRight(line, "\r")
	}
	if bytes.IndexByte(line, '\b') >= 0 {
		line = bytes.ReplaceAll(line, []byte{'\b'}, nil)
	}
	i := bytes.LastIndexByte(line, '\r')
	if i < 0 {
		return line
	}
	if grammar.Interesting(line[:i]) && bytes.IndexByte(line[i+1:], '\t') >= 0 {
		return line // a whole dump whose lines end in returns
	}
	return line[i+1:]
}

// stripEscapes removes the sequences by which a terminal is told of colours
// (ESC [), links and titles (ESC ]), and what CI systems send in their place
// (ESC _).
func stripEscapes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == 0x1b && i+1 < len(b) {
			if end := escapeEnd(b, i); end > 0 {
				i = end
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

// escapeEnd is the index of the last byte of the sequence that begins at i, 0
// if it has none.
func escapeEnd(b []byte, i int) int {
	switch b[i+1] {
	case '[':
		for j := i + 2; j < len(b) && j < i+256; j++ {
			if b[j] >= 0x40 && b[j] <= 0x7e {
				return j
			}
		}
	case ']', '_', 'P', '^':
		for j := i + 2; j < len(b) && j < i+4096; j++ {
			if b[j] == 0x07 || b[j] == '\\' && b[j-1] == 0x1b {
				return j
			}
			if b[j-1] == 0x1b && j > i+2 {
				return 0 // another sequence begins
			}
		}
	case '(', ')':
		if i+2 < len(b) {
			return i + 2
		}
	case '=', '>', '7', '8', 'M':
		return i + 1
	}
	return 0
}
