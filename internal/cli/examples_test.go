package cli_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestExamples runs every line that the help shows as an example, in a folder
// that has the files it names, against a process that answers on loopback. A
// check may find something; all else must end well.
func TestExamples(t *testing.T) {
	bin := buildGdump(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/push.v1.PusherService/Push", answer(http.StatusOK, "application/json", "{}").ServeHTTP)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for command, lines := range examples(t, filepath.Join(bin, "gdump")) {
		if len(lines) == 0 {
			t.Errorf("%s has no example", command)
		}
		for _, line := range lines {
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				line = strings.NewReplacer("localhost:6060", ":6060", "localhost:4040", ":6060").Replace(line)
				if diff, ok := strings.CutPrefix(line, "gdump diff before.dump :6060"); ok {
					// The dump before is to be of the same program.
					line = "gdump pull :6060 -o before.dump --force && gdump diff before.dump :6060" + diff
				}
				if strings.HasPrefix(line, "gdump watch") {
					line += " --samples 1" // it would go on
				}
				address := strings.TrimPrefix(server.URL, "http://")
				line = strings.ReplaceAll(line, ":6060", address)
				run(t, bin, line, address)
			})
		}
	}
}

// TestDocumentedCommands does the same with the lines that docs show.
func TestDocumentedCommands(t *testing.T) {
	bin := buildGdump(t)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("docs: %d pages, %v", len(pages), err)
	}
	block := regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	for _, page := range pages {
		if filepath.Base(page) == "tutorial.md" {
			continue // its lines follow each other: tools/e2e does them in order
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(b[1]) {
				t.Run(strings.TrimSpace(line), func(t *testing.T) {
					t.Parallel()
					run(t, bin, strings.TrimSpace(line), "")
				})
			}
		}
	}
}

// run runs a line as one pastes it into a shell. The list of targets holds the
// address.
func run(t *testing.T, bin, line, address string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fleet.txt"), []byte(address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"targets.json": `[{"targets": ["localhost:6060"], "labels": {"job": "shop"}}]`,
		"load.sh":      "#!/bin/sh\n", "go.mod": "module example.com/app\n\ngo 1.24\n", "app_test.go": "package app\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]string{
		"before.dump": "leakpair/v1.t0.debug2.txt", "between.dump": "leakpair/v1.t1.debug2.txt", "after.dump": "leakpair/v1.t2.debug2.txt",
		"app.dump": "leakpair/v1.t1.debug2.txt", "app.log": "logs/dockerjson.quit.log", "key": "README.md",
	} {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", from))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(line, "-o "+name) {
			continue // it is what the line makes
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "CI=", "XDG_STATE_HOME="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	found := strings.Contains(line, "--fail-on") || strings.HasPrefix(line, "gdump check")
	if errors.As(err, &exit) && exit.ExitCode() == 1 && found {
		return
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// examples are the lines that the help of each command shows.
func examples(t *testing.T, gdump string) map[string][]string {
	t.Helper()
	lines := map[string][]string{"gdump": examplesIn(t, gdump)}
	out, err := exec.CommandContext(t.Context(), gdump, "__complete", "").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		name, _, ok := strings.Cut(line, "\t")
		// The last two are cobra's own.
		if ok && name != "completion" && name != "help" {
			lines[name] = examplesIn(t, gdump, name)
		}
	}
	if len(lines) < 4 {
		t.Fatalf("commands: got %d", len(lines))
	}
	return lines
}

// comment is the text behind an example in the help of gdump itself.
var comment = regexp.MustCompile(`\s{3,}.*$`)

func examplesIn(t *testing.T, gdump string, command ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), gdump, append(command, "--help")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), "\nExamples:\n")
	section, _, _ := strings.Cut(rest, "\n\n")
	var lines []string
	for line := range strings.Lines(section) {
		if line = comment.ReplaceAllString(strings.TrimSpace(line), ""); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// buildGdump builds the program and returns the folder it is in.
func buildGdump(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "gdump")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", name, "gdump/cmd/gdump").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}
