package trend

import (
	"strings"

	"gdump/internal/goroutine"
)

// What growth must come to before it is called by that name.
const (
	leastGrowth  = 3    // goroutines
	leastShare   = 0.10 // of what was there before
	leastFromNil = 10   // goroutines, where there was none before
	fewEnded     = 0.20 // of those born
	twoDumps     = 0.80 // the most confidence that two dumps can give
)

// judge gives a series its verdict, from the last life on.
func (t *Trend) judge(s *Series) {
	from := t.lifeStart()
	counts := s.Counts[from:]
	first, last := counts[0], counts[len(counts)-1]
	s.followIDs(from)
	steps := len(counts) - 1
	if steps > 0 {
		s.PerDump = float64(last-first) / float64(steps)
		a, b := t.Dumps[from].TakenAt, t.Dumps[len(t.Dumps)-1].TakenAt
		if h := b.Sub(a).Hours(); !a.IsZero() && !b.IsZero() && h > 0 {
			s.PerHour = float64(last-first) / h
		}
	}
	s.Verdict, s.Confidence = s.verdict(counts)
	if s.Verdict == Accumulating && ownDoing(s.Bucket) {
		s.Verdict, s.Confidence = Grown, 0.5
	}
}

// lifeStart is the first dump of the last life.
func (t *Trend) lifeStart() int {
	for i := len(t.Dumps) - 1; i > 0; i-- {
		if t.Restarted[i] {
			return i
		}
	}
	return 0
}

// followIDs counts who was there at the start of the life and at its end.
func (s *Series) followIDs(from int) {
	a, b := s.At[from], s.At[len(s.At)-1]
	s.HasIDs = (a == nil || a.IDs.Len() == a.Count) && (b == nil || b.IDs.Len() == b.Count)
	if !s.HasIDs {
		return
	}
	var before, after goroutine.IDs
	if a != nil {
		before = a.IDs
	}
	if b != nil {
		after = b.IDs
	}
	s.Survived = goroutine.Common(&before, &after)
	s.Born = after.Len() - s.Survived
	s.Ended = before.Len() - s.Survived
}

func (s *Series) verdict(counts []int) (Verdict, float64) {
	first, last := counts[0], counts[len(counts)-1]
	growth := last - first
	switch {
	case last == 0 && first == 0:
		return Turnover, 0.5
	case last == 0:
		return Gone, 1
	case growth < 0 && -growth >= leastGrowth && float64(-growth) >= leastShare*float64(first):
		return Shrunk, 1
	case growth < leastGrowth && growth > -leastGrowth || abs(growth) < leastShare*float64(first):
		if first == 0 {
			return New, 0.9
		}
		if s.HasIDs && s.Survived*2 < min(first, last) {
			return Turnover, 0.9
		}
		return Stable, 0.9
	}
	if s.growsOn(counts) {
		return Accumulating, s.confidence(counts)
	}
	if first == 0 {
		return New, 0.7
	}
	return Grown, 0.7
}

// growsOn reports whether growth looks like a leak: it goes on to the end,
// those who came are parked, and hardly any of those before them has ended.
func (s *Series) growsOn(counts []int) bool {
	first, last := counts[0], counts[len(counts)-1]
	if first == 0 && last < leastFromNil {
		return false
	}
	if busy(s.Bucket) {
		return false
	}
	if s.HasIDs && float64(s.Ended) > fewEnded*float64(s.Born) {
		return false
	}
	if len(counts) == 2 {
		return true
	}
	// Past two dumps a pool that filled up has stopped growing: the second
	// half must bring its part, and most steps must go up.
	half := counts[len(counts)/2]
	ups := 0
	for i := 1; i < len(counts); i++ {
		if counts[i] > counts[i-1] {
			ups++
		}
	}
	return float64(last-half) >= leastShare*float64(last-first) && last > counts[len(counts)-2] && 2*ups >= len(counts)-1
}

// confidence is how sure accumulating is. Two dumps cannot tell a leak from a
// pool that warmed up between them.
func (s *Series) confidence(counts []int) float64 {
	c := 0.95
	if len(counts) == 2 {
		c = twoDumps
	}
	if !s.HasIDs {
		c -= 0.2
	}
	if counts[0] == 0 {
		c -= 0.1
	}
	return c
}

// busy reports whether most of a bucket's goroutines are running rather than
// parked: they pass through.
func busy(b *goroutine.Bucket) bool {
	n := 0
	for _, s := range b.States {
		if s.Name == "running" || s.Name == "runnable" {
			n += s.N
		}
	}
	return 2*n > b.Count
}

// ownDoing reports whether the goroutine is there because the dump was taken:
// the handler that wrote it.
func ownDoing(b *goroutine.Bucket) bool {
	for i := range b.Stack.Frames {
		if strings.HasPrefix(b.Stack.Frames[i].Function, "runtime/pprof.") {
			return true
		}
	}
	return false
}

func abs(n int) float64 { return float64(max(n, -n)) }
