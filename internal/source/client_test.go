package source

import (
	"net/http"
	"net/url"
	"testing"
)

// TestSameOrigin holds each part of an origin: credentials go nowhere else.
func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to string
		follow   bool
	}{
		{"http://h:6060/a", "http://h:6060/b", true},
		{"https://h/a", "https://h/b", true},
		{"http://h/a", "https://h/a", true},
		{"http://h:6060/a", "https://h:6060/a", true},
		{"https://h/a", "http://h/a", false},
		{"https://h:6060/a", "http://h:6060/a", false},
		{"http://h:6060/a", "http://h:6061/a", false},
		{"http://h:6060/a", "https://h:6061/a", false},
		{"http://h/a", "http://h:8080/a", false},
		{"http://h/a", "http://other/a", false},
		{"http://h/a", "https://other/a", false},
		{"http://h/a", "http://sub.h/a", false},
		{"http://h/a", "file:///etc/passwd", false},
		{"http://h/a", "unix://h/a", false},
		{"https://h/a", "ftp://h/a", false},
		{"http://h/a", "gopher://h/a", false},
	} {
		request := func(s string) *http.Request {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			return &http.Request{URL: u}
		}
		if err := sameOrigin(request(tt.to), []*http.Request{request(tt.from)}); (err == nil) != tt.follow {
			t.Errorf("%s to %s: %v, want to follow: %v", tt.from, tt.to, err, tt.follow)
		}
		// A hop in between changes nothing: the first is what was typed.
		if err := sameOrigin(request(tt.to), []*http.Request{request(tt.from), request(tt.to)}); (err == nil) != tt.follow {
			t.Errorf("%s to %s by another hop: %v", tt.from, tt.to, err)
		}
	}
	u := &http.Request{URL: &url.URL{Scheme: "http", Host: "h"}}
	for hops := range 8 {
		via := make([]*http.Request, hops+1)
		for i := range via {
			via[i] = u
		}
		if err := sameOrigin(u, via); (err == nil) != (hops < maxRedirects) {
			t.Errorf("%d hops: %v", hops, err)
		}
	}
}
