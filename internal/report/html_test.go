package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gdump/internal/trend"
)

// pageElements are all that the page is made of.
var pageElements = strings.Fields(`html head meta title style body main script h1 h2 p div table thead tbody tr th td label input output button
	a details summary ol li code span figure figcaption svg line text polyline circle ul`)

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
	if rows != len(tr.Series) {
		t.Errorf("html: %d rows, want %d", rows, len(tr.Series))
	}
}
