package trend

import (
	"fmt"
	"math"
)

// The rules. A goroutine is born into the first dump that shows it. Growth
// alone is no leak, and traffic hides one, so what is asked is: are there
// goroutines that come in round after round and of which none ends?
//
// Traffic ends at every age. So the rule looks for an age, counted in dumps,
// past which hardly any goroutine has ended (0 if none of a series ever has).
// Those past it have settled. If settled ones have come in more than one round
// of those watched, and kept coming until the end, the series accumulates: a
// pool that filled up has settled ones too, but they have stopped coming.
const (
	fewEnd       = 0.05 // of the settled, from one dump to the next: they do not end
	fewEndNewly  = 0.15 // of those who settled while watched
	crowdEnds    = 0.9  // of those too young to have settled: what stays amid that is no part of it
	surelyStay   = 1e-3 // chance that traffic as seen at younger ages looks settled
	stillComing  = 0.02 // chance of a silence as long as the last one, if it goes on
	slowedComing = 0.2  // the same, where most came early
	cameToEnd    = 0.05 // the same, in another life
	flushShare   = 0.8  // of a series ended at once: a batch went out

	leastSeen = 5 // newcomers, and times one could have ended and did not

	leastGrowth = 3    // goroutines by which a count must differ to have changed,
	leastShare  = 0.10 // and the share of what was there before
	// In two dumps, of which none is missing in the second, less will do.
	leastShareOf2 = 0.05
	swing         = 0.25 // of the largest count: lost and regained, it is traffic
)

// track is a group of goroutines over the judged dumps of one life.
type track struct {
	dumps  []int
	counts []int
	// since is, for each dump, how many of its goroutines have been in the
	// group since each dump up to it; nil without ids.
	since [][]int
	fresh []int // of the last dump and by the dump since which: not in the first dump
	poll  bool  // most are parked in the network poller
}

// finding is what a track shows.
type finding struct {
	leaks      bool
	takenBack  bool // it looked so, but another life says otherwise
	confidence float64
	comes      float64 // chance that a round brings more
	stuck      int     // at the end
	perDump    float64 // of what accumulates, or of the count
	seen       settled // what that rests on, in three dumps or more
	why        string
}

// find looks for goroutines that pile up.
func (t *track) find() finding {
	switch {
	case len(t.counts) < 2:
		return finding{}
	case t.since == nil:
		return t.findByCounts()
	case len(t.counts) == 2:
		return t.findInTwo()
	}
	last := len(t.counts) - 1
	for age := range last {
		s := t.settledAt(age)
		if f, ok := s.judge(t); ok {
			return f
		}
	}
	return finding{}
}

// settled is what a track shows of those past an age.
type settled struct {
	age       int
	here      []int // per dump: past the age
	exposed   int   // times one of them could have ended,
	ended     int   // and did,
	endedNew  int   // not counting those of the first dump
	younger   int   // the same for those who are one dump too young
	youngDied int
	came      []int // per round: settled at the end, and there since that round
	atStart   int   // settled at the end, of those of the first dump
}

func (t *track) settledAt(age int) settled {
	n := len(t.counts)
	s := settled{age: age, here: make([]int, n)}
	for i := range n {
		for b := 0; b <= i; b++ {
			past := i-b >= age
			if past {
				s.here[i] += t.since[i][b]
			}
			if i == n-1 {
				continue
			}
			died := max(0, t.since[i][b]-t.since[i+1][b])
			if past {
				s.exposed += t.since[i][b]
				s.ended += died
				if b > 0 {
					s.endedNew += died
				}
			} else if b > 0 && i-b == age-1 {
				// How old those of the first dump are is not known.
				s.younger += t.since[i][b]
				s.youngDied += died
			}
		}
	}
	s.atStart = t.since[n-1][0]
	s.came = t.fresh[1 : n-age]
	return s
}

func (s *settled) judge(t *track) (finding, bool) {
	came, rounds := 0, 0
	for _, n := range s.came {
		came += n
		rounds += min(n, 1)
	}
	// In three dumps only one round can settle at all: those who were there
	// before and stayed, amid traffic that did not, speak for another.
	evidence := rounds
	if len(t.counts) == 3 && s.age == 1 && s.atStart > 0 && float64(s.youngDied) >= crowdEnds*float64(s.younger) {
		evidence++
	}
	switch {
	case evidence < 2 || came < 2 || s.exposed < 2 || came+s.exposed < leastSeen:
		return finding{}, false
	case float64(s.ended) > fewEnd*float64(s.exposed) || float64(s.endedNew) > fewEndNewly*float64(came):
		return finding{}, false
	case s.age > 0 && (s.younger == 0 || s.chance(float64(s.youngDied)/float64(s.younger)) > surelyStay):
		return finding{}, false
	case s.age > 0 && came < leastSeen, 5*(s.here[len(s.here)-1]-s.here[s.age]) < 3*came:
		// Those who settled must be a growth, and no exchange for others.
		return finding{}, false
	case s.age > 0 && rounds < 3 && float64(s.youngDied) < crowdEnds*float64(s.younger):
		// A few that stayed for long are traffic too, where many stay a while.
		return finding{}, false
	case t.poll && (came < 8+5*s.ended || 4*rounds < len(s.came)):
		// A goroutine that waits for a peer ends when the peer goes: a few
		// connections that have not, or come seldom, are no evidence.
		return finding{}, false
	case !comesOn(s.came) || t.flushes():
		return finding{}, false
	}
	last := len(t.counts) - 1
	f := finding{leaks: true, seen: *s, stuck: s.here[last], perDump: float64(s.here[last]-s.here[s.age]) / float64(last-s.age)}
	f.comes = float64(rounds+1) / float64(len(s.came)+2)
	f.confidence = min(0.99, 1-math.Pow(0.5, float64(evidence+1)))
	if t.poll || s.ended > 0 {
		f.confidence -= 0.05
	}
	f.why = fmt.Sprintf("goroutines stayed behind in %d of %d rounds, %d of them are still there", rounds, len(s.came), came)
	switch {
	case s.ended > 0:
		f.why += fmt.Sprintf(", %d ended", s.ended)
	case s.age == 0:
		f.why += ", none has ended"
	default:
		f.why += fmt.Sprintf(", none of those that were there for %s has ended", plural(s.age+1, "dump"))
	}
	return f, true
}

// plural writes a number of things: "1 dump", "5 dumps".
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// chance is the chance that no more of the settled ended than did, if that
// share of them ends from one dump to the next: the lower tail of the binomial
// distribution, by logarithms, or it would be 0 for many.
func (s *settled) chance(ends float64) float64 {
	n, k := float64(s.exposed), float64(s.ended)
	if k >= n*ends {
		return 1 // as many as expected, or more
	}
	log := func(x float64) float64 { y, _ := math.Lgamma(x + 1); return y } // of a factorial
	term := math.Exp(log(n) - log(k) - log(n-k) + k*math.Log(ends) + (n-k)*math.Log1p(-ends))
	sum := term
	for ; k > 0 && term > sum*1e-6; k-- {
		term *= k / (n - k + 1) * (1 - ends) / ends
		sum += term
	}
	return sum
}

// comesOn reports whether goroutines that came in these numbers, round by
// round, can be thought to come again: whether the silence at the end is no
// longer than chance makes it.
func comesOn(came []int) bool {
	first, last, total, rounds, late := -1, -1, 0, 0, 0
	for i, n := range came {
		if n == 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		total += n
		rounds++
		if 2*i >= len(came) {
			late += n
		}
	}
	silence := len(came) - 1 - last
	if silence <= 0 {
		return true
	}
	// Rounds with and without newcomers, by the rule of succession.
	p := float64(rounds+1) / float64(last+1+2)
	chance := math.Pow(1-p, float64(silence))
	perRound := float64(total) / float64(rounds)
	if rounds == last-first+1 && (first == 0 || perRound >= 5) {
		// No round was silent between the first and the last that was not: at
		// the rate at which they came, one hardly is.
		chance = min(chance, math.Exp(-perRound*float64(silence)))
	}
	if 4*late < total && total >= 8 {
		return chance >= slowedComing
	}
	return chance >= stillComing
}

// flushes reports whether what ends does so all at once, as a batch does, and
// what has come since is not more than what was there before.
func (t *track) flushes() bool {
	flushes, before := 0, 0
	for i := 0; i+1 < len(t.counts); i++ {
		died := 0
		for b := 0; b <= i; b++ {
			died += max(0, t.since[i][b]-t.since[i+1][b])
		}
		if t.counts[i] >= leastGrowth && float64(died) >= flushShare*float64(t.counts[i]) {
			flushes++
			before = max(before, t.counts[i])
		} else if float64(died) > fewEnd*float64(t.counts[i]) {
			return false
		}
	}
	// Traffic that is replaced in most rounds is no batch.
	return flushes > 0 && 2*flushes < len(t.counts) && 2*t.counts[len(t.counts)-1] < 3*before
}

// findInTwo says what two dumps can say. Growth where some were before, of
// which next to none has ended, is likely a leak, or a pool that warmed up
// between the two.
func (t *track) findInTwo() finding {
	stayed, born := t.since[1][0], t.fresh[1]
	ended := max(0, t.counts[0]-stayed)
	f := finding{stuck: t.counts[1], perDump: float64(t.counts[1] - t.counts[0]), confidence: 0.7}
	if t.poll {
		f.confidence = 0.6
	}
	f.why = fmt.Sprintf("%d came and stayed, %d of %d before have ended; two dumps cannot tell a leak from a pool that warmed up", born, ended, t.counts[0])
	if t.poll && 2*(born-ended) < t.counts[0] {
		return f // a few connections more
	}
	f.leaks = t.counts[0] > 0 && born >= leastGrowth && born-ended >= leastGrowth && float64(born-ended) >= leastShareOf2*float64(t.counts[0]) &&
		float64(ended) <= fewEnd*float64(t.counts[0])
	return f
}
