package source

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Secrets are what must be in no message: passwords, tokens, the values of
// headers and queries. The zero value holds none.
type Secrets struct{ words []string }

// leastSecret is how long a text must be to be looked for: messages are full of
// shorter ones.
const leastSecret = 3

// hidden is what a message has in place of a secret.
const hidden = "REDACTED"

// Add adds a secret, with the forms in which a server or a library may repeat
// it: escaped for a URL, JSON, HTML or a terminal, in base64, in hex.
func (s *Secrets) Add(secret string) {
	if len(secret) < leastSecret {
		return
	}
	s.words = append(s.words, forms(secret)...)
	if decoded, err := url.PathUnescape(secret); err == nil && decoded != secret {
		s.words = append(s.words, forms(decoded)...)
	}
	if decoded, err := url.QueryUnescape(secret); err == nil && decoded != secret {
		s.words = append(s.words, forms(decoded)...)
	}
	// The longest goes first, so that no end of it is left.
	slices.SortFunc(s.words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	s.words = slices.Compact(s.words)
	s.words = slices.DeleteFunc(s.words, func(w string) bool { return len(w) < leastSecret })
}

func forms(secret string) []string {
	all := []string{
		secret, goroutine.Clean(secret), html.EscapeString(secret),
		url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:],
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		all = append(all, lowerEscapes(escaped))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		all = append(all, e.EncodeToString([]byte(secret)))
	}
	if b, err := json.Marshal(secret); err == nil {
		all = append(all, strings.Trim(string(b), `"`))
	}
	return all
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// AddLogin adds a user's password, or the user's name where it is all there is,
// as a token is.
func (s *Secrets) AddLogin(user, password string) {
	if password == "" {
		s.Add(user)
		return
	}
	s.Add(password)
	s.Add(user + ":" + password)
}

// AddHeader adds the value of a header, and what it is made of: the parts of a
// cookie, the login of basic authentication.
func (s *Secrets) AddHeader(name, value string) {
	s.Add(value)
	switch {
	case strings.EqualFold(name, "Cookie"):
		for part := range strings.SplitSeq(value, ";") {
			_, v, _ := strings.Cut(part, "=")
			s.Add(strings.Trim(strings.TrimSpace(v), `"`))
		}
	case strings.EqualFold(name, "Authorization"), strings.EqualFold(name, "Proxy-Authorization"):
		scheme, credentials, ok := strings.Cut(value, " ")
		if !ok {
			return
		}
		credentials = strings.TrimSpace(credentials)
		s.Add(credentials)
		if login, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.EqualFold(scheme, "Basic") {
			user, password, _ := strings.Cut(string(login), ":")
			s.AddLogin(user, password)
		}
	}
}

// AddArgument adds what is secret in an argument if it is a target, however
// wrongly it is written: what comes before an @, and the values of a query.
func (s *Secrets) AddArgument(arg string) {
	if _, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(arg, "-") {
		arg = value
	}
	rest := arg
	if _, after, ok := strings.Cut(rest, "://"); ok {
		rest = after
	}
	rest = strings.TrimLeft(rest, "/")
	// A password that is not escaped can hold a slash, a question mark or an @:
	// both what ends at the last @ and what is before the first slash counts.
	authority, _, _ := strings.Cut(rest, "/")
	for _, text := range []string{rest, authority} {
		if at := strings.LastIndexByte(text, '@'); at > 0 {
			user, password, _ := strings.Cut(text[:at], ":")
			s.AddLogin(user, password)
		}
	}
	_, query, ok := strings.Cut(arg, "?")
	if !ok {
		return
	}
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			s.Add(key)
		case !shownParameter(key):
			s.Add(value)
		}
	}
}

// Hide replaces the secrets in a text.
func (s *Secrets) Hide(text string) string {
	for _, word := range s.words {
		text = strings.ReplaceAll(text, word, hidden)
	}
	return text
}

// shownParameter reports whether a parameter of a query is one of pprof's own.
func shownParameter(key string) bool { return key == "debug" || key == "seconds" || key == "gc" }
