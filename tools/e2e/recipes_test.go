package e2e

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
)

// service leaks a goroutine with each request.
const service = `package main

import (
	"net/http"
	_ "net/http/pprof"
)

func leak() { select {} }

func main() {
	go http.ListenAndServe("localhost:6060", nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { go leak() })
	http.ListenAndServe("localhost:8080", mux)
}
`

// TestRecipes runs the recipes for CI of docs/reports.md step by step in a
// shell, on a service that leaks: the judging must fail, all else must work.
func TestRecipes(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reports.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d recipes, want 2", len(blocks))
	}
	t.Run("GitHub", func(t *testing.T) {
		var workflow struct {
			Jobs map[string]struct {
				Steps []struct{ Name, Run string }
			}
		}
		if err := yaml.Unmarshal(blocks[0][1], &workflow); err != nil {
			t.Fatal(err)
		}
		r := newRecipe(t)
		for _, job := range workflow.Jobs {
			for _, step := range job.Steps {
				if step.Run != "" {
					r.run(step.Run)
				}
			}
		}
		r.made("1.dump", "2.dump", "3.dump", "summary.md", "gdump.html", "gdump.sarif")
	})
	t.Run("GitLab", func(t *testing.T) {
		var jobs map[string]struct{ Script []string }
		if err := yaml.Unmarshal(blocks[1][1], &jobs); err != nil {
			t.Fatal(err)
		}
		r := newRecipe(t)
		for _, job := range jobs {
			for _, line := range job.Script {
				r.run(line)
			}
		}
		r.made("1.dump", "2.dump", "3.dump", "gdump.html", "gdump.xml")
	})
}

// recipe is a runner's folder and environment.
type recipe struct {
	t     *testing.T
	dir   string
	ports *strings.Replacer
	group int // of the processes that steps leave behind
}

func newRecipe(t *testing.T) *recipe {
	r := &recipe{t: t, dir: t.TempDir()}
	var ports []string
	for _, name := range []string{":6060", ":8080"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		l.Close()
		ports = append(ports, name, ":"+port)
	}
	r.ports = strings.NewReplacer(ports...)
	for name, text := range map[string]string{"go.mod": "module example.com/service\n\ngo 1.26\n", "main.go": r.ports.Replace(service)} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A process of its own group, which all steps join, so that what they leave
	// in the background can be ended.
	leader := exec.Command("sleep", "600")
	leader.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	r.group = leader.Process.Pid
	t.Cleanup(func() {
		syscall.Kill(-r.group, syscall.SIGKILL)
		leader.Wait()
	})
	return r
}

// run runs one step. That of the rules must find the leak.
func (r *recipe) run(script string) {
	r.t.Helper()
	script = strings.ReplaceAll(r.ports.Replace(script), "sleep 5", "sleep 1")
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "CI=true", "GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md"),
		"PATH="+filepath.Dir(gdump)+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: r.group}
	log, err := os.Create(filepath.Join(r.t.TempDir(), "log"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log // no pipe: the service outlives its step
	err = cmd.Run()
	text, _ := os.ReadFile(log.Name())
	judges := strings.HasPrefix(script, "gdump check")
	switch {
	case err == nil && judges:
		r.t.Errorf("%s\npassed in spite of the leak\n%s", script, text)
	case err != nil && !judges:
		r.t.Fatalf("%s\n%v\n%s", script, err, text)
	case judges && !bytes.Contains(text, []byte("main.leak")):
		r.t.Errorf("%s\ndoes not name the leak\n%s", script, text)
	}
}

func (r *recipe) made(names ...string) {
	r.t.Helper()
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(r.dir, name)); err != nil || info.Size() == 0 {
			r.t.Errorf("%s: %v", name, err)
		}
	}
}
