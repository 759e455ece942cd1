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
