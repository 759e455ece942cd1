package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveFleet starts a service of 12 processes, web-1 to web-12, of which web-7
// leaks and web-12 is gone, and writes targets.json: servefleet.
func serveFleet(ts *testscript.TestScript, _ bool, _ []string) {
	leak := func(n int) string {
		return fmt.Sprintf("%d @ 0x1\n#\t0x1\tgithub.com/acme/shop.(*Cart).wait+0x1\t/src/shop/cart.go:40\n\n", n)
	}
	const idle = "4 @ 0x2\n#\t0x2\tmain.serve+0x1\t/src/shop/main.go:12\n\n"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, page, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		n := map[string]int{"web-7": 1204, "web-3": 3, "web-5": 2}[name]
		switch {
		case name == "web-12" || page != "debug/pprof/goroutine":
			http.Error(w, "not here, Bearer tok-sesame-1", http.StatusNotFound)
		case r.URL.Query().Get("debug") == "1":
			fmt.Fprintf(w, "goroutine profile: total %d\n%s", n+4, idle)
			if n > 0 {
				fmt.Fprint(w, leak(n))
			}
		default:
			fmt.Fprint(w, dump)
		}
	}))
	ts.Defer(s.Close)
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	var groups []group
	for i := 1; i <= 12; i++ {
		name := fmt.Sprintf("web-%d", i)
		groups = append(groups, group{[]string{s.URL + "/" + name}, map[string]string{"instance": name, "job": "shop", "version": fmt.Sprintf("v%d", 1+i/7)}})
	}
	b, err := json.Marshal(groups)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("targets.json"), b, 0o600))
}

// serveBad starts processes that answer as processes in trouble do, and an engine
// for each way that one can be in trouble, and writes bad.json: servebad. What
// they are sent they say again.
func serveBad(ts *testscript.TestScript, _ bool, _ []string) {
	end := make(chan struct{})
	const good = "goroutine profile: total 4\n4 @ 0x2\n#\t0x2\tmain.serve+0x1\t/src/shop/main.go:12\n\n"
	echo := func(r *http.Request) string {
		return fmt.Sprint(r.Header["Authorization"], r.Header["Cookie"], r.URL.RawQuery)
	}
	answers := map[string]http.HandlerFunc{
		"good":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, good) },
		"other":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.ReplaceAll(good, ":12", ":14")) },
		"forbidden": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "not for "+echo(r), http.StatusForbidden) },
		"gone":      http.NotFound,
		"fails":     func(w http.ResponseWriter, r *http.Request) { http.Error(w, "boom \x1b[1m"+echo(r), 500) },
		"html": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "<html><title>Sign in %s</title>", echo(r))
		},
		"empty": func(http.ResponseWriter, *http.Request) {},
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9000")
			fmt.Fprint(w, good)
		},
		"liar": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Replace(good, "total 4", "total 4000", 1))
		},
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-end:
			case <-r.Context().Done():
			}
		},
		"away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.2:1/", http.StatusFound)
		},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		answers[name](w, r)
	}))
	ts.Defer(func() {
		close(end)
		s.Close()
	})
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	groups := []group{{[]string{"127.0.0.1:1"}, map[string]string{"instance": "unreachable"}}}
	for _, name := range []string{"good", "other", "forbidden", "gone", "fails", "html", "empty", "half", "liar", "hangs", "away"} {
		groups = append(groups, group{[]string{s.URL + "/" + name}, map[string]string{"instance": name, "zo\x1bne": "a\x1b[1m\nb", "__param_key": "key-sesame-3"}})
	}
	b, err := json.Marshal(groups)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("bad.json"), b, 0o600))
	ts.Setenv("BAD", s.URL)
}
