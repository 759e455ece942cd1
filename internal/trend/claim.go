package trend

import (
	"math"
	"slices"
	"time"
)

// claim is that the residents of a track pile up.
type claim struct {
	limits
	*track
	*residents
	siblings []int // levels of what else is parked at the call site; nil if there is nothing
	peer     bool  // the goroutines wait for the network, or are born and end with such
	blocked  bool  // they wait for what no idle goroutine waits for
	youth    youth
	past     []int // residents that came before the first dump, by rounds: see judged.past
}

// inflow is what came to stay, by rounds, those before the first dump included:
// where some end, more came than ids show.
func (c *claim) inflow() []int { return append(slices.Clone(c.past), c.flow...) }

// known is the inflow as far as nothing is missing in it. What the first round
// brought may be what is always there.
func (c *claim) known() []int {
	if c.ended > 0 || len(c.past) == 0 {
		return c.flow
	}
	return c.inflow()[1:]
}

// finding is what a track shows.
type finding struct {
	verdict    Verdict // Accumulating, Growing or Grown; "" if it shows no rise
	confidence float64
	stuck      int // residents at the end
	gain       int // over the lifetime
	perDump    float64
	reasons    []Reason // for it, and then the objections
	decides    []Reason
}

// find looks for residents that pile up. What else is known of a claim
// depends on the age of the residents: fill adds it.
func (r *rules) find(about claim, fill func(*claim)) finding {
	switch t := about.track; {
	case len(t.counts) < 2:
		return finding{}
	case t.since == nil:
		return r.findByCounts(t)
	}
	best := finding{}
	for _, residents := range about.track.ages(r.limits) {
		about.residents = &residents
		fill(&about)
		if f := r.weigh(&about); rank(&f) > rank(&best) {
			best = f
		}
	}
	return best
}

// rank orders findings by what they say.
func rank(f *finding) float64 {
	switch f.verdict {
	case Accumulating:
		return 3 + f.confidence
	case Growing:
		return 2
	case Grown:
		return 1
	}
	return 0
}

// weigh asks the objections.
func (r *rules) weigh(c *claim) finding {
	if c.rise() < r.Rise || sum(c.came) < 2 {
		return finding{}
	}
	m := len(c.flow)
	f := finding{
		verdict: Accumulating, confidence: confidence(c),
		stuck: c.level[m], gain: c.rise(), perDump: float64(c.rise()) / float64(m),
		reasons: []Reason{{Kind: Stayed, N: positive(c.came), Of: len(c.came), Count: sum(c.came), Age: c.age, Ended: c.ended}},
	}
	for _, o := range r.objections {
		if reason, holds := o.holds(c); holds {
			f.object(o.then, reason)
		}
	}
	if f.verdict == Turnover {
		return finding{}
	}
	if f.verdict == Growing {
		f.decides = decides(c, f.reasons)
	}
	return f
}

// object lowers a finding to what an objection says.
func (f *finding) object(then Verdict, why Reason) {
	f.reasons = append(f.reasons, why)
	if then.Rank() > f.verdict.Rank() {
		f.verdict = then
	}
	f.confidence = unsure
}

// unsure is the confidence in what is not called a leak.
const unsure = 0.5

// sure is, by the number of rounds that brought some, how often what nothing
// speaks against was a leak, on recorded services (make confusion).
var sure = [...]float64{2: 0.92, 3: 0.94, 4: 0.95, 5: 0.96, 6: 0.97, 7: 0.98}

// confidence is lower where little came, to many or at connections.
func confidence(c *claim) float64 {
	p := sure[max(2, min(positive(c.flow), len(sure)-1))]
	if c.peer {
		p -= 0.04
	}
	even := 2*slices.Min(c.flow) >= slices.Max(c.flow)
	if c.little() && !even && len(c.flow) < c.PeerRounds {
		p -= 0.04
	}
	if len(c.flow) < 3 && c.rise() < 2*c.Few {
		p -= 0.05
	}
	return p
}

// decides says what would decide about a claim that objections hold back.
func decides(c *claim, reasons []Reason) []Reason {
	m, dumps := len(c.flow), len(c.counts)
	has := func(kind ReasonKind) bool {
		return slices.ContainsFunc(reasons, func(r Reason) bool { return r.Kind == kind })
	}
	switch {
	case dumps == 2:
		return []Reason{{Kind: MoreDumps, N: 1, Of: dumps}}
	case has(WarmsUp) && c.youth.span > 0:
		return []Reason{{Kind: MoreTime, Span: c.WarmUp - time.Duration(c.youth.age(float64(c.youth.span))).Truncate(time.Minute) + time.Minute}}
	case has(Slows) && c.youth.span > 0:
		flow := c.inflow()
		early, late := halves(flow)
		half := max(1, int(math.Round(math.Log2(early/max(late, early/16)))))
		return []Reason{{Kind: MoreTime, N: half, Span: c.youth.span * time.Duration(len(flow)) / time.Duration(m*half)}}
	}
	return []Reason{{Kind: MoreDumps, N: max(m, c.Turns-m), Of: dumps}}
}
