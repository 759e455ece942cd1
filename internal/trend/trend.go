// Package trend puts dumps of one program in a row and says, for each bucket,
// what its count does: whether it accumulates, and who survived.
package trend

import "gdump/internal/goroutine"

// Verdict says what a series does.
type Verdict string

// The verdicts. See Compare for the rules.
const (
	Accumulating Verdict = "accumulating"
	Grown        Verdict = "grown"
	New          Verdict = "new"
	Turnover     Verdict = "turnover"
	Stable       Verdict = "stable"
	Shrunk       Verdict = "shrunk"
	Gone         Verdict = "gone"
)

// Trend is one dump, or several of one program in time order.
type Trend struct {
	Dumps     []goroutine.Dump
	Restarted []bool   // per dump: it comes from another life than the dump before it
	Series    []Series // one dump: largest count first; several: most interesting first
	Notes     []string // what the reader must know: dumps put in order, levels mixed, same dump twice
}

// Series is one bucket over the dumps of a trend.
type Series struct {
	// Bucket is the bucket in the newest dump that has it.
	Bucket *goroutine.Bucket
	// At is the bucket in each dump, nil where there is none.
	At     []*goroutine.Bucket
	Counts []int

	// Verdict and what follows are empty for a trend of one dump.
	Verdict    Verdict
	Confidence float64 // 0 to 1
	HasIDs     bool    // the next three are known
	Survived   int     // in the first dump and still there in the last
	Born       int     // in the last dump and not in the first
	Ended      int     // in the first dump and not in the last
	PerDump    float64 // mean change a dump
	PerHour    float64 // mean change an hour; 0 if the times are not known
}

// Change is the last count less the first.
func (s *Series) Change() int { return s.Counts[len(s.Counts)-1] - s.Counts[0] }

// Now is the last count.
func (s *Series) Now() int { return s.Counts[len(s.Counts)-1] }
