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
// and ids, and the go statement that started it.
type Stack struct {
	Frames      []Frame
	CreatedBy   Frame   // zero if not known
	Elided      int     // frames Go left out; -1 if it left out some without saying how many
	ElidedAt    int     // index in Frames before which they are missing
	Unavailable bool    // the goroutine was running on another thread: no frames
	Ancestors   []Frame // where GODEBUG=tracebackancestors tells who started the starter
}

// ID identifies a stack: 16 hex digits, the same for the same stack in any
// dump, on any machine.
type ID string

// ID is computed over function names, base names of files, lines and created
// by. Directories do not count: the package is part of the function's name,
// and where a module is unpacked differs from machine to machine.
func (s *Stack) ID() ID {
	h := sha256.New()
	put := func(f *Frame) {
		h.Write([]byte(f.Function))
		h.Write([]byte{0})
		h.Write([]byte(Base(f.File)))
		h.Write([]byte{0})
		h.Write(strconv.AppendInt(nil, int64(f.Line), 10))
		h.Write([]byte{1})
	}
	for i := range s.Frames {
		if s.Elided != 0 && s.ElidedAt == i {
			h.Write([]byte{3})
		}
		put(&s.Frames[i])
	}
	if s.CreatedBy.Function != "" {
		h.Write([]byte{2})
		put(&s.CreatedBy)
	}
	return ID(hex.EncodeToString(h.Sum(nil)[:8]))
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
func (s *Stack) Site() Frame {
	outside := -1
	for i := range s.Frames {
		f := &s.Frames[i]
		if f.Origin == Runtime || syncPrimitive(f) {
			continue
		}
		if outside < 0 {
			outside = i
		}
		if f.Origin != Stdlib || !plumbing(f.Package) {
			return *f
		}
	}
	switch {
	case outside >= 0:
		return s.Frames[outside]
	case len(s.Frames) > 0:
		entry := len(s.Frames) - 1
		for entry > 0 && s.Frames[entry].Function == "runtime.goexit" {
			entry--
		}
		return s.Frames[entry]
	}
	return s.CreatedBy
}

// Owner is the first frame, from the leaf, that is not part of Go itself: its
// module owns the call site. It is false for a stack that is all Go.
func (s *Stack) Owner() (Frame, bool) {
	for i := range s.Frames {
		if o := s.Frames[i].Origin; o == Main || o == Dependency {
			return s.Frames[i], true
		}
	}
	if o := s.CreatedBy.Origin; o == Main || o == Dependency {
		return s.CreatedBy, true
	}
	return Frame{}, false
}

// Entry is the function the go statement called: the outermost frame outside
// the runtime. It is false for a stack without frames.
func (s *Stack) Entry() (Frame, bool) {
	for i := len(s.Frames) - 1; i >= 0; i-- {
		if s.Frames[i].Origin != Runtime || i == 0 {
			return s.Frames[i], true
		}
	}
	return Frame{}, false
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

// ShortName drops the directories of the package from a function name, also
// inside type arguments' brackets it leaves alone.
func ShortName(function string) string {
	end := len(function)
	if i := strings.IndexByte(function, '['); i >= 0 {
		end = i
	}
	if i := strings.LastIndexByte(function[:end], '/'); i >= 0 {
		return function[i+1:]
	}
	return function
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
