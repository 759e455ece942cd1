package blocked

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// chanFacts is what the source says of the channels of a function, and of the
// call that waits for one.
type chanFacts struct {
	sends     []types.Type // what the function sends on channels: their element types
	receives  []types.Type
	sendsTo   []int // the arguments that it sends to, -1 for other channels
	takesFrom []int
	channel   int  // the argument that the call waits for, or -1
	answered  bool // it sends, and by "<-" receives the same kind of thing
	tokens    bool // the call sends on a channel that the function then receives from
	ranges    bool // the call is a range over a channel
	ticks     bool // the call waits for a Ticker and nothing else
}

// channels notes on which kinds of channels a function sends and receives.
func (p *sourcePackage) channels(facts *chanFacts, body *ast.BlockStmt, line int, parameter func(ast.Expr) int) {
	element := func(e ast.Expr) types.Type {
		if t := p.info.TypeOf(e); t != nil {
			if c, ok := t.Underlying().(*types.Chan); ok {
				return c.Elem()
			}
		}
		return nil
	}
	var slot string
	var answers []types.Type
	taken := map[string]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			if t := element(n.Chan); t != nil {
				facts.sends = append(facts.sends, t)
				i := parameter(n.Chan)
				facts.sendsTo = append(facts.sendsTo, i)
				if p.covers(n, line) {
					slot, facts.channel = types.ExprString(n.Chan), i
				}
			}
		case *ast.UnaryExpr:
			if t := element(n.X); n.Op.String() == "<-" && t != nil {
				facts.receives = append(facts.receives, t)
				answers = append(answers, t)
				i := parameter(n.X)
				facts.takesFrom = append(facts.takesFrom, i)
				if p.covers(n, line) {
					facts.channel = i
				}
				taken[types.ExprString(n.X)] = true
			}
		case *ast.RangeStmt:
			if t := element(n.X); t != nil {
				facts.receives = append(facts.receives, t)
				i := parameter(n.X)
				facts.takesFrom = append(facts.takesFrom, i)
				if p.line(n.For) == line {
					facts.ranges, facts.channel = true, i
				}
			}
		}
		return true
	})
	facts.answered = slices.ContainsFunc(facts.sends, func(t types.Type) bool {
		return slices.ContainsFunc(answers, func(o types.Type) bool { return types.Identical(t, o) })
	})
	facts.tokens = slot != "" && taken[slot]
}

// ticks finds out whether all that a line receives from is a Ticker.
func (p *sourcePackage) ticks(facts *chanFacts, body *ast.BlockStmt, line int) {
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

// chanAddress is the address of the channel that a unit waits for, if by the
// source it is a live argument.
func (s *scene) chanAddress(u *unit) uint64 {
	if c := s.waitFacts(u); c != nil && c.channel >= 0 {
		if a := argument(u.member, u.wait.at, c.channel); a >= leastAddress {
			return a
		}
	}
	return 0
}

// end is a unit that has a channel as an argument of a function, which by the
// source sends to it or receives from it.
type end struct{ unit, frame int }

// channelEnds finds those who send to the channels that others receive from, and
// the other way round, by the addresses of the channels.
func (s *scene) channelEnds() {
	if s.source == nil {
		return
	}
	ends := map[Op]map[uint64][]end{Send: {}, Receive: {}}
	for _, r := range s.resources {
		if r.Kind == Chan && r.Address != 0 {
			ends[r.Op][r.Address] = nil
		}
	}
	note := func(of map[uint64][]end, list []int, i, j int) {
		for _, n := range list {
			if n < 0 {
				continue
			}
			a := argument(s.units[i].member, j, n)
			if all, ok := of[a]; ok && len(all) < maxAlike {
				of[a] = append(all, end{i, j})
			}
		}
	}
	for i := range s.units {
		u := &s.units[i]
		if u.member == nil || s.idle[u.bucket] != "" {
			continue
		}
		for j, f := range s.frames(u) {
			if c := s.source.at(f); c != nil {
				note(ends[Send], c.takesFrom, i, j)
				note(ends[Receive], c.sendsTo, i, j)
			}
		}
	}
	for _, r := range s.resources {
		if r.Kind != Chan || r.Address == 0 || len(r.found.list) > 0 {
			continue
		}
		for _, x := range ends[r.Op][r.Address] {
			if s.resources[max(s.units[x.unit].on, 0)] != r || s.units[x.unit].on < 0 {
				r.candidate(x.unit).add(Reason{Partner, s.frames(&s.units[x.unit])[x.frame].shown()}, worth[Partner])
			}
		}
		// Any of several may act, and what has not lasted may go on by itself.
		if len(r.found.list) > 1 || r.Longest < 1 && !r.Proven {
			for _, c := range r.found.list {
				c.score = worth[Peer]
			}
		}
		s.decide(r)
	}
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
