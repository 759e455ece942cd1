package trend

import "time"

// ReasonKind names what a reason says. The constants say what its numbers are.
type ReasonKind string

// What speaks for a leak.
const (
	Stayed      ReasonKind = "stayed"       // in N of Of rounds came Count that are still there; Ended of those past Age dumps have ended
	Climbs      ReasonKind = "climbs"       // N counts climb by Rate a dump, without a trend once in 1/Chance
	LowestClimb ReasonKind = "lowest-climb" // the lowest of Count blocks of counts climb from N to Of
	InLives     ReasonKind = "in-lives"     // so in N of Of process lifetimes
	Proven      ReasonKind = "proven"       // the garbage collector proved N of them leaked, and they have become more
)

// The objections: what speaks against it. See objections.go and doubts.go.
const (
	Replaced    ReasonKind = "replaced"      // N came to stay, and the level rose by Count
	Elsewhere   ReasonKind = "elsewhere"     // rose by N, and by Count the others at the call site became fewer
	Paused      ReasonKind = "paused"        // has not risen in the last N of Of rounds
	Halted      ReasonKind = "halted"        // the same, for not so long
	TwoDumps    ReasonKind = "two-dumps"     // rose by N on Of, of which Ended have ended, in too few dumps
	Slows       ReasonKind = "slows"         // the inflow fell from Count to N a round
	FewRounds   ReasonKind = "few-rounds"    // rose in N of Of rounds
	FewMore     ReasonKind = "few-more"      // rose by N
	LittleOfAll ReasonKind = "little-of-all" // rose by N on Of
	Mingles     ReasonKind = "mingles"       // of Of others, N stayed for another dump as well
	SomeEnd     ReasonKind = "some-end"      // N ended, which could have Of times
	FewPeers    ReasonKind = "few-peers"     // N connections more
	WarmsUp     ReasonKind = "warms-up"      // rose by N since the process started, over Span
	CountsOnly  ReasonKind = "counts-only"   // N counts, and no ids
	OtherLife   ReasonKind = "other-life"    // in another process lifetime it stopped at N
	EqualTops   ReasonKind = "equal-tops"    // came to N, and in a process lifetime of another length to Of
)

// What a series does that does not rise for long.
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

// What would decide about a series that is growing.
const (
	MoreDumps ReasonKind = "more-dumps" // N more than the Of that there are
	MoreTime  ReasonKind = "more-time"  // Span of it; the inflow has halved N times, 0 if it has not
	NeedIDs   ReasonKind = "need-ids"   // dumps that have goroutine ids
)

// Why dumps cannot be judged.
const (
	OneEach      ReasonKind = "one-each"      // one dump in each of N process lifetimes
	AfterRestart ReasonKind = "after-restart" // one dump after the last restart
	Extracts     ReasonKind = "extracts"      // N of Of dumps show one goroutine each, and fewer than two show all
	NoneWhole    ReasonKind = "none-whole"    // no two dumps of a lifetime show all goroutines
)

// Reason is a piece of evidence. Its kind says which numbers it has.
type Reason struct {
	Kind         ReasonKind
	N, Of        int
	Count        int
	Age, Ended   int
	Rate, Chance float64
	Span         time.Duration
}
