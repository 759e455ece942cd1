// Package trend puts dumps of one program in a row and says, for each bucket,
// what its count does: whether it accumulates, and who survived.
package trend

import (
	"slices"
	"time"

	"gdump/internal/goroutine"
)

// Verdict says what a series does.
type Verdict string

// The verdicts. See settled.go for the rules.
const (
	Accumulating Verdict = "accumulating"
	Growing      Verdict = "growing"
	Grown        Verdict = "grown"
	New          Verdict = "new"
	Turnover     Verdict = "turnover"
	Stable       Verdict = "stable"
	Shrunk       Verdict = "shrunk"
	Gone         Verdict = "gone"
)

// Rank orders the verdicts: what needs a look comes first.
func (v Verdict) Rank() int {
	return slices.Index([]Verdict{Accumulating, Growing, Grown, New, Turnover, Stable, Shrunk, Gone}, v)
}

// View is the level at which goroutines are held together.
type View string

// The views at which a leak can be told. ByStack is the default grouping,
// ByCreator what one go statement started (created by and entry function), by
// whichever stack it is parked in, BySite what is parked at one call site,
// whoever started it. ByGroup stands for a grouping that the reader chose.
const (
	ByStack   View = "stack"
	ByCreator View = "created-by"
	BySite    View = "site"
	ByGroup   View = "group"
)

// Trend is one dump, or several of one program in time order.
type Trend struct {
	Dumps     []goroutine.Dump
	By        string   // what a series holds together: "stack", or the name of the grouping chosen
	Restarted []bool   // per dump: it comes from another life than the dump before it
	Lives     []Life   // runs of dumps taken from one process start, in order
	Series    []Series // one dump: largest count first; several: most interesting first
	Leaks     []Leak   // what accumulates, each told once, the largest first
	Notes     []string // what the reader must know: dumps put in order, levels mixed, same dump twice
	// Mismatch says why the dumps seem to be of different programs; "" if they do not.
	Mismatch string
}

// Life is a run of dumps of one process start: Dumps[From] to Dumps[To].
type Life struct{ From, To int }

// Series is one bucket over the dumps of a trend.
type Series struct {
	// Bucket is the bucket in the newest dump that has it.
	Bucket *goroutine.Bucket
	// At is the bucket in each dump, nil where there is none.
	At     []*goroutine.Bucket
	Counts []int
	Name   string // of the group, where a grouping was chosen
	Match  Match  // how its buckets of different dumps were recognised

	// Verdict and what follows are empty for a trend of one dump.
	Verdict    Verdict
	VerdictBy  View    // the level that shows what the verdict says
	Confidence float64 // 0 to 1
	Why        string  // what the verdict rests on, in a few words
	HasIDs     bool    // the next four are known, over the last life
	Survived   int     // in the first dump and still there in the last
	Born       int     // in the last dump and not in the first
	Ended      int     // in the first dump and not in the last
	Stuck      int     // in the last dump, and nothing suggests that they will end; 0 unless accumulating
	Steps      []Step  // per dump, what happened since the dump before; empty without ids
	PerDump    float64 // mean change a dump
	PerHour    float64 // mean change an hour; 0 if the times are not known
	Lives      []Growth
	Proof      Proof
	Leaked     int // goroutines that the garbage collector proved leaked, by the newest that tells

	whose int8 // among equals the reader's own code comes first: see closeness
}

// Step is what happened to a series between a dump and the one before it in
// the same life. Known is false for the first dump of a life, and where one of
// the two has no ids or is cut off.
type Step struct {
	Known                 bool
	Survived, Born, Ended int
}

// Growth is what a series did in one life.
type Growth struct {
	Accumulates bool
	PerDump     float64
	PerHour     float64 // 0 if the times are not known
}

// Leak is something that accumulates, at the level that says it best.
type Leak struct {
	By      View
	Series  Series // all of it together; a series of the trend if By is ByStack
	Members []int  // the series of the trend it consists of, largest first
}

// Change is the last count less the first.
func (s *Series) Change() int { return s.Counts[len(s.Counts)-1] - s.Counts[0] }

// Now is the last count.
func (s *Series) Now() int { return s.Counts[len(s.Counts)-1] }

// Marks are the counts whose passing is forecast.
var Marks = []int{100_000, 1_000_000}

// Passes says when the series has n goroutines if it goes on at its rate. It
// is false if it does not accumulate, times are not known, or n is passed.
func (s *Series) Passes(n int) (time.Duration, bool) {
	if s.Verdict != Accumulating || s.PerHour <= 0 || s.Now() >= n {
		return 0, false
	}
	hours := float64(n-s.Now()) / s.PerHour
	if hours > float64(1<<63-1)/float64(time.Hour) {
		return 0, false
	}
	return time.Duration(hours * float64(time.Hour)), true
}
