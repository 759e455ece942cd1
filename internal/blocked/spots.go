package blocked

import "strings"

// spot is a frame in the stack of a bucket.
type spot struct{ bucket, frame int }

// libraryFunctions are those whose frames show who has what a library makes
// others wait for.
var libraryFunctions = []string{
	"sync.(*Once).doSlow", sqlConn,
	"database/sql.(*Tx).awaitDone", "database/sql.(*Rows).awaitDone",
	"database/sql.(*DB).queryDC", "database/sql.(*DB).execDC", "database/sql.(*DB).pingDC",
}

// The functions of any singleflight package, and of files, go by these names.
const (
	flightCalls = "singleflight"
	fileCalls   = "internal/poll.(*FD)"
)

// findSpots looks once through all stacks for the functions in which holders
// of other things than locks are looked for.
func (s *scene) findSpots() {
	s.spots = map[string][]spot{}
	wanted := map[string]string{}
	for _, f := range libraryFunctions {
		wanted[f] = f
	}
	for _, r := range s.resources {
		if r.Kind == Semaphore || r.Kind == Chan && r.Op == Send {
			for f := range r.acquires {
				wanted[f] = f
			}
		}
	}
	for b := range s.stacks {
		for j := range s.stacks[b] {
			f := s.stacks[b][j].Function
			as, ok := wanted[f]
			if !ok {
				switch {
				case strings.HasSuffix(f, "/singleflight.(*Group).doCall"), strings.HasSuffix(f, "/singleflight.(*Group).doCall.func2"):
					as = flightCalls
				case strings.HasPrefix(f, fileCalls):
					as = fileCalls
				}
				wanted[f] = as
			}
			if as != "" && len(s.spots[as]) < maxSpots {
				s.spots[as] = append(s.spots[as], spot{b, j})
			}
		}
	}
}

// maxSpots bounds the stacks that are looked into for one function.
const maxSpots = 4096

// each visits the units that have a function in their stacks, and where.
func (s *scene) each(function string, visit func(i, frame int)) {
	for _, at := range s.spots[function] {
		for _, i := range s.inBucket[at.bucket] {
			visit(i, at.frame)
		}
	}
}
