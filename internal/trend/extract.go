package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

// splitExtracts takes the stacks of single goroutines, which a panic or the
// program itself wrote, out of dumps that show all goroutines: they show no
// moment of the same goroutines. Where fewer than two whole dumps remain
// nothing can be compared, and all are kept to be shown.
func splitExtracts(dumps []goroutine.Dump) (whole, extracts []goroutine.Dump) {
	for i := range dumps {
		if dumps[i].Alone {
			extracts = append(extracts, dumps[i])
		} else {
			whole = append(whole, dumps[i])
		}
	}
	if len(whole) < 2 {
		return dumps, nil
	}
	return whole, extracts
}

// listed is dumps in the order in which they are listed: by time if all times are
// known.
func listed(dumps []goroutine.Dump) []goroutine.Dump {
	if slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return d.TakenAt.IsZero() }) {
		return dumps
	}
	return slices.SortedStableFunc(slices.Values(dumps), func(a, b goroutine.Dump) int { return a.TakenAt.Compare(b.TakenAt) })
}

// apart reports whether the dumps are no before and after: stacks of single
// goroutines, with one whole dump at most.
func apart(dumps []goroutine.Dump) bool {
	return len(dumps) > 1 && slices.ContainsFunc(dumps, func(d goroutine.Dump) bool { return d.Alone })
}

// side shows dumps that cannot be compared side by side, without verdicts.
func side(m matched, by string) Trend {
	t := single(m, by)
	alone := 0
	for i := range t.Dumps {
		if t.Dumps[i].Alone {
			alone++
		}
	}
	t.Outcome = Outcome{Kind: Undecided, Reasons: []Reason{{Kind: Extracts, N: alone, Of: len(t.Dumps)}}}
	t.Warnings = slices.DeleteFunc(t.Warnings, func(w Warning) bool { return w.Kind == MixedLevels })
	return t
}

// Apart reports whether the dumps cannot be compared because they are stacks
// of single goroutines. The series have no verdicts then.
func (t *Trend) Apart() bool {
	return slices.ContainsFunc(t.Outcome.Reasons, func(r Reason) bool { return r.Kind == Extracts })
}
