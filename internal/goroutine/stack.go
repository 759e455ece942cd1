package goroutine

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
)

// Origin says whose code a frame is.
type Origin string

// The origins of a frame. Main is the program's own module, Dependency any
// other module, Stdlib and Runtime what comes with Go.
const (
	Main       Origin = "main"
	Dependency Origin = "dependency"
	Stdlib     Origin = "stdlib"
	Runtime    Origin = "runtime"
)

// Frame is one call of a stack.
type Frame struct {
	Function string // as Go prints it, package path in full: "net/http.(*conn).serve"
	File     string // as printed; may be empty
	Line     int    // 0 if unknown
	Package  string // import path: "net/http"
	Module   string // module path with version where the file tells: "github.com/x/y@v1.2.3"; "" for stdlib and when unknown
	Origin   Origin
}

// Stack is the frames of a goroutine, leaf first, without arguments, offsets
// and ids, and the go statement that started it. The zero Stack has none of it.
type Stack struct {
	in   *Stacks
	leaf uint32
}

// ID identifies a stack: 16 hex digits, the same for the same stack in any
// dump, on any machine.
type ID string

// ID is computed over function names, base names of files, lines and created
// by. Directories do not count: the package is part of the function's name,
// and where a module is unpacked differs from machine to machine.
func (s Stack) ID() ID {
	var buf [1024]byte
	b := buf[:0]
	none, created := false, false
	for x := range s.steps() {
		switch x.kind() {
		case gap:
			if x.outer != 0 && s.in.at(x.outer).kind() == call {
				b = AppendElided(b)
			}
		case creator:
			created = true
			f := &s.in.functions[x.what&maxFunction]
			b = AppendCreatedBy(b, f.Function, f.File, int(x.line))
		case call:
			f := &s.in.functions[x.what&maxFunction]
			b = AppendCall(b, f.Function, f.File, int(x.line))
		case absent:
			none = true
		}
	}
	if none && !created {
		b = AppendAbsent(b)
	}
	return Identify(b).ID()
}

// Sum identifies a stack: an ID in binary.
type Sum [8]byte

// ID is the sum as text.
func (s Sum) ID() ID { return ID(hex.EncodeToString(s[:])) }

// Identify is the sum of what was appended, from the leaf on, by the functions
// that follow.
func Identify(b []byte) Sum {
	sum := sha256.Sum256(b)
	return Sum(sum[:8])
}

// AppendCall appends what identifies a call.
func AppendCall[T string | []byte](b []byte, function, file T, line int) []byte {
	base := len(file)
	for base > 0 && file[base-1] != '/' && file[base-1] != '\\' {
		base--
	}
	b = append(append(b, function...), 0)
	b = append(append(b, file[base:]...), 0)
	return append(strconv.AppendInt(b, int64(line), 10), 1)
}

// AppendCreatedBy appends what identifies the go statement.
func AppendCreatedBy[T string | []byte](b []byte, function, file T, line int) []byte {
	return AppendCall(append(b, 2), function, file, line)
}

// AppendElided appends that Go left frames out between two calls.
func AppendElided(b []byte) []byte { return append(b, 3) }

// AppendAbsent appends that the frames are not known, rather than that there
// are none.
func AppendAbsent(b []byte) []byte { return append(b, 4) }

// Missing reports whether the goroutine has run, but the dump lacks its frames.
func (s Stack) Missing() bool {
	for x := range s.steps() {
		if x.kind() == absent {
			return x.line == 1
		}
	}
	return false
}

// Base is the last element of a file name, whichever system wrote it.
func Base(file string) string {
	return file[strings.LastIndexAny(file, `/\`)+1:]
}

// Site is where the goroutines of a bucket are parked: the first frame outside
// the runtime, the sync primitives and the plumbing of the standard library
// (package internal/poll, net, io and their like, which every connection
// waits in). A stack that is nothing else gives its first frame outside the
// runtime; one of the runtime alone the function it was started with, such as
// runtime.bgsweep; and one without frames what it was created by.
func (s Stack) Site() Frame {
	var outside, entry, last Frame
	found := false
	for f := range s.All() {
		if last = f; f.Function != "runtime.goexit" || entry.Function == "" {
			entry = f
		}
		if f.Origin == Runtime || syncPrimitive(&f) || recovers(f.Function) {
			continue
		}
		if !found {
			outside, found = f, true
		}
		if f.Origin != Stdlib || !plumbing(f.Package) {
			return f
		}
	}
	switch {
	case found:
		return outside
	case last != Frame{}:
		return entry
	}
	return s.CreatedBy()
}

// Owner is the first frame, from the leaf, that is not part of Go itself: its
// module owns the call site. It is false for a stack that is all Go.
func (s Stack) Owner() (Frame, bool) {
	for f := range s.All() {
		if f.Origin == Main || f.Origin == Dependency {
			return f, true
		}
	}
	if f := s.CreatedBy(); f.Origin == Main || f.Origin == Dependency {
		return f, true
	}
	return Frame{}, false
}

// Entry is the function the go statement called: the outermost frame outside
// the runtime. It is false for a stack without frames.
func (s Stack) Entry() (entry Frame, ok bool) {
	for f := range s.All() {
		if f.Origin != Runtime || !ok {
			entry, ok = f, true
		}
	}
	return entry, ok
}

// syncPrimitive reports whether f is where a goroutine waits rather than why.
func syncPrimitive(f *Frame) bool {
	switch f.Package {
	case "sync", "sync/atomic", "internal/sync", "internal/poll", "syscall", "internal/syscall/unix":
		return true
	case "time":
		return f.Function == "time.Sleep"
	}
	// Functions of other packages that live in the runtime by linkname, such
	// as os/signal.signal_recv in runtime/sigqueue.go.
	return strings.HasSuffix(path.Dir(strings.ReplaceAll(f.File, `\`, "/")), "/runtime") && f.Origin == Stdlib
}

// recovers reports whether a function of the standard library prints the stack
// of a panic that it has recovered: what panicked is below it.
func recovers(function string) bool {
	switch function {
	case "net/http.(*conn).serve.func1", "net/http.(*http2serverConn).runHandler.func1", "runtime/debug.Stack", "runtime/debug.PrintStack":
		return true
	}
	return false
}

// plumbing reports whether a standard package only moves bytes or waits for
// its caller, so that a frame of it does not say what the goroutine does.
func plumbing(pkg string) bool {
	switch pkg {
	case "io", "bufio", "net", "crypto/tls", "os", "os/exec", "os/signal", "context", "time", "errors", "reflect":
		return true
	}
	return strings.HasPrefix(pkg, "internal/")
}

// Name is the function without the directories of its package:
// "http.(*conn).serve" for "net/http.(*conn).serve".
func (f Frame) Name() string { return ShortName(f.Function) }

// ShortName drops the directories of the package from a function name, and
// the version that ends the path of a module: "suture.(*Supervisor).Serve" for
// "github.com/thejerf/suture/v4.(*Supervisor).Serve", "yaml.Unmarshal" for
// "gopkg.in/yaml.v3.Unmarshal". Type arguments stay as they are.
func ShortName(function string) string {
	end := len(function)
	if i := strings.IndexByte(function, '['); i >= 0 {
		end = i
	}
	i := strings.LastIndexByte(function[:end], '/')
	if i < 0 {
		return function
	}
	name := function[i+1:]
	first, rest, ok := strings.Cut(name, ".")
	switch {
	case ok && major(first):
		path := function[:i]
		return path[strings.LastIndexByte(path, '/')+1:] + "." + rest
	case strings.HasPrefix(function, "gopkg.in/"):
		if version, rest, ok := strings.Cut(rest, "."); ok && major(version) {
			return first + "." + rest
		}
	}
	return name
}

// major reports whether an element of a path is a major version: "v2".
func major(element string) bool {
	digits, ok := strings.CutPrefix(element, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// Place is "file.go:12", with the file's base name; empty if not known.
func (f Frame) Place() string {
	if f.File == "" {
		return ""
	}
	if f.Line == 0 {
		return Base(f.File)
	}
	return Base(f.File) + ":" + strconv.Itoa(f.Line)
}
