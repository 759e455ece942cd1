package fleet_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// names are web-1 … web-n.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("web-%d", i+1)
	}
	return all
}

func TestPullAddsUp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	all := names(30)
	for i, name := range all {
		stacks := map[string]int{"main.serve": 3}
		if i >= 10 {
			stacks["main.leak"] = 10 + i
		}
		s.add(name, stacks)
	}
	f := find(t, s.list(t, func(name string) map[string]string {
		return map[string]string{"version": "v" + name[len(name)-1:], "__meta_x": "hidden"}
	}, all...), fleet.Options{})
	d, failed, err := f.Pull(t.Context())
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	leaks := 0
	for i := 10; i < 30; i++ {
		leaks += 10 + i
	}
	if d.Goroutines != 90+leaks || d.Level != goroutine.Debug1 || len(d.Fleet.Instances) != 30 || len(d.Buckets) != 2 {
		t.Fatalf("%d goroutines, %s, %d instances, %d buckets", d.Goroutines, d.Level, len(d.Fleet.Instances), len(d.Buckets))
	}
	b := d.Buckets[0]
	worst, n := b.Spread.Worst()
	if b.Stack.Site().Function != "main.leak" || b.Count != leaks || len(b.Spread.Shares) != 20 || worst.Name != "web-30" || n != 39 {
		t.Errorf("%s: %d on %d, worst %s has %d", b.Stack.Site().Function, b.Count, len(b.Spread.Shares), worst.Name, n)
	}
	if x := d.Fleet.Instances[1]; x.Name != "web-2" || x.Label("version") != "v2" || x.Label("__meta_x") != "" || x.Goroutines != 3 || x.TakenAt.IsZero() {
		t.Errorf("second instance: %+v", x)
	}
	if s.most > 8 {
		t.Errorf("%d requests at the same time", s.most)
	}
	for _, r := range s.asked {
		if r.URL.Query().Get("debug") != "1" {
			t.Errorf("asked for %s", r.URL)
		}
	}
}

// TestPullKeepsWhatCame has instances that are gone, that lie, and that hang.
// patience is the time-out of instances that hang. Those that answer are far
// below it on any machine.
const patience = 20 * time.Second

func TestPullKeepsWhatCame(t *testing.T) {
	t.Parallel()
	s := newService(t)
	all := names(40)
	for i, name := range all {
		if i%4 == 0 {
			s.hangs[name] = true
		} else {
			s.add(name, map[string]int{"main.serve": 1})
		}
	}
	o := fleet.Options{Source: source.Options{Timeout: patience}}
	f := find(t, s.list(t, nil, append(all, "gone")...), o)
	d, failed, err := f.Pull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) != 11 || d.Goroutines != 30 || len(d.Fleet.Instances) != 30 || d.Fleet.Asked != 41 || !d.Incomplete() {
		t.Errorf("%d failed, %d goroutines on %d of %d", len(failed), d.Goroutines, len(d.Fleet.Instances), d.Fleet.Asked)
	}
	if got := failed[0].What(); got != "no response within 20s" {
		t.Errorf("%s: %s", failed[0].Instance.Name, got)
	}
	if got := failed[10].What(); !strings.Contains(got, "404") {
		t.Errorf("%s: %s", failed[10].Instance.Name, got)
	}
}

func TestPullNone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, failed, err := find(t, s.list(t, nil, "a", "b"), fleet.Options{}).Pull(t.Context())
	var e *source.Error
	if !errors.As(err, &e) || e.Kind != source.Target || len(failed) != 2 || !strings.Contains(e.What, "none of 2 instances answered: a: the server answered 404") {
		t.Error(err, len(failed))
	}
}

func TestFindNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	list := s.list(t, nil, names(3)...)
	for selector, says := range map[string]string{
		list + `{instance="web-9"}`: `selects no process: 3 targets in the list, of which none has {instance="web-9"}`,
		list + `{instance=web-9}`:   "no matcher: instance=web-9",
		list + `{instance=~"("}`:    "not a regular expression",
		list + `{instance="web-9"`:  "matchers end with }",
		"sd:":                       "a file or URL is missing",
		"k8s:":                      "a namespace is missing",
		"k8s:shop":                  "not NAMESPACE/SELECTOR",
		"prometheus:":               "a URL is missing",
		"sd:/no/such/file":          "no such file",
		"sd:http://127.0.0.1:1/x":   "connection refused",
		"prometheus:ftp://h/":       "only http and https",
	} {
		_, err := tryFind(t, selector, fleet.Options{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", selector, err, says)
		}
	}
	_, err := tryFind(t, list, fleet.Options{MaxTargets: 2})
	if err == nil || !strings.Contains(err.Error(), "selects 3 processes, more than --max-targets 2") || hint(err) != "--max-targets 3 asks them all" {
		t.Error(err)
	}
}

// TestListed reads lists as Prometheus' file_sd and http_sd have them.
func TestListed(t *testing.T) {
	t.Parallel()
	const asYAML = "- targets: ['h1:1', 'h2:2']\n  labels: {job: shop, __scheme__: https, __metrics_path__: /m, __param_token: t, \"a\\e[1mb\": \"x\\ey\"}\n- targets: [\"h1:1\"]\n"
	const asJSON = `[{"targets": ["h1:1", "h2:2"], "labels": {"job": "shop", "__scheme__": "https", "__metrics_path__": "/m", "__param_token": "t", "a\u001b[1mb": "x\u001by"}}, {"targets": ["h1:1"]}]`
	file := filepath.Join(t.TempDir(), "list.yml")
	if err := os.WriteFile(file, []byte(asYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, asJSON)
	}))
	t.Cleanup(server.Close)
	for _, selector := range []string{"sd:" + file, "sd:" + server.URL} {
		f := find(t, selector, fleet.Options{})
		var got []string
		for _, x := range f.Instances {
			got = append(got, fmt.Sprint(x.Name, " ", x.Shown, " ", x.Labels))
		}
		want := []string{
			`h1:1 (https://h1:1/debug/pprof/goroutine?token=REDACTED) https://h1:1/debug/pprof/goroutine?token=REDACTED [{a\x1b[1mb x\x1by} {instance h1:1} {job shop}]`,
			`h2:2 https://h2:2/debug/pprof/goroutine?token=REDACTED [{a\x1b[1mb x\x1by} {instance h2:2} {job shop}]`,
			`h1:1 h1:1 [{instance h1:1}]`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", selector, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestCredentials has a server that lists get the token, and the processes in
// the list get none.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.add("web-1", map[string]int{"main.serve": 1})
	var asked []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r)
		fmt.Fprintf(w, `[{"targets": [%q]}]`, s.address("web-1"))
	}))
	t.Cleanup(server.Close)
	o := fleet.Options{Source: source.Options{Access: source.Access{Token: "tok-123", Headers: []string{"X-Key: k-456"}}}}
	for _, share := range []bool{false, true} {
		o.Share = share
		s.asked, asked = nil, nil
		if _, _, err := find(t, "sd:"+server.URL, o).Pull(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h := asked[0].Header; h.Get("Authorization") != "Bearer tok-123" || h.Get("X-Key") != "k-456" {
			t.Errorf("the server got %v", h)
		}
		if h := s.asked[0].Header; (h.Get("Authorization") != "") != share || (h.Get("X-Key") != "") != share {
			t.Errorf("share %v: the target got %v", share, h)
		}
	}
}

// TestManyHang has a thousand targets of which three hundred never answer.
func TestManyHang(t *testing.T) {
	t.Parallel()
	s := newService(t)
	all := names(1000)
	for i, name := range all {
		if i%10 < 3 {
			s.hangs[name] = true
		} else {
			s.add(name, map[string]int{"main.serve": 1})
		}
	}
	f := find(t, s.list(t, nil, all...), fleet.Options{Parallel: 150, Source: source.Options{Timeout: patience}})
	d, failed, err := f.Pull(t.Context())
	if err != nil || len(failed) != 300 || d.Goroutines != 700 {
		t.Fatal(err, len(failed), d.Goroutines)
	}
	// Each is asked once, and waits only for its turn: 300 that hang, 150 at a
	// time, are two time-outs.
	if len(s.asked) != 1000 {
		t.Errorf("%d requests", len(s.asked))
	}
}

// BenchmarkManyHang asks a thousand targets of which three hundred never
// answer, and prints how long that takes beside (hanging / parallel + 1)
// time-outs, and the most memory and file descriptors. The server is in the
// same process, so that half of the descriptors are its own.
func BenchmarkManyHang(b *testing.B) {
	const parallel, hanging, timeout = 60, 300, 2 * time.Second
	s := newService(b)
	all := names(1000)
	for i, name := range all {
		if i%10 < 3 {
			s.hangs[name] = true
		} else {
			s.add(name, map[string]int{"main.serve": 1})
		}
	}
	var heap uint64
	open := 0
	look := func(p fleet.Progress) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		files, _ := os.ReadDir("/proc/self/fd")
		heap, open = max(heap, m.HeapInuse), max(open, len(files))
	}
	f := find(b, s.list(b, nil, all...), fleet.Options{Parallel: parallel, Progress: look, Source: source.Options{Timeout: timeout}})
	for b.Loop() {
		start := time.Now()
		d, failed, err := f.Pull(b.Context())
		if err != nil || len(failed) != hanging || d.Goroutines != len(all)-hanging {
			b.Fatal(err, len(failed), d.Goroutines)
		}
		bound := (float64(hanging)/parallel + 1) * timeout.Seconds()
		b.ReportMetric(time.Since(start).Seconds()/bound, "of-time-outs")
	}
	b.ReportMetric(float64(heap)/(1<<20), "MiB-heap")
	b.ReportMetric(float64(open), "descriptors")
}

// TestLyingInstances has instances that answer with what they were not asked for.
func TestLyingInstances(t *testing.T) {
	t.Parallel()
	s := newService(t)
	good := debug1(map[string]int{"main.serve": 2})
	text := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	s.says = map[string]http.HandlerFunc{
		"html":    text("<html><title>Sign in</title>"),
		"empty":   text(""),
		"metrics": text("# HELP go_goroutines\ngo_goroutines 12\n"),
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4000")
			fmt.Fprint(w, good)
		},
		"full":    text("goroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n\ngoroutine 2 [select]:\nmain.serve()\n\t/app/main.serve.go:7 +0x1\n"),
		"endless": text("goroutine profile: total 9\n" + strings.Repeat("1 @ 0x1\n#\t0x1\tmain.serve+0x1\t/app/x.go:7\n\n", 50_000)),
		"mad":     text("goroutine profile: total 99999999999999999999\n99999999999999999999 @ 0x1\n#\t0x1\tmain.serve+0x1\t/app/x.go:7\n\n"),
		"escape":  text("goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tmain.\x1b[2Jserve+0x1\t/app/x.go:7\n\n"),
		"away":    http.RedirectHandler("http://127.0.0.2:1/", http.StatusFound).ServeHTTP,
		"good":    text(good),
	}
	var all []string
	for name := range s.says {
		all = append(all, name)
	}
	d, failed, err := find(t, s.list(t, nil, all...), fleet.Options{Source: source.Options{MaxBytes: 1 << 20}}).Pull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, f := range failed {
		why[f.Instance.Name] = f.What()
	}
	for name, says := range map[string]string{
		"html": "HTML page", "empty": "empty", "metrics": "no goroutines found", "half": "closed early", "endless": "larger than", "away": "not followed",
	} {
		if !strings.Contains(why[name], says) {
			t.Errorf("%s: %q, want %q", name, why[name], says)
		}
		delete(why, name)
	}
	for name, says := range why {
		if name != "mad" {
			t.Errorf("%s failed: %s", name, says)
		}
	}
	for _, x := range d.Fleet.Instances {
		if want := map[string]int{"good": 2, "full": 2, "escape": 1, "mad": x.Goroutines}[x.Name]; x.Goroutines != want {
			t.Errorf("%s has %d goroutines", x.Name, x.Goroutines)
		}
	}
	for _, r := range s.asked {
		if r.Method != http.MethodGet || r.URL.Query().Get("debug") != "1" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
	}
}
