package trend

import (
	"math"
	"slices"
)

// objection is a reason to doubt a claim.
type objection struct {
	kind ReasonKind
	// then is what the series is called where the objection holds.
	then   Verdict
	counts bool // it is asked where only counts are known, too
	holds  func(*claim) (Reason, bool)
}

// objections are asked in this order.
func objections() []objection {
	return []objection{
		{Replaced, Turnover, false, replaced},
		{Elsewhere, Turnover, false, elsewhere},
		{Paused, Grown, true, paused},
		{TwoDumps, Growing, false, twoDumps},
		{Halted, Growing, true, halted},
		{Slows, Growing, true, slows},
		{FewRounds, Growing, true, fewRounds},
		{FewMore, Growing, true, fewMore},
		{LittleOfAll, Growing, true, littleOfAll},
		{Mingles, Growing, false, mingles},
		{SomeEnd, Growing, false, someEnd},
		{FewPeers, Growing, false, fewPeers},
		{WarmsUp, Growing, false, warmsUp},
	}
}

// replaced holds where those who came to stay made up for others that ended.
func replaced(c *claim) (Reason, bool) {
	came := sum(c.came)
	return Reason{Kind: Replaced, N: came, Count: c.rise()}, float64(c.rise()) < c.Net*float64(came)
}

// elsewhere holds where the others at the call site became fewer as these
// became more: one go statement started what another one's had been.
func elsewhere(c *claim) (Reason, bool) {
	if c.siblings == nil {
		return Reason{}, false
	}
	flow := steps(c.siblings)
	own, lost := 0, 0
	for i, n := range c.flow {
		own += max(0, n+min(0, flow[i]))
		lost -= min(0, flow[i])
	}
	return Reason{Kind: Elsewhere, N: c.rise(), Count: lost}, float64(own) < (1-c.Net)*float64(c.rise()) && lost <= 2*c.rise()
}

// paused holds where the level has not risen for long, and that is no chance.
func paused(c *claim) (Reason, bool) {
	r, holds := halted(c)
	r.Kind = Paused
	return r, holds && float64(r.N) > c.SilentShare*float64(r.Of)
}

// halted holds where the level has not risen for longer than chance makes it.
func halted(c *claim) (Reason, bool) {
	silence := c.trailing()
	return Reason{Kind: Halted, N: silence, Of: len(c.flow)}, silence > 0 && silent(c.known(), silence) < c.Silence
}

// silent is the chance of a silence at the end, if what came before goes on:
// by rounds with and without a rise, by the rule of succession, and, where
// each round brought some, by how many.
func silent(flow []int, silence int) float64 {
	before := flow[:len(flow)-silence]
	rounds, total := positive(before), 0
	for _, n := range before {
		total += max(0, n)
	}
	chance := math.Pow(1-float64(rounds+1)/float64(len(before)+2), float64(silence))
	if rounds == len(before) && rounds > 1 {
		chance = min(chance, math.Exp(-float64(total)/float64(rounds)*float64(silence)))
	}
	return chance
}

func twoDumps(c *claim) (Reason, bool) {
	return Reason{Kind: TwoDumps, N: c.rise(), Of: c.level[0], Ended: c.ended},
		len(c.flow) < 2 || c.age > 0 && len(c.flow) < 3
}

// slows holds where the late rounds bring much less than the early ones, and
// more than chance makes that.
func slows(c *claim) (Reason, bool) {
	flow := c.inflow()
	early, late := halves(flow)
	return Reason{Kind: Slows, Count: int(math.Round(early)), N: int(math.Round(late))},
		late < c.Slowed*early && lateness(flow) < -c.Early || len(c.past) == 0 && c.dries()
}

// dries reports whether each of several rounds brings less than the one before
// and the last much less than the first, however few that are.
func (c *claim) dries() bool {
	falls := slices.IsSortedFunc(c.flow, func(a, b int) int { return b - a })
	return falls && len(c.flow) >= c.Dries && float64(c.flow[len(c.flow)-1]) < c.Slowed*float64(c.flow[0])
}

// halves are the mean inflows of the early and of the late rounds.
func halves(flow []int) (early, late float64) {
	half := (len(flow) + 1) / 2
	return float64(sum(flow[:half])) / float64(half), float64(sum(flow[len(flow)-half:])) / float64(half)
}

// lateness is by how many standard deviations the rounds in which a level rose
// lie later, on average, than they would by chance.
func lateness(flow []int) float64 {
	m, total, moment := float64(len(flow)), 0.0, 0.0
	for i, n := range flow {
		total += float64(max(0, n))
		moment += float64(max(0, n)) * float64(i)
	}
	if total == 0 || m < 2 {
		return 0
	}
	return (moment/total - (m-1)/2) / math.Sqrt((m*m-1)/12/total)
}

// fewRounds holds where the level rises by steps with long pauses, as a
// high-water mark does. A pause may be chance where what came before the first
// dump came without any.
func fewRounds(c *claim) (Reason, bool) {
	blocks := steps(coarse(c.level, c.Blocks))
	k := positive(blocks)
	few := float64(k) < c.Rounds*float64(len(blocks))
	if few && 2*k > len(blocks) {
		blocks = steps(coarse(sums(c.known()), c.Blocks))
		few = float64(positive(blocks)) < c.Rounds*float64(len(blocks))
	}
	return Reason{Kind: FewRounds, N: positive(c.flow), Of: len(c.flow)}, few
}

// coarse are the levels at the ends of so many blocks of rounds.
func coarse(level []int, blocks int) []int {
	last := len(level) - 1
	if last <= blocks {
		return level
	}
	out := make([]int, blocks+1)
	for i := range out {
		out[i] = level[i*last/blocks]
	}
	return out
}

// someEnd holds where residents end all the same: long-lived traffic that grows.
func someEnd(c *claim) (Reason, bool) {
	return Reason{Kind: SomeEnd, N: c.ended, Of: c.exposed}, (c.ended > 1 || c.age > 0 && c.ended > 0) && c.rate() > c.Ends
}

// mingles holds where only their age distinguishes residents from others, and many of
// the others stay for a while, too: in a few rounds, some of these are old.
func mingles(c *claim) (Reason, bool) {
	return Reason{Kind: Mingles, N: c.younger - c.youngEnded, Of: c.younger},
		c.age > 0 && len(c.flow) < c.MingleRounds && float64(c.youngEnded) < c.CrowdEnds*float64(c.younger)
}

// fewPeers holds for a few connections that peers have not closed.
func fewPeers(c *claim) (Reason, bool) {
	n := sum(c.came) + sum(c.known()) - sum(c.flow)
	return Reason{Kind: FewPeers, N: n}, c.peer && n < c.Peers+5*c.ended && (len(c.flow) < c.PeerRounds || float64(positive(c.flow)) < c.PeerShare*float64(len(c.flow)))
}

// fewMore holds for a rise that is too small to be a leak for sure.
func fewMore(c *claim) (Reason, bool) {
	return Reason{Kind: FewMore, N: c.rise()}, sum(c.known()) < c.Few && !c.steady()
}

// steady reports whether each of several rounds brings as many as the others,
// as what leaks at each turn of the same work does.
func (c *claim) steady() bool {
	low, high := slices.Min(c.flow), slices.Max(c.flow)
	return len(c.flow) > 2 && len(c.flow)+c.age >= c.Turns && low > 0 && float64(low) >= c.Even*float64(high)
}

// littleOfAll holds where a few came to many, and not in nearly every round.
func littleOfAll(c *claim) (Reason, bool) {
	return Reason{Kind: LittleOfAll, N: c.rise(), Of: c.level[0]},
		c.little() && float64(positive(c.known())) < c.LittleRounds*float64(len(c.known()))
}

func (c *claim) little() bool {
	came := sum(c.known())
	return float64(came) < c.Little*float64(c.level[len(c.level)-1]-came)
}

// warmsUp holds for what rises from the start of the process on: pools fill,
// and caches and sessions come to what they will be.
func warmsUp(c *claim) (Reason, bool) {
	rounds := len(c.counts) - 1
	fresh := c.youth.age(float64(rounds)) < float64(rounds+1) // started less than a round before the first dump
	long := c.youth.span > c.TurnTime
	short := rounds < c.WarmRounds
	if c.youth.span > 0 {
		short = c.youth.age(float64(c.youth.span)) < float64(c.WarmUp)
	}
	short = short && (fresh || long && c.youth.since >= c.Watched)
	outgrown := c.rise() >= c.Many && c.rise() >= c.Outgrown*c.youth.first
	return Reason{Kind: WarmsUp, N: c.rise(), Span: c.youth.span}, short && !c.blocked && !outgrown && (long || !c.steady())
}
