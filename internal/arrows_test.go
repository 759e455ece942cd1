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
	{"goroutine", "grammar"},
	{"unwrap"},
	{"parse", "query", "redact"},
	{"trend", "blocked"},
	{"diagnose"},
	{"view"},
	{"gate"},
	{"report"},
	{"source", "code", "faultd"},
	{"fleet"},
	{"run", "demo", "ui"},
	{"cli"},
}

// strangers are rooms that a room must not import although they are below it.
var strangers = map[string][]string{
	"source": {"query", "trend", "view", "gate", "report"},
	"fleet":  {"query", "view", "gate", "report"},
	"run":    {"view"},
	"ui":     {"report"},
}

// leaves are packages that may be imported where their room may not: the
// numbers of view know nothing of what is counted.
var leaves = []string{"gdump/internal/view/number"}

// owners are the rooms outside of which a library must not be seen.
var owners = map[string][]string{
	"github.com/maruel/panicparse":       {"parse"},
	"github.com/spf13/cobra":             {"cli"},
	"github.com/charmbracelet/bubbletea": {"ui"},
	"github.com/charmbracelet/bubbles":   {"ui"},
	"github.com/charmbracelet/lipgloss":  {"ui"},
	"github.com/google/pprof":            {"parse", "fleet"},
	"github.com/klauspost/compress":      {"unwrap"},
	"go.yaml.in/yaml":                    {"fleet"},
	"net/http":                           {"source", "fleet", "demo"},
	"os/exec":                            {"code", "fleet", "run", "cli"},
	"os":                                 {"source", "code", "fleet", "run", "ui", "cli"},
}

// outside are programs and servers that tests run, which no part of gdump imports.
var outside = []string{"gdump/internal/faultd", "gdump/internal/trend/confusion", "gdump/internal/trend/kernels", "gdump/internal/unwrap/wrappings"}

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

// TestArrows checks that imports run down only, that rooms keep to themselves
// what they should, and that libraries stay in their rooms.
func TestArrows(t *testing.T) {
	all := packages(t)
	for _, p := range all {
		from := room(p.ImportPath)
		if from == "" {
			continue
		}
		if row(from) < 0 {
			t.Errorf("%s is in no row: say here what it may import", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if to := room(imp); to != "" && to != from {
				if row(to) >= row(from) && !slices.Contains(leaves, imp) {
					t.Errorf("%s imports %s: arrows run down only", p.ImportPath, imp)
				}
				if slices.Contains(strangers[from], to) && !slices.Contains(leaves, imp) {
					t.Errorf("%s imports %s, which is not for it", p.ImportPath, imp)
				}
			}
			if slices.Contains(outside, imp) && !strings.HasPrefix(p.ImportPath, imp) && !slices.Contains(outside, p.ImportPath) {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, imp)
			}
			for lib, who := range owners {
				if uses(imp, lib) && !slices.Contains(who, from) && !slices.Contains(outside, p.ImportPath) {
					t.Errorf("%s imports %s, which belongs to %v", p.ImportPath, imp, who)
				}
			}
		}
	}
}

// uses reports whether an import is a library or, of a module, a part of it.
func uses(imp, lib string) bool {
	return imp == lib || strings.HasPrefix(imp, lib+"/") && strings.Contains(lib, ".")
}

// TestTables checks that the tables name only what is there.
func TestTables(t *testing.T) {
	all := packages(t)
	exists := func(is func(listed) bool) bool { return slices.ContainsFunc(all, is) }
	for _, row := range rooms {
		for _, name := range row {
			if !exists(func(p listed) bool { return room(p.ImportPath) == name }) {
				t.Errorf("there is no room %s", name)
			}
		}
	}
	for name, kept := range strangers {
		for _, n := range append(kept, name) {
			if row(n) < 0 {
				t.Errorf("there is no room %s", n)
			}
		}
	}
	for _, path := range append(leaves, outside...) {
		if !exists(func(p listed) bool { return p.ImportPath == path }) {
			t.Errorf("there is no package %s", path)
		}
	}
	for lib, who := range owners {
		for _, name := range who {
			if !exists(func(p listed) bool {
				return room(p.ImportPath) == name && slices.ContainsFunc(p.Imports, func(imp string) bool { return uses(imp, lib) })
			}) {
				t.Errorf("%s does not import %s", name, lib)
			}
		}
	}
}
