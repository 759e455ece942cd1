package source

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Secrets are what must be in no message: passwords, tokens, the values of
// headers and queries. The zero value holds none.
type Secrets struct{ words []word }

// leastSecret is how long a text must be to be looked for: messages are full of
// shorter ones.
const leastSecret = 3

// hidden is what a message has in place of a secret.
const hidden = "REDACTED"

// Add adds a secret, which is hidden however a server or a library escapes or
// encodes it.
func (s *Secrets) Add(secret string) {
	for _, unescape := range []func(string) (string, error){
		func(s string) (string, error) { return s, nil }, url.PathUnescape, url.QueryUnescape,
	} {
		text, err := unescape(secret)
		if err != nil || len(text) < leastSecret {
			continue
		}
		for _, w := range words(text) {
			if !slices.Contains(s.words, w) {
				s.words = append(s.words, w)
			}
		}
	}
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
func (s *Secrets) Hide(text string) string { return hide(text, s.words) }

// shownParameter reports whether a parameter of a query is one of pprof's own.
func shownParameter(key string) bool { return key == "debug" || key == "seconds" || key == "gc" }
