package blocked

import "strings"

// spot is a frame in the stack of a bucket.
type spot struct{ bucket, frame int }

// spotKind is a function, or a kind of functions, whose frames show who has what
// a library makes others wait for.
type spotKind uint8

const (
	noSpot spotKind = iota
	onceCalls
	flightCalls // of any singleflight package
	fileCalls
	sqlConns
	sqlWatches
	sqlCalls
	httpDials
	httpRequests
	httpTimeouts
	bodyReaders // what may be reading the body of a response
	grpcCalls
	spotKinds
)

func spotOf(function string) spotKind {
	switch function {
	case "sync.(*Once).doSlow":
		return onceCalls
	case sqlConn:
		return sqlConns
	case "database/sql.(*Tx).awaitDone", "database/sql.(*Rows).awaitDone":
		return sqlWatches
	case "database/sql.(*DB).queryDC", "database/sql.(*DB).execDC", "database/sql.(*DB).pingDC":
		return sqlCalls
	case "net/http.(*Transport).dialConnFor":
		return httpDials
	case "net/http.(*persistConn).roundTrip":
		return httpRequests
	case "io.Copy", "io.copyBuffer", "io.ReadAll", "io.ReadFull", "net/http.(*bodyEOFSignal).Read":
		return bodyReaders
	}
	switch {
	case strings.HasPrefix(function, "internal/poll.(*FD)"):
		return fileCalls
	case strings.HasSuffix(function, "/singleflight.(*Group).doCall"), strings.HasSuffix(function, "/singleflight.(*Group).doCall.func2"):
		return flightCalls
	case strings.HasPrefix(function, "net/http.setRequestCancel.func"):
		return httpTimeouts
	case strings.HasPrefix(function, "bufio.(*"), strings.HasPrefix(function, "encoding/json.(*Decoder)"), strings.HasPrefix(function, "net/http/httputil.(*ReverseProxy)"):
		return bodyReaders
	case strings.HasSuffix(function, "google.golang.org/grpc.(*clientStream).RecvMsg"), strings.HasSuffix(function, "google.golang.org/grpc.(*clientStream).SendMsg"):
		return grpcCalls
	}
	return noSpot
}

// spots are where functions are in the stacks.
type spots struct {
	kinds     [spotKinds][]spot
	functions map[int][]spot // in which goroutines wait for a semaphore
}

// findSpots looks once through all stacks for the functions in which holders
// of other things than locks are looked for.
func (s *scene) findSpots() {
	wanted := make([]bool, len(s.functions.all))
	any := false
	for _, r := range s.resources {
		if r.Kind == Semaphore || r.Kind == Chan && r.Op == Send {
			for _, x := range r.acquires.few {
				wanted[x.function], any = true, true
			}
		}
	}
	s.spots.functions = map[int][]spot{}
	for b, frames := range s.stacks {
		for j, f := range frames {
			n := f.number
			if kind := f.spot; kind != noSpot && len(s.spots.kinds[kind]) < maxSpots {
				s.spots.kinds[kind] = append(s.spots.kinds[kind], spot{b, j})
			}
			if any && wanted[n] && len(s.spots.functions[n]) < maxSpots {
				s.spots.functions[n] = append(s.spots.functions[n], spot{b, j})
			}
		}
	}
}

// maxSpots bounds the stacks that are looked into for one function.
const maxSpots = 4096

// each visits the units that have spots in their stacks, and where.
func (s *scene) each(spots []spot, visit func(i, frame int)) {
	for _, at := range spots {
		for i := s.first[at.bucket]; i < s.first[at.bucket+1]; i++ {
			visit(i, at.frame)
		}
	}
}

func (s *scene) eachKind(kind spotKind, visit func(i, frame int)) { s.each(s.spots.kinds[kind], visit) }
