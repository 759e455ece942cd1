package blocked

import (
	"go/types"
	"slices"

	"gdump/internal/goroutine"
)

// place is a line at which goroutines wait, whatever channel they wait for.
type place struct {
	op       Op
	function int
	line     int
}

func (s *scene) placeOf(r *resource) place { return place{r.Op, r.function, r.Site.Line} }

// countPlaces counts how many goroutines wait at each line. Where a dump tells
// channels apart each may have one waiter only, and it is the line that many
// wait at.
func (s *scene) countPlaces() {
	s.places = map[place]int{}
	for _, r := range s.resources {
		s.places[s.placeOf(r)] += r.Waiters
	}
}

// origin is what became of those who started goroutines.
type origin struct {
	known    int
	gone     int // the goroutine has ended
	returned int // or goes on, but not in the function that started them
}

// all reports whether all that are known have been left by their starters.
func (o origin) all(n int) bool { return o.known > 0 && n == o.known }

// origin looks for the starters of the waiters of a resource.
func (s *scene) origin(r *resource) (o origin) {
	for _, i := range r.units {
		u := &s.units[i]
		if u.member == nil || u.member.Creator == 0 {
			continue
		}
		o.known++
		p, ok := s.byID[u.member.Creator]
		by := s.createdBy[u.bucket].Function
		switch {
		case !ok && !s.partial():
			o.gone++
			o.returned++
		case ok && !s.runs(p, by):
			o.returned++
		}
	}
	return o
}

// partial reports whether the dump does not show all goroutines, one by one.
func (s *scene) partial() bool {
	return s.dump.Truncated || s.dump.LeaksOnly || len(s.byID) < s.dump.Goroutines
}

// runs reports whether a function is in the stack of a unit.
func (s *scene) runs(i int, function string) bool {
	return hasFunction(s.frames(&s.units[i]), function)
}

// chanPattern is what is wrong with a channel. That goroutines have waited for
// no time and that nothing is proven leaves a guess.
func (s *scene) chanPattern(r *resource, in *Deadlock) (Pattern, Confidence) {
	if in != nil {
		for _, n := range in.Resources {
			if lockKind(s.resources[n].Kind) {
				return ChanUnderLock, Unknown
			}
		}
		return ChanCycle, Unknown
	}
	sure := Guess
	if r.Proven {
		sure = Probable
	}
	o := s.origin(r)
	many := s.places[s.placeOf(r)] >= 2
	switch {
	case r.Op == Send && (r.tokens || len(r.Suspects) > 0):
		return SemaphoreExhausted, sure
	case len(r.Suspects) > 0:
		return "", Unknown
	case r.Op == Send && many && s.sendsAndReceives(r):
		return ChanCycle, Guess
	case r.Op == Send && (r.Proven || o.all(o.gone) || many && o.all(o.returned)):
		if many && r.Longest >= 1 && o.all(o.returned) {
			sure = Probable
		}
		return AbandonedSend, sure
	case r.Op == Receive && r.Proven:
		return AbandonedReceive, Guess
	}
	return "", Unknown
}

// sendsAndReceives reports whether by the source the function that waits to send
// receives the same kind of thing: two of its kind may wait for each other.
func (s *scene) sendsAndReceives(r *resource) bool {
	c := s.waitFacts(&s.units[r.units[0]])
	return c != nil && slices.ContainsFunc(c.sends, func(t types.Type) bool {
		return slices.ContainsFunc(c.receives, func(o types.Type) bool { return types.Identical(t, o) })
	})
}

// selectPattern is what is wrong with goroutines in a select: many of one
// place, whose starter is gone.
func (s *scene) selectPattern(r *resource) (Pattern, Confidence) {
	if r.Op == SelectNone {
		for _, i := range r.units {
			if hasFunction(s.frames(&s.units[i]), "main.main") {
				return "", Unknown // it has nothing else to do
			}
		}
		return SelectForever, Certain
	}
	o := s.origin(r)
	switch {
	case r.Proven:
		return ContextNotCancelled, Guess
	case r.Waiters >= manyLoops && o.all(o.returned) && r.Site.Origin != goroutine.Stdlib:
		return ContextNotCancelled, Guess
	}
	return "", Unknown
}

// manyLoops is how many loops of one kind are more than a service of some parts
// starts once.
const manyLoops = 10
