package goroutine

import (
	"cmp"
	"path"
	"regexp"
	"strings"
)

// toolchain finds the Go version in the file name of a runtime function, as in
// ".../golang.org/toolchain@v0.0.1-go1.27.0.linux-amd64/src/runtime/proc.go"
// or "/usr/lib/go-1.22/src/runtime/proc.go".
var toolchain = regexp.MustCompile(`(?:^|[/-])go-?(1\.\d+(?:\.\d+)?(?:rc\d+|beta\d+)?)(?:[./-][a-z0-9-]+)?/src/`)

// program is what the frames of a dump say about the program as a whole.
type program struct {
	module string // path of the main module, without version
	gopath bool   // sources lie at .../src/IMPORT/PATH, modules have no version
}

// FindOrigins gives every function its module and origin, from the names of
// the files, and returns the version of Go that built the program. What build
// info of the program says is better: see Attribute.
func (t *Stacks) FindOrigins() (goVersion string) {
	var p program
	versions := map[string]string{} // by the package whose file names it
	t.EachFunction(func(f *Frame) {
		if f.Package == "main" && p.module == "" {
			p.module, p.gopath = MainModule(f.File)
		}
		if (f.Package == "runtime" || f.Package == "net/http") && versions[f.Package] == "" {
			if m := toolchain.FindStringSubmatch(f.File); m != nil {
				versions[f.Package] = "go" + m[1]
			}
		}
	})
	t.EachFunction(p.origin)
	return cmp.Or(versions["runtime"], versions["net/http"])
}

func (p *program) origin(f *Frame) {
	file := strings.ReplaceAll(f.File, `\`, "/")
	switch {
	case isRuntime(f):
		f.Origin = Runtime
		return
	case isStd(f.Package, file):
		f.Origin = Stdlib
		return
	}
	f.Module, f.Origin = moduleOf(f.Package, file), Main
	modPath, _, versioned := strings.Cut(f.Module, "@")
	switch {
	case f.Package == "main":
		f.Module = cmp.Or(f.Module, p.module)
	case f.Package == "" || strings.Contains(file, "/vendor/"), (versioned || p.gopath) && modPath != p.module:
		f.Origin = Dependency
	}
}

func isRuntime(f *Frame) bool {
	switch f.Package {
	case "runtime/pprof", "runtime/debug", "runtime/trace", "runtime/metrics", "runtime/coverage", "runtime/cgo":
		return false
	case "runtime":
		return true
	case "":
		return strings.HasPrefix(f.Function, "panic") || strings.HasPrefix(f.Function, "_cgoexp_") || f.Function == "crosscall2" || f.Function == "gogo"
	}
	return strings.HasPrefix(f.Package, "runtime/") || strings.HasPrefix(f.Package, "internal/runtime/")
}

// isStd reports whether a package comes with Go. Its file must fit as well: a
// program's own package may be called "log" or "test".
func isStd(pkg, file string) bool {
	if strings.HasPrefix(pkg, "vendor/golang.org/") {
		return true
	}
	top, _, _ := strings.Cut(pkg, "/")
	if !standard(top) {
		return false
	}
	return !strings.HasPrefix(file, "/") && !strings.Contains(file, ":/") || strings.Contains(file, "/src/") || strings.HasPrefix(file, "<")
}

func standard(top string) bool {
	switch top {
	case "archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto",
		"database", "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image",
		"index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect",
		"regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text",
		"time", "type", "unicode", "unique", "unsafe", "weak":
		return true
	}
	return false
}

// moduleOf finds the module in a file name, with its version where it is
// there: ".../pkg/mod/github.com/x/y@v1.2.3/f.go", "github.com/x/y@v1.2.3/f.go"
// (-trimpath). Without a version it is guessed from the import path.
func moduleOf(pkg, file string) string {
	rest := file
	if cache := "/pkg/mod/"; strings.Contains(file, cache) { // most have none, and Contains is fast
		rest = file[strings.LastIndex(file, cache)+len(cache):]
	}
	if at := strings.IndexByte(rest, '@'); at > 0 && !strings.HasPrefix(rest, "/") {
		version, _, _ := strings.Cut(rest[at:], "/")
		return unescapeModule(rest[:at]) + version
	}
	return guessModule(strings.TrimPrefix(pkg, "vendor/"))
}

// unescapeModule turns the module cache's "!burnt!sushi" into "BurntSushi".
func unescapeModule(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '!' && i+1 < len(s) {
			i++
			b.WriteString(strings.ToUpper(s[i : i+1]))
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// guessModule takes the part of an import path that names a repository on the
// hosts whose layout is known, else the path up to its second element.
func guessModule(pkg string) string {
	host, rest, _ := strings.Cut(pkg, "/")
	if strings.IndexByte(host, '.') <= 0 {
		return ""
	}
	n := 1 // elements after the host
	switch host {
	case "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "golang.org", "cloud.google.com", "go.googlesource.com":
		n = 2
	case "gopkg.in":
		if first, _, more := strings.Cut(rest, "/"); more && !strings.Contains(first, ".v") {
			n = 2
		}
	}
	for ; n > 0; n-- {
		_, rest, _ = strings.Cut(rest, "/")
	}
	if next, after, _ := strings.Cut(rest, "/"); len(next) > 1 && next[0] == 'v' && strings.Trim(next[1:], "0123456789") == "" {
		rest = after
	}
	module := pkg[:len(pkg)-len(rest)]
	if strings.Contains(module, "//") || strings.Contains(module, "/.") {
		return path.Clean(module)
	}
	return strings.TrimSuffix(module, "/")
}

// MainModule finds the main module's path from the file of package main.
func MainModule(file string) (module string, gopath bool) {
	file = strings.ReplaceAll(file, `\`, "/")
	dir := path.Dir(file)
	if m := moduleOf("", file); m != "" {
		m, _, _ = strings.Cut(m, "@")
		return m, false
	}
	if i := strings.LastIndex(dir, "/src/"); i >= 0 {
		if m := guessModule(dir[i+len("/src/"):]); m != "" {
			return m, true
		}
	}
	if !strings.HasPrefix(dir, "/") {
		return guessModule(dir), false
	}
	return "", false
}

// PackageOf is the import path in a decoded function name. The path ends at
// the first dot after its last slash, but a version ending such as ".v3"
// belongs to it.
func PackageOf(function string) string {
	slash, dot := 0, -1
scan:
	for i := range len(function) {
		switch function[i] {
		case '[', '(':
			break scan
		case '/':
			slash, dot = i+1, -1
		case '.':
			if dot < 0 {
				dot = i
			}
		}
	}
	if dot < 0 {
		return ""
	}
	end := dot
	if slash > 0 {
		for {
			rest := function[end+1:]
			next := strings.IndexByte(rest, '.')
			if next < 2 || rest[0] != 'v' || strings.Trim(rest[1:next], "0123456789") != "" {
				break
			}
			end += 1 + next
		}
	}
	return function[:end]
}
