package trend

import "time"

// ReasonKind names what a reason says. The constants say what its numbers are.
type ReasonKind string

// What speaks for a leak.
const (
	Stayed     ReasonKind = "stayed"      // in N of Of rounds goroutines came that are still there, Count of them; Ended residents of age Age ended
	Climbs     ReasonKind = "climbs"      // the counts climb by Rate a dump, by chance once in 1/Chance; no ids
	EachHigher ReasonKind = "each-higher" // each of N counts is higher than the one before; no ids
	Lives      ReasonKind = "lives"       // so in N of Of lifetimes
	Proven     ReasonKind = "proven"      // the garbage collector proved N of them leaked, and they have become more
	Outside    ReasonKind = "outside"     // rose by N, where what was there before is not known
)

// What speaks against it: the objections.
const (
	TwoDumps    ReasonKind = "two-dumps"    // N came and stayed, Ended of Of before have ended; two levels make no trend
	Replaced    ReasonKind = "replaced"     // N came to stay, the level rose by Count: the others replaced some
	Falls       ReasonKind = "falls"        // the level fell by N from Of
	Elsewhere   ReasonKind = "elsewhere"    // rose by N, and what else is parked at the call site changed by Count
	Paused      ReasonKind = "paused"       // has not risen in the last N of Of rounds
	Halted      ReasonKind = "halted"       // the same, for not so long
	FewMore     ReasonKind = "few-more"     // rose by N
	WarmsUp     ReasonKind = "warms-up"     // rose by N from the start of the process on, over Span
	Slows       ReasonKind = "slows"        // the inflow went from Count to N, early to late rounds
	FewRounds   ReasonKind = "few-rounds"   // the level rose in N of Of rounds
	SomeEnd     ReasonKind = "some-end"     // N residents ended in Of occasions: traffic that grows
	FewPeers    ReasonKind = "few-peers"    // N connections more: a few that peers have not closed
	EqualTops   ReasonKind = "equal-tops"   // in N lifetimes it came to Count
	OtherLife   ReasonKind = "other-life"   // in another lifetime the same growth stopped
	LowestClimb ReasonKind = "lowest-climb" // the lowest of Count blocks of counts climb from N to Of; no ids
	CountsOnly  ReasonKind = "counts-only"  // without ids, too few counts
	LittleOfAll ReasonKind = "little-of-it" // rose by N on Of
)

// What a count without a claim does.
const (
	CameAndWent ReasonKind = "came-and-went"
	NoneLeft    ReasonKind = "none-left"
	UpAndDown   ReasonKind = "up-and-down"
	NoneBefore  ReasonKind = "none-before"
	Fewer       ReasonKind = "fewer"
	RoseOnce    ReasonKind = "rose-once"
	Exchanged   ReasonKind = "exchanged" // N of Of were replaced
	AsBefore    ReasonKind = "as-before"
)

// Reason is a piece of evidence. Its kind says which numbers it has.
type Reason struct {
	Kind         ReasonKind
	N, Of        int
	Count        int
	Age, Ended   int
	Rate, Chance float64
	Span         time.Duration
	F            []float64
}
