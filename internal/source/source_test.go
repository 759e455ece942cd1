package source_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gdump/internal/faultd"
	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// take pulls once and returns what was said.
func take(t *testing.T, target string, o source.Options) (*source.Taken, string) {
	t.Helper()
	var said []string
	o.Say = func(s string) { said = append(said, s) }
	p, err := source.NewTarget(target, o)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := p.Take(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(taken.Dumps) != 1 {
		t.Fatalf("%d dumps", len(taken.Dumps))
	}
	return taken, strings.Join(said, "\n")
}

// paths are what a process was asked for, in order.
func paths(s *faultd.Server, name string) string {
	var b strings.Builder
	for _, r := range s.Asked(name) {
		b.WriteString(strings.TrimPrefix(r.URL.RequestURI(), "/"+name+"/debug/pprof/") + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestLevels(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		n       int
		noIndex bool
		query   string
		o       source.Options
		asked   string
		level   goroutine.Level
		says    string
	}{
		{name: "small", n: 249, asked: " goroutine?debug=2", level: goroutine.Debug2},
		{name: "large", n: 10_000, asked: " goroutine?debug=1", level: goroutine.Debug1, says: "10 001 goroutines, more than --max-goroutines 10000: asked for debug=1 only"},
		{name: "at the limit", n: 9999, asked: " goroutine?debug=2", level: goroutine.Debug2},
		{name: "limit raised", n: 10_000, o: source.Options{MaxGoroutines: 20_000}, asked: " goroutine?debug=2", level: goroutine.Debug2},
		{name: "no index, small", n: 249, noIndex: true, asked: " goroutine?debug=1 goroutine?debug=2", level: goroutine.Debug2},
		{name: "no index, large", n: 10_000, noIndex: true, asked: " goroutine?debug=1", level: goroutine.Debug1, says: "--level 2 insists"},
		{name: "insisted", n: 10_000, o: source.Options{Level: source.Level2}, asked: " goroutine?debug=2", level: goroutine.Debug2, says: "debug=2 stops the process several times, for about 100ms at a time"},
		{name: "insisted in the URL", n: 5, query: "?debug=2", asked: " goroutine?debug=2", level: goroutine.Debug2},
		{name: "counts", n: 5, o: source.Options{Level: source.Level1}, asked: "goroutine?debug=1", level: goroutine.Debug1},
		{name: "counts in the URL", n: 5, query: "?debug=1", asked: "goroutine?debug=1", level: goroutine.Debug1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := server(t)
			s.Set("p", tt.n)
			if tt.noIndex {
				s.NoIndex("p")
			}
			taken, said := take(t, s.URL+"/p/debug/pprof/goroutine"+tt.query, tt.o)
			if got := paths(s, "p"); got != strings.TrimSpace(tt.asked) {
				t.Errorf("asked %q, want %q", got, tt.asked)
			}
			if d := taken.Dumps[0]; d.Level != tt.level || d.Goroutines != tt.n+1 {
				t.Errorf("got %s with %d goroutines, want %s with %d", d.Level, d.Goroutines, tt.level, tt.n+1)
			}
			if !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
				t.Errorf("said %q, want %q", said, tt.says)
			}
		})
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		10_000:    "stops the process several times, for about 100ms at a time and 600ms in all",
		100_000:   "stops the process several times, for about 1s at a time and 6s in all, and is cut off at 64 MiB (about 66 000 goroutines)",
		1_000_000: "stops the process several times, for about 6s at a time and 30s in all, and is cut off at 64 MiB (about 66 000 goroutines)",
	} {
		if got := source.Cost(n); got != want {
			t.Errorf("Cost(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestRestore pulls a dump that the runtime cuts off at 64 MiB.
func TestRestore(t *testing.T) {
	t.Parallel()
	s := server(t)
	const n = 90_000 // 64 MiB of its text are fewer
	s.Set("p", n)
	s.Cut("p")
	dir := t.TempDir()
	p, err := source.NewTarget(s.URL+"/p", source.Options{Level: source.Level2, Restore: trend.Restore})
	if err != nil {
		t.Fatal(err)
	}
	taken, err := p.Save(t.Context(), filepath.Join(dir, "big.dump"), false)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, d goroutine.Dump) {
		t.Helper()
		if d.Goroutines != n+1 || !d.Truncated || d.Level != goroutine.Debug2 {
			t.Errorf("%s: %d goroutines at %s, truncated %v; want %d", name, d.Goroutines, d.Level, d.Truncated, n+1)
		}
		if b := d.Buckets[0]; b.Count != n || b.IDs.Len() == 0 || b.IDs.Len() >= n || b.Stack.CreatedBy().Function != "main.main" {
			t.Errorf("%s: bucket of %d, %d ids, created by %s", name, b.Count, b.IDs.Len(), b.Stack.CreatedBy().Function)
		}
		if got := d.Problems[len(d.Problems)-1].Message; !strings.Contains(got, "90 001 goroutines; states, waits and IDs are known for ") {
			t.Errorf("%s: %q", name, got)
		}
	}
	check("pulled", taken.Dumps[0])
	if info, err := os.Stat(filepath.Join(dir, "big.dump")); err != nil || info.Size() != 64<<20 {
		t.Errorf("the file is not what the server sent: %v, %v", info, err)
	}
	dumps, err := source.Read(t.Context(), filepath.Join(dir, "big.dump"), source.Options{Restore: trend.Restore})
	if err != nil || len(dumps) != 1 {
		t.Fatalf("%d dumps, %v", len(dumps), err)
	}
	check("read again", dumps[0])
}

func TestLeak(t *testing.T) {
	t.Parallel()
	s := server(t)
	s.Set("p", 20_000)
	for _, tt := range []struct{ target, says, hint string }{
		{s.URL + "/unknown", "404 Not Found: Unknown profile", "GOEXPERIMENT=goroutineleakprofile"},
		{s.URL + "/p", "20 001 goroutines, more than --max-goroutines 10000", "--max-goroutines 22001 insists"},
		{s.URL + "/p/debug/pprof/goroutineleak", "more than --max-goroutines", "insists"},
	} {
		_, err := source.Pull(t.Context(), tt.target, source.Options{Leak: true})
		var e *source.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", tt.target, err)
		}
		hold(t, "message", e.Error(), tt.says)
		hold(t, "hint", e.Hint, tt.hint)
	}
}

// TestSecrets asks a server that echoes all it was sent, and looks for the
// secrets in what is said.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s := server(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	host := strings.TrimPrefix(s.URL, "http://")
	for name, o := range map[string]source.Access{
		"header":     {Headers: []string{"X-Api-Key: hush-hush"}},
		"cookie":     {Headers: []string{"Cookie: session=hush-hush"}},
		"file":       {Headers: []string{"@" + write("headers", "X-A: b\n\nX-Api-Key: hush-hush\n")}},
		"token":      {Token: "hush-hush"},
		"token file": {TokenFile: write("token", "hush-hush\n")},
	} {
		for _, target := range []string{s.URL + "/echo", "http://user:hush-hush@" + host + "/echo", s.URL + "/echo?token=hush-hush", "http://user:hush-hush@" + host + "/nowhere?key=hush-hush"} {
			p, err := source.NewTarget(target, source.Options{Access: o})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Save(t.Context(), filepath.Join(dir, "x.dump"), false)
			var e *source.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: %v", name, err)
			}
			if all := e.Error() + e.Hint + p.Name() + p.FileName(time.Now()); strings.Contains(all, "hush-hush") {
				t.Errorf("%s, %s: the secret is in %q", name, target, all)
			}
		}
	}
	sent := func(key string) bool {
		for _, r := range s.Asked("echo") {
			if strings.Contains(r.Header.Get(key), "hush-hush") {
				return true
			}
		}
		return false
	}
	for _, key := range []string{"X-Api-Key", "Cookie", "Authorization"} {
		if !sent(key) {
			t.Errorf("%s was not sent", key)
		}
	}
	for _, bad := range []string{"hush-hush", "X: hush\r\nY: hush-hush", ": hush-hush", "@" + filepath.Join(dir, "none")} {
		_, err := source.NewTarget(s.URL, source.Options{Access: source.Access{Headers: []string{bad}}})
		if kindOf(err) != source.Usage || strings.Contains(err.Error(), "hush") {
			t.Errorf("header %q: %v", bad, err)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "app.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/goroutine", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, faultd.Dump) })
	mux.HandleFunc("/base/debug/pprof/goroutine", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, faultd.Dump) })
	web := &http.Server{Handler: mux}
	go web.Serve(l)
	defer web.Close()
	for _, target := range []string{"unix://" + socket, "unix://" + socket + ":/base", "unix://" + socket + ":/debug/pprof/goroutine?debug=2"} {
		taken, _ := take(t, target, source.Options{})
		hold(t, "name", taken.Name, "unix://"+socket+":/")
	}
	p, err := source.NewTarget("unix://"+socket, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.FileName(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), "app.sock_unix-20260102T030405Z.dump"; got != want {
		t.Errorf("file name %s, want %s", got, want)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		":6060":                       "localhost_6060",
		"h:6060":                      "h_6060",
		"[::1]:6060":                  "ipv6--1_6060",
		"http://h":                    "h_80",
		"https://h/":                  "h_443",
		"http://h:1/base/":            "h_1_base",
		"http://h:1/a/b/debug/pprof/": "h_1_a-b",
		"http://h:1/../x/debug/pprof": "h_1_x",
		"http://h:1/debug/pprof/?a=b": "h_1",
		"https://h/debug/pprof/goroutine?debug=1": "h_443",
	} {
		p, err := source.NewTarget(arg, source.Options{})
		if err != nil {
			t.Errorf("%s: %v", arg, err)
			continue
		}
		if got, _, _ := strings.Cut(p.FileName(time.Now()), "-2"); got != want {
			t.Errorf("%s: %s, want %s", arg, got, want)
		}
	}
	for _, arg := range []string{"ftp://h", "http://", "http://h:1/debug/pprof/goroutine?debug=9", "unix://x.sock", "http://h:port", "http://%zz"} {
		if _, err := source.NewTarget(arg, source.Options{}); kindOf(err) != source.Usage {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

// TestTimes reads back when a dump was taken, whatever it is called.
func TestTimes(t *testing.T) {
	t.Parallel()
	s := server(t)
	s.Set("p", 3)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	dir := t.TempDir()
	p, err := source.NewTarget(s.URL+"/p", source.Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]time.Time{
		"before.dump":   at,
		"before.txt.gz": at.Truncate(time.Second),
		"":              at.Truncate(time.Second),
	} {
		if name == "" {
			name = dir
		} else {
			name = filepath.Join(dir, name)
		}
		taken, err := p.Save(t.Context(), name, false)
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := source.Read(t.Context(), taken.File, source.Options{})
		if err != nil || len(dumps) != 1 || dumps[0].Goroutines != 4 || !dumps[0].TakenAt.Equal(want) {
			t.Errorf("%s: %v, %v", taken.File, dumps, err)
		}
	}
	second, err := p.Save(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, "name", second.File, "-20260102T030405Z_2.dump")
	dumps, err := source.Read(t.Context(), second.File, source.Options{})
	if err != nil || !dumps[0].TakenAt.After(at.Truncate(time.Second)) {
		t.Errorf("the second dump of a second is not after the first: %v", err)
	}
	// A note of another file is not believed.
	if err := os.WriteFile(filepath.Join(dir, "before.dump"), []byte(faultd.Dump), 0o600); err != nil {
		t.Fatal(err)
	}
	dumps, err = source.Read(t.Context(), filepath.Join(dir, "before.dump"), source.Options{})
	if err != nil || !dumps[0].TakenAt.IsZero() {
		t.Errorf("a stale note was believed: %v", err)
	}
}

// TestSaveTrouble has no room, no folder, no permission, and a file in the way.
func TestSaveTrouble(t *testing.T) {
	t.Parallel()
	s := server(t)
	s.Set("p", 3)
	dir := t.TempDir()
	p, err := source.NewTarget(s.URL+"/p", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	save := func(name string, force bool) error {
		_, err := p.Save(t.Context(), filepath.Join(dir, name), force)
		return err
	}
	if err := save("a.dump", false); err != nil {
		t.Fatal(err)
	}
	asked := len(s.Asked("p"))
	if err := save("a.dump", false); kindOf(err) != source.Local || !strings.Contains(err.Error(), "the file is there already") {
		t.Errorf("in the way: %v", err)
	}
	if len(s.Asked("p")) != asked {
		t.Error("the process was asked although the file is there")
	}
	if err := save("a.dump", true); err != nil {
		t.Errorf("forced: %v", err)
	}
	if err := os.Symlink("a.dump", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := save("link", false); kindOf(err) != source.Local {
		t.Errorf("through a link: %v", err)
	}
	if err := save("none/x.dump", false); kindOf(err) != source.Local || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no folder: %v", err)
	}
	// A folder in which nobody may make a file, not even root, whom modes do not bind.
	asked = len(s.Asked("p"))
	if _, err := p.Save(t.Context(), "/proc/self/x.dump", false); kindOf(err) != source.Local || !strings.Contains(err.Error(), "/proc/self/x.dump") {
		t.Errorf("read-only folder: %v", err)
	}
	if got := len(s.Asked("p")); got != asked {
		t.Errorf("the process was asked %d times although there is no place for the response", got-asked)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	read := func(text string) ([]string, error) { return source.ReadTargets("-", strings.NewReader(text)) }
	for text, want := range map[string]string{
		"# fleet\n:6060\n\nhttp://a:1/b\r\nunix:///x.sock\n":                                   ":6060 http://a:1/b unix:///x.sock",
		`[{"targets":["a:1","http://b"]},{"targets":["c:2"],"labels":{"__scheme__":"https"}}]`: "http://a:1 http://b https://c:2",
	} {
		got, err := read(text)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                   "no targets in it",
		"[]":                                 "no targets in it",
		"[\n {\"targets\": [}]":              "line 2, column 15",
		`["a"]`:                              "not a list like",
		"ok:1\nwhat \x1b[31mis this\n":       `line 2: "what \\x1b[31mis this" is no target`,
		strings.Repeat("a:1\n", 10_001):      "10001 targets, more than 10000",
		strings.Repeat("a", 70_000) + ":1\n": "a line is longer",
	} {
		_, err := read(text)
		if kindOf(err) != source.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// TestSaveEach asks fifty targets of which some fail.
func TestSaveEach(t *testing.T) {
	t.Parallel()
	s := server(t)
	var targets []string
	for name := range strings.FieldsSeq(strings.Repeat("p q ", 23)) {
		name += string(rune('a' + len(targets)/2))
		s.Set(name, 3)
		targets = append(targets, s.URL+"/"+name)
	}
	targets = append(targets, s.URL+"/reset", s.URL+"/login", s.URL+"/cut-length", targets[0])
	dir := filepath.Join(t.TempDir(), "new")
	var processes []*source.Process
	for _, target := range targets {
		p, err := source.NewTarget(target, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		processes = append(processes, p)
	}
	results, err := source.SaveEach(t.Context(), processes, dir, 8, false, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(targets)-1 {
		t.Errorf("%d results, want one for each target that is not named twice", len(results))
	}
	failed := 0
	for _, r := range results {
		if r.Err != nil {
			failed++
		}
	}
	saved, err := filepath.Glob(filepath.Join(dir, "*.dump"))
	if err != nil || failed != 3 || len(saved) != 46 {
		t.Errorf("%d failed, %d saved, %v", failed, len(saved), err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}
