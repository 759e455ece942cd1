package trend

import (
	"math"
	"slices"
)

// track is a group of goroutines over the judged dumps of one lifetime.
type track struct {
	counts []int
	// since counts, for each dump, those that have been in the group without a
	// break since each dump up to it; nil without ids.
	since cohorts
}

// cohorts count the goroutines of a dump by the dump that first showed them.
type cohorts [][]int32

func newCohorts(n int) cohorts {
	c, all := make(cohorts, n), make([]int32, n*(n+1)/2)
	for i := range c {
		c[i], all = all[:i+1], all[i+1:]
	}
	return c
}

// residents are the goroutines of a track that are past an age, counted in
// dumps, after which hardly any ends.
type residents struct {
	age   int
	level []int // per dump, from the first that can show the age
	flow  []int // by how much the level rises, round by round
	came  []int // by round: who came then, and is a resident at the end
	// exposed is how often a resident could have ended, ended how often one did.
	exposed, ended int
	// younger and youngEnded are the same for those one dump too young.
	younger, youngEnded int
}

func (r *residents) rise() int { return r.level[len(r.level)-1] - r.level[0] }

// rate is the share of residents that ends from one dump to the next.
func (r *residents) rate() float64 { return float64(r.ended) / float64(max(1, r.exposed)) }

// ages are those past which a track's goroutines hardly end, the youngest
// first. Past the last, two dumps show residents.
func (t *track) ages(l limits) []residents {
	n := len(t.counts)
	// By age: how many could have ended, and did. How old those of the first
	// dump are is not known: they count as residents only.
	could, did := make([]int, n), make([]int, n)
	could0, did0 := make([]int, n), make([]int, n)
	for i := range n - 1 {
		for b := range i + 1 {
			could[i-b] += int(t.since[i][b])
			did[i-b] += int(max(0, t.since[i][b]-t.since[i+1][b]))
		}
		could0[i] += int(t.since[i][0])
		did0[i] += int(max(0, t.since[i][0]-t.since[i+1][0]))
	}
	var all []residents
	for age := range (n + 1) / 2 {
		r := residents{age: age}
		for a := age; a < n; a++ {
			r.exposed += could[a]
			r.ended += did[a]
		}
		if age > 0 {
			r.younger, r.youngEnded = could[age-1]-could0[age-1], did[age-1]-did0[age-1]
		}
		if r.exposed < l.Exposed || r.rate() > l.FewEnd {
			continue
		}
		if age > 0 && (r.younger == 0 || r.chance(float64(r.youngEnded)/float64(r.younger)) > l.SurelyStay) {
			continue
		}
		for i := age; i < n; i++ {
			here := 0
			for b := range i - age + 1 {
				here += int(t.since[i][b])
			}
			r.level = append(r.level, here)
		}
		r.flow = steps(r.level)
		for _, k := range t.since[n-1][1 : n-age] {
			r.came = append(r.came, int(k))
		}
		all = append(all, r)
	}
	return all
}

// steps are the differences of neighbours.
func steps(level []int) []int {
	var out []int
	for i := 1; i < len(level); i++ {
		out = append(out, level[i]-level[i-1])
	}
	return out
}

// sums are the levels that steps lead to, from 0 on.
func sums(steps []int) []int {
	level := []int{0}
	for _, n := range steps {
		level = append(level, level[len(level)-1]+n)
	}
	return level
}

// chance is the chance that no more of the residents ended than did, if that
// share of them ends from one dump to the next: the lower tail of the binomial
// distribution, by logarithms, or it would be 0 for many.
func (r *residents) chance(ends float64) float64 {
	n, k := float64(r.exposed), float64(r.ended)
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

func sum(n []int) int {
	total := 0
	for _, x := range n {
		total += x
	}
	return total
}

func positive(n []int) int {
	k := 0
	for _, x := range n {
		if x > 0 {
			k++
		}
	}
	return k
}

// trailing counts the rounds at the end that raise the level no higher than it
// was before.
func (r *residents) trailing() int {
	n := len(r.level)
	top := slices.Max(r.level)
	for i, x := range r.level {
		if x == top {
			return n - 1 - i
		}
	}
	return 0
}
