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

// ownCode reports whether a frame is of the program or of a library that it
// calls for its own sake: what such a frame calls is not idle.
func ownCode(f *goroutine.Frame) bool {
	switch f.Origin {
	case goroutine.Main:
		return true
	case goroutine.Dependency:
		return !strings.Contains(f.Function, "/grpc/internal/") && !strings.HasPrefix(f.Package, "golang.org/x/net/http2")
	}
	return false
}

// idleBucket says why the goroutines of a bucket are known to be idle, "" if
// they are not.
func idleBucket(frames []frame, states []goroutine.Count) string {
	for j, f := range frames {
		if f.own {
			return "" // what is called by the program waits for the program's sake
		}
		for _, n := range f.idle {
			if r := &idleRules[n]; r.fits(frames[:j], states) {
				return r.why
			}
		}
	}
	if len(frames) > 0 && runtimeOnly(frames) {
		return "runtime"
	}
	return ""
}

func (r *idleRule) fits(above []frame, states []goroutine.Count) bool {
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

func runtimeOnly(frames []frame) bool {
	for i := range frames {
		if frames[i].Package != "runtime" {
			return false
		}
	}
	return true
}
