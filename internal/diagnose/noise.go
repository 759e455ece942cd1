package diagnose

import (
	"strings"

	"gdump/internal/goroutine"
)

// The kinds of noise, as a row names them.
const (
	theDump  = "the dump itself"
	idleHTTP = "idle http"
)

// Loud is how many goroutines that grow in number are no noise.
const Loud = 32

// Noise says what kind of noise a stack is, "" for none. A frame of the
// program makes it the program's.
func Noise(stack goroutine.Stack) string {
	server, client, waits := false, false, false
	for f := range stack.All() {
		switch {
		case strings.HasPrefix(f.Function, "runtime/pprof.") || strings.HasPrefix(f.Function, "net/http/pprof."),
			strings.HasPrefix(f.Function, "gdump/internal/source."): // gdump asks itself in its demo
			return theDump
		case f.Origin == goroutine.Main || f.Origin == goroutine.Dependency:
			return ""
		}
		switch f.Function {
		case "net/http.(*connReader).backgroundRead", "net/http.(*connReader).startBackgroundRead.gowrap2", // since Go 1.22
			"net/http.(*connReader).startBackgroundRead.func2", "net/http.(*persistConn).writeLoop":
			return idleHTTP
		case "bufio.(*Reader).Peek", "net/http.(*conn).readRequest":
			waits = true
		case "net/http.(*conn).serve":
			server = true
		case "net/http.(*persistConn).readLoop":
			client = true
		}
	}
	if waits && (server || client) {
		return idleHTTP
	}
	return ""
}
