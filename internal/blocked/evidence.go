package blocked

import (
	"go/ast"

	"gdump/internal/goroutine"
)

// callFacts is what the source says of a call in a stack.
type callFacts struct {
	held     *held
	acquires lock // by the call itself, if it is one of a lock's method
	argument int  // which argument of the function is the object of acquires; -1
	objects  map[string]int
	chanFacts
}

// at is what the source says of a call; nil if it is not at hand.
func (s *sources) at(f frame) *callFacts {
	if f.Origin == goroutine.Runtime || f.Origin == goroutine.Stdlib {
		return nil
	}
	x := f.shown()
	return s.call(&x)
}

// call is what the source says of a frame; nil if it is not at hand.
func (s *sources) call(f *goroutine.Frame) *callFacts {
	c := call{f.Function, f.File, f.Line}
	facts, ok := s.calls[c]
	if ok || len(s.calls) >= maxFrames {
		return facts
	}
	s.calls[c] = nil
	p := s.of(f)
	if p == nil {
		return nil
	}
	body, kind, recv := p.function(f)
	if body == nil {
		return nil
	}
	facts = &callFacts{held: s.heldAt(p, body, f.Line), argument: -1, objects: map[string]int{}, chanFacts: chanFacts{channel: -1}}
	p.acquired(facts, body, f.Line)
	if facts.acquires.root != "" {
		facts.argument = p.parameter(facts.acquires.root, kind, recv)
	}
	if facts.held != nil {
		for _, l := range facts.held.locks {
			if l.root != "" {
				facts.objects[l.root] = p.parameter(l.root, kind, recv)
			}
		}
	}
	parameter := func(e ast.Expr) int {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok {
			return p.parameter(id.Name, kind, recv)
		}
		return -1
	}
	p.channels(&facts.chanFacts, body, f.Line, parameter)
	p.ticks(&facts.chanFacts, body, f.Line)
	s.calls[c] = facts
	return facts
}

// acquired finds the one call of a lock's method that a line makes.
func (p *sourcePackage) acquired(facts *callFacts, body *ast.BlockStmt, line int) {
	n := 0
	ast.Inspect(body, func(node ast.Node) bool {
		c, ok := node.(*ast.CallExpr)
		if !ok || line < p.line(c.Pos()) || line > p.line(c.Lparen) {
			return true
		}
		if l, op := p.lockCall(c); op == "Lock" || op == "RLock" {
			l.read = op == "RLock"
			facts.acquires = l
			n++
		}
		return true
	})
	if n != 1 {
		facts.acquires = lock{}
	}
}

// waitFacts is what the source says of the call in which a unit waits.
func (s *scene) waitFacts(u *unit) *callFacts {
	if s.source == nil || u.wait.at >= len(s.frames(u)) {
		return nil
	}
	return s.source.at(s.frames(u)[u.wait.at])
}

// sourceKey is the lock that a unit waits for, by the source.
func (s *scene) sourceKey(u *unit) key {
	if c := s.waitFacts(u); c != nil {
		return c.acquires.key
	}
	return key{}
}

// addressBySource is the address of the lock that a unit waits for, if the
// source says where in a live argument it is.
func (s *scene) addressBySource(u *unit) uint64 {
	c := s.waitFacts(u)
	if c == nil || c.argument < 0 || c.acquires.at < 0 {
		return 0
	}
	o := argument(u.member, u.wait.at, c.argument)
	if o < 0x1000 {
		return 0
	}
	return o + uint64(c.acquires.at)
}

// sourceHolders looks for functions that by the source hold a lock that others
// wait for, and takes suspicion off those that do not.
func (s *scene) sourceHolders() {
	keys := map[key][]*resource{}
	for _, r := range s.resources {
		if lockKind(r.Kind) && r.key.known() {
			k := r.key
			k.offset = 0
			if len(keys[k]) < maxAlike {
				keys[k] = append(keys[k], r)
			}
		}
	}
	if len(keys) == 0 {
		return
	}
	for i := range s.units {
		if s.idle[s.units[i].bucket] == "" {
			s.bySource(keys, i)
		}
	}
	for _, r := range s.resources {
		if !lockKind(r.Kind) || !r.key.known() {
			continue
		}
		r.found.drop(func(c *candidate) bool { return c.score < worth[BySource] && s.refuted(r, c) })
	}
}

// bySource makes a unit a candidate for the locks that its calls hold.
func (s *scene) bySource(keys map[key][]*resource, i int) {
	u := &s.units[i]
	frames := s.frames(u)
	for j := range frames {
		c := s.source.at(frames[j])
		if c == nil || c.held == nil {
			continue
		}
		if u.wait.kind == Cond && j == u.wait.at {
			continue // Wait has unlocked it
		}
		for _, l := range c.held.locks {
			k := l.key
			k.offset = 0
			for _, r := range keys[k] {
				s.holds(r, l, i, j, c)
			}
		}
	}
}

// holds weighs that a call of a unit holds a lock with the key of a resource.
func (s *scene) holds(r *resource, l lock, i, j int, c *callFacts) {
	u := &s.units[i]
	score := worth[BySource]
	if !l.sure {
		score = worth[Peer]
	}
	o := uint64(0) // the object, if it is live
	if n, ok := c.objects[l.root]; ok && n >= 0 && l.root != "" {
		o = argument(u.member, j, n)
	}
	switch {
	case o < leastAddress:
		if s.othersToo(r, u, s.frames(u)[j]) {
			score = worth[InSelf]
		}
	case r.Address != 0 && l.at >= 0:
		if o+uint64(l.at) != r.Address {
			return // that of another object
		}
		score += 10
		r.candidate(i).exact = l.sure
	case l.at >= 0 || r.remote || r.objects.len() == 0: // which object it is cannot be compared
	case r.objects.has(o):
		score += 10
	case r.types.has(s.functions.types[l.key.pkg+"."+l.key.owner]):
		return
	}
	x := r.candidate(i)
	x.read = l.read
	x.add(Reason{BySource, s.frames(u)[j].shown()}, score)
}

// nobodyHolds reports whether by the source no goroutine holds a lock. A field
// that is not exported is locked by its package alone: the source of the others
// does not matter.
func (s *scene) nobodyHolds(r *resource) bool {
	if s.source == nil || r.key.owner == "" {
		return false
	}
	p := s.source.byPath(r.key.pkg)
	if p == nil || ast.IsExported(r.key.name) || s.source.keeps(p, r.key) {
		return false
	}
	for b, frames := range s.stacks {
		if s.idle[b] != "" {
			continue
		}
		for j, f := range frames {
			if f.Package != r.key.pkg {
				continue
			}
			facts := s.source.at(f)
			if facts == nil || facts.held == nil || facts.held.opaque && !s.locksAt(b, j) {
				return false
			}
			if _, ok := facts.held.holds(r.key); ok {
				return false
			}
		}
	}
	return true
}

// locksAt reports whether a frame of a bucket is the call of Lock that all its
// goroutines wait in.
func (s *scene) locksAt(b, j int) bool {
	for i := s.first[b]; i < s.first[b+1]; i++ {
		if w := s.units[i].wait; !lockKind(w.kind) || w.at != j {
			return false
		}
	}
	return true
}

// refuted reports whether the source of all that makes a candidate suspect says
// that it does not hold the lock.
func (s *scene) refuted(r *resource, c *candidate) bool {
	for _, w := range c.why {
		facts := s.source.call(&w.Frame)
		if facts == nil || facts.held == nil || facts.held.opaque {
			return false
		}
		if _, ok := facts.held.holds(r.key); ok {
			return false
		}
	}
	return true
}
