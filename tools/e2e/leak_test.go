package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// leaky builds a server that leaks when it is asked to, with the search for
// leaked goroutines that Go 1.26 has as an experiment, and starts it with what
// is added to the environment.
func leaky(t *testing.T, env ...string) server {
	t.Helper()
	program := filepath.Join(t.TempDir(), "leaky")
	build := exec.Command("go", "build", "-o", program, "./testdata/leaky")
	build.Env = append(os.Environ(), "GOEXPERIMENT=goroutineleakprofile")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	addr := local(freePort(t))
	return run(t, server{name: "leaky", pprof: addr, addr: addr}, program, addr)
}

func (s server) get(t *testing.T, page string) {
	t.Helper()
	resp, err := http.Get("http://" + s.addr + page)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", page, resp.Status)
	}
}

// TestLeakProfile pulls a leak profile at each level, and has it prove which of
// two places that grow alike leaks.
func TestLeakProfile(t *testing.T) {
	s := leaky(t)
	dir := t.TempDir()
	pull := func(args ...string) {
		t.Helper()
		if r := command(t, dir, append([]string{"pull", s.pprof}, args...)...); r.status != 0 {
			t.Fatalf("pull %v: status %d, %s", args, r.status, r.stderr)
		}
	}
	pull("-o", "a.dump")
	pull("--leak", "-o", "none")
	if r := command(t, dir, "none"); r.status != 0 || !strings.HasPrefix(r.stdout, "the garbage collector proved no goroutine leaked") {
		t.Errorf("no leak: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	s.get(t, "/leak")
	pull("-o", "b.dump")
	s.get(t, "/leak")
	pull("-o", "c.dump")
	for _, level := range []string{"0", "1", "2"} {
		profile := "leaks." + level
		pull("--leak", "--level", level, "-o", profile)
		for _, dumps := range [][]string{{"a.dump", "b.dump", "c.dump", profile}, {"a.dump", "c.dump", profile}, {"a.dump", profile}} {
			if len(dumps) == 2 && level != "2" {
				continue // the profile lists only what leaked: there is nothing to compare
			}
			r := command(t, dir, append([]string{"diff", "--format", "json"}, dumps...)...)
			var got struct {
				Buckets []struct {
					Site    struct{ Function string }
					Verdict string
					Proof   string
				}
			}
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.status != 0 {
				t.Fatalf("diff %v: status %d, %v, %s", dumps, r.status, err, r.stderr)
			}
			proof := map[string]string{}
			for _, b := range got.Buckets {
				proof[b.Site.Function] = b.Verdict + " " + b.Proof
			}
			if p := proof["main.leak.func1.1"]; p != "accumulating proved" {
				t.Errorf("diff %v: main.leak is %q", dumps, p)
			}
			if p := proof["main.hold.func1"]; strings.HasSuffix(p, "proved") {
				t.Errorf("diff %v: main.hold is %q", dumps, p)
			}
		}
		r := command(t, dir, profile)
		if want := "leaked: 60 goroutines in main.leak.func1.1, proven leaked by the garbage collector"; r.status != 0 || !strings.HasPrefix(r.stdout, want) {
			t.Errorf("%s: status %d\n%s%s", profile, r.status, r.stdout, r.stderr)
		}
	}
}

// TestQuit has the server print its goroutines and die, as much as each
// GOTRACEBACK shows, and reads what came, which a pull just before shows, too.
func TestQuit(t *testing.T) {
	for _, traceback := range []string{"all", "system", "crash"} {
		t.Run(traceback, func(t *testing.T) {
			s := leaky(t, "GOTRACEBACK="+traceback, "GODEBUG=tracebacklabels=1")
			dir := t.TempDir()
			s.get(t, "/leak")
			if r := command(t, dir, "pull", s.pprof, "-o", "live.dump"); r.status != 0 {
				t.Fatalf("pull: status %d, %s", r.status, r.stderr)
			}
			log := s.quit(t)
			if !bytes.Contains(log, []byte("SIGQUIT")) {
				t.Fatalf("no SIGQUIT in\n%s", log)
			}
			write(t, filepath.Join(dir, "quit.log"), string(log))
			r := command(t, dir, "diff", "live.dump", "quit.log", "--format", "json")
			got := readReport(t, r.stdout)
			for _, b := range got.Buckets {
				if strings.HasPrefix(b.Site.Function, "main.") && (b.Counts[0] != 30 || b.Counts[1] != 30) {
					t.Errorf("%s: %v", b.Site.Function, b.Counts)
				}
			}
			for _, name := range []string{"live.dump", "quit.log"} {
				if r := command(t, dir, name, "--by", "label:job", "--format", "json"); !strings.Contains(r.stdout, `"group": "import"`) {
					t.Errorf("%s: no label in\n%s", name, r.stdout)
				}
			}
			if r.status != 0 || len(got.Dumps) != 2 || len(got.Dumps[1].Problems) > 0 {
				t.Errorf("status %d, %s", r.status, r.stderr)
			}
		})
	}
}

// quit sends SIGQUIT and gives all that the server printed.
func (s server) quit(t *testing.T) []byte {
	t.Helper()
	if err := s.process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return log
}
