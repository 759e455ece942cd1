// Package code finds the source that a frame of a dump names, and the editor to
// open it with. A dump is untrusted: a file is read only if it lies below a
// folder of Go source, and nothing is ever run but the user's own editor.
package code

import (
	"bufio"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Limits of what is read of a source file.
const (
	around   = 200 // lines before and after the frame's
	maxFile  = 4 << 20
	maxWidth = 4 << 10 // bytes of a line
)

// Finder knows where source may lie. The zero value finds nothing.
type Finder struct {
	GoRoot   string            // of the standard library: GOROOT
	ModCache string            // of the modules: GOMODCACHE
	Roots    []string          // folders with the program's own source, tried in order
	Map      map[string]string // prefixes of the dump's paths, and what they are here
}

// FromEnvironment finds GOROOT, the module cache and the module of the current
// folder, without running the go command: a go.mod could have it fetch another.
func FromEnvironment(env func(string) string, dir string) Finder {
	f := Finder{GoRoot: env("GOROOT"), ModCache: env("GOMODCACHE"), Map: map[string]string{}}
	if f.GoRoot == "" {
		if p, err := exec.LookPath("go"); err == nil {
			if p, err = filepath.EvalSymlinks(p); err == nil {
				f.GoRoot = filepath.Dir(filepath.Dir(p))
			}
		}
	}
	if f.ModCache == "" {
		gopath, _, _ := strings.Cut(env("GOPATH"), string(filepath.ListSeparator))
		if home, err := os.UserHomeDir(); gopath == "" && err == nil {
			gopath = filepath.Join(home, "go")
		}
		if gopath != "" {
			f.ModCache = filepath.Join(gopath, "pkg", "mod")
		}
	}
	if root, ok := moduleRoot(dir); ok {
		f.Roots = append(f.Roots, root)
	}
	return f
}

// moduleRoot is the folder with a go.mod at dir or above it.
func moduleRoot(dir string) (string, bool) {
	for dir = filepath.Clean(dir); filepath.IsAbs(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && info.Mode().IsRegular() {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return "", false
}

// ErrNotFound is returned for a frame whose source is not on this machine.
var ErrNotFound = errors.New("source not found")

// notFound is an ErrNotFound in words of its own.
type notFound string

func (e notFound) Error() string { return string(e) }

func (notFound) Is(target error) bool { return target == ErrNotFound }

// errOther is why a file with the right name is not shown: it is of another
// version, or of another program.
const errOther = notFound("source found only in another version")

// Source is a piece of a source file around a frame's line.
type Source struct {
	File  string // on this machine
	First int    // number of the first line
	Line  int    // of the frame
	Lines []string
}

// place is a file below a folder that may be read.
type place struct{ root, rel string }

// Read reads the source around a frame's line. It returns an error that is
// ErrNotFound where the file is not here.
func (f *Finder) Read(frame goroutine.Frame) (Source, error) {
	if frame.File == "" || frame.Line <= 0 {
		return Source{}, notFound("no source: the dump names no file")
	}
	var other error // of a file of this name that is another
	for _, p := range f.places(&frame) {
		s, err := p.read(&frame)
		if err == nil {
			return s, nil
		}
		if errors.Is(err, errOther) && other == nil {
			other = err
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotFound) {
			return Source{}, err
		}
	}
	if other != nil {
		return Source{}, other
	}
	return Source{}, notFound("no source for " + goroutine.Clean(frame.File) + "; try --src DIR")
}

// places are where the file of a frame may be, the surest first.
func (f *Finder) places(frame *goroutine.Frame) []place {
	file := strings.ReplaceAll(frame.File, `\`, "/")
	if elsewhere(file) {
		return nil
	}
	var out []place
	// The longest prefix that fits says most.
	for _, from := range slices.Backward(slices.Sorted(maps.Keys(f.Map))) {
		if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(strings.ReplaceAll(from, `\`, "/"), "/")+"/"); ok {
			out = append(out, place{f.Map[from], rest})
		}
	}
	if frame.Origin == goroutine.Stdlib || frame.Origin == goroutine.Runtime {
		if f.GoRoot != "" {
			std := path.Join(path.Dir(afterLast(file, "/src/")), path.Base(file))
			out = append(out, place{filepath.Join(f.GoRoot, "src"), std})
		}
		return out
	}
	if i := strings.IndexByte(afterLast(file, "/pkg/mod/"), '@'); i >= 0 && f.ModCache != "" {
		out = append(out, place{f.ModCache, afterLast(file, "/pkg/mod/")})
	}
	if path.IsAbs(file) {
		if root, ok := moduleRoot(path.Dir(file)); ok {
			if rel, err := filepath.Rel(root, file); err == nil {
				out = append(out, place{root, filepath.ToSlash(rel)})
			}
		}
	}
	// Where the program was built its folder had another name: the longest end
	// of the path that is there.
	parts := strings.Split(strings.TrimPrefix(path.Clean(file), "/"), "/")
	for _, root := range f.Roots {
		for i := range parts {
			out = append(out, place{root, strings.Join(parts[i:], "/")})
		}
	}
	return out
}

// elsewhere reports whether a name is of a file on another machine, such as
// \\host\share\x.go: even to ask whether it is there would send that host the
// user's name and a hash of the password.
func elsewhere(file string) bool { return strings.HasPrefix(file, "//") }

// afterLast is what follows the last mark in s, or s.
func afterLast(s, mark string) string {
	if i := strings.LastIndex(s, mark); i >= 0 {
		return s[i+len(mark):]
	}
	return s
}

var extensions = []string{".go", ".s", ".c", ".h", ".cc", ".cpp", ".y", ".rl", ".qtpl", ".templ"}

// read opens the file without leaving its root, by ".." or a link, and without
// waiting for a pipe.
func (p place) read(frame *goroutine.Frame) (Source, error) {
	if !slices.Contains(extensions, path.Ext(p.rel)) {
		return Source{}, fmt.Errorf("%w: %s is no source file", ErrNotFound, goroutine.Clean(p.rel))
	}
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return Source{}, err
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(p.rel))
	if err != nil {
		return Source{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return Source{}, fmt.Errorf("%w: %s is no source file", ErrNotFound, goroutine.Clean(p.rel))
	}
	data, err := root.ReadFile(filepath.FromSlash(p.rel))
	if err != nil {
		return Source{}, err
	}
	if !holds(data, path.Ext(p.rel), frame) {
		return Source{}, fmt.Errorf("%w: %s has no %s at line %d", errOther, goroutine.Clean(p.rel), goroutine.Clean(frame.Name()), frame.Line)
	}
	s := Source{File: filepath.Join(p.root, filepath.FromSlash(p.rel)), Line: frame.Line, First: max(1, frame.Line-around)}
	sc := bufio.NewScanner(strings.NewReader(string(data)))
	sc.Buffer(nil, maxFile+1)
	for n := 1; n <= frame.Line+around && sc.Scan(); n++ {
		if n >= s.First {
			text := sc.Text()
			s.Lines = append(s.Lines, strings.TrimRight(text[:min(len(text), maxWidth)], "\r"))
		}
	}
	if frame.Line-s.First >= len(s.Lines) {
		return Source{}, fmt.Errorf("%w: %s has no line %d", errOther, goroutine.Clean(p.rel), frame.Line)
	}
	return s, nil
}

var identifier = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// declared is the name of the function that a frame's code stands in. Closures
// are within the function whose name comes first.
func declared(frame *goroutine.Frame) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(frame.Function, frame.Package), ".")
	if i := strings.Index(rest, ")."); i >= 0 {
		rest = rest[i+2:]
	} else if strings.HasPrefix(rest, "glob.") {
		return ""
	}
	name := identifier.FindString(rest)
	// A method with a value receiver is "T.method"; a closure is "f.func1".
	if after, ok := strings.CutPrefix(rest, name+"."); ok {
		if m := identifier.FindString(after); m != "" && !generated.MatchString(m) {
			return m
		}
	}
	return name
}

var generated = regexp.MustCompile(`^(?:func|gowrap|deferwrap)\d*$`)

// holds reports whether a file has the frame's function at the frame's line.
// Otherwise it is of another version or program, and to show it would mislead.
// Inlining can put a closure's code under another function's name, so the line
// must be in a function of that name, or in none.
func holds(data []byte, ext string, frame *goroutine.Frame) bool {
	name := declared(frame)
	if ext != ".go" || name == "" || name == "init" {
		return true
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", data, parser.SkipObjectResolution)
	if file == nil {
		return err == nil
	}
	for _, d := range file.Decls {
		from, to := set.PositionFor(d.Pos(), false).Line, set.PositionFor(d.End(), false).Line
		if frame.Line < from || frame.Line > to {
			continue
		}
		f, ok := d.(*ast.FuncDecl)
		return !ok || f.Name.Name == name || strings.Contains(frame.Function, "."+f.Name.Name+".")
	}
	return false
}
