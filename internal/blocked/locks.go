package blocked

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// held are the locks of a call.
type held struct {
	locks  []lock
	opaque bool // it locks something that cannot be resolved
}

// holds reports whether a lock of this key is held, and whether that is sure.
func (h *held) holds(k key) (l lock, ok bool) {
	for _, x := range h.locks {
		if x.key.same(k) && (!ok || x.sure) {
			l, ok = x, true
		}
	}
	return l, ok
}

// walker follows the locks through the statements of a function, up to a line.
type walker struct {
	s      *sources
	p      *sourcePackage
	line   int // 0: to the end
	depth  int
	held   []lock
	later  []lock // unlocked by defer
	exits  [][]lock
	freed  []lock
	opaque bool
}

// heldAt is what a function holds at a line. It is nil if that cannot be said.
func (s *sources) heldAt(p *sourcePackage, body *ast.BlockStmt, line int) *held {
	w := &walker{s: s, p: p, line: line}
	if !w.list(body.List) {
		return nil
	}
	return &held{w.held, w.opaque}
}

// list walks statements. It reports whether the line was reached.
func (w *walker) list(list []ast.Stmt) bool {
	for _, st := range list {
		if w.line > 0 && w.p.covers(st, w.line) {
			return w.reach(st)
		}
		w.effects(st)
	}
	return false
}

// reach goes on into the statement that has the line.
func (w *walker) reach(st ast.Stmt) bool {
	switch st := st.(type) {
	case *ast.BlockStmt:
		w.list(st.List)
	case *ast.LabeledStmt:
		w.reach(st.Stmt)
	case *ast.IfStmt:
		w.effectsOf(st.Init)
		w.expression(st.Cond)
		if w.p.covers(st.Body, w.line) && !w.within(st.Init, st.Cond) {
			w.list(st.Body.List)
		} else if st.Else != nil && w.p.covers(st.Else, w.line) {
			w.reach(st.Else)
		}
	case *ast.ForStmt:
		w.effectsOf(st.Init)
		w.list(st.Body.List)
	case *ast.RangeStmt:
		w.list(st.Body.List)
	case *ast.SwitchStmt:
		w.effectsOf(st.Init)
		w.clauses(st.Body)
	case *ast.TypeSwitchStmt:
		w.effectsOf(st.Init)
		w.clauses(st.Body)
	case *ast.SelectStmt:
		w.clauses(st.Body)
	default:
		// Two statements of one line, one of which locks, cannot be distinguished.
		if w.locksOn(st) {
			w.opaque = true
		}
	}
	return true
}

// within reports whether the line is that of one of the nodes.
func (w *walker) within(init ast.Stmt, cond ast.Expr) bool {
	return init != nil && w.p.covers(init, w.line) || cond != nil && w.p.line(cond.Pos()) == w.line && w.p.line(cond.End()) == w.line
}

func (w *walker) clauses(body *ast.BlockStmt) {
	for _, c := range body.List {
		if !w.p.covers(c, w.line) {
			continue
		}
		switch c := c.(type) {
		case *ast.CaseClause:
			w.list(c.Body)
		case *ast.CommClause:
			w.list(c.Body)
		}
	}
}

// locksOn reports whether a statement calls a method of a lock.
func (w *walker) locksOn(st ast.Stmt) (found bool) {
	ast.Inspect(st, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if _, op := w.p.lockCall(c); op != "" {
				found = true
			}
		}
		_, literal := n.(*ast.FuncLit)
		return !literal
	})
	return found
}

func (w *walker) effectsOf(st ast.Stmt) {
	if st != nil {
		w.effects(st)
	}
}

// effects does to the locks what a whole statement does.
func (w *walker) effects(st ast.Stmt) {
	switch st := st.(type) {
	case *ast.BlockStmt:
		w.branches(st.List)
	case *ast.LabeledStmt:
		w.effects(st.Stmt)
	case *ast.IfStmt:
		w.effectsOf(st.Init)
		w.expression(st.Cond)
		lists := [][]ast.Stmt{st.Body.List, nil}
		if st.Else != nil {
			lists[1] = []ast.Stmt{st.Else}
		}
		w.branches(lists...)
	case *ast.ForStmt:
		w.effectsOf(st.Init)
		w.branches(st.Body.List, nil)
	case *ast.RangeStmt:
		w.expression(st.X)
		w.branches(st.Body.List, nil)
	case *ast.SwitchStmt:
		w.effectsOf(st.Init)
		w.cases(st.Body)
	case *ast.TypeSwitchStmt:
		w.effectsOf(st.Init)
		w.cases(st.Body)
	case *ast.SelectStmt:
		w.cases(st.Body)
	case *ast.DeferStmt:
		w.deferred(st.Call)
	case *ast.ReturnStmt:
		for _, e := range st.Results {
			w.expression(e)
		}
		w.exits = append(w.exits, slices.Clone(w.held))
	case *ast.GoStmt:
	default:
		w.expression(st)
	}
}

func (w *walker) cases(body *ast.BlockStmt) {
	var lists [][]ast.Stmt
	whole := false
	for _, c := range body.List {
		switch c := c.(type) {
		case *ast.CaseClause:
			whole = whole || c.List == nil
			lists = append(lists, c.Body)
		case *ast.CommClause:
			whole = true
			lists = append(lists, c.Body)
		}
	}
	if !whole {
		lists = append(lists, nil)
	}
	w.branches(lists...)
}

// branches walks alternatives. What all that go on hold is held after them,
// what some hold perhaps.
func (w *walker) branches(lists ...[]ast.Stmt) {
	before := w.held
	var ends [][]lock
	for _, l := range lists {
		w.held = slices.Clone(before)
		for _, st := range l {
			w.effects(st)
		}
		if !leaves(l) {
			ends = append(ends, w.held)
		}
	}
	if len(ends) == 0 {
		w.held = before
		return
	}
	w.held = merged(ends)
}

func merged(ends [][]lock) []lock {
	var out []lock
	for _, end := range ends {
		for _, l := range end {
			if slices.ContainsFunc(out, l.equal) {
				continue
			}
			for _, other := range ends {
				i := slices.IndexFunc(other, l.equal)
				l.sure = l.sure && i >= 0 && other[i].sure
			}
			out = append(out, l)
		}
	}
	return out
}

func (l lock) equal(o lock) bool {
	return l.key.same(o.key) && l.expr == o.expr && l.read == o.read
}

// leaves reports whether statements do not go on to what follows them.
func leaves(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch st := list[len(list)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return st.Tok != token.FALLTHROUGH
	case *ast.BlockStmt:
		return leaves(st.List)
	case *ast.IfStmt:
		e, ok := st.Else.(*ast.BlockStmt)
		return ok && leaves(st.Body.List) && leaves(e.List)
	case *ast.ExprStmt:
		if c, ok := st.X.(*ast.CallExpr); ok {
			switch f := c.Fun.(type) {
			case *ast.Ident:
				return f.Name == "panic"
			case *ast.SelectorExpr:
				return f.Sel.Name == "Exit" || strings.HasPrefix(f.Sel.Name, "Fatal") || f.Sel.Name == "Goexit"
			}
		}
	}
	return false
}

// deferred notes what a deferred call will unlock.
func (w *walker) deferred(c *ast.CallExpr) {
	note := func(c *ast.CallExpr) {
		if l, op := w.p.lockCall(c); op == "Unlock" || op == "RUnlock" {
			w.later = append(w.later, l)
		} else if e := w.summary(c); e != nil {
			w.later = append(w.later, e.releases...)
		}
	}
	if lit, ok := c.Fun.(*ast.FuncLit); ok {
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				note(c)
			}
			return true
		})
		return
	}
	note(c)
}

// expression does what the calls of an expression or a simple statement do.
func (w *walker) expression(n ast.Node) {
	if n == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			w.call(n)
		}
		return true
	})
}

func (w *walker) call(c *ast.CallExpr) {
	l, op := w.p.lockCall(c)
	switch op {
	case "":
		if e := w.summary(c); e != nil {
			for _, x := range e.releases {
				w.unlock(x)
			}
			w.held = append(w.held, e.acquires...)
			w.opaque = w.opaque || e.opaque
		}
	case "Lock", "RLock":
		if !l.key.known() {
			w.opaque = true
			return
		}
		l.read, l.sure = op == "RLock", true
		w.held = append(w.held, l)
	case "TryLock", "TryRLock":
		l.read = op == "TryRLock"
		if l.key.known() {
			w.held = append(w.held, l)
		}
	default:
		w.unlock(l)
	}
}

// unlock takes back a lock: the one that is written alike, else the last of the
// same key.
func (w *walker) unlock(l lock) {
	for _, exact := range []bool{true, false} {
		for i := len(w.held) - 1; i >= 0; i-- {
			if x := w.held[i]; x.key.same(l.key) && (!exact || x.expr == l.expr) {
				w.held = slices.Delete(slices.Clone(w.held), i, i+1)
				return
			}
		}
	}
	if l.key.known() {
		w.freed = append(w.freed, l)
	}
}
