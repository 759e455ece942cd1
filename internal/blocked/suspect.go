package blocked

import (
	"cmp"
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Signal is a reason to suspect a goroutine.
type Signal uint8

// The signals, and what each is worth. What source says of a function's locks
// outweighs what names and lines suggest; what follows from how a library is
// made outweighs all.
const (
	ByConstruction Signal = iota // it runs the function of the Once, has the file, …
	BySource                     // the function locks it before the line, and does not unlock
	Inside                       // in a function that acquires it, at a later line
	ByAddress                    // has the lock or its object as an argument
	ByCaller                     // in a function that called what acquires it, at a later line
	ByType                       // in a method of the type
	InSelf                       // the same, of a waiter
	Child                        // started by the one that waits
	Peer                         // past the line at which others wait for a slot
	Next                         // a writer is next: it waits for readers, the others for it
	Partner                      // receives what the other sends, by the source
)

var worth = [...]int{100, 80, 60, 50, 45, 30, 15, 60, 25, 100, 60}

// Reason is one signal and the frame that gives it.
type Reason struct {
	Signal Signal
	Frame  goroutine.Frame
}

// candidate is a goroutine that may hold a resource.
type candidate struct {
	unit    int
	score   int
	why     []Reason
	read    bool
	exact   bool // its object is known to be the one
	pending bool
}

func (c *candidate) add(r Reason, score int) {
	if len(c.why) > 0 && score > c.score {
		c.why = slices.Insert(c.why, 0, r)
	} else {
		c.why = append(c.why, r)
	}
	c.score = max(c.score, score)
}

// candidates are those of a resource, usually few.
type candidates struct {
	list  []*candidate
	index map[int]*candidate // by unit, from fewElements on
}

func (r *resource) candidate(unit int) *candidate {
	c := &r.found
	if c.index != nil {
		if x := c.index[unit]; x != nil {
			return x
		}
	} else {
		for _, x := range c.list {
			if x.unit == unit {
				return x
			}
		}
	}
	x := &candidate{unit: unit}
	c.list = append(c.list, x)
	switch {
	case c.index != nil:
		c.index[unit] = x
	case len(c.list) > fewElements:
		c.index = make(map[int]*candidate, 2*fewElements)
		for _, y := range c.list {
			c.index[y.unit] = y
		}
	}
	return x
}

// drop takes candidates off the list.
func (c *candidates) drop(unwanted func(*candidate) bool) {
	n := len(c.list)
	c.list = slices.DeleteFunc(c.list, unwanted)
	if len(c.list) == n || c.index == nil {
		return
	}
	clear(c.index)
	for _, x := range c.list {
		c.index[x.unit] = x
	}
}

// typedKind is a kind of lock in a type.
type typedKind struct {
	kind Kind
	typ  int
}

// maxAlike is how many resources of one function or type are looked into.
const maxAlike = 32

// suspect finds out who may hold each resource.
func (s *scene) suspect() {
	s.lockHolders()
	s.findSpots()
	s.locks = map[typedKind]int{}
	for _, r := range s.resources {
		for _, t := range r.types.all() {
			s.locks[typedKind{r.Kind, t}]++
		}
	}
	looked := map[Kind]int{}
	for _, r := range s.resources {
		if looked[r.Kind]++; looked[r.Kind] > maxLoose && !lockKind(r.Kind) {
			continue
		}
		switch {
		case r.Kind == Once:
			s.runners(r)
		case r.Kind == Singleflight:
			s.callees(r)
		case r.Kind == File:
			s.users(r)
		case r.Op == Wait && r.Kind != Cond:
			s.children(r)
		case r.Kind == Errgroup && r.Op == Go:
			s.tasks(r)
		case r.Kind == Pool:
			s.connections(r)
		case r.Kind == Semaphore, r.Kind == Chan && r.Op == Send:
			s.peers(r)
		}
		s.decide(r)
	}
	s.partners()
	s.channelEnds()
}

// decide says which candidates are suspects, and how sure that is.
func (s *scene) decide(r *resource) {
	if len(r.found.list) == 0 && len(r.pending) == 0 && !r.Proven && s.source == nil {
		return
	}
	all := slices.Clone(r.found.list)
	slices.SortFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.unit, b.unit))
	})
	all = slices.DeleteFunc(all, func(c *candidate) bool { return len(c.why) == 0 || c.score < least && !r.Proven })
	if !lockKind(r.Kind) {
		all = slices.DeleteFunc(all, s.unlisted)
		for _, c := range all {
			r.Suspects = append(r.Suspects, s.made(c, sureness(c.score)))
		}
		if len(all) > 0 {
			r.Holder, r.Confidence = Named, r.Suspects[0].Confidence
		}
		return
	}
	if r.Proven { // whoever holds a lock for which nobody ever gets woken is stuck as well
		all = slices.DeleteFunc(all, func(c *candidate) bool { return !s.units[c.unit].leaked })
	}
	all, oneOf := s.alike(r, all)
	all = slices.DeleteFunc(all, func(c *candidate) bool { return s.units[c.unit].n > 1 || s.unlisted(c) })
	switch {
	case oneOf && len(all) > 0:
		r.Holder = OneOf
		for _, c := range all[:min(len(all), 3)] {
			r.Suspects = append(r.Suspects, s.made(c, Guess))
		}
	case len(all) > 0:
		r.Holder = OneOf
		top := s.top(r, all)
		for _, c := range all {
			confidence := Guess
			if c.score == all[0].score && top {
				confidence = s.sure(r, c)
			} else if len(r.Suspects) >= 3 || top {
				break
			}
			r.Suspects = append(r.Suspects, s.made(c, confidence))
		}
		if r.Suspects[0].Confidence >= Probable {
			r.Holder = Named
		}
	case s.blind || len(r.pending) > 0:
	case r.Proven || s.nobodyHolds(r):
		r.Holder = Gone
	}
	if len(r.Suspects) > 0 {
		r.Confidence = r.Suspects[0].Confidence
	}
	if r.Holder == Gone {
		r.Confidence = Probable
	}
	for _, i := range r.pending { // it may hold the lock for reading as well
		c := &candidate{unit: i, why: []Reason{{Next, s.caller(&s.units[i]).shown()}}, pending: true}
		if !s.unlisted(c) {
			r.Suspects = append(r.Suspects, s.made(c, Certain))
		}
	}
}

// unlisted reports whether a candidate is one of a bucket's goroutines that are
// not listed one by one, in a dump that has ids.
func (s *scene) unlisted(c *candidate) bool {
	return s.units[c.unit].member == nil && s.dump.Level.HasIDs()
}

// least is the score below which nobody is mentioned.
const least = 20

// top reports whether the first candidates stand out, so that they are named:
// one, or the readers of an RWMutex that the source says hold it.
func (s *scene) top(r *resource, all []*candidate) bool {
	if len(all) == 1 || all[0].score > all[1].score {
		return true
	}
	for _, c := range all {
		if c.score == all[0].score && (!c.read || c.score < worth[BySource]) {
			return false
		}
	}
	return true
}

// sure is how sure it is that a candidate holds the resource.
func (s *scene) sure(r *resource, c *candidate) Confidence {
	u := &s.units[c.unit]
	if c.score < worth[Inside] && (running(u.state) || u.state == "semacquire") {
		return Guess
	}
	if c.score < worth[BySource] && u.wait.kind == "" && strings.HasPrefix(u.state, "sync.") {
		return Guess // it waits for a lock as well, and the dump has lost for which
	}
	if c.score == worth[InSelf] && r.Proven {
		return Probable // its holder is proven as well, and there is nobody else
	}
	if c.score >= worth[ByConstruction] {
		if s.blind || len(r.found.list) > 1 && r.Kind == Once && r.Address == 0 {
			return Probable
		}
		return Certain
	}
	return sureness(c.score)
}

func sureness(score int) Confidence {
	switch {
	case score >= worth[ByConstruction]:
		return Certain
	case score >= worth[ByType]:
		return Probable
	}
	return Guess
}

// anyLine is the place of a function's lines together.
const anyLine = -1

// alike drops candidates that match by the same line of the same function: one
// goroutine holds a mutex, and which of them it is cannot be said. If there
// are as many locks of the kind, each may hold one.
func (s *scene) alike(r *resource, all []*candidate) (rest []*candidate, oneOf bool) {
	if len(all) == 1 && s.units[all[0].unit].n == 1 {
		return all, false
	}
	type place struct {
		function string
		line     int
	}
	of := func(c *candidate) place { return place{c.why[0].Frame.Function, c.why[0].Frame.Line} }
	n := map[place]int{} // line 0 is one that a damaged dump does not show: it may be any
	for _, c := range all {
		if c.read && c.score >= worth[BySource] || c.exact {
			continue
		}
		n[of(c)] += s.units[c.unit].n
		n[place{of(c).function, anyLine}] += s.units[c.unit].n
	}
	count := func(c *candidate) int {
		switch p := of(c); {
		case n[p] == 0:
			return 0
		case p.line == 0:
			return n[place{p.function, anyLine}]
		default:
			return n[p] + n[place{p.function, 0}]
		}
	}
	locks := 0
	for _, t := range r.types.all() {
		locks = max(locks, s.locks[typedKind{r.Kind, t}])
	}
	for _, c := range all {
		if count(c) <= 1 {
			rest = append(rest, c)
		}
	}
	if len(rest) > 0 || len(all) == 0 {
		return rest, false
	}
	if count(all[0]) <= locks {
		return all, true
	}
	return nil, false
}

func (s *scene) made(c *candidate, sure Confidence) Suspect {
	u := &s.units[c.unit]
	return Suspect{ID: u.id(), Bucket: u.bucket, State: u.state, Wait: u.minutes, Confidence: sure, Why: c.why, Pending: c.pending, unit: c.unit, read: c.read}
}
