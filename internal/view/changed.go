package view

import (
	"fmt"
	"slices"

	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// leastSaid is a change that is worth a word.
const leastSaid = 3

// changed says what did change where nothing accumulates, and which of the
// answers that is: fixed, not to be judged, grown and paused, or clean.
func changed(t *trend.Trend) Finding {
	rose, fell := extremes(t)
	first, last := &t.Dumps[0], &t.Dumps[len(t.Dumps)-1]
	total := fmt.Sprintf("%s → %s goroutines", number.Group(first.Goroutines), number.Group(last.Goroutines))
	f := Finding{Kind: Quiet}
	switch {
	case fell != nil && fell.Verdict == trend.Gone && -fell.Change() >= leastSaid && (rose == nil || -fell.Change() > rose.Change()) && (rebuilt(t) || len(t.Lives) == 1):
		f.Kind, f.Where = Fixed, whose(fell.Bucket)
		f.Says = fmt.Sprintf("gone: %s %s → %s", seriesName(fell), number.Group(fell.Counts[0]), number.Group(fell.Now()))
		if rebuilt(t) {
			f.Says += "; another build"
		}
		f.Says += "; " + total + " in all"
	case len(t.Lives) > 1 && len(t.Lives) == len(t.Dumps):
		f.Kind = Unjudged
		f.Says = total + " across " + number.Word(len(t.Lives)-1, "a restart", "restarts")
		if top := largest(t); top != nil {
			f.Says += fmt.Sprintf(", most (%s) in %s", number.Group(top.Now()), seriesName(top))
		}
		f.Says += "; cannot tell what accumulates"
		f.Limits = append(f.Limits, "one dump in each process lifetime: take another before the next restart")
	case len(t.Dumps) == 2 && rose != nil && rose.Change() >= leastSaid && (rose.Verdict == trend.New || rose.Verdict == trend.Grown):
		f.Kind, f.Where = Growing, whose(rose.Bucket)
		f.Says = fmt.Sprintf("grew: %s%s; %s in all", seriesName(rose), rise(rose), total)
		f.Limits = append(f.Limits, onlyTwo)
	case rose != nil && rose.Change() >= leastSaid && rose.Verdict == trend.Grown:
		f.Kind, f.Where = Paused, whose(rose.Bucket)
		f.Says = fmt.Sprintf("grew and paused: %s %s (%s → %s); %s in all", seriesName(rose),
			number.Signed(rose.Change()), number.Group(rose.Counts[0]), number.Group(rose.Now()), total)
	case rose != nil:
		f.Says = fmt.Sprintf("nothing accumulates: %s; the largest growth is %s in %s (%s)", total, number.Signed(rose.Change()), seriesName(rose), rose.Verdict)
	case fell != nil:
		f.Says = fmt.Sprintf("nothing accumulates: %s; the largest change is %s in %s (%s)", total, number.Signed(fell.Change()), seriesName(fell), fell.Verdict)
	default:
		f.Says = "nothing accumulates: " + total
	}
	if f.Kind != Unjudged && f.Kind != Fixed {
		f.Limits = append(f.Limits, unjudged(t)...)
	}
	return f
}

// extremes are the series that rose and fell the most; nil if none did.
func extremes(t *trend.Trend) (rose, fell *trend.Series) {
	for i := range t.Series {
		s := &t.Series[i]
		switch c := s.Change(); {
		case c > 0 && (rose == nil || c > rose.Change()):
			rose = s
		case c < 0 && (fell == nil || c < fell.Change()):
			fell = s
		}
	}
	return rose, fell
}

// largest is the series with the most goroutines in the last dump.
func largest(t *trend.Trend) *trend.Series {
	var top *trend.Series
	for i := range t.Series {
		if s := &t.Series[i]; s.Now() > 0 && (top == nil || s.Now() > top.Now()) {
			top = s
		}
	}
	return top
}

// rebuilt reports whether the dumps are of different builds of the program.
func rebuilt(t *trend.Trend) bool {
	return slices.ContainsFunc(t.Series, func(s trend.Series) bool {
		return s.Match == trend.MatchLines || s.Match == trend.MatchClosures
	})
}

// unjudged says which dumps the answer leaves out, and what it could not see.
func unjudged(t *trend.Trend) []string {
	var limits []string
	if n := len(t.Lives); n > 1 && t.Lives[n-1].From == t.Lives[n-1].To {
		limits = append(limits, "the process restarted before the last dump: take another to judge the time since")
	}
	if len(t.Dumps) > 2 && countsOnly(t) {
		limits = append(limits, "the dumps hold counts only: debug=2 would show who stays")
	}
	return limits
}
