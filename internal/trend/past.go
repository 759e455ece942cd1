package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

const (
	// fewestIDs are those that a round must hand out to other goroutines: fewer
	// are no clock.
	fewestIDs = 2
	// longAgo is how many rounds before the first dump are looked at.
	longAgo = 12
	// lateShare is the share of the newcomers that may have lower ids than what
	// was there before them. Processors take ids in blocks; where a round uses up
	// few of them, their order is not that of the starts.
	lateShare = 0.25
)

// past counts by rounds how many residents of some series were started before
// the first dump of a lifetime, the last round being the one that ends with that
// dump. Ids are handed out in the order of the starts, so the ids that others
// took measure the time. It is nil where ids say nothing, and begins with
// the first round that brought some.
func (j *judged) past(life int, members []int, age int) []int {
	w := j.watched[life]
	if !w.ids || len(w.dumps) < 3 {
		return nil
	}
	first, last := w.dumps[0], w.dumps[len(w.dumps)-1]
	from, to := j.rosters.highest(first), j.rosters.highest(last)
	own, late := 0, 0 // who came between the two dumps, with higher and with lower ids
	var ids []uint64
	for _, n := range members {
		at := j.series[n].At
		if b := at[last]; b != nil {
			before := 0
			for id := range b.IDs.All() {
				if id <= from {
					before++
				}
			}
			own += b.IDs.Len() - before
			late += before
			if at[first] != nil {
				late -= goroutine.Common(&at[first].IDs, &b.IDs)
			}
		}
		if b := at[w.dumps[age]]; b != nil {
			for id := range b.IDs.All() {
				if id <= from {
					ids = append(ids, id)
				}
			}
		}
	}
	round := (float64(to) - float64(from) - float64(own)) / float64(len(w.dumps)-1)
	if round < fewestIDs || float64(late) > lateShare*float64(own+late) {
		return nil
	}
	return byRounds(ids, from, round)
}

// byRounds counts ids by rounds that end with the id last, in each of which
// others took so many ids.
func byRounds(ids []uint64, last uint64, round float64) []int {
	// The first round is that of the start, which may begin late.
	rounds := min(longAgo, int((float64(last)-startIDs-float64(len(ids)))/round)-1)
	if rounds < 1 {
		return nil
	}
	slices.Sort(ids)
	counts := make([]int, rounds)
	for later, id := range slices.Backward(ids) {
		later = len(ids) - 1 - later
		ago := int((float64(last-id) - float64(later)) / round)
		if ago >= rounds {
			break
		}
		counts[rounds-1-ago]++
	}
	for i, n := range counts {
		if n > 0 {
			return counts[i:]
		}
	}
	return nil
}
