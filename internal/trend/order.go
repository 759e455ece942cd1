package trend

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// MaxDumps is the number of dumps that are compared. Of more, those of the
// newest process lifetime are chosen at even distances, the first and the last
// among them; where it has fewer, the newest of all.
const MaxDumps = 128

// ordered are dumps in the order in which they were taken.
type ordered struct {
	dumps    []goroutine.Dump
	rosters  *rosters
	warnings []Warning
}

// order puts dumps in the order in which they were taken: by their times,
// unless their goroutine ids, which only grow, contradict those.
func order(given []goroutine.Dump) ordered {
	timed, ids := 0, 0
	for i := range given {
		if !given[i].TakenAt.IsZero() {
			timed++
		}
		if given[i].Level.HasIDs() {
			ids++
		}
	}
	dumps, sorted := inTime(given)
	o := choose(ordered{dumps: dumps})
	o.rosters = newRosters(o.dumps)
	// Of two dumps with times, falling ids say that the process restarted.
	if ids == len(given) && (timed < len(given) || len(given) > 2) && o.sortByIDs() {
		switch {
		case timed < len(given):
			o.warn(Warning{Kind: ByIDs})
		case !slices.IsSortedFunc(o.dumps, byTime):
			o.warn(Warning{Kind: ClockPutBack})
		}
		return o
	}
	switch {
	case sorted:
		o.warn(Warning{Kind: ByTimes})
	case timed < len(given) && ids < len(given) && len(given) > 1:
		o.warn(Warning{Kind: Untimed})
	}
	return o
}

func byTime(a, b goroutine.Dump) int { return a.TakenAt.Compare(b.TakenAt) }

// inTime is the dumps by their times, if all have one and are not in that order.
func inTime(given []goroutine.Dump) (dumps []goroutine.Dump, sorted bool) {
	dumps = slices.Clone(given)
	untimed := slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return d.TakenAt.IsZero() })
	if untimed || slices.IsSortedFunc(dumps, byTime) {
		return dumps, false
	}
	slices.SortStableFunc(dumps, byTime)
	return dumps, true
}

// Needs lists the outlines of the dumps whose buckets Compare looks at.
func Needs(all []goroutine.Dump) []*goroutine.Outline {
	dumps, proofs := splitProofs(all)
	dumps, _ = splitExtracts(dumps)
	dumps, _ = inTime(dumps)
	var needed []*goroutine.Outline
	for _, d := range slices.Concat(proofs, choose(ordered{dumps: dumps}).dumps) {
		if d.Outline != nil {
			needed = append(needed, d.Outline)
		}
	}
	return needed
}

func (o *ordered) warn(w Warning) { o.warnings = append(o.warnings, w) }

// choose takes the dumps that are compared out of too many.
func choose(o ordered) ordered {
	n := len(o.dumps)
	if n <= MaxDumps {
		return o
	}
	start := n - 1 // of the newest lifetime: the highest id falls by much
	for top := o.dumps[start].Highest(); start > 0; start-- {
		before := o.dumps[start-1].Highest()
		if before > 2*top {
			break
		}
		top = before
	}
	if n-start <= MaxDumps {
		o.dumps = o.dumps[n-MaxDumps:]
		o.warn(Warning{Kind: Sampled, N: MaxDumps, Of: n, Names: []string{o.dumps[0].Source}})
		return o
	}
	chosen := make([]goroutine.Dump, MaxDumps)
	for i := range chosen {
		chosen[i] = o.dumps[start+i*(n-1-start)/(MaxDumps-1)]
	}
	o.dumps = chosen
	o.warn(Warning{Kind: Sampled, N: MaxDumps, Of: n, Names: []string{chosen[0].Source}, Count: (n - 1 - start) / (MaxDumps - 1)})
	return o
}

// sortByIDs sorts dumps by their highest ids, if that makes them one lifetime
// and the order they have does not: then each has survivors of the one before,
// and what is gone does not come back.
func (o *ordered) sortByIDs() bool {
	order := make([]int, len(o.dumps))
	for i := range order {
		order[i] = i
	}
	byTop := func(a, b int) int { return cmp.Compare(o.rosters.highest(a), o.rosters.highest(b)) }
	if slices.IsSortedFunc(order, byTop) || o.rosters.oneLife() {
		return false
	}
	slices.SortStableFunc(order, byTop)
	sorted := make([]goroutine.Dump, len(order))
	for i, from := range order {
		sorted[i] = o.dumps[from]
	}
	rosters := newRosters(sorted)
	if !rosters.oneLife() {
		return false
	}
	o.dumps, o.rosters = sorted, rosters
	return true
}

// oneLife reports whether each dump shows survivors of the one before, and
// nothing speaks for another order: what is gone does not come back, and it is
// seldom that nothing is new where the highest id falls.
func (r *rosters) oneLife() bool {
	before, falls := 0, 0
	for i := 1; i < len(r.dumps); i++ {
		k := r.overlap(i-1, i)
		switch {
		case k.clash > 0 || 10*k.late > k.both || k.both == 0 || 10*k.both < k.ended:
			return false
		case r.highest(i) < r.highest(i-1) && k.late > 0:
			return false
		case i > 1 && r.overlap(i-2, i).both > min(before, k.both):
			return false
		}
		before = k.both
		if r.highest(i) < r.highest(i-1) && k.born == 0 {
			falls++
		}
	}
	return falls == 0 || 2*falls < len(r.dumps)-1
}
