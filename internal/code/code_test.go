package code

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	app, cache, built := filepath.Join(dir, "app"), filepath.Join(dir, "mod"), filepath.Join(dir, "other")
	write(t, filepath.Join(app, "go.mod"), "module example.com/app\n")
	write(t, filepath.Join(app, "pkg", "hub.go"), "package pkg\n\nfunc (h *Hub) serve() {\n\tgo func() {\n\t\th.out <- 1\n\t}()\n}\n")
	write(t, filepath.Join(app, "main.go"), "package main\n\nfunc main() {}\n")
	write(t, filepath.Join(cache, "github.com", "!x", "y@v1.2.3", "c.go"), "package y\n\nfunc Do() {}\n")
	write(t, filepath.Join(built, "go.mod"), "module example.com/other\n")
	write(t, filepath.Join(built, "o.go"), "package other\n\nfunc O() {}\n")
	write(t, filepath.Join(dir, "secret.go"), "package secret\nfunc S() {}\n")
	write(t, filepath.Join(app, "notes.txt"), "main\n")
	if err := os.Symlink(filepath.Join(dir, "secret.go"), filepath.Join(app, "link.go")); err != nil {
		t.Fatal(err)
	}
	f := Finder{ModCache: cache, Roots: []string{app}, Map: map[string]string{"/build/x": app}}
	frame := func(function, file string, line int, origin goroutine.Origin) goroutine.Frame {
		pkg, _, _ := strings.Cut(function, ".")
		return goroutine.Frame{Function: function, Package: pkg, File: file, Line: line, Origin: origin}
	}
	tests := map[string]struct {
		frame goroutine.Frame
		file  string // "" if it must not be found
		line  string
	}{
		"where it was built":     {frame("other.O", filepath.Join(built, "o.go"), 3, goroutine.Main), filepath.Join(built, "o.go"), "func O() {}"},
		"built elsewhere":        {frame("pkg.(*Hub).serve.func1", "/home/ci/src/app/pkg/hub.go", 5, goroutine.Main), filepath.Join(app, "pkg", "hub.go"), "\t\th.out <- 1"},
		"mapped":                 {frame("main.main", "/build/x/main.go", 3, goroutine.Main), filepath.Join(app, "main.go"), "func main() {}"},
		"a module":               {frame("y.Do", "/go/pkg/mod/github.com/!x/y@v1.2.3/c.go", 3, goroutine.Dependency), filepath.Join(cache, "github.com", "!x", "y@v1.2.3", "c.go"), "func Do() {}"},
		"a module, trimmed":      {frame("y.Do", "github.com/!x/y@v1.2.3/c.go", 3, goroutine.Dependency), filepath.Join(cache, "github.com", "!x", "y@v1.2.3", "c.go"), "func Do() {}"},
		"of another version":     {frame("main.main", "/x/main.go", 1, goroutine.Main), "", ""},
		"another file's name":    {frame("main.elsewhere", "/x/main.go", 3, goroutine.Main), "", ""},
		"past the end":           {frame("main.main", "/x/main.go", 300, goroutine.Main), "", ""},
		"not in a module":        {frame("secret.S", filepath.Join(dir, "secret.go"), 1, goroutine.Main), "", ""},
		"up and out":             {frame("secret.S", "/x/../../../secret.go", 1, goroutine.Main), "", ""},
		"up and out of a module": {frame("secret.S", "/go/pkg/mod/a@v1/../../secret.go", 1, goroutine.Dependency), "", ""},
		"by a link":              {frame("secret.S", "/x/link.go", 1, goroutine.Main), "", ""},
		"no source":              {frame("main.main", filepath.Join(app, "notes.txt"), 1, goroutine.Main), "", ""},
		"no line":                {frame("main.main", "/x/main.go", 0, goroutine.Main), "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := f.Read(tt.frame)
			if tt.file == "" {
				if err == nil {
					t.Errorf("found %s", s.File)
				}
				return
			}
			if err != nil || s.File != tt.file {
				t.Fatalf("got %q, %v; want %s", s.File, err, tt.file)
			}
			if got := s.Lines[s.Line-s.First]; tt.line != "" && got != tt.line {
				t.Errorf("line %d is %q, want %q", s.Line, got, tt.line)
			}
		})
	}
	if _, err := f.Read(frame("a.B", "/nowhere/a.go", 1, goroutine.Main)); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// TestMap finds files by --path-map alone, by the longest prefix that fits.
func TestMap(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one", "a.go"), "package main\n\nfunc main() {}\n")
	write(t, filepath.Join(dir, "two", "a.go"), "package main\n\nfunc main() {} // two\n")
	write(t, filepath.Join(dir, "one", "two", "a.go"), "package main\n\nfunc main() {} // of the shorter prefix\n")
	f := Finder{Map: map[string]string{"/build": filepath.Join(dir, "one"), "/build/two/": filepath.Join(dir, "two"), `C:\src`: filepath.Join(dir, "one"), "/b": dir}}
	for file, want := range map[string]string{
		"/build/a.go":     filepath.Join("one", "a.go"),
		"/build/two/a.go": filepath.Join("two", "a.go"),
		`C:\src\a.go`:     filepath.Join("one", "a.go"),
		"/buildings/a.go": "",
		"/other/a.go":     "",
		"/build/../a.go":  "",
	} {
		s, err := f.Read(goroutine.Frame{Function: "main.main", Package: "main", File: file, Line: 3, Origin: goroutine.Main})
		if want == "" {
			if err == nil {
				t.Errorf("%s: found %s", file, s.File)
			}
			continue
		}
		if err != nil || s.File != filepath.Join(dir, want) {
			t.Errorf("%s: %q, %v; want %s", file, s.File, err, want)
		}
	}
}

// TestOtherMachine sees that a name of a file on another machine is not looked
// up, in whatever way the dump writes it.
func TestOtherMachine(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module x\n")
	write(t, filepath.Join(dir, "a.go"), "package main\n\nfunc main() {}\n")
	f := Finder{GoRoot: dir, ModCache: dir, Roots: []string{dir}, Map: map[string]string{"//host": dir, `\\host\share`: dir, "/": dir}}
	for _, file := range []string{`\\host\share\a.go`, "//host/share/a.go", `\\?\UNC\host\share\a.go`, `/\host\share\a.go`, `\/host/share/a.go`, "//" + dir + "/a.go"} {
		for _, origin := range []goroutine.Origin{goroutine.Main, goroutine.Dependency, goroutine.Stdlib, goroutine.Runtime} {
			frame := goroutine.Frame{Function: "main.main", Package: "main", File: file, Line: 3, Origin: origin}
			if places := f.places(&frame); len(places) > 0 {
				t.Errorf("%s: looked for in %v", file, places)
			}
			if s, err := f.Read(frame); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %q, %v", file, s.File, err)
			}
		}
	}
}

// TestReadStd finds code of the standard library, wherever it was built.
func TestReadStd(t *testing.T) {
	_, file, line, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no caller")
	}
	f := FromEnvironment(os.Getenv, t.TempDir())
	s, err := f.Read(goroutine.Frame{Function: "gdump/internal/code.TestReadStd", Package: "gdump/internal/code", File: file, Line: line, Origin: goroutine.Main})
	if err != nil || !strings.Contains(s.Lines[s.Line-s.First], "runtime.Caller(0)") {
		t.Errorf("this file: %v", err)
	}
	pc := make([]uintptr, 1)
	if runtime.Callers(0, pc); len(pc) == 0 {
		t.Fatal("no callers")
	}
	at, _ := runtime.CallersFrames(pc).Next()
	at.File = "/elsewhere/go" + at.File[strings.LastIndex(at.File, "/src/"):]
	s, err = f.Read(goroutine.Frame{Function: at.Function, Package: "runtime", File: at.File, Line: at.Line, Origin: goroutine.Runtime})
	if err != nil || !strings.HasSuffix(s.File, "src/runtime/extern.go") {
		t.Errorf("%s at %s:%d: got %s, %v", at.Function, at.File, at.Line, s.File, err)
	}
}

func TestDeclared(t *testing.T) {
	tests := map[string]string{
		"main.main": "main", "main.(*Hub).serve.func1.2": "serve", "main.Hub.serve": "serve", "main.f.func1": "f", "main.f.gowrap2": "f",
		"main.glob..func1": "", "main.init.func1": "init", "main.F[...]": "F", "main.(*S[...]).Run": "Run",
	}
	for function, want := range tests {
		f := goroutine.Frame{Function: function, Package: "main"}
		if got := declared(&f); got != want {
			t.Errorf("%s: got %q, want %q", function, got, want)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module x\n")
	write(t, filepath.Join(dir, "a", "b", "x.go"), "package b\n")
	f := FromEnvironment(func(name string) string {
		return map[string]string{"GOROOT": "/goroot", "GOPATH": "/one:/two"}[name]
	}, filepath.Join(dir, "a", "b"))
	if f.GoRoot != "/goroot" || f.ModCache != "/one/pkg/mod" || !slices.Equal(f.Roots, []string{dir}) {
		t.Errorf("got %+v", f)
	}
}

func TestEditor(t *testing.T) {
	tests := []struct {
		command, file string
		want          []string
	}{
		{"vim", "/a/b.go", []string{"vim", "+7", "/a/b.go"}},
		{"/usr/bin/nvim -p", "/a/b.go", []string{"/usr/bin/nvim", "-p", "+7", "/a/b.go"}},
		{"nano", "/a/b.go", []string{"nano", "+7", "/a/b.go"}},
		{"emacs -nw", "/a/b.go", []string{"emacs", "-nw", "+7", "/a/b.go"}},
		{"hx", "/a/b.go", []string{"hx", "/a/b.go:7"}},
		{"kak", "/a/b.go", []string{"kak", "+7", "/a/b.go"}},
		{"micro", "/a/b.go", []string{"micro", "+7", "/a/b.go"}},
		{"code -w", "/a/b.go", []string{"code", "-w", "--goto", "/a/b.go:7"}},
		{"zed --wait", "/a/b.go", []string{"zed", "--wait", "/a/b.go:7"}},
		{"idea", "/a/b.go", []string{"idea", "--line", "7", "/a/b.go"}},
		{"'my editor' \"a b\"", "/a/b.go", []string{"my editor", "a b", "/a/b.go"}},
		{"ed", "/a/x';touch pwned;'.go", []string{"ed", "/a/x';touch pwned;'.go"}},
	}
	for _, tt := range tests {
		c, err := Editor(tt.command, tt.file, 7)
		if err != nil || !slices.Equal(c.Args, tt.want) {
			t.Errorf("%s: got %q, %v; want %q", tt.command, c.Args, err, tt.want)
		}
	}
	if _, err := Editor("  ", "/a", 1); !errors.Is(err, ErrNoEditor) {
		t.Errorf("got %v, want ErrNoEditor", err)
	}
	if _, err := Editor("vim 'x", "/a", 1); err == nil {
		t.Error("an open quote is no error")
	}
}

// FuzzEditor holds that the file stays one argument, at the end.
func FuzzEditor(f *testing.F) {
	f.Add("vim", "/a b.go")
	f.Add("code -w", "/$(x)")
	f.Fuzz(func(t *testing.T, command, file string) {
		c, err := Editor(command, "/"+file, 3)
		if err != nil {
			return
		}
		if last := c.Args[len(c.Args)-1]; !strings.HasPrefix(last, "/") && last != "" {
			t.Errorf("%q %q: last argument %q", command, file, last)
		}
	})
}
