package diagnose

import (
	"strings"

	"gdump/internal/goroutine"
)

// Text from dumps is clean as soon as it is part of a sentence: what this file
// returns is, and what the others add goes through goroutine.Clean.

// Behind is between the name of a call site and who is behind it.
const Behind = " ← "

// SiteName is the short name of a bucket's call site. Where that is Go's own,
// the name of the program's function that called it or started it follows:
// "time.Sleep ← main.setup.func13".
func SiteName(b *goroutine.Bucket) string {
	site := b.Stack.Site()
	if n := site.Name(); n != "" {
		if owner, ok := b.Stack.Owner(); ok && owner.Function != site.Function && (site.Origin == goroutine.Stdlib || site.Origin == goroutine.Runtime) {
			n += Behind + owner.Name()
		}
		return goroutine.Clean(n)
	}
	if b.Stack.Missing() {
		return noStack
	}
	return notStarted
}

const (
	notStarted = "goroutines not started yet"
	noStack    = "goroutines whose stack is not in the dump"
)

// in is "in" and the call site of a bucket, or which goroutines those are that
// have none.
func in(b *goroutine.Bucket) string {
	switch n := SiteName(b); n {
	case noStack, notStarted:
		return "of " + n
	default:
		return "in " + n
	}
}

// name is a frame's function without the directories of its package.
func name(f goroutine.Frame) string { return goroutine.Clean(f.Name()) }

// place is a frame's "file.go:12".
func place(f goroutine.Frame) string { return goroutine.Clean(f.Place()) }

// atPlace is " at" and a frame's place, "" if that is not known.
func atPlace(f goroutine.Frame) string {
	if p := place(f); p != "" {
		return " at " + p
	}
	return ""
}

// module shows a module with a blank before its version.
func module(m string) string { return goroutine.Clean(strings.Replace(m, "@", " ", 1)) }

// at is a frame with its place: "main.work at work.go:7".
func at(f goroutine.Frame) string {
	if p := place(f); p != "" {
		return name(f) + " at " + p
	}
	return name(f)
}

// doing says what goroutines in a state do, as a sentence goes on: "blocked
// sending to a channel". A state that is not known is named.
func doing(state string) string {
	plain, _ := strings.CutSuffix(state, " (durable)")
	plain, _ = strings.CutSuffix(plain, " (scan)")
	switch plain {
	case "chan send":
		return "blocked sending to a channel"
	case "chan receive":
		return "blocked receiving from a channel"
	case "chan send (nil chan)":
		return "blocked for ever sending to a nil channel"
	case "chan receive (nil chan)":
		return "blocked for ever receiving from a nil channel"
	case "select":
		return "blocked in a select"
	case "select (no cases)":
		return "blocked for ever in a select without cases"
	case "IO wait":
		return "waiting for I/O"
	case "semacquire":
		return "waiting for a semaphore"
	case "sync.Mutex.Lock":
		return "waiting for a mutex"
	case "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		return "waiting for a read-write mutex"
	case "sync.WaitGroup.Wait":
		return "waiting for a wait group"
	case "sync.Cond.Wait":
		return "waiting for a condition"
	case "sleep":
		return "sleeping"
	case "syscall":
		return "in a system call"
	case "running", "runnable":
		return plain
	}
	return "in state " + goroutine.Clean(state)
}

// whose says whose code a bucket is in, from where in the program that was
// called, and who started it.
func whose(b *goroutine.Bucket) string {
	return whoseFrom(b, b.Stack.Site())
}

// ownerBelow is the first frame of a stack from site on that is not Go's own; that
// of the whole stack if there is none.
func ownerBelow(s goroutine.Stack, site goroutine.Frame) goroutine.Frame {
	reached := false
	for f := range s.All() {
		if reached = reached || f == site; reached && !isC(f) && (f.Origin == goroutine.Main || f.Origin == goroutine.Dependency) {
			return f
		}
	}
	owner, _ := s.Owner()
	return owner
}

// below reports whether a frame is under the program's own code: Go's, or C's.
func below(f goroutine.Frame) bool {
	return f.Origin == goroutine.Stdlib && f.Package == "sync" || f.Origin == goroutine.Runtime || f.Package == "testing/synctest" || f.Package == "internal/synctest" || isC(f)
}

// isC reports whether a frame stands for a call of C, or is C's.
func isC(f goroutine.Frame) bool {
	return strings.Contains(f.Function, "._Cfunc_") || f.Function != "" && f.Package == "" || goroutine.Base(f.File) == "_cgo_gotypes.go"
}

// whoseFrom says so of code further down its stack.
func whoseFrom(b *goroutine.Bucket, site goroutine.Frame) string {
	var parts []string
	owner := ownerBelow(b.Stack, site)
	known := owner.Function != ""
	ours := known && owner.Origin == goroutine.Main
	switch {
	case known && below(site) && owner != site:
		your := ""
		if ours {
			your = "your "
		}
		parts = append(parts, "called from "+your+at(owner))
	case ours:
		parts = append(parts, "your code (package "+goroutine.Clean(owner.Package)+")")
	case known && owner.Module != "":
		parts = append(parts, "in "+module(owner.Module))
	case known && owner.Package != "":
		parts = append(parts, "in "+goroutine.Clean(owner.Package))
	}
	if known && owner.Origin == goroutine.Dependency {
		for m := range b.Stack.All() {
			if m.Origin == goroutine.Main && place(m) != "" {
				parts = append(parts, "called from your "+place(m))
				break
			}
		}
	}
	if c := b.Stack.CreatedBy(); c.Function != "" {
		your := ""
		if c.Origin == goroutine.Main && !ours {
			your = "your "
		}
		parts = append(parts, "started by "+your+at(c))
	}
	return strings.Join(parts, ", ")
}
