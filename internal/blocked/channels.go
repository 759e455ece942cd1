package blocked

import (
	"strings"

	"gdump/internal/goroutine"
)

// place is a line at which goroutines wait, whatever channel they wait for.
type place struct {
	op       Op
	function int
	line     int
}

func (s *scene) placeOf(r *resource) place { return place{r.Op, r.function, r.Site.Line} }

// countPlaces counts how many goroutines wait at each line. Where a dump distinguishes
// channels each may have one waiter only, and it is the line that many
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
	creators int // how many they are
}

// all reports whether all that are known have been left by their starters.
func (o origin) all(n int) bool { return o.known > 0 && n == o.known }

// origin looks for the starters of the waiters of a resource.
func (s *scene) origin(r *resource) (o origin) {
	var creators set[uint64]
	for _, i := range r.units {
		u := &s.units[i]
		if u.member == nil || u.member.Creator == 0 {
			continue
		}
		o.known++
		b, ok := s.bucketOf(u.member.Creator)
		by := s.createdBy[u.bucket].Function
		switch {
		case !ok && !s.partial():
			o.gone++
			o.returned++
		case ok && !hasFunction(s.stacks[b], by):
			o.returned++
		}
		creators.add(u.member.Creator)
	}
	o.creators = creators.len()
	return o
}

// bucketOf is the bucket of a goroutine that has started others. It is false if
// the dump does not have the goroutine.
func (s *scene) bucketOf(id uint64) (bucket int, ok bool) {
	if i, ok := s.byID[id]; ok {
		return s.units[i].bucket, true
	}
	if s.starters == nil {
		s.findStarters()
	}
	b, ok := s.starters[id]
	return b, ok && b >= 0
}

// findStarters looks for those who have started others among the goroutines
// that the buckets do not list one by one.
func (s *scene) findStarters() {
	s.starters = map[uint64]int{}
	for i := range s.units {
		if m := s.units[i].member; m != nil && m.Creator != 0 {
			if _, ok := s.byID[m.Creator]; !ok {
				s.starters[m.Creator] = -1
			}
		}
	}
	for b := range s.dump.Buckets {
		if x := &s.dump.Buckets[b]; len(x.Members) < x.Count && len(s.starters) > 0 {
			for id := range x.IDs.All() {
				if _, ok := s.starters[id]; ok {
					s.starters[id] = b
				}
			}
		}
	}
}

// partial reports whether the dump does not show all goroutines, one by one.
func (s *scene) partial() bool {
	return s.lacking || s.dump.LeaksOnly || s.ids < s.dump.Goroutines
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
	switch {
	case r.Op == Send:
		return s.sendPattern(r)
	case len(r.Suspects) == 0:
		return s.receivePattern(r)
	}
	return "", Unknown
}

func (s *scene) sendPattern(r *resource) (Pattern, Confidence) {
	sure := r.proof()
	switch {
	case r.tokens, len(r.Suspects) > 0 && r.Suspects[0].Why[0].Signal == Peer:
		return SemaphoreExhausted, sure
	case len(r.Suspects) > 0:
		return "", Unknown // somebody receives
	}
	o := s.origin(r)
	many := s.places[s.placeOf(r)] >= 2
	switch facts := s.waitFacts(&s.units[r.units[0]]); {
	case (many && r.Address == 0 || s.places[s.placeOf(r)] > r.Waiters) && facts != nil && facts.answered:
		return ChanCycle, Guess // two of a kind may wait for each other
	case r.Proven, o.all(o.gone), many && o.all(o.returned):
		// Many that few have started may only wait for a slow receiver.
		if many && r.Longest >= 1 && (o.all(o.gone) || o.all(o.returned) && 2*o.creators > o.known) {
			sure = Probable
		}
		if s.inPipeline(r) {
			return PipelineAbandoned, sure
		}
		return AbandonedSend, sure
	}
	return "", Unknown
}

// receivePattern: jobs that are never closed leave workers behind, each of which
// waits for the next.
func (s *scene) receivePattern(r *resource) (Pattern, Confidence) {
	u := &s.units[r.units[0]]
	facts := s.waitFacts(u)
	o := s.origin(r)
	switch {
	case s.notClosed(r, o):
		return NotClosed, o.spread(r)
	case facts != nil && facts.ticks && r.Waiters >= manyLoops && o.all(o.returned):
		return TickerLoop, o.spread(r)
	case u.wait.ranges || facts != nil && facts.ranges:
		switch {
		case r.Proven:
			return JobsNeverClosed, Probable
		case o.all(o.gone) && o.creators >= manyLoops: // workers of one pool have one starter
			return JobsNeverClosed, o.spread(r)
		}
	case r.Proven:
		return AbandonedReceive, Guess
	}
	return "", Unknown
}

// spread is how sure it is that goroutines which go on for ever are left behind:
// many that each somebody else has started, and who is gone.
func (o origin) spread(r *resource) Confidence {
	if r.Proven || r.Longest >= 1 && o.all(o.gone) && o.creators >= manyLoops {
		return Probable
	}
	return Guess
}

// inPipeline reports whether goroutines of another stage, started by the same
// goroutine in another function, are blocked sending as well.
func (s *scene) inPipeline(r *resource) bool {
	if s.stages == nil {
		s.stages = map[uint64]*set[int]{}
		for _, x := range s.resources {
			if x.Kind != Chan || x.Op != Send {
				continue
			}
			for _, i := range x.units {
				u := &s.units[i]
				if u.member == nil || u.member.Creator == 0 {
					continue
				}
				of := s.stages[u.member.Creator]
				if of == nil {
					of = &set[int]{}
					s.stages[u.member.Creator] = of
				}
				of.add(s.createdBy[u.bucket].number)
			}
		}
	}
	for _, i := range r.units {
		u := &s.units[i]
		if u.member == nil || s.stages[u.member.Creator] == nil {
			continue
		}
		for _, x := range s.stages[u.member.Creator].all() {
			if x != s.createdBy[u.bucket].number {
				return true
			}
		}
	}
	return false
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
	case s.notClosed(r, o):
		return NotClosed, o.spread(r)
	case r.Proven:
		return ContextNotCancelled, Guess
	case r.Waiters < manyLoops || !o.all(o.returned) || r.Site.Origin == goroutine.Stdlib:
		return "", Unknown
	}
	if facts := s.waitFacts(&s.units[r.units[0]]); facts != nil && facts.ticks {
		return TickerLoop, o.spread(r)
	}
	return ContextNotCancelled, o.spread(r)
}

// notClosed reports whether a constructor of a library started the goroutines,
// each for another caller that has gone on: the object that it made for each is
// never closed.
func (s *scene) notClosed(r *resource, o origin) bool {
	by := s.createdBy[s.units[r.units[0]].bucket]
	return by.Origin == goroutine.Dependency && constructor(by.Function) &&
		(r.Proven || o.creators >= manyLoops && o.all(o.returned))
}

// constructor reports whether a function makes an object, by its name: New,
// newClient, Open,
// DialContext, and closures in these.
func constructor(function string) bool {
	name, _, _ := strings.Cut(function, "[") // of type arguments
	name, _, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".func")
	name = strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	for _, verb := range [...]string{"new", "open", "dial"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// manyLoops is how many loops of one kind are more than a service of some parts
// starts once.
const manyLoops = 10
