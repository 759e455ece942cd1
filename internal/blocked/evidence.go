package blocked

import (
	"go/ast"
	"go/token"
	"go/types"

	"gdump/internal/goroutine"
)

// callFacts is what the source says of a call in a stack.
type callFacts struct {
	held     *held
	acquires lock // by the call itself, if it is one of a lock's method
	argument int  // which argument of the function is the object of acquires; -1
	objects  map[string]int
	sends    []types.Type // what the function sends on channels: their element types
	receives []types.Type
	tokens   bool // the call sends on a channel that the function then receives from
	ranges   bool // the call is a range over a channel
	ticks    bool // the call waits for a Ticker and nothing else
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
	facts = &callFacts{held: s.heldAt(p, body, f.Line), argument: -1, objects: map[string]int{}}
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
	p.channels(facts, body, f.Line)
	p.ticks(facts, body, f.Line)
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

// channels notes on which kinds of channels a function sends and receives.
func (p *sourcePackage) channels(facts *callFacts, body *ast.BlockStmt, line int) {
	element := func(e ast.Expr) types.Type {
		if t := p.info.TypeOf(e); t != nil {
			if c, ok := t.Underlying().(*types.Chan); ok {
				return c.Elem()
			}
		}
		return nil
	}
	var slot string
	taken := map[string]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			if t := element(n.Chan); t != nil {
				facts.sends = append(facts.sends, t)
				if p.covers(n, line) {
					slot = types.ExprString(n.Chan)
				}
			}
		case *ast.UnaryExpr:
			if t := element(n.X); n.Op.String() == "<-" && t != nil {
				facts.receives = append(facts.receives, t)
				taken[types.ExprString(n.X)] = true
			}
		case *ast.RangeStmt:
			if t := element(n.X); t != nil {
				facts.receives = append(facts.receives, t)
				facts.ranges = facts.ranges || p.line(n.For) == line
			}
		}
		return true
	})
	facts.tokens = slot != "" && taken[slot]
}

// ticks finds out whether all that a line receives from is a Ticker.
func (p *sourcePackage) ticks(facts *callFacts, body *ast.BlockStmt, line int) {
	all, n := true, 0
	receive := func(e ast.Expr) {
		n++
		all = all && p.ticker(e)
	}
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.RangeStmt:
			if p.line(node.For) == line {
				receive(node.X)
			}
		case *ast.SelectStmt:
			if p.line(node.Select) == line {
				for _, c := range node.Body.List {
					if e := received(c.(*ast.CommClause)); e != nil {
						receive(e)
					} else {
						all = false
					}
				}
				return false
			}
		case *ast.UnaryExpr:
			if node.Op == token.ARROW && p.line(node.OpPos) == line {
				receive(node.X)
			}
		}
		return true
	})
	facts.ticks = n > 0 && all
}

// received is the channel that a case of a select receives from; nil if it does
// not receive.
func received(c *ast.CommClause) ast.Expr {
	var e ast.Expr
	switch st := c.Comm.(type) {
	case *ast.ExprStmt:
		e = st.X
	case *ast.AssignStmt:
		e = st.Rhs[0]
	}
	if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		return u.X
	}
	return nil
}

// ticker reports whether an expression is the channel of a time.Ticker.
func (p *sourcePackage) ticker(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		t := p.info.TypeOf(e.X)
		if t == nil || e.Sel.Name != "C" {
			return false
		}
		if q, ok := t.Underlying().(*types.Pointer); ok {
			t = q.Elem()
		}
		named, ok := types.Unalias(t).(*types.Named)
		return ok && named.Obj().Name() == "Ticker" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "time"
	case *ast.CallExpr:
		sel, ok := e.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Tick" {
			return false
		}
		f, ok := p.info.Uses[sel.Sel].(*types.Func)
		return ok && f.Pkg() != nil && f.Pkg().Path() == "time"
	}
	return false
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
		r.found.drop(func(c *candidate) bool { return c.score < worth[BySource] && !c.pending && s.refuted(r, c) })
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
	if n, ok := c.objects[l.root]; ok && n >= 0 && l.root != "" {
		o := argument(u.member, j, n)
		switch {
		case o < 0x1000: // not live
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
	}
	x := r.candidate(i)
	x.read = l.read
	x.add(Reason{BySource, s.frames(u)[j].shown()}, score)
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

// token reports whether what waits to send on a channel uses it as a semaphore:
// the function that sends then receives from it.
func (s *scene) token(r *resource) bool {
	if s.source == nil {
		return false
	}
	c := s.waitFacts(&s.units[r.units[0]])
	r.tokens = c != nil && c.tokens
	return r.tokens
}

// partners finds, for a goroutine that holds a lock while it sends or receives,
// the one that would do the opposite and waits for the lock.
func (s *scene) partners() {
	if s.source == nil {
		return
	}
	for _, r := range s.resources {
		if !lockKind(r.Kind) {
			continue
		}
		for _, x := range r.Suspects {
			h := &s.units[x.unit]
			if x.Confidence < Probable || h.wait.kind != Chan || h.on < 0 {
				continue
			}
			on := s.resources[h.on]
			element := s.element(h)
			if element == nil || len(on.Suspects) > 0 {
				continue
			}
			for _, i := range r.units {
				if i != x.unit && s.answers(&s.units[i], element, h.wait.op) && s.units[i].n == 1 {
					on.candidate(i).add(Reason{Partner, s.caller(&s.units[i]).shown()}, worth[Partner])
				}
			}
			if len(on.found.list) == 1 {
				s.decide(on)
			}
		}
	}
}

// element is what the channel carries that a unit waits on.
func (s *scene) element(u *unit) types.Type {
	c := s.waitFacts(u)
	if c == nil {
		return nil
	}
	list := c.sends
	if u.wait.op == Receive {
		list = c.receives
	}
	for _, t := range list {
		if !types.Identical(t, list[0]) {
			return nil
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// answers reports whether a function in the stack of a unit does the opposite
// of an operation on a channel of the element type.
func (s *scene) answers(u *unit, element types.Type, op Op) bool {
	frames := s.frames(u)
	for j := u.wait.at; j < len(frames); j++ {
		c := s.source.at(frames[j])
		if c == nil {
			continue
		}
		list := c.receives
		if op == Receive {
			list = c.sends
		}
		for _, t := range list {
			if types.Identical(t, element) {
				return true
			}
		}
	}
	return false
}
