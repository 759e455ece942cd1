// Package code finds the source that a frame of a dump names, and the editor to
// open it with. A dump is untrusted: a file is read only if it lies below a
// folder of Go source, and nothing is ever run but the user's own editor.
package code

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
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

// Source is a piece of a source file around a frame's line.
type Source struct {
	File  string // on this machine
	First int    // number of the first line
	Line  int    // of the frame
	Lines []string
}

// place is a file below a folder that may be read.
type place struct{ root, rel string }

// Read reads the source around a frame's line. It returns an error that wraps
// ErrNotFound where the file is not here.
func (f *Finder) Read(frame goroutine.Frame) (Source, error) {
	if frame.File == "" || frame.Line <= 0 {
		return Source{}, fmt.Errorf("%w: the dump names no file", ErrNotFound)
	}
	for _, p := range f.places(&frame) {
		s, err := p.read(&frame)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotFound) {
			return Source{}, err
		}
	}
	return Source{}, fmt.Errorf("%w: %s; --src or --path-map tells where it is", ErrNotFound, goroutine.Clean(frame.File))
}

// places are where the file of a frame may be, the surest first.
func (f *Finder) places(frame *goroutine.Frame) []place {
	file := strings.ReplaceAll(frame.File, `\`, "/")
	var out []place
	for from, to := range f.Map {
		if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(from, "/")+"/"); ok {
			out = append(out, place{to, rest})
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
	if !declares(data, frame) {
		return Source{}, fmt.Errorf("%w: %s does not declare %s", ErrNotFound, goroutine.Clean(p.rel), goroutine.Clean(frame.Function))
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
		return Source{}, fmt.Errorf("%w: %s has fewer lines than %d: it is of another version", ErrNotFound, goroutine.Clean(p.rel), frame.Line)
	}
	return s, nil
}

var identifier = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// declares reports whether a Go file holds the function of a frame, so that a
// file of the same name is not taken for it. Closures are within the function
// whose name comes first.
func declares(data []byte, frame *goroutine.Frame) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(frame.Function, frame.Package), ".")
	if i := strings.Index(rest, ")."); i >= 0 {
		rest = rest[i+2:]
	}
	name := identifier.FindString(rest)
	switch name {
	case "", "glob", "init":
		return true
	}
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).Match(data)
}
