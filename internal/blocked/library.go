package blocked

import (
	"slices"
)

// runners are the goroutines that run the function of a Once: inside doSlow,
// called from the same line as the waiters.
func (s *scene) runners(r *resource) {
	s.eachKind(onceCalls, func(i, j int) {
		frames := s.frames(&s.units[i])
		if j < s.units[i].wait.at {
			return // it waits itself
		}
		k := j + 1
		if k < len(frames) && frames[k].Function == "sync.(*Once).Do" {
			k++
		}
		if k < len(frames) && r.acquires.of(frames[k].number).has(frames[k].line) {
			r.candidate(i).add(Reason{ByConstruction, frames[k].shown()}, worth[ByConstruction])
		}
	})
}

// callees are the goroutines that make the call of a singleflight group which
// the others wait for. The call begins with the WaitGroup they wait on.
func (s *scene) callees(r *resource) {
	s.eachKind(flightCalls, func(i, j int) {
		f := s.frames(&s.units[i])[j].shown()
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
	for _, c := range r.found.list {
		best = max(best, c.score)
	}
	r.found.drop(func(c *candidate) bool { return c.score < best })
	if len(r.found.list) > 1 && best < worth[ByConstruction] {
		for _, c := range r.found.list {
			c.score = worth[Peer]
		}
	}
}

// users are the goroutines that read or write the file that others wait for.
func (s *scene) users(r *resource) {
	if r.Address == 0 {
		return
	}
	s.eachKind(fileCalls, func(i, j int) {
		if u := &s.units[i]; u.wait.kind != File && argument(u.member, j, 0) == r.Address {
			r.candidate(i).add(Reason{ByConstruction, s.frames(u)[j].shown()}, worth[ByConstruction])
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
		r.candidate(i).add(Reason{Child, s.createdBy[s.units[i].bucket].shown()}, worth[Child])
	}
}

// childrenOf adds the goroutines that one has started: in the function that
// waits, or in another that is in its stack.
func (s *scene) childrenOf(parent uint64, function string, own, other []int) (_, _ []int) {
	for _, i := range s.startedBy(parent) {
		u := &s.units[i]
		if u.member.ID == parent {
			continue // no goroutine starts itself: the dump is damaged
		}
		switch by := s.createdBy[u.bucket]; {
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
	return ok && slices.ContainsFunc(s.frames(&s.units[i]), func(f frame) bool { return f.Function == function })
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
		by := s.createdBy[u.bucket]
		if u.member == nil || !isMethod(by.Function, "sync/errgroup.(*Group).Go") {
			continue
		}
		if members[u.member.Creator] || members[u.member.ID] && len(groups) == 1 {
			r.candidate(i).add(Reason{Child, by.shown()}, worth[Child])
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
	s.eachKind(sqlConns, func(i, j int) { pools[argument(s.units[i].member, j, 0)] = true })
	score := worth[Child]
	if len(pools) > 1 {
		score = worth[Peer]
	}
	s.eachKind(sqlWatches, func(i, j int) {
		if m := s.units[i].member; m != nil {
			if p, ok := s.byID[m.Creator]; ok {
				r.candidate(p).add(Reason{Child, s.frames(&s.units[i])[j].shown()}, score)
			}
		}
	})
	s.eachKind(sqlCalls, func(i, j int) {
		r.candidate(i).add(Reason{Inside, s.frames(&s.units[i])[j].shown()}, score)
	})
}

// peers are the goroutines past the line at which others wait for a slot of a
// semaphore, in the same function and of the same object.
func (s *scene) peers(r *resource) {
	score := worth[Peer]
	if r.Kind == Semaphore || s.token(r) {
		score = worth[Inside]
	}
	for _, at := range r.acquires.few {
		s.each(s.spots.functions[at.function], func(i, j int) {
			u := &s.units[i]
			f := s.frames(u)[j]
			if !at.lines.before(f.line) || u.on >= 0 && s.resources[u.on] == r || s.idle[u.bucket] != "" {
				return
			}
			if o := receiver(u.member, j); o != 0 && r.objects.len() > 0 && !r.objects.has(o) && r.types.has(f.typ) {
				return
			}
			r.candidate(i).add(Reason{Peer, f.shown()}, score)
		})
	}
}
