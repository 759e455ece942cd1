package source_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// TestSecretsEncoded asks servers that repeat what they were sent in all kinds
// of forms, also where a message is cut.
func TestSecretsEncoded(t *testing.T) {
	t.Parallel()
	const secret = `p@s/s "w<rd>+%`
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	login := "user:" + secret
	tests := []struct {
		name, said string
		login      bool // only what knows the user can say it
	}{
		{"plain", secret, false},
		{"query", url.QueryEscape(secret), false},
		{"path", url.PathEscape(secret), false},
		{"lower case", "p%40s%2fs+%22w%3crd%3e%2b%25", false},
		{"user info", url.UserPassword("", secret).String(), false},
		{"base64", base64.StdEncoding.EncodeToString([]byte(secret)), false},
		{"json", string(quoted), false},
		{"html", html.EscapeString(secret), false},
		{"hex", hex.EncodeToString([]byte(secret)), false},
		{"basic", base64.StdEncoding.EncodeToString([]byte(login)), true},
		{"base64 of URLs", base64.RawURLEncoding.EncodeToString([]byte(login)), true},
		{"every byte for a URL", eachByte(secret, "%%%02X"), false},
		{"twice for a URL", url.QueryEscape(url.QueryEscape(secret)), false},
		{"every byte for a shell", eachByte(secret, `\x%02x`), false},
		{"every byte for printf", eachByte(secret, `\%03o`), false},
		{"every character for JSON", eachByte(secret, `\u%04x`), false},
		{"every character for HTML", eachByte(secret, "&#%d;"), false},
		{"twice for HTML", html.EscapeString(html.EscapeString(secret)), false},
		{"JSON in JSON", strconv.Quote(string(quoted)), false},
		{"JSON with slashes escaped", strings.ReplaceAll(string(quoted), "/", `\/`), false},
		{"hex with spaces", strings.TrimSuffix(eachByte(secret, "%02x "), " "), false},
		{"hex with colons", strings.TrimSuffix(eachByte(secret, "%02x:"), ":"), false},
		{"upper case", strings.ToUpper(secret), false},
		{"base64, one byte before", base64.StdEncoding.EncodeToString([]byte("x" + secret)), false},
		{"base64, two bytes before and some after", base64.StdEncoding.EncodeToString([]byte("xy" + secret + " and more")), false},
		{"cut", strings.Repeat(".", 200-len("sent ")-len(secret)/2) + secret, false},
	}
	for _, tt := range tests {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "sent %s", tt.said)
		}))
		t.Cleanup(web.Close)
		host := strings.TrimPrefix(web.URL, "http://")
		basic := base64.StdEncoding.EncodeToString([]byte(login))
		for _, asked := range []struct {
			target string
			access source.Access
			login  bool
		}{
			{target: "http://user:" + url.PathEscape(secret) + "@" + host, login: true},
			{target: "user:" + url.PathEscape(secret) + "@" + host, login: true},
			{target: web.URL, access: source.Access{Headers: []string{"Authorization: Basic " + basic}}, login: true},
			{target: web.URL + "/?key=" + url.QueryEscape(secret)},
			{target: host + "?key=" + url.QueryEscape(secret)},
			{target: host, access: source.Access{Headers: []string{"X-Api-Key: " + secret}}},
			{target: host, access: source.Access{Headers: []string{"Cookie: a=b; session=" + secret}}},
			{target: host, access: source.Access{Token: secret}},
		} {
			if tt.login && !asked.login {
				continue
			}
			_, err := source.Pull(t.Context(), asked.target, source.Options{Access: asked.access})
			if err == nil {
				t.Fatalf("%s: no error", tt.name)
			}
			if text := err.Error(); strings.Contains(text, tt.said) || strings.Contains(text, secret[:5]) || !strings.Contains(text, "403 Forbidden: sent ") {
				t.Errorf("%s, %s: %q", tt.name, asked.target, text)
			}
		}
	}
}

// eachByte writes every byte of an ASCII text by a format.
func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// TestSecretsLookEscaped hides secrets that read as something escaped, and
// leaves other text as it is.
func TestSecretsLookEscaped(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"a&amp;b", `a\\u0041b`, "a%2541b", "&#65;x", `\\\`, "é😀à", "%%%", "a\x1b\xffz", "a\u202eb", "????>>>>????"} {
		var s source.Secrets
		s.Add(secret)
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(url.PathEscape(secret)), html.EscapeString(secret), strconv.Quote(secret), strconv.QuoteToASCII(secret),
			goroutine.Clean(secret), base64.URLEncoding.EncodeToString([]byte(secret)), eachByte(secret, `\x%02x`), string(quoted),
		} {
			if text == string(quoted) && !utf8.ValidString(secret) {
				continue // json replaces what is not valid
			}
			if got := strings.Trim(s.Hide("("+text+")"), `"`); strings.Trim(got, `()"`) != "REDACTED" {
				t.Errorf("%q written as %q: %q", secret, text, got)
			}
		}
	}
	var s source.Secrets
	s.Add("é😀à")
	if got := s.Hide(`(\u00e9\ud83d\ude00\u00e0)`); got != "(REDACTED)" {
		t.Errorf("a pair of surrogates: %q", got)
	}
	s = source.Secrets{}
	s.Add("b%41c")
	s.Add(`x\y`)
	for _, text := range []string{"", "b%4", `x\`, `x\z`, "connection refused %", "&", "&amp;", `\`, `\u12`, "%25%25"} {
		if got := s.Hide(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestTypedBeatsToken sends the login of the URL, not the token that is set for
// all targets; a header beats both.
func TestTypedBeatsToken(t *testing.T) {
	t.Parallel()
	sent := make(chan string, 10)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(web.Close)
	host := strings.TrimPrefix(web.URL, "http://")
	for _, tt := range []struct {
		target string
		access source.Access
		want   string
	}{
		{"http://u:p@" + host, source.Access{Token: "t"}, "Basic dTpw"},
		{"u:p@" + host, source.Access{Token: "t"}, "Basic dTpw"},
		{"http://u@" + host, source.Access{Token: "t"}, "Basic dTo="},
		{host, source.Access{Token: "t"}, "Bearer t"},
		{"u:p@" + host, source.Access{Token: "t", Headers: []string{"Authorization: x"}}, "x"},
		{host, source.Access{Token: "t", Headers: []string{"authorization: x"}}, "x"},
	} {
		if _, err := source.Pull(t.Context(), tt.target, source.Options{Access: tt.access}); err == nil {
			t.Fatal("no error")
		}
		if got := <-sent; got != tt.want {
			t.Errorf("%s, %+v: sent %q, want %q", tt.target, tt.access, got, tt.want)
		}
		for len(sent) > 0 {
			<-sent
		}
	}
}

// FuzzSecrets holds that what was typed as a password or the value of a query
// is in no message on the target, whatever else is in it.
func FuzzSecrets(f *testing.F) {
	f.Add("user:", "@127.0.0.1:1")
	f.Add("//user:", "@127.0.0.1:1/")
	f.Add("host:1?tok=", "")
	f.Add("http://h/?a=", "&b=c#d")
	f.Add("ftp://:", "@h")
	f.Add("unix:///x.sock?key=", "")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "S3cretT0ken"
		typed := strings.HasSuffix(before, ":") && strings.HasPrefix(after, "@") || strings.HasSuffix(before, "=") && strings.Contains(before, "?")
		if !typed || strings.ContainsAny(before+after, "\x00#") || strings.Contains(before, "?debug=") || strings.Contains(before, "&debug=") {
			return
		}
		arg := before + secret + after
		var s source.Secrets
		s.AddArgument(arg)
		if got := s.Hide(arg); strings.Contains(got, secret) && !strings.Contains(before, "seconds=") && !strings.Contains(before, "gc=") {
			t.Errorf("%q: the secret is in %q", arg, got)
		}
	})
}
