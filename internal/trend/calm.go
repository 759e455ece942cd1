package trend

import "math"

// calm gives the verdict of a series that shows no rise that lasts, from how
// its counts move and whether its members change.
func (s *Series) calm(counts []int, l limits) {
	first, last := counts[0], counts[len(counts)-1]
	top, drop, low, climb := 0, 0, first, 0
	for _, n := range counts {
		top = max(top, n)
		drop = max(drop, top-n)
		low = min(low, n)
		climb = max(climb, n-low)
	}
	growth := last - first
	moved := (growth >= l.Rise || -growth >= l.Rise) && math.Abs(float64(growth)) >= l.RiseShare*float64(first)
	swings := drop >= l.Rise && float64(drop) >= l.Swing*float64(top)
	s.Confidence = 0.9
	if !s.HasIDs {
		s.Confidence = 0.7
	}
	say := func(v Verdict, less float64, r Reason) {
		s.Verdict, s.Reasons = v, []Reason{r}
		s.Confidence -= less
	}
	switch {
	case last == 0 && first == 0:
		say(Turnover, 0, Reason{Kind: CameAndWent})
	case last == 0:
		say(Gone, 0, Reason{Kind: NoneLeft})
	case first == 0 && len(counts) > 2 && swings:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	case first == 0:
		say(New, 0.1, Reason{Kind: NoneBefore})
	case growth > 0 && swings, growth < 0 && moved && swings && last > first/2 && climb >= l.Rise:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	case s.HasIDs && 2*s.Survived < min(first, last) && max(first, last) <= 2*min(first, last):
		say(Turnover, 0, Reason{Kind: Exchanged, N: s.Ended, Of: first})
	case growth < 0 && moved:
		say(Shrunk, 0, Reason{Kind: Fewer})
	case growth > 0 && moved:
		say(Grown, 0.2, Reason{Kind: RoseOnce})
	case swings:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	default:
		say(Stable, 0, Reason{Kind: AsBefore})
	}
}
