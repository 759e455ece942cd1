// Package e2e tries the built program the way it is used: on a terminal, with
// key presses, against servers that nobody here wrote.
package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/ui"
)

// gdump is the path of the built program.
var gdump string

func TestMain(m *testing.M) {
	if how := os.Getenv("E2E_SCREEN_PANICS"); how != "" {
		os.Exit(panicking(how))
	}
	if addr := os.Getenv("E2E_GOPS_AGENT"); addr != "" {
		serveAgent(addr)
	}
	dir, err := os.MkdirTemp("", "gdump-e2e-")
	if err != nil {
		panic(err)
	}
	gdump = filepath.Join(dir, "gdump")
	build := exec.Command("go", "build", "-o", gdump, "./cmd/gdump")
	build.Dir = filepath.Join("..", "..")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// result is what a command printed and ended with.
type result struct {
	stdout, stderr string
	status         int
}

func command(t *testing.T, dir string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(gdump, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	err := cmd.Run()
	var e *exec.ExitError
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// report is the part of the JSON report that is looked at here.
type report struct {
	Dumps []struct {
		Level      string
		Goroutines int
		Problems   []struct{ Message string }
	}
	Buckets []struct {
		Counts []int
		Site   struct{ Function string }
	}
}

func readReport(t *testing.T, text string) report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return r
}

// TestServers pulls from real servers, browses, opens connections, pulls again
// and compares.
func TestServers(t *testing.T) {
	tests := []struct {
		start func(*testing.T) server
		grows string // the call site where a connection parks
	}{
		{natsServer, "readLoop"},
		{prometheus, "net/http"},
		{caddy, "net/http"},
		{etcd, "cmux"},
	}
	for _, tt := range tests {
		s := tt.start(t)
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			pull := func(name string) string {
				t.Helper()
				r := command(t, dir, "pull", s.pprof, "-o", name)
				if r.status != 0 || r.stdout != name+"\n" {
					t.Fatalf("pull: status %d, stdout %q, stderr %q", r.status, r.stdout, r.stderr)
				}
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				return string(data)
			}
			before := pull("before.dump")
			headers := regexp.MustCompile(`(?m)^goroutine \d+ \[`).FindAllString(before, -1)
			r := command(t, dir, "before.dump", "--format", "json")
			one := readReport(t, r.stdout)
			if r.status != 0 || one.Dumps[0].Goroutines != len(headers) || len(one.Dumps[0].Problems) > 0 {
				t.Errorf("status %d, %d goroutines in %d headers, problems %v, stderr %q", r.status, one.Dumps[0].Goroutines, len(headers), one.Dumps[0].Problems, r.stderr)
			}

			// The other levels show the same process, give or take a connection.
			for level, file := range map[string]string{"0": "level0.pb.gz", "1": "level1"} {
				r := command(t, dir, "pull", s.pprof, "--level", level, "-o", file)
				if r.status != 0 {
					t.Fatalf("pull --level %s: status %d, %s", level, r.status, r.stderr)
				}
				r = command(t, dir, "diff", "before.dump", file, "--format", "json")
				both := readReport(t, r.stdout)
				if r.status != 0 || len(both.Dumps) != 2 {
					t.Fatalf("diff with --level %s: status %d, %s", level, r.status, r.stderr)
				}
				if d := both.Dumps[1].Goroutines - both.Dumps[0].Goroutines; d < -10 || d > 10 {
					t.Errorf("--level %s: %d goroutines, not about %d", level, both.Dumps[1].Goroutines, both.Dumps[0].Goroutines)
				}
			}

			pprof := exec.Command("go", "tool", "pprof", "-top", filepath.Join(dir, "level0.pb.gz"))
			if out, err := pprof.CombinedOutput(); err != nil || !strings.Contains(string(out), "Type: goroutine") {
				t.Errorf("go tool pprof: %v\n%s", err, out)
			}

			browse(t, s, len(one.Buckets))

			s.connect(t, 40)
			pull("after.dump")
			r = command(t, dir, "diff", "before.dump", s.pprof, "--format", "json")
			two := readReport(t, r.stdout)
			if r.status != 0 || len(two.Dumps) != 2 {
				t.Fatalf("diff: status %d, %s", r.status, r.stderr)
			}
			grown := false
			for _, b := range two.Buckets {
				grown = grown || b.Counts[1]-b.Counts[0] >= 40 && strings.Contains(b.Site.Function, tt.grows)
			}
			if !grown {
				t.Errorf("no bucket in %s grew by the 40 connections:\n%s", tt.grows, command(t, dir, "diff", "before.dump", "after.dump").stdout)
			}
			x := start(t, 120, 36, gdump, "diff", filepath.Join(dir, "before.dump"), filepath.Join(dir, "after.dump"))
			x.wait(`before\.dump → .*after\.dump`)
			x.wait(`▸ +\+4\d`)
			x.press("q")
			x.exit(0)
		})
	}
}

// browse walks through the screens of a live server.
func browse(t *testing.T, s server, buckets int) {
	t.Helper()
	x := start(t, 100, 30, gdump, "http://"+s.pprof+"/debug/pprof/")
	x.wait(`\d+ goroutines`)
	x.wait(`▸ `)
	x.press("jjk")
	x.press("/")
	x.press("select")
	x.wait(`\d+ of \d+ buckets · filter: select`)
	x.press("\r")
	x.press("\r")
	x.wait(`━ stack of`)
	x.press("\x1b")
	x.wait(`filter: select`)
	x.press("\x1b")
	x.wait(`━ \d+ buckets ━`)
	x.press("?")
	x.wait(`━ keys`)
	x.press("sort")
	x.wait(`sort by the next column`)
	x.press("\x1b\x1b")
	x.resize(60, 16)
	x.wait(`▸ `)
	x.press("q")
	x.exit(0)
	if buckets < 2 {
		t.Errorf("%d buckets only", buckets)
	}
}

// TestWatch follows a server that clients connect to, and asks for a dump.
func TestWatch(t *testing.T) {
	s := natsServer(t)
	x := start(t, 120, 36, gdump, "watch", s.pprof, "--every", "1s", "--out", "dumps")
	x.wait(`live ● .*\d+s ago`)
	x.wait(`▸ `)
	s.connect(t, 40)
	x.press("r")
	x.wait(`→ .*\.dump`)
	x.wait(`\+40 `)
	x.press(" ")
	x.wait(`paused, \d+ newer`)
	x.press(" [")
	x.wait(`\d of \d · `)
	x.press("qq")
	x.exit(0)
	kept, err := filepath.Glob(filepath.Join(x.cmd.Dir, "dumps", "*.dump"))
	if err != nil || len(kept) < 2 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// TestDemo runs the product's default job on a terminal and without one.
func TestDemo(t *testing.T) {
	r := command(t, t.TempDir(), "demo")
	if r.status != 0 || !strings.Contains(r.stdout, "accumulating: bus.(*Subscription).deliver +480") {
		t.Errorf("status %d\n%s\n%s", r.status, r.stdout, r.stderr)
	}
	x := start(t, 80, 24, gdump, "demo")
	x.wait(`accumulating: bus\.\(\*Subscription\)\.deliver \+480`)
	x.press("q")
	x.exit(0)
}

// TestSource walks from the leak to its line of code, and on into the editor.
func TestSource(t *testing.T) {
	out := filepath.Join(t.TempDir(), "edited")
	t.Setenv("VISUAL", `sh -c 'echo "$0" "$@" > `+out+`'`)
	x := start(t, 120, 36, gdump, "demo")
	x.wait(`▸\d+ +s\.out <- m`)
	x.press("\r")
	x.wait(`━ stack of bus\.\(\*Subscription\)\.deliver ━`)
	x.press("\r")
	x.wait(`bus\.go ━`)
	x.press("e")
	x.wait(`bus\.go ━`)
	x.press("\x1b")
	x.wait(`━ stack of`)
	x.press("qq")
	x.exit(0)
	got, err := os.ReadFile(out)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(got)), "internal/demo/bus/bus.go") {
		t.Errorf("the editor got %q, %v", got, err)
	}
}

// TestClipboard copies by the escape sequence that terminals know.
func TestClipboard(t *testing.T) {
	x := start(t, 100, 30, gdump, testdata(t, "leakpair/v1.t1.debug2.txt"))
	x.wait(`▸ `)
	x.press("y")
	x.wait(`copied \d+ lines`)
	_, rest, ok := strings.Cut(x.written(), "\x1b]52;c;")
	text, _, _ := strings.Cut(rest, "\x07")
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || !strings.Contains(string(data), "main.(*Server).locked(0x0?, 0x0?)\n\t/home/dev/src/leaky/main.go:69") {
		t.Errorf("copied %q, %v", data, err)
	}
	x.press("q")
	x.exit(0)
}

// TestSuspend stops the program and brings it back.
func TestSuspend(t *testing.T) {
	x := start(t, 100, 30, "bash", "--norc", "-i", "-c", gdump+" "+testdata(t, "leakpair/v1.t1.debug2.txt")+"; fg; echo back in the shell")
	x.wait(`13 buckets`)
	x.press("\x1a")
	x.wait(`13 buckets`)
	x.press("gj")
	x.wait(`▸ +99`)
	x.press("q")
	x.wait(`back in the shell`)
	x.exit(0)
}

// TestStopped stops the program from outside: the shell gets a terminal that is
// whole, and fg brings the screen back. SIGSTOP cannot be noticed, so then only
// what comes after it counts.
func TestStopped(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTSTP, syscall.SIGSTOP} {
		t.Run(s.String(), func(t *testing.T) {
			x := start(t, 100, 30, "bash", "--norc", "-i", "-c",
				"sh -c 'echo $$ >pid; exec \"$0\" \"$1\"' "+gdump+" "+testdata(t, "leakpair/v1.t1.debug2.txt")+"; stty -a >modes; clear; fg; echo back in the shell")
			x.wait(`13 buckets`)
			b, err := os.ReadFile(filepath.Join(x.cmd.Dir, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, s); err != nil {
				t.Fatal(err)
			}
			x.wait(`13 buckets`)
			x.press("gj")
			x.wait(`▸ +99`)
			x.press("q")
			x.wait(`back in the shell`)
			x.exit(0)
			modes, err := os.ReadFile(filepath.Join(x.cmd.Dir, "modes"))
			if err != nil {
				t.Fatal(err)
			}
			if text := string(modes); s == syscall.SIGTSTP && (strings.Contains(text, "-echo ") || strings.Contains(text, "-icanon")) {
				t.Errorf("the shell's terminal: %s", text)
			}
		})
	}
}

// TestSuspendAlone presses ctrl-z where no shell could bring the screen back:
// it goes on.
func TestSuspendAlone(t *testing.T) {
	x := start(t, 100, 30, gdump, testdata(t, "leakpair/v1.t1.debug2.txt"))
	x.wait(`13 buckets`)
	x.press("\x1a")
	x.press("gj")
	x.wait(`▸ +99`)
	x.press("q")
	x.exit(0)
}

// TestWatchUnreachable watches a port that nobody listens on, until a server
// does.
func TestWatchUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	x := start(t, 100, 30, gdump, "watch", addr, "--out", "dumps", "--every", "1s")
	x.wait(`connection refused`)
	x.wait(`next try in 1s`)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	web := &http.Server{Addr: addr, Handler: mux}
	go web.ListenAndServe()
	t.Cleanup(func() { web.Close() })
	x.wait(`live ● .*\d+s ago`)
	x.press("q")
	x.exit(0)
}

// TestRunOrphan interrupts run on a terminal: a child whose parent has ended,
// and which ignores signals, does not outlive it.
func TestRunOrphan(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	x := start(t, 100, 30, gdump, "run", web.URL, "--", "sh", "-c",
		`sh -c 'trap "" INT TERM HUP QUIT; sleep 1000 & echo $! >pid'; echo started; while :; do sleep 1; done`)
	x.wait(`started`)
	b, err := os.ReadFile(filepath.Join(x.cmd.Dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	x.press("\x03")
	x.exit(130)
	for late := time.After(patience); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-late:
			t.Fatal("the child is still running")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// panicking runs a screen that panics, in this process: the program has no such
// mistake to show. It is 0 if the screen says that it broke.
func panicking(how string) int {
	dump := goroutine.Dump{Source: "one.dump", Goroutines: 1, Buckets: []goroutine.Bucket{{Count: 1}}}
	c := ui.Config{Load: func(context.Context, func(ui.Step)) (trend.Trend, error) { return trend.One(dump), nil }}
	switch how {
	case "load":
		c.Load = func(context.Context, func(ui.Step)) (trend.Trend, error) { panic("our own mistake") }
	case "key":
		c.Copy = func(string) error { panic("our own mistake") }
	case "draw":
		c.Load = func(ctx context.Context, _ func(ui.Step)) (trend.Trend, error) {
			<-ctx.Done()
			return trend.Trend{}, ctx.Err()
		}
		asked := 0
		c.Now = func() time.Time { // at the start, then for the rate that is drawn
			if asked++; asked > 1 {
				panic("our own mistake")
			}
			return time.Now()
		}
	}
	if err := ui.Run(context.Background(), c); !errors.Is(err, ui.ErrPanic) {
		fmt.Println("not a panic:", err)
		return 1
	}
	return 0
}

// TestPanic breaks the screen in each of its parts: the terminal must be whole,
// and show the stack.
func TestPanic(t *testing.T) {
	for _, how := range []string{"load", "key", "draw"} {
		t.Run(how, func(t *testing.T) {
			t.Setenv("E2E_SCREEN_PANICS", how)
			x := start(t, 100, 30, os.Args[0])
			if how == "key" {
				x.wait(`1 bucket`)
				x.press("y")
			}
			x.exit(0)
			if got := x.written(); !strings.Contains(got, "our own mistake") {
				t.Errorf("the panic is not on the screen:\n%q", got)
			}
		})
	}
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "testdata", "dumps", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSignals ends the screen from outside: the terminal must be whole.
func TestSignals(t *testing.T) {
	dump := testdata(t, "server/nats.b.debug2.txt")
	for sig, status := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGQUIT: 131} {
		x := start(t, 80, 24, gdump, dump)
		x.wait(`goroutines`)
		if err := x.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		x.exit(status)
	}
	x := start(t, 80, 24, gdump, dump)
	x.wait(`goroutines`)
	x.press("\x03")
	x.exit(0)
}

// TestPipe reads the dump from a pipe and the keys from the terminal.
func TestPipe(t *testing.T) {
	dump := testdata(t, "server/nats.b.debug2.txt")
	x := start(t, 80, 24, "sh", "-c", "cat "+dump+" | "+gdump)
	x.wait(`stdin .*goroutines`)
	x.press("Gq")
	x.exit(0)
}

// TestSilentTerminal starts on a terminal that answers no query: nothing may
// wait for it.
func TestSilentTerminal(t *testing.T) {
	x := start(t, 80, 24, gdump, "--version")
	x.wait(`gdump version`)
	x.exit(0)
	if raw := x.written(); strings.Contains(raw, "\x1b]11;?") {
		t.Errorf("the background was asked for: %q", raw)
	}
}
