// Package internal holds the house rules that no single room can test.
package internal

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms are the packages below internal, lowest first: a room may import those
// of the rows above its own, never of its own row or below.
var rooms = [][]string{
	{"goroutine"},
	{"unwrap"},
	{"parse", "query", "trend", "blocked", "redact"},
	{"gate"},
	{"report"},
	{"source", "code", "faultd"},
	{"run", "engine", "demo", "ui"},
	{"cli"},
}

// within a row these may be imported all the same.
var beside = map[string][]string{
	"trend": {"query"}, "query": {}, "blocked": {"query"},
}

// owners are the rooms outside of which a library must not be seen.
var owners = map[string][]string{
	"github.com/maruel/panicparse":       {"parse"},
	"github.com/spf13/cobra":             {"cli"},
	"github.com/charmbracelet/bubbletea": {"ui"},
	"github.com/charmbracelet/bubbles":   {"ui"},
	"github.com/charmbracelet/lipgloss":  {"ui"},
	"github.com/google/pprof":            {"parse", "report"},
	"github.com/klauspost/compress":      {"unwrap", "source"},
	"net/http":                           {"source", "demo", "run", "engine"},
	"os/exec":                            {"code", "run", "cli"},
	"os":                                 {"source", "code", "run", "engine", "demo", "ui", "cli"},
}

// outside are programs and servers that tests run, which no part of gdump imports.
var outside = []string{"gdump/internal/faultd", "gdump/internal/trend/confusion", "gdump/internal/trend/kernels"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "gdump/internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room is the room of an import path: ui for gdump/internal/ui/list.
func room(path string) string {
	rest, ok := strings.CutPrefix(path, "gdump/internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func row(name string) int {
	return slices.IndexFunc(rooms, func(r []string) bool { return slices.Contains(r, name) })
}

// TestArrows holds that imports run down only, and that libraries stay in
// their rooms.
func TestArrows(t *testing.T) {
	all := packages(t)
	if len(all) < 5 {
		t.Fatalf("go list names %d packages only", len(all))
	}
	for _, p := range all {
		from := room(p.ImportPath)
		if from == "" {
			continue
		}
		if row(from) < 0 {
			t.Errorf("%s is in no row: say here what it may import", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if to := room(imp); to != "" && to != from && row(to) >= row(from) && !slices.Contains(beside[from], to) {
				t.Errorf("%s imports %s: arrows run down only", p.ImportPath, imp)
			}
			if slices.Contains(outside, imp) && !strings.HasPrefix(p.ImportPath, imp) {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, imp)
			}
			for lib, who := range owners {
				if (imp == lib || strings.HasPrefix(imp, lib+"/") && strings.Contains(lib, ".")) && !slices.Contains(who, from) && !slices.Contains(outside, p.ImportPath) {
					t.Errorf("%s imports %s, which belongs to %v", p.ImportPath, imp, who)
				}
			}
		}
	}
}
