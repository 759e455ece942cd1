package source

import (
	"encoding/base64"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gdump/internal/goroutine"
)

// word is a secret as it is looked for in messages: its text, every character
// of which a server or a library may have escaped in its own way, or its
// base64, which is part of a longer word if something is encoded with it.
type word struct {
	text   string
	base64 bool
}

// leastBase64 is how much of the base64 of a secret must be there for it to be
// no accident, where it does not begin a group of four.
const leastBase64 = 6

// words are the forms of a secret: as it is, in hex and in base64 at each of
// the three places in a group.
func words(secret string) []word {
	all := []word{{text: secret}}
	for _, between := range []string{"", " ", ":"} {
		pairs := make([]string, len(secret))
		for i := range len(secret) {
			pairs[i] = fmt.Sprintf("%02x", secret[i])
		}
		all = append(all, word{text: strings.Join(pairs, between)})
	}
	for before, shared := range []int{0, 2, 3} {
		b := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))[shared:]
		if (before+len(secret))%3 != 0 {
			b = b[:len(b)-1] // what follows changes the last character
		}
		if len(b) >= leastBase64 || before == 0 && len(b) >= leastSecret {
			all = append(all, word{b, true})
		}
	}
	return all
}

// at returns how many bytes the word takes at the start of a text, 0 if the
// text does not begin with it. What reads as an escaped character may be some
// of a secret that looks like that, so every way to read it is followed.
func (w word) at(text string) int {
	ends := []int{0} // of what was taken of the word so far
	for rest := w.text; rest != "" && len(ends) > 0; {
		_, size := utf8.DecodeRuneInString(rest)
		c := rest[:size]
		if c == `\` {
			size = len(rest) - len(strings.TrimLeft(rest, `\`)) // an escaped text has any number of them
		}
		rest = rest[size:]
		var next []int
		for _, end := range ends {
			for _, n := range ways(text[end:], c) {
				if !slices.Contains(next, end+n) {
					next = append(next, end+n)
				}
			}
		}
		ends = next
	}
	if len(ends) == 0 {
		return 0
	}
	return slices.Max(ends)
}

// ways are how many bytes of text the character c can be.
func ways(text, c string) []int {
	var all []int
	if n := literal(text, c); n > 0 {
		all = append(all, n)
	}
	n := escaped(text, c)
	if n == 0 {
		return all
	}
	if c == `\` { // as many as there are
		for m := escaped(text[n:], c); m > 0; m = escaped(text[n:], c) {
			n += m
		}
	}
	all = append(all, n)
	// An escaped % or & may have been escaped again.
	if again := map[string]string{"%": "25", "&": "amp;"}[c]; again != "" {
		for strings.HasPrefix(text[n:], again) {
			n += len(again)
			all = append(all, n)
		}
	}
	return all
}

// escaped returns how many bytes of text are the character c, written in
// whatever way for a URL, HTML, JSON, a Go string or a terminal, once or
// several times over.
func escaped(text, c string) int {
	if n := bytesEscaped(text, c); n > 0 {
		return n
	}
	if c == " " {
		if n := bytesEscaped(text, "+"); n > 0 {
			return n
		}
	}
	if n := unicodeEscape(text, c); n > 0 {
		return n
	}
	if n := entity(text, c); n > 0 {
		return n
	}
	if shown := goroutine.Clean(c); shown != c && strings.HasPrefix(text, shown) {
		return len(shown)
	}
	return 0
}

// literal returns how many bytes of text are the character c itself, with the
// backslashes before it. Letters of either case are taken.
func literal(text, c string) int {
	bare := strings.TrimLeft(text, `\`)
	slashes := len(text) - len(bare)
	if c == `\` {
		return slashes
	}
	_, size := utf8.DecodeRuneInString(bare)
	if size > 0 && same(bare[:size], c) {
		return slashes + size
	}
	return 0
}

func same(a, b string) bool {
	switch a {
	case "+":
		return b == "+" || b == " " || b == "-" // - in the base64 of URLs
	case "-":
		return b == "-" || b == "+"
	case "_":
		return b == "_" || b == "/"
	}
	return strings.EqualFold(a, b)
}

// bytesEscaped is the length of a character whose bytes are written as %XX,
// \xXX or \OOO.
func bytesEscaped(text, c string) int {
	taken := 0
	for i := range len(c) {
		rest := text[taken:]
		bare := strings.TrimLeft(rest, `\`)
		digits, base := bare, 0
		switch {
		case strings.HasPrefix(rest, "%"):
			digits, base = rest[1:], 16
			for c[i] != '%' && strings.HasPrefix(digits, "25") {
				digits = digits[2:]
			}
		case len(bare) < len(rest) && strings.HasPrefix(bare, "x"):
			digits, base = bare[1:], 16
		case len(bare) < len(rest):
			base = 8
		default:
			return 0
		}
		width := 2
		if base == 8 {
			width = 3
		}
		if !isByte(digits, width, base, c[i]) {
			return 0
		}
		taken += len(rest) - len(digits) + width
	}
	return taken
}

func isByte(digits string, width, base int, want byte) bool {
	if len(digits) < width {
		return false
	}
	n, err := strconv.ParseUint(digits[:width], base, 8)
	return err == nil && byte(n) == want
}

// unicodeEscape is the length of a character written as \uXXXX, \UXXXXXXXX or
// a pair of surrogates.
func unicodeEscape(text, c string) int {
	bare := strings.TrimLeft(text, `\`)
	slashes := len(text) - len(bare)
	if slashes == 0 || bare == "" {
		return 0
	}
	width := map[byte]int{'u': 4, 'U': 8}[bare[0]]
	if width == 0 || len(bare) < 1+width {
		return 0
	}
	if s, err := strconv.Unquote(`"\` + bare[:1+width] + `"`); err == nil && strings.EqualFold(s, c) {
		return slashes + 1 + width
	}
	low := strings.TrimLeft(bare[1+width:], `\`)
	if between := len(bare) - 1 - width - len(low); between > 0 && len(low) > 4 && surrogates(bare[1:1+width], low[:5]) == c {
		return slashes + 1 + width + between + 5
	}
	return 0
}

// surrogates joins XXXX and uXXXX.
func surrogates(high, low string) string {
	h, err1 := strconv.ParseUint(high, 16, 16)
	l, err2 := strconv.ParseUint(strings.TrimPrefix(low, "u"), 16, 16)
	if err1 != nil || err2 != nil {
		return ""
	}
	return string(utf16.DecodeRune(rune(h), rune(l)))
}

// entity is the length of a character written as an entity of HTML.
func entity(text, c string) int {
	if !strings.HasPrefix(text, "&") {
		return 0
	}
	bare := text
	for c != "&" && strings.HasPrefix(bare, "&amp;") {
		bare = "&" + bare[len("&amp;"):]
	}
	end := strings.IndexByte(bare, ';')
	if end < 0 || end > 16 || !strings.EqualFold(html.UnescapeString(bare[:end+1]), c) {
		return 0
	}
	return len(text) - len(bare) + end + 1
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="

// hide replaces the words in a text.
func hide(text string, words []word) string {
	var out strings.Builder
	done := 0 // of the text
	for i := 0; i < len(text); i++ {
		from, to := i, i
		for _, w := range words {
			n := w.at(text[i:])
			if n == 0 {
				continue
			}
			to = max(to, i+n)
			if w.base64 {
				left := strings.TrimRight(text[done:i], base64Alphabet)
				from = min(from, done+len(left))
				to += len(text[to:]) - len(strings.TrimLeft(text[to:], base64Alphabet))
			}
		}
		if to > i {
			out.WriteString(text[done:from] + hidden)
			done, i = to, to-1
		}
	}
	return out.String() + text[done:]
}
