package diagnose

import (
	"fmt"
	"slices"

	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// leastSaid is a change that is worth a word.
const leastSaid = 3

// changed says what did change where nothing grows that may be a leak, and
// which of the answers that is: fixed, not to be judged, grown and paused, or
// clean.
func changed(d *Diagnosis) []Finding {
	t := d.Trend
	if len(t.Dumps) < 2 || d.apart() || len(t.Leaks) > 0 {
		return nil
	}
	return []Finding{change(t)}
}

// change is what changed of a trend in which nothing grows that may be a leak.
func change(t *trend.Trend) Finding {
	rose, fell := extremes(t)
	first, last := &t.Dumps[0], &t.Dumps[len(t.Dumps)-1]
	total := fmt.Sprintf("%s → %s goroutines", number.Group(first.Goroutines), number.Group(last.Goroutines))
	f := Finding{Kind: Quiet}
	switch {
	case len(t.Outcome.Fixed) > 0 && t.Outcome.Rebuilt:
		s := &t.Series[t.Outcome.Fixed[0]]
		f.Kind, f.Where, f.Says = Fixed, whose(s.Bucket), gone(s)+"; another build; "+total+" in all"
	case t.Outcome.Kind == trend.Undecided:
		f.Kind = Unjudged
		f.Says = total + " across " + number.Word(len(t.Lives)-1, "a restart", "restarts")
		if top := largest(t); top != nil {
			f.Says += fmt.Sprintf(", most (%s) in %s", number.Group(top.Now()), seriesName(top))
		}
		if fell != nil && fell.Verdict == trend.Gone && -fell.Change() >= leastSaid {
			f.Says += "; " + gone(fell)
		}
		f.Says += "; cannot tell what accumulates"
	case t.Outcome.Kind == trend.Settled:
		s := &t.Series[t.Outcome.Stopped[0]]
		f.Kind, f.Where = Paused, whose(s.Bucket)
		f.of(s.Bucket)
		f.Says = fmt.Sprintf("grew and paused: %s %s (%s); %s in all", seriesName(s), number.Signed(s.Gain), fromTo(s), total)
		f.of(s.Bucket)
	case len(t.Dumps) == 2 && rose != nil && rose.Change() >= leastSaid && (rose.Verdict == trend.New || rose.Verdict == trend.Grown):
		f.Kind, f.Where = Growing, whose(rose.Bucket)
		f.of(rose.Bucket)
		f.Says = fmt.Sprintf("grew: %s%s; %s in all", seriesName(rose), rise(t, rose), total)
		f.Limits = append(f.Limits, onlyTwo)
		f.of(rose.Bucket)
	case fell != nil && fell.Verdict == trend.Gone && -fell.Change() >= leastSaid && (rose == nil || -fell.Change() > rose.Change()):
		f.Kind, f.Where, f.Says = Fixed, whose(fell.Bucket), gone(fell)+"; "+total+" in all"
	case rose != nil:
		f.Says = fmt.Sprintf("nothing accumulates: %s; the largest growth is %s in %s (%s)", total, number.Signed(rose.Change()), seriesName(rose), rose.Verdict)
	case fell != nil:
		f.Says = fmt.Sprintf("nothing accumulates: %s; the largest change is %s in %s (%s)", total, number.Signed(fell.Change()), seriesName(fell), fell.Verdict)
	default:
		f.Says = "nothing accumulates: " + total
	}
	if r := Reasons(t.Outcome.Reasons); r != "" {
		f.Limits = append(f.Limits, r)
	}
	if f.Kind != Fixed && len(t.Dumps) > 2 && countsOnly(t) {
		f.Limits = append(f.Limits, onlyCounts)
	}
	return f
}

// gone says that what there was of a series is no longer there.
func gone(s *trend.Series) string {
	return fmt.Sprintf("gone: %s %s → %s", seriesName(s), number.Group(slices.Max(s.Counts)), number.Group(s.Now()))
}

// fromTo is the first and the last count of a series.
func fromTo(s *trend.Series) string {
	return number.Group(s.Counts[0]) + " → " + number.Group(s.Now())
}

// extremes are the series that rose and fell the most; nil if none did.
func extremes(t *trend.Trend) (rose, fell *trend.Series) {
	for i := range t.Series {
		s := &t.Series[i]
		switch c := s.Change(); {
		case -Loud < c && c < Loud && Noise(s.Bucket.Stack) != "": // it is never news
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
