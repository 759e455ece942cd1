package sim

import (
	"math/rand/v2"

	"gdump/internal/trend"
)

// round is an actor that is a function.
type round func(p *process, n int)

func (f round) round(p *process, n int) { f(p, n) }

// Kinds are all kinds of noise and leak there are.
func Kinds() []Kind {
	var (
		leaks     = []trend.Verdict{trend.Accumulating}
		dies      = []trend.Verdict{trend.Accumulating, trend.Growing} // some of it: so does traffic that grows
		stable    = []trend.Verdict{trend.Stable}
		full      = []trend.Verdict{trend.Grown, trend.New}
		highWater = []trend.Verdict{trend.Stable, trend.Grown, trend.Growing}
		traffic   = []trend.Verdict{trend.Turnover, trend.Shrunk}
		longLived = []trend.Verdict{trend.Stable, trend.Turnover, trend.Shrunk, trend.Grown, trend.Growing}
		seldom    = []trend.Verdict{trend.Turnover, trend.New, trend.Gone, trend.Stable}
		begun     = []trend.Verdict{trend.New, trend.Turnover}
	)
	return []Kind{
		{"workers", false, stable, 0, workers},
		{"pool", false, full, 0, pool},
		{"stepwise-pool", false, full, 0, stepwisePool},
		{"small-pool", false, stable, 0, smallPool},
		{"idle-connections", false, highWater, 0, idleConnections},
		{"keepalive", false, traffic, 0, keepalive},
		{"websockets", false, longLived, 0, websockets},
		{"requests", false, traffic, 0, requests},
		{"mixed-requests", false, traffic, 0, mixedRequests},
		{"ramp", false, traffic, 0, ramp},
		{"spikes", false, traffic, 0, spikes},
		{"batch", false, traffic, 0, batch},
		{"cache", false, traffic, 0, cache},
		{"timers", false, traffic, 0, timers},
		{"ticker", false, traffic, 0, ticker},
		{"moving", false, traffic, 0, moving},
		{"pipeline", false, traffic, 0, pipeline},
		{"short-lived", false, seldom, 0, shortLived},
		{"sessions", false, begun, 0, sessions},
		{"leak-steady", true, leaks, 0, leakSteady},
		{"leak-one", true, leaks, 0, leakOne},
		{"leak-seldom", true, leaks, 0, leakSeldom},
		{"leak-late", true, leaks, 0, leakLate},
		{"leak-bursts", true, leaks, 0, leakBursts},
		{"leak-hidden", true, leaks, 4, leakHidden},
		{"leak-in-keepalive", true, leaks, 10, leakInKeepalive},
		{"leak-moving", true, leaks, 0, leakMoving},
		{"leak-depths", true, leaks, 0, leakDepths},
		{"leak-many-starters", true, leaks, 0, leakManyStarters},
		{"leak-slow", true, leaks, 0, leakSlow},
		{"leak-draining", true, dies, 0, leakDraining},
		{"leak-mutex", true, leaks, 0, leakMutex},
		{"leak-connections", true, leaks, 0, leakConnections},
		{"leak-in-pool", true, leaks, 0, leakInPool},
	}
}

// exponential is a lifetime in rounds with a mean; 0 ends within the round.
func exponential(r *rand.Rand, mean float64) int { return int(r.ExpFloat64() * mean) }

func poisson(r *rand.Rand, mean float64) int {
	n := 0
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}

func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func workers(r *rand.Rand, _ int) actor {
	n := between(r, 1, 64)
	return round(func(p *process, _ int) {
		for len(p.mine()) < n {
			p.start(forever)
		}
	})
}

// pool reaches its size in the first step, at three dumps, or in the first
// third of many.
func pool(r *rand.Rand, rounds int) actor {
	size, first, steps := between(r, 8, 128), between(r, 0, 7), between(r, 1, max(1, rounds/3))
	return round(func(p *process, n int) {
		want := first
		if n > 0 {
			want = first + (size-first)*min(n, steps)/steps
		}
		for len(p.mine()) < want {
			p.start(forever)
		}
	})
}

// stepwisePool grows by steps of several with pauses, and is full at half time.
func stepwisePool(r *rand.Rand, rounds int) actor {
	step, every := between(r, 4, 20), between(r, 1, 2)
	return round(func(p *process, n int) {
		if n < 1 || n > rounds/2 || n%every != 0 {
			return
		}
		for range step {
			p.start(forever)
		}
	})
}

// smallPool starts up to four, when they are wanted first.
func smallPool(r *rand.Rand, rounds int) actor {
	size := between(r, 1, 4)
	return round(func(p *process, n int) {
		if n <= rounds/3 && len(p.mine()) < size && r.IntN(2) == 0 {
			p.start(forever)
		}
	})
}

// idleConnections keeps as many as were ever needed at once.
func idleConnections(r *rand.Rand, _ int) actor {
	mean := float64(between(r, 2, 30))
	return round(func(p *process, _ int) {
		for range 5 {
			for need := poisson(r, mean); len(p.mine()) < need; {
				p.start(forever)
			}
		}
	})
}

func keepalive(r *rand.Rand, _ int) actor {
	mean, size := 1+3*r.Float64(), float64(between(r, 5, 60))
	return round(func(p *process, _ int) {
		for range poisson(r, size/mean) {
			p.start(exponential(r, mean))
		}
	})
}

// websockets live for twenty rounds on average: most see the whole series.
func websockets(r *rand.Rand, _ int) actor {
	size := between(r, 20, 60)
	started := false
	return round(func(p *process, _ int) {
		if !started {
			started = true
			for range size {
				p.start(exponential(r, 20))
			}
		}
		for range poisson(r, float64(size)/20) {
			p.start(exponential(r, 20))
		}
	})
}

func requests(r *rand.Rand, _ int) actor {
	return round(func(p *process, _ int) {
		p.pass(r.IntN(400))
		for range r.IntN(401) {
			p.start(0)
		}
	})
}

// mixedRequests are mostly short, some take a few rounds.
func mixedRequests(r *rand.Rand, _ int) actor {
	size := between(r, 20, 100)
	return round(func(p *process, _ int) {
		for range poisson(r, float64(size)) {
			life := 0
			if r.IntN(5) == 0 {
				life = exponential(r, 3)
			}
			p.start(life)
		}
	})
}

// ramp is traffic that grows and falls like a day's.
func ramp(r *rand.Rand, rounds int) actor {
	top := between(r, 50, 300)
	return round(func(p *process, n int) {
		half := max(1, rounds/2)
		up := max(0, half-max(n-half, half-n))
		for range poisson(r, 5+float64(top*up/half)) {
			p.start(exponential(r, 0.7))
		}
	})
}

func spikes(r *rand.Rand, _ int) actor {
	return round(func(p *process, _ int) {
		for range poisson(r, 5) {
			p.start(0)
		}
		if r.IntN(4) == 0 {
			for range between(r, 100, 500) {
				p.start(r.IntN(2))
			}
		}
	})
}

// batch builds up and is flushed every few rounds.
func batch(r *rand.Rand, rounds int) actor {
	every, size := between(r, 2, max(2, min(4, (rounds-1)/2))), between(r, 5, 40)
	at := r.IntN(every)
	return round(func(p *process, n int) {
		left := (every - (n+at+20*every)%every) - 1
		for range poisson(r, float64(size)) {
			p.start(left)
		}
	})
}

func cache(r *rand.Rand, _ int) actor {
	size := between(r, 5, 60)
	return round(func(p *process, _ int) {
		for range poisson(r, float64(size)) {
			p.start(1)
		}
	})
}

func timers(r *rand.Rand, _ int) actor {
	size := between(r, 3, 60)
	return round(func(p *process, _ int) {
		for range poisson(r, float64(size)) {
			p.start(r.IntN(3))
		}
	})
}

func ticker(r *rand.Rand, _ int) actor {
	size := between(r, 1, 10)
	return round(func(p *process, _ int) {
		for range size {
			p.start(0)
		}
	})
}

// moving workers are at one of three stacks.
func moving(r *rand.Rand, _ int) actor {
	size := between(r, 4, 64)
	return round(func(p *process, _ int) {
		for len(p.mine()) < size {
			p.start(forever)
		}
		for i := range p.mine() {
			p.mine()[i].stack = r.IntN(3)
		}
	})
}

// pipeline goroutines go through three stacks, a round each, and end.
func pipeline(r *rand.Rand, _ int) actor {
	size := between(r, 5, 40)
	return round(func(p *process, n int) {
		for range poisson(r, float64(size)) {
			p.start(2)
		}
		for i := range p.mine() {
			g := &p.mine()[i]
			g.stack = n - g.born
		}
	})
}

// shortLived is a bucket of few that are seldom seen.
func shortLived(r *rand.Rand, _ int) actor {
	return round(func(p *process, _ int) {
		for range r.IntN(3) {
			p.start(exponential(r, 0.5))
		}
	})
}

// sessions end at any age up to eight rounds, and began with the first dump.
func sessions(r *rand.Rand, _ int) actor {
	size, longest := between(r, 10, 40), between(r, 4, 8)
	return round(func(p *process, n int) {
		if n < 1 {
			return
		}
		for range poisson(r, float64(size)) {
			p.start(r.IntN(longest))
		}
	})
}

func leak(p *process, n int) {
	for range n {
		p.start(forever).leak = true
	}
}

// leaky wraps what leaks each round, from the first dump on or from before.
func leaky(r *rand.Rand, each func(p *process, n int)) actor {
	before := r.IntN(2) == 0
	return round(func(p *process, n int) {
		if n > 0 || before {
			each(p, n)
		}
	})
}

func leakSteady(r *rand.Rand, _ int) actor {
	size := float64(between(r, 3, 60))
	return leaky(r, func(p *process, _ int) { leak(p, max(1, poisson(r, size))) })
}

func leakOne(r *rand.Rand, _ int) actor {
	return leaky(r, func(p *process, _ int) { leak(p, 1) })
}

func leakSeldom(r *rand.Rand, _ int) actor {
	size := between(r, 1, 4)
	return leaky(r, func(p *process, _ int) {
		if r.Float64() < 0.3 {
			leak(p, size)
		}
	})
}

func leakLate(r *rand.Rand, rounds int) actor {
	size, from := between(r, 2, 20), max(1, rounds-between(r, 2, max(2, rounds/2)))
	return round(func(p *process, n int) {
		if n >= from {
			leak(p, size)
		}
	})
}

func leakBursts(r *rand.Rand, _ int) actor {
	every := between(r, 2, 3)
	return leaky(r, func(p *process, n int) {
		if n%every == 0 {
			leak(p, between(r, 10, 60))
		}
	})
}

func leakHidden(r *rand.Rand, _ int) actor {
	return leaky(r, func(p *process, _ int) {
		leak(p, 5)
		for range r.IntN(401) {
			p.start(0)
		}
	})
}

func leakInKeepalive(r *rand.Rand, _ int) actor {
	return leaky(r, func(p *process, _ int) {
		leak(p, 6)
		for range poisson(r, 20) {
			p.start(exponential(r, 0.8))
		}
	})
}

func leakMoving(r *rand.Rand, _ int) actor {
	size := between(r, 2, 20)
	return leaky(r, func(p *process, _ int) {
		leak(p, size)
		for i := range p.mine() {
			p.mine()[i].stack = r.IntN(2)
		}
	})
}

func leakDepths(r *rand.Rand, _ int) actor {
	size := between(r, 3, 20)
	return leaky(r, func(p *process, _ int) {
		for range size {
			g := p.start(forever)
			g.leak, g.depth = true, r.IntN(12)
		}
	})
}

func leakManyStarters(r *rand.Rand, _ int) actor {
	size := between(r, 1, 5)
	return leaky(r, func(p *process, _ int) {
		for range size {
			g := p.start(forever)
			g.leak, g.from = true, r.IntN(20)
		}
	})
}

func leakSlow(r *rand.Rand, _ int) actor {
	return leaky(r, func(p *process, _ int) {
		if r.IntN(2) == 0 {
			leak(p, 1)
		}
	})
}

// leakDraining loses one in a hundred a round: someone gives up waiting.
func leakDraining(r *rand.Rand, _ int) actor {
	size := between(r, 10, 60)
	return leaky(r, func(p *process, n int) {
		leak(p, size)
		for i := range p.mine() {
			if r.IntN(100) == 0 {
				p.mine()[i].until = n
			}
		}
	})
}

// leakMutex is a pile-up behind a holder that is elsewhere.
func leakMutex(r *rand.Rand, _ int) actor {
	size := between(r, 2, 40)
	held := false
	return leaky(r, func(p *process, _ int) {
		if !held {
			held = true
			p.start(forever).stack = 1
		}
		leak(p, size)
	})
}

func leakConnections(r *rand.Rand, _ int) actor {
	size := between(r, 5, 40)
	return leaky(r, func(p *process, _ int) { leak(p, size) })
}

// leakInPool is a leak at the stack of a pool that is full.
func leakInPool(r *rand.Rand, _ int) actor {
	size, each := between(r, 50, 500), between(r, 1, 10)
	return leaky(r, func(p *process, n int) {
		for n <= 0 && len(p.mine()) < size {
			p.start(forever)
		}
		leak(p, each)
	})
}
