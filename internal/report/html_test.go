package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// pageElements are all that the page is made of.
var pageElements = strings.Fields(`html head meta title style body main script h1 h2 p div table thead tbody tr th td label input output button
	a details summary ol li code span figure figcaption svg line text polyline circle ul footer pre`)

// outside finds what would have a browser ask another machine.
var outside = regexp.MustCompile(`(?i)(?:\bsrc|\bsrcset|\baction|\bposter|\bon[a-z]+)\s*=|url\(|@import|\bhref="[^#]`)

// checkHTML reads the page as XML, which it also is, so that nothing is left
// open, and holds it to its own elements and its policy.
func checkHTML(t *testing.T, tr *trend.Trend, text string) {
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
	if policy == nil || !strings.HasPrefix(policy[1], "default-src 'none'; ") {
		t.Fatalf("html: no policy, or a loose one: %q", policy)
	}
	// Scripts and styles hold characters that XML would read.
	body := regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`).ReplaceAllStringFunc(text, func(s string) string {
		inner := s[strings.Index(s, ">")+1 : strings.LastIndex(s, "<")]
		sum := sha256.Sum256([]byte(inner))
		if !strings.Contains(policy[1], base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("html: the policy does not allow %.40q", inner)
		}
		return ""
	})
	heading := regexp.MustCompile(`<h1>[^<]*</h1>`).FindString(text)
	if heading == "" || regexp.MustCompile(`\d \d{3}\b|U\+`).MatchString(heading) {
		t.Errorf("html: a number can break in %q", heading)
	}
	rows := 0
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(body, "<!DOCTYPE html>")))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("html: %v", err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(pageElements, e.Name.Local) {
			t.Errorf("html: unexpected element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if a.Name.Local == "data-stack" {
				rows++
			}
			if outside.MatchString(a.Name.Local+`="`+a.Value+`"`) && a.Name.Local != "content" {
				t.Errorf("html: %s asks outside: %s=%q", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	want := len(tr.Series)
	if n := len(view.FindNoise(tr).Members); n > 0 && (tr.By == "" || tr.By == "stack") {
		want -= n - 1
	}
	if rows != want {
		t.Errorf("html: %d rows, want %d", rows, want)
	}
}

// TestPage checks what a reader of the page relies on: each row leads to its
// stack and back, all that accumulates is in the chart, and the page says when
// and by which command it was made.
func TestPage(t *testing.T) {
	var dumps []goroutine.Dump
	for i := range 6 {
		var text strings.Builder
		for f := range 7 {
			for id := range 3 + 20*i*(f+1) {
				fmt.Fprintf(&text, "goroutine %d [chan send, 5 minutes]:\nmain.leak%d()\n\t/app/main.go:%d +0x1\ncreated by main.start%d in goroutine 1\n\t/app/start.go:3 +0x1\n\n", id*10+f+1, f, f+3, f)
			}
		}
		got, err := parse.Read(t.Context(), strings.NewReader(text.String()), parse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, got...)
	}
	tr := trend.Compare(dumps)
	if n := len(tr.Leaks); n != 7 {
		t.Fatalf("leaks: got %d, want 7", n)
	}
	var b strings.Builder
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := report.HTML(&b, &tr, report.Options{Command: "gdump diff '<a>' b", Version: "v1.2.3", Now: at}); err != nil {
		t.Fatal(err)
	}
	checkHTML(t, &tr, b.String())
	want := "<footer>gdump v1.2.3 · 2026-01-02 03:04:05 UTC · <code>gdump diff &#39;&lt;a&gt;&#39; b</code></footer>"
	if !strings.Contains(b.String(), want) {
		t.Errorf("no footer %s", want)
	}
	if n := strings.Count(b.String(), "<polyline "); n != 7 {
		t.Errorf("lines of the chart: got %d, want 7", n)
	}
	for i := range tr.Series {
		for _, part := range []string{`<tr id="row-%d"`, `<a href="#stack-%d">`, `<details id="stack-%d"`, `<a href="#row-%d">back`} {
			if part := fmt.Sprintf(part, i); !strings.Contains(b.String(), part) {
				t.Errorf("no %s", part)
			}
		}
	}
}
