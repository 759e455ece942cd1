package trend

import "time"

// limits are the thresholds of the rules, each with its reason.
type limits struct {
	// FewEnd is the share of residents that may end from one dump to the next:
	// what ends faster is traffic.
	FewEnd float64
	// SurelyStay is the chance below which younger goroutines are not taken to
	// end as seldom as residents do: without it, any slow traffic has residents.
	SurelyStay float64
	// Exposed is how often residents must have had the occasion to end.
	Exposed int
	// Rise is the number of goroutines by which a count must differ to have
	// changed, and RiseShare the share of what was there before.
	Rise      int
	RiseShare float64
	// Swing is the share of the largest count that is lost and regained in
	// traffic.
	Swing float64
	// Net is the share of the newcomers by which the level must rise: the rest
	// replaced others.
	Net float64
	// Ends is the share of residents that ends from one dump to the next in
	// traffic that grows.
	Ends float64
	// Slowed is the share of the early inflow below which the late one has
	// slowed down, as it does where a pool fills, and Early by how many standard
	// deviations that must be no chance.
	Slowed, Early float64
	// Dries is the number of rounds that must bring less and less to say the same
	// however small the numbers are.
	Dries int
	// Rounds is the share of at most Blocks blocks of rounds that must raise the
	// level: a high-water mark rises now and then.
	Rounds float64
	Blocks int
	// Silence is the chance below which a silence at the end is not by chance,
	// and SilentShare the share of the rounds from which it is the end.
	Silence, SilentShare float64
	// Peers is the number of newcomers that connections must have: those of a few
	// peers that have not hung up are no evidence. Fewer will do where PeerShare
	// of at least PeerRounds rounds bring some.
	Peers, PeerRounds int
	PeerShare         float64
	// Turns is the number of rounds that bring as many each, but for a share of
	// Even, in what leaks at each turn of the same work. A test turns for at
	// most TurnTime: the load of a service may rise as evenly for longer.
	Turns    int
	Even     float64
	TurnTime time.Duration
	// CrowdEnds is the share of those too young to be residents that ends from
	// one dump to the next where a few rounds distinguish the two; it takes
	// MingleRounds where more stay.
	CrowdEnds    float64
	MingleRounds int
	// StartIDs are those that a process hands out as it starts.
	StartIDs float64
	// FewestIDs are those that a round must hand out to other goroutines for ids
	// to be a clock, and LateShare the share of the newcomers that may have lower
	// ones than what was there before them: processors take ids in blocks, and
	// where a round uses up few of them, their order is not that of the starts.
	FewestIDs, LateShare float64
	// LongAgo is how many rounds before the first dump are looked at.
	LongAgo int
	// Few is the number of goroutines that makes a leak of a rise.
	Few int
	// Little is the share of what was there before that the rise must be where
	// less than LittleRounds of the rounds bring some: the last of a pool come
	// late and seldom.
	Little, LittleRounds float64
	// Watched is the share of the age of a process that dumps over more than
	// TurnTime must cover to say that pools fill because it has started.
	Watched float64
	// WarmUp is how long pools fill after a process started, and WarmRounds as
	// many rounds where the times are not known.
	WarmUp     time.Duration
	WarmRounds int
	// Outgrown and Many are the number of times that a rise exceeds all that
	// the process had at first, and by how many, beyond what a pool holds.
	Outgrown, Many int
	// FewCounts is the number of counts below which they decide nothing without
	// ids, ManyCounts that from which they accuse if they never fall.
	FewCounts, ManyCounts int
	// ByChance and SurelyRises are the chances of such a trend in counts that
	// have none: below the first they rise, below the second for sure.
	ByChance, SurelyRises float64
	// Down is the share of what the counts climbed that they may have lost on
	// the way: the test takes neighbours for independent, which traffic that
	// lasts is not.
	Down float64
	// EqualTops is the share by which the tops of lifetimes of a full pool differ.
	EqualTops float64
}

func defaultLimits() limits {
	return limits{
		FewEnd: 0.05, SurelyStay: 1e-3, Exposed: 1, Rise: 3, RiseShare: 0.10, Swing: 0.25,
		Net: 0.6, Ends: 0.004, Slowed: 0.6, Early: 1.64, Dries: 4, Rounds: 0.7, Blocks: 5, Silence: 0.05, SilentShare: 1.0 / 3,
		Peers: 8, PeerRounds: 6, PeerShare: 0.6, Turns: 4, Even: 0.9, TurnTime: 10 * time.Minute, CrowdEnds: 0.85, MingleRounds: 5, StartIDs: 32, FewestIDs: 2, LateShare: 0.25, LongAgo: 12, Few: 5, Little: 0.5, LittleRounds: 0.8, Watched: 1.0 / 3, WarmUp: time.Hour, WarmRounds: 6, Outgrown: 8, Many: 100,
		FewCounts: 6, ManyCounts: 8, ByChance: 0.05, SurelyRises: 0.002, Down: 0.15, EqualTops: 0.1,
	}
}
