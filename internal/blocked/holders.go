package blocked

import (
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// search is what the stacks of a dump are looked through for.
type search struct {
	functions map[string][]want
	types     map[string][]*resource
	addresses map[uint64][]*resource
	typeOf    map[string]string   // of functions
	objects   map[string][]uint64 // live receivers of the types, sorted
}

// want is a function in which a goroutine behind a line is suspect.
type want struct {
	resource *resource
	signal   Signal
	lines    lines
}

// lockHolders looks for the holders of all locks in one pass over the stacks.
func (s *scene) lockHolders() {
	q := &search{functions: map[string][]want{}, types: map[string][]*resource{}, addresses: map[uint64][]*resource{}, typeOf: map[string]string{}, objects: map[string][]uint64{}}
	any := false
	for _, r := range s.resources {
		if !lockKind(r.Kind) {
			continue
		}
		any = true
		for f, l := range r.acquires {
			q.want(f, want{r, Inside, l})
		}
		for f, l := range r.callers {
			q.want(f, want{r, ByCaller, l})
		}
		for t := range r.types {
			if len(q.types[t]) < maxAlike {
				q.types[t] = append(q.types[t], r)
			}
		}
		if r.Address != 0 {
			q.addresses[r.Address] = append(q.addresses[r.Address], r)
		}
		if !r.remote {
			for o := range r.objects {
				q.addresses[o] = append(q.addresses[o], r)
			}
		}
		for _, i := range r.pending {
			c := r.candidate(i)
			c.pending = true
			c.add(Reason{Next, s.caller(&s.units[i])}, worth[Next])
		}
	}
	if !any {
		return
	}
	s.receivers(q)
	for i := range s.units {
		if s.idle[s.units[i].bucket] == "" {
			s.match(q, i)
		}
	}
	if s.source != nil {
		s.sourceHolders()
	}
}

func (q *search) want(function string, w want) {
	if len(q.functions[function]) < maxAlike {
		q.functions[function] = append(q.functions[function], w)
	}
}

// receivers collects the live objects of the types that the locks are a part of.
func (s *scene) receivers(q *search) {
	for i := range s.units {
		u := &s.units[i]
		if u.member == nil {
			continue
		}
		for j := range s.frames(u) {
			if t := q.typed(&s.frames(u)[j]); t != "" {
				if o := receiver(u.member, j); o != 0 {
					q.objects[t] = append(q.objects[t], o)
				}
			}
		}
	}
	for t, o := range q.objects {
		slices.Sort(o)
		q.objects[t] = slices.Compact(o)
	}
}

// typed is the type of a frame's receiver, if a lock is a part of such.
func (q *search) typed(f *goroutine.Frame) string {
	t, ok := q.typeOf[f.Function]
	if !ok {
		if t = typeOf(f); len(q.types[t]) == 0 {
			t = ""
		}
		q.typeOf[f.Function] = t
	}
	return t
}

// match looks for signals in the stack of a unit.
func (s *scene) match(q *search, i int) {
	u := &s.units[i]
	frames := s.frames(u)
	for j := range frames {
		f := &frames[j]
		t := q.typed(f)
		if j == u.wait.at && u.wait.op != None && (lockKind(u.wait.kind) || u.wait.kind == Cond) {
			continue // it calls Lock itself, or has given its lock away
		}
		for _, w := range q.functions[f.Function] {
			if w.lines.before(f.Line) && s.object(q, w.resource, t, u, j) != another {
				score := worth[w.signal]
				if w.signal == ByCaller && !w.resource.begins() {
					score = worth[Peer]
				}
				w.resource.candidate(i).add(Reason{w.signal, *f}, s.discount(w.signal, score, u, j))
			}
		}
		if t != "" {
			for _, r := range q.types[t] {
				s.byType(q, r, t, i, j)
			}
		}
		s.byAddress(q, i, j)
	}
}

func (s *scene) byType(q *search, r *resource, t string, i, j int) {
	u := &s.units[i]
	whose := s.object(q, r, t, u, j)
	if whose == another {
		return
	}
	signal := ByType
	switch {
	case u.on >= 0 && s.resources[u.on] == r:
		signal = InSelf
	case receiver(u.member, j) == 0 && s.waitsAlike(r, u.bucket):
		return // what is suspect of it is as suspect of the waiter itself
	}
	r.candidate(i).add(Reason{signal, s.frames(u)[j]}, s.discount(signal, worth[signal], u, j))
}

// waitsAlike reports whether waiters of a resource have the stack of a bucket.
func (s *scene) waitsAlike(r *resource, bucket int) bool {
	return r.buckets[bucket]
}

// byAddress looks for the lock or its object among the arguments of a frame.
func (s *scene) byAddress(q *search, i, j int) {
	u := &s.units[i]
	if u.member == nil || j >= len(u.member.Args) || j < u.wait.at {
		return
	}
	for _, a := range u.member.Args[j] {
		for _, r := range q.addresses[a] {
			if u.on >= 0 && s.resources[u.on] == r && j <= u.wait.at+1 {
				continue // what waiters have in common
			}
			c := r.candidate(i)
			f := s.frames(u)[j]
			if c.score >= worth[Inside] && c.score < worth[Inside]+10 {
				c.add(Reason{ByAddress, f}, c.score+10)
			} else if u.on < 0 || s.resources[u.on] != r {
				c.add(Reason{ByAddress, f}, s.discount(ByAddress, worth[ByAddress], u, j))
			}
		}
	}
}

// belonging says whether a receiver is the object that a lock is a part of.
type belonging uint8

const (
	maybe belonging = iota
	same
	another
)

func (s *scene) object(q *search, r *resource, t string, u *unit, j int) belonging {
	if t == "" || !r.types[t] {
		return maybe
	}
	o := receiver(u.member, j)
	switch {
	case o == 0:
		return maybe
	case r.remote:
		return maybe
	case r.objects[o]:
		return same
	case len(r.objects) > 0:
		return another
	case r.Address == 0:
		return maybe
	case o > r.Address || r.Address-o >= maxOffset:
		return another
	}
	// The nearest object before the lock is the one that it is a part of.
	all := q.objects[t]
	k, _ := slices.BinarySearch(all, o)
	if k+1 < len(all) && all[k+1] <= r.Address {
		return another
	}
	return maybe
}

// discount lowers what names alone say of a goroutine that may be a loop of its
// own: parked for the next event in the function that it was started with.
func (s *scene) discount(signal Signal, score int, u *unit, j int) int {
	if signal == Inside || signal == ByCaller {
		return score
	}
	frames := s.frames(u)
	entry := j == len(frames)-1 || frames[j+1].Function == "runtime.goexit"
	if !entry {
		return score
	}
	switch {
	case u.wait.op == SelectOp, u.wait.op == Receive, u.wait.kind == Cond, strings.HasPrefix(u.state, "IO wait"), u.state == "sleep", u.state == "syscall":
		return min(score, worth[Peer])
	}
	return score
}

// begins reports whether what acquires a lock keeps it for its caller, by its
// name: begin, lock, acquire.
func (r *resource) begins() bool {
	for f := range r.acquires {
		name := strings.ToLower(f[strings.LastIndexByte(f, '.')+1:])
		for _, word := range []string{"lock", "acquire", "begin", "enter", "start", "open", "hold", "reserve", "take", "checkout"} {
			if strings.Contains(name, word) {
				return true
			}
		}
	}
	return false
}

// runners are the goroutines that run the function of a Once: inside doSlow,
// called from the same line as the waiters.
func (s *scene) runners(r *resource) {
	s.each("sync.(*Once).doSlow", func(i, j int) {
		frames := s.frames(&s.units[i])
		if j < s.units[i].wait.at {
			return // it waits itself
		}
		k := j + 1
		if k < len(frames) && frames[k].Function == "sync.(*Once).Do" {
			k++
		}
		if k < len(frames) && r.acquires[frames[k].Function].has(frames[k].Line) {
			r.candidate(i).add(Reason{ByConstruction, frames[k]}, worth[ByConstruction])
		}
	})
}

// callees are the goroutines that make the call of a singleflight group which
// the others wait for. The call begins with the WaitGroup they wait on.
func (s *scene) callees(r *resource) {
	s.each(flightCalls, func(i, j int) {
		f := s.frames(&s.units[i])[j]
		switch call := argument(s.units[i].member, j, 1); {
		case call != 0 && r.Address != 0 && call == r.Address:
			r.candidate(i).add(Reason{ByConstruction, f}, worth[ByConstruction])
		case call == 0 || r.Address == 0:
			r.candidate(i).add(Reason{Inside, f}, worth[Inside])
		}
	})
	keepBest(r)
}

// keepBest drops candidates that are less likely than the best.
func keepBest(r *resource) {
	best := 0
	for _, c := range r.found {
		best = max(best, c.score)
	}
	n := 0
	for i, c := range r.found {
		if c.score < best {
			delete(r.found, i)
		} else {
			n++
		}
	}
	if n > 1 && best < worth[ByConstruction] {
		for _, c := range r.found {
			c.score = worth[Peer]
		}
	}
}

// users are the goroutines that read or write the file that others wait for.
func (s *scene) users(r *resource) {
	if r.Address == 0 {
		return
	}
	s.each(fileCalls, func(i, j int) {
		if u := &s.units[i]; u.wait.kind != File && argument(u.member, j, 0) == r.Address {
			r.candidate(i).add(Reason{ByConstruction, s.frames(u)[j]}, worth[ByConstruction])
		}
	})
}

// children are the goroutines that the one which waits for a WaitGroup has
// started in the function that waits.
func (s *scene) children(r *resource) {
	parents := map[uint64]string{}
	for _, i := range r.units {
		if u := &s.units[i]; u.member != nil {
			parents[u.member.ID] = s.caller(u).Function
		}
	}
	if len(parents) == 0 {
		return
	}
	var own, other []int
	for parent, function := range parents {
		own, other = s.childrenOf(parent, function, own, other)
	}
	if len(own) == 0 {
		own = other
	}
	slices.Sort(own)
	for _, i := range own[:min(len(own), maxAlike)] {
		r.candidate(i).add(Reason{Child, s.dump.Buckets[s.units[i].bucket].Stack.CreatedBy()}, worth[Child])
	}
}

// childrenOf adds the goroutines that one has started: in the function that
// waits, or in another that is in its stack.
func (s *scene) childrenOf(parent uint64, function string, own, other []int) (_, _ []int) {
	for _, i := range s.startedBy[parent] {
		u := &s.units[i]
		switch by := s.dump.Buckets[u.bucket].Stack.CreatedBy(); {
		case by.Function == function || isMethod(by.Function, "sync/errgroup.(*Group).Go") || by.Function == "sync.(*WaitGroup).Go":
			own = append(own, i)
		case s.idle[u.bucket] == "" && s.inStack(parent, by.Function):
			other = append(other, i)
		}
	}
	return own, other
}

// inStack reports whether a function is in the stack of a goroutine.
func (s *scene) inStack(id uint64, function string) bool {
	i, ok := s.byID[id]
	return ok && slices.ContainsFunc(s.frames(&s.units[i]), func(f goroutine.Frame) bool { return f.Function == function })
}

// tasks are the goroutines of an errgroup that is at its limit: those started
// by its Go in a goroutine that has the group.
func (s *scene) tasks(r *resource) {
	members := map[uint64]bool{}
	groups := map[uint64]bool{}
	for i := range s.units {
		u := &s.units[i]
		if u.wait.kind == Errgroup && u.address != 0 {
			groups[u.address] = true
			if u.address == r.Address && u.member != nil {
				members[u.member.ID] = true
			}
		}
	}
	for i := range s.units {
		u := &s.units[i]
		by := s.dump.Buckets[u.bucket].Stack.CreatedBy()
		if u.member == nil || !isMethod(by.Function, "sync/errgroup.(*Group).Go") {
			continue
		}
		if members[u.member.Creator] || members[u.member.ID] && len(groups) == 1 {
			r.candidate(i).add(Reason{Child, by}, worth[Child])
		}
	}
}

// connections are the goroutines that have taken a connection of a sql pool:
// those with an open transaction or open rows, which a goroutine of the
// package watches that they started, and those that run a statement.
func (s *scene) connections(r *resource) {
	if !slices.ContainsFunc(r.units, func(i int) bool { return s.frames(&s.units[i])[s.units[i].wait.at-1].Function == sqlConn }) {
		return
	}
	pools := map[uint64]bool{}
	s.each(sqlConn, func(i, j int) { pools[argument(s.units[i].member, j, 0)] = true })
	score := worth[Child]
	if len(pools) > 1 {
		score = worth[Peer]
	}
	for _, f := range []string{"database/sql.(*Tx).awaitDone", "database/sql.(*Rows).awaitDone"} {
		s.each(f, func(i, j int) {
			if m := s.units[i].member; m != nil {
				if p, ok := s.byID[m.Creator]; ok {
					r.candidate(p).add(Reason{Child, s.frames(&s.units[i])[j]}, score)
				}
			}
		})
	}
	for _, f := range []string{"database/sql.(*DB).queryDC", "database/sql.(*DB).execDC", "database/sql.(*DB).pingDC"} {
		s.each(f, func(i, j int) {
			r.candidate(i).add(Reason{Inside, s.frames(&s.units[i])[j]}, score)
		})
	}
}

// peers are the goroutines past the line at which others wait for a slot of a
// semaphore, in the same function and of the same object.
func (s *scene) peers(r *resource) {
	score := worth[Peer]
	if r.Kind == Semaphore || s.token(r) {
		score = worth[Inside]
	}
	for function, lines := range r.acquires {
		s.each(function, func(i, j int) {
			u := &s.units[i]
			f := s.frames(u)[j]
			if !lines.before(f.Line) || u.on >= 0 && s.resources[u.on] == r || s.idle[u.bucket] != "" {
				return
			}
			if o := receiver(u.member, j); o != 0 && len(r.objects) > 0 && !r.objects[o] && r.types[typeOf(&f)] {
				return
			}
			r.candidate(i).add(Reason{Peer, f}, score)
		})
	}
}
