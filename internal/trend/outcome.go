package trend

import "slices"

// OutcomeKind says whether something leaks.
type OutcomeKind string

// The outcomes of a comparison.
const (
	Leaking   OutcomeKind = "leaking"   // something accumulates
	Rising    OutcomeKind = "rising"    // nothing accumulates; something grows that may
	Undecided OutcomeKind = "undecided" // nothing can be judged: see Reasons
	Settled   OutcomeKind = "settled"   // something grew, and stopped: see Stopped
	Clean     OutcomeKind = "clean"     // judged, and nothing grew
)

// Outcome is the result of a comparison. The zero value is that of one dump.
type Outcome struct {
	Kind    OutcomeKind
	Reasons []Reason // why nothing can be judged
	Stopped []int    // series that grew and stopped, the largest growth first
	Fixed   []int    // series that were there before a restart and are gone, or leaked and no longer do, the largest first
	Rebuilt bool     // the newest restart brought another build
}

// leastFixed is the number of goroutines whose disappearance across a restart
// is worth a word.
const leastFixed = 10

func outcome(j judged, t *Trend) Outcome {
	o := Outcome{Reasons: undecided(&j)}
	for i := range t.Series {
		s := &t.Series[i]
		if s.Verdict == Grown && s.Gain >= j.Few {
			o.Stopped = append(o.Stopped, i)
		}
		if fixed(&j, s) {
			o.Fixed = append(o.Fixed, i)
		}
	}
	slices.SortStableFunc(o.Stopped, func(a, b int) int { return t.Series[b].Gain - t.Series[a].Gain })
	slices.SortStableFunc(o.Fixed, func(a, b int) int { return slices.Max(t.Series[b].Counts) - slices.Max(t.Series[a].Counts) })
	for i := len(j.dumps) - 1; i > 0; i-- {
		if j.restarted[i] {
			o.Rebuilt = rebuilt(&j.dumps[i-1], &j.dumps[i])
			break
		}
	}
	switch {
	case slices.ContainsFunc(t.Leaks, func(l Leak) bool { return l.Series.Verdict == Accumulating }):
		o.Kind = Leaking
	case len(t.Leaks) > 0:
		o.Kind = Rising
	case len(o.Reasons) > 0:
		o.Kind = Undecided
	case len(o.Stopped) > 0:
		o.Kind = Settled
	default:
		o.Kind = Clean
	}
	return o
}

// undecided says why nothing can be judged of the last lifetime: it takes two
// whole dumps of it.
func undecided(j *judged) []Reason {
	last := len(j.lives) - 1
	if len(j.watched[last].dumps) > 1 {
		return nil
	}
	for _, dumps := range j.members {
		if len(dumps) > 1 {
			if len(j.members[last]) > 1 {
				return []Reason{{Kind: NoneWhole}}
			}
			return []Reason{{Kind: AfterRestart}}
		}
	}
	return []Reason{{Kind: OneEach, N: len(j.lives)}}
}

// fixed reports whether a series is gone since a restart, or leaked in an
// earlier lifetime and does not rise in the last.
func fixed(j *judged, s *Series) bool {
	last := len(s.Lives) - 1
	if last == 0 || j.replicas > 0 {
		return false
	}
	for _, g := range s.Lives[:last] {
		if g.Verdict == Accumulating && s.Lives[last].Verdict == "" && len(j.watched[last].dumps) > 2 {
			return true
		}
	}
	if s.Now() > 0 {
		return false
	}
	before := j.lives[last-1].To
	return s.Counts[before] >= leastFixed
}

// mostChanged is the series that changed most; -1 if none did.
func mostChanged(t *Trend) int {
	change := func(i int) int {
		s := &t.Series[i]
		return max(s.Gain, s.Change(), -s.Change())
	}
	best := -1
	for i := range t.Series {
		if change(i) > 0 && (best < 0 || change(i) > change(best)) {
			best = i
		}
	}
	return best
}
