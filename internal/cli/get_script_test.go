package cli_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gdump/internal/faultd"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestGetScripts runs pull, run and watch against a server that misbehaves on
// demand: $FAULTS/NAME.
func TestGetScripts(t *testing.T) {
	t.Parallel()
	goenv := map[string]string{"GOTOOLCHAIN": "local", "GOFLAGS": "", "GOPROXY": "off", "CI": ""}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOROOT"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		goenv[name] = strings.TrimSpace(string(out))
	}
	servers := &fleet{}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script", "get"),
		Setup: func(e *testscript.Env) error {
			for name, value := range goenv {
				e.Setenv(name, value)
			}
			s := faultd.New()
			e.Defer(s.Close)
			e.Values[servers] = s
			e.Setenv("FAULTS", s.URL)
			e.Setenv("HOSTPORT", strings.TrimPrefix(s.URL, "http://"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"process": func(ts *testscript.TestScript, _ bool, args []string) {
				process(ts, ts.Value(servers).(*faultd.Server), args)
			},
			"asked": func(ts *testscript.TestScript, neg bool, args []string) {
				asked(ts, ts.Value(servers).(*faultd.Server), neg, args)
			},
			"await": await,
			"mode":  mode,
		},
	})
}

// fleet is the key of a script's server.
type fleet struct{}

// process makes or changes a process: process NAME leaked|passing N,
// process NAME noindex|nomemory|cut|down|up|restart.
func process(ts *testscript.TestScript, s *faultd.Server, args []string) {
	n := 0
	if len(args) > 2 {
		var err error
		n, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	name := args[0]
	switch args[1] {
	case "leaked":
		s.Set(name, n)
	case "passing":
		s.Passing(name, n)
	case "noindex":
		s.NoIndex(name)
	case "nomemory":
		s.NoMemory(name)
	case "cut":
		s.Cut(name)
	case "down", "up":
		s.Down(name, args[1] == "down")
	case "restart":
		s.Restart(name)
	default:
		ts.Fatalf("process: %s is not known", args[1])
	}
}

// asked checks that a fault, a process or the other origin was asked for
// something: asked NAME [TEXT].
func asked(ts *testscript.TestScript, s *faultd.Server, neg bool, args []string) {
	found := false
	for _, r := range s.Asked(args[0]) {
		found = found || len(args) < 2 || strings.Contains(r.Method+" "+r.URL.RequestURI(), args[1])
	}
	if found == neg {
		ts.Fatalf("asked for %q: %v", args, found)
	}
}

// await waits until a file of a pattern holds a text: await 'watch.log' dump=.
func await(ts *testscript.TestScript, _ bool, args []string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		names, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil && len(b) > 0 && (len(args) < 2 || strings.Contains(string(b), args[1])) {
				return
			}
		}
		<-tick.C
	}
	ts.Fatalf("%q never came", args)
}

// mode checks the mode of files: mode 0600 out/*.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	found := false
	for _, pattern := range args[1:] {
		names, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, name := range names {
			info, err := os.Lstat(name)
			ts.Check(err)
			if found = true; info.Mode().Perm() != fs.FileMode(want) {
				ts.Fatalf("%s has mode %v", name, info.Mode())
			}
		}
	}
	if !found {
		ts.Fatalf("no file %q", args[1:])
	}
}
