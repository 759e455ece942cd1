// Package trend compares dumps of one program in time order and says, for each
// bucket, what its count does: whether it accumulates, and which goroutines
// survived.
package trend

import (
	"slices"
	"time"

	"gdump/internal/goroutine"
)

// Verdict says what a series does.
type Verdict string

// The verdicts. Accumulating is what keeps growing beyond what a pool or
// traffic explains; Growing rises, and nothing yet decides between the two.
// See objections.go for the rules.
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

// View is the level at which goroutines are grouped.
type View string

// The views at which a leak can show. ByStack is the default grouping,
// ByCreator what one go statement started, in whichever stack it is parked,
// BySite what is parked at one call site, whatever started it. ByGroup is a
// grouping that the reader chose.
const (
	ByStack   View = "stack"
	ByCreator View = "created-by"
	BySite    View = "site"
	ByGroup   View = "group"
)

// Trend is one dump, or several of one program in time order.
type Trend struct {
	Dumps     []goroutine.Dump
	By        string   // what goroutines are grouped by: "stack", or the name of the grouping chosen
	Restarted []bool   // per dump: it comes from another process lifetime than the dump before it
	Lives     []Life   // process lifetimes, in the order of their first dumps
	LifeOf    []int    // per dump: the lifetime it comes from
	Replicas  int      // processes that answered in turn; 0 if one did
	Rounds    bool     // the dumps were taken around rounds of a command: no rate is one over time
	Series    []Series // one dump: largest count first; several: most interesting first
	Leaks     []Leak   // what accumulates or grows, each reported once, the surest and largest first
	Outcome   Outcome
	Changed   int // the series that changed most, whatever its verdict; -1 if none did
	Warnings  []Warning
	// Mismatch says why the dumps seem to be of different programs; nil if they do not.
	Mismatch *Mismatch
	// Given are the dumps with the stacks of single goroutines that are left out of
	// them, in their order; nil if none is left out.
	Given []goroutine.Dump
}

// Mismatch is two dumps that share hardly a function outside of Go's own.
type Mismatch struct {
	A, B                           string // the sources
	FunctionsA, FunctionsB, Shared int
}

// Life is a process lifetime, of which Dumps[From] is the first dump and
// Dumps[To] the last. Those of replicas overlap: see Trend.LifeOf.
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

	// Verdict and what follows are empty for a trend of one dump, and for dumps
	// that cannot be compared: see Trend.Apart.
	Verdict    Verdict
	VerdictBy  View     // the level that shows what the verdict says
	Confidence float64  // 0 to 1
	Reasons    []Reason // what the verdict rests on
	Decides    []Reason // what would decide whether it is a leak, where it is growing
	HasIDs     bool     // the next four are known, over the last lifetime
	Survived   int      // in the first dump and still there in the last
	Born       int      // in the last dump and not in the first
	Ended      int      // in the first dump and not in the last
	Stuck      int      // in the last dump, and nothing suggests that they will end; 0 unless it accumulates or grows
	Gain       int      // the most that it gained in a lifetime; negative if it only lost
	Steps      []Step   // per dump, what happened since the dump before; empty without ids
	PerDump    float64  // mean change a dump
	PerHour    float64  // mean change an hour; 0 if the times are not known
	Lives      []Growth // per lifetime
	Proof      Proof
	Leaked     int        // goroutines that the garbage collector proved leaked, by the newest dump that shows it
	Checked    bool       // a leak checker reported that, not the collector
	Instances  *Instances // of a fleet over time; nil otherwise

	owner int8 // among equals the reader's own code comes first: see closeness
}

// Step is what happened to a series between a dump and the one before it in
// the same lifetime. Known is false for the first dump of a lifetime, and where one of
// the two has no ids or is cut off.
type Step struct {
	Known                 bool
	Survived, Born, Ended int
}

// Growth is what a series did in one lifetime.
type Growth struct {
	Verdict     Verdict // Accumulating, Growing or Grown; "" if it does not rise
	Accumulates bool
	Gain        int
	PerDump     float64
	PerHour     float64 // 0 if the times are not known
}

// Leak is something that accumulates or grows, at the level that says it best.
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

// SureOfLeak is the confidence from which Accumulating accuses.
const SureOfLeak = 0.9

// Accused reports whether the series is called a leak for sure.
func (s *Series) Accused() bool { return s.Verdict == Accumulating && s.Confidence >= SureOfLeak }
