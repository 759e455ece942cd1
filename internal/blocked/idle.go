package blocked

import (
	"strings"

	"gdump/internal/goroutine"
)

// idleRule says that goroutines parked in a function of a library wait for
// work: nothing is wrong with them, and nobody waits for them.
type idleRule struct {
	why      string
	function string // in the stack
	above    string // a function that it calls, and that is in the stack too; may be empty
	state    string // what the state begins with; may be empty
}

var idleRules = []idleRule{
	{"signals", "os/signal.loop", "", ""},
	{"accepts connections", "internal/poll.(*FD).Accept", "", "IO wait"},
	{"http keep-alive", "net/http.(*conn).serve", "bufio.(*Reader).Peek", ""},
	{"http keep-alive", "net/http.(*conn).serve", "net/http.(*conn).readRequest", "IO wait"},
	{"http keep-alive", "net/http.(*persistConn).readLoop", "bufio.(*Reader).Peek", ""},
	{"http connection", "net/http.(*connReader).backgroundRead", "", "IO wait"},
	{"http connection", "net/http.(*persistConn).writeLoop", "", "select"},
	{"http2 connection", "net/http.(*http2serverConn).readFrames", "", ""},
	{"http2 connection", "net/http.(*http2serverConn).serve", "", "select"},
	{"http2 connection", "net/http.(*http2clientConnReadLoop).run", "", "IO wait"},
	{"http2 connection", "net/http/internal/http2.(*serverConn).readFrames", "", ""},
	{"http2 connection", "net/http/internal/http2.(*serverConn).serve", "", "select"},
	{"http2 connection", "net/http/internal/http2.(*clientConnReadLoop).run", "", "IO wait"},
	{"http2 connection", "golang.org/x/net/http2.(*serverConn).readFrames", "", ""},
	{"http2 connection", "golang.org/x/net/http2.(*serverConn).serve", "", "select"},
	{"http2 connection", "golang.org/x/net/http2.(*clientConnReadLoop).run", "", "IO wait"},
	{"sql pool", "database/sql.(*DB).connectionOpener", "", "select"},
	{"grpc connection", "google.golang.org/grpc/internal/transport.(*controlBuffer).get", "", "select"},
	{"grpc connection", "google.golang.org/grpc/internal/transport.(*http2Client).keepalive", "", ""},
	{"grpc connection", "google.golang.org/grpc/internal/transport.(*http2Server).keepalive", "", ""},
	{"grpc connection", "google.golang.org/grpc/internal/transport.(*http2Client).reader", "", "IO wait"},
	{"grpc connection", "google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run", "", "select"},
	{"test", "testing.(*T).Run", "", "chan receive"},
	{"test", "testing.(*T).Parallel", "", "chan receive"},
}

// idleFunctions are the rules by function, for the many frames that are none of
// theirs.
var idleFunctions = func() map[string][]int {
	m := map[string][]int{}
	for i, r := range idleRules {
		m[r.function] = append(m[r.function], i)
	}
	return m
}()

// idle says why the goroutines of a stack are known to be idle, "" if they are not.
func idle(frames []goroutine.Frame, states []goroutine.Count) string {
	own := false
	for i := range frames {
		f := &frames[i]
		own = own || f.Origin == goroutine.Main || f.Origin == goroutine.Dependency && !strings.Contains(f.Function, "/grpc/internal/") && !strings.HasPrefix(f.Package, "golang.org/x/net/http2")
		if own {
			break // what is called by the program waits for the program's sake
		}
		for _, n := range idleFunctions[f.Function] {
			if r := &idleRules[n]; r.fits(frames[:i], states) {
				return r.why
			}
		}
	}
	if len(frames) > 0 && !own && runtimeOnly(frames) {
		return "runtime"
	}
	return ""
}

func (r *idleRule) fits(above []goroutine.Frame, states []goroutine.Count) bool {
	for _, s := range states {
		if !strings.HasPrefix(s.Name, r.state) {
			return false
		}
	}
	if r.above == "" {
		return true
	}
	for i := range above {
		if above[i].Function == r.above {
			return true
		}
	}
	return false
}

func runtimeOnly(frames []goroutine.Frame) bool {
	for i := range frames {
		if frames[i].Package != "runtime" {
			return false
		}
	}
	return true
}
