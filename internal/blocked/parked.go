package blocked

import "strings"

// parkedRule recognises a pattern by the function of a library that goroutines
// wait in.
type parkedRule struct {
	function  string // how its name ends, less the number of a closure
	recognise func(*scene, *resource) (Pattern, Confidence)
}

var parkedRules = []parkedRule{
	{"database/sql.(*Rows).awaitDone", (*scene).rowsNotClosed},
	{"net/http.(*persistConn).readLoop", (*scene).bodiesNotClosed},
	{"net/http.(*persistConn).roundTrip", (*scene).withoutTimeout},
	{"net/http.(*http2ClientConn).roundTrip", (*scene).withoutTimeout},
	{"http2.(*ClientConn).roundTrip", (*scene).withoutTimeout},
	{"lientConn).awaitOpenSlotForStreamLocked", quota(HTTP2StreamQuota)},
	{"google.golang.org/grpc.newClientStreamWithParams.func", (*scene).streamsNotDrained},
	{"google.golang.org/grpc/internal/transport.(*http2Client).NewStream", quota(GRPCStreamQuota)},
	{"io.(*pipe).write", lasting(PipeNotDrained)},
	{"fsnotify.(*shared).sendEvent", lasting(WatchNotRead)},
	{"fsnotify.(*shared).sendError", lasting(WatchNotRead)},
	{"fsnotify.(*Watcher).sendEvent", lasting(WatchNotRead)},
	{"fsnotify.(*Watcher).sendError", lasting(WatchNotRead)},
	{"os/exec.(*Cmd).awaitGoroutines", lasting(ExecWait)},
	{"os/exec.(*Cmd).Wait", lasting(ExecWait)},
}

// parkedRuleOf is the rule for a function; nil if there is none.
func parkedRuleOf(function string) *parkedRule {
	function = strings.TrimRight(function, "0123456789")
	for i := range parkedRules {
		if isMethod(function, parkedRules[i].function) {
			return &parkedRules[i]
		}
	}
	return nil
}

// quota recognises what only happens while a limit is reached.
func quota(p Pattern) func(*scene, *resource) (Pattern, Confidence) {
	return func(*scene, *resource) (Pattern, Confidence) { return p, Probable }
}

// lasting recognises what is wrong if it lasts.
func lasting(p Pattern) func(*scene, *resource) (Pattern, Confidence) {
	return func(s *scene, r *resource) (Pattern, Confidence) {
		switch o := s.origin(r); {
		case r.Proven || r.Longest >= 1:
			return p, Probable
		case o.all(o.gone), r.Waiters >= manyLoops:
			return p, Guess
		}
		return "", Unknown
	}
}

// rowsNotClosed: database/sql watches the context of open rows in a goroutine,
// which the goroutine that made the query has started. If that one is gone, or
// is back at waiting for requests, it has not closed them.
func (s *scene) rowsNotClosed(r *resource) (Pattern, Confidence) {
	left, known := 0, 0
	for _, i := range r.units {
		m := s.units[i].member
		if m == nil || m.Creator == 0 {
			continue
		}
		known++
		if b, ok := s.bucketOf(m.Creator); !ok && !s.partial() || ok && s.idle[b] != "" {
			left++
		}
	}
	switch {
	case left == 0:
		return "", Unknown
	case left == known && (left >= 2 || r.Longest >= 1):
		return SQLRowsNotClosed, Probable
	}
	return SQLRowsNotClosed, Guess
}

// bodiesNotClosed: having handed over a response, the reader of a connection
// waits for the end of its body. Somebody should be reading that.
func (s *scene) bodiesNotClosed(r *resource) (Pattern, Confidence) {
	unread := r.Waiters - s.count(httpRequests) - s.count(bodyReaders)
	switch {
	case unread >= 2 && (r.Longest >= 1 || r.Proven):
		return HTTPBodyNotClosed, Probable
	case unread >= 2, unread == 1 && r.Longest >= 1:
		return HTTPBodyNotClosed, Guess
	}
	return "", Unknown
}

// withoutTimeout: a Client with a Timeout starts a goroutine for each request
// that has a timer. A deadline in the context leaves no trace; few are longer
// than longDeadline.
func (s *scene) withoutTimeout(r *resource) (Pattern, Confidence) {
	switch {
	case r.Longest < 1 || r.Waiters <= s.count(httpTimeouts):
		return "", Unknown
	case r.Longest >= longDeadline:
		return HTTPNoTimeout, Probable
	}
	return HTTPNoTimeout, Guess
}

const longDeadline = 5 // minutes

// streamsNotDrained: grpc watches the context of a stream in a goroutine until
// the stream has ended. Who is done with a stream and does not receive its end
// leaves that goroutine behind.
func (s *scene) streamsNotDrained(r *resource) (Pattern, Confidence) {
	unread := r.Waiters - s.count(grpcCalls)
	o := s.origin(r)
	switch {
	case unread < 1:
		return "", Unknown
	case o.all(o.gone) && (unread >= 2 || r.Longest >= 1):
		return GRPCStreamNotDrained, Probable
	case o.gone > 0, unread >= manyLoops:
		return GRPCStreamNotDrained, Guess
	}
	return "", Unknown
}

// count is how many goroutines that are not idle have spots of a kind in their
// stacks.
func (s *scene) count(kind spotKind) int {
	n, last := 0, -1
	for _, at := range s.spots.kinds[kind] {
		if at.bucket != last && s.idle[at.bucket] == "" {
			n += s.dump.Buckets[at.bucket].Count
		}
		last = at.bucket
	}
	return n
}
