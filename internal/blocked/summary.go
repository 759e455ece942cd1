package blocked

import (
	"go/ast"
	"go/types"
	"slices"
)

// effect is what a function does to locks for its caller.
type effect struct {
	acquires, releases []lock
	opaque             bool
}

// summary is what a call of a function whose source is at hand does to locks.
func (w *walker) summary(c *ast.CallExpr) *effect {
	if w.depth >= maxSummary {
		return nil
	}
	var id *ast.Ident
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return nil
	}
	fn, ok := w.p.info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return nil
	}
	fn = fn.Origin()
	p := w.p
	if fn.Pkg() != p.types {
		if p = w.s.packages[fn.Pkg().Path()]; p == nil || p.checking {
			return nil
		}
	}
	if e, ok := p.summaries[fn]; ok {
		return e
	}
	return w.s.summary(p, fn, w.depth+1)
}

func (s *sources) summary(p *sourcePackage, fn *types.Func, depth int) *effect {
	decl := p.functions[fn]
	if decl == nil {
		return nil
	}
	p.summaries[fn] = nil // of a recursion
	in := &walker{s: s, p: p, depth: depth}
	for _, st := range decl.Body.List {
		in.effects(st)
	}
	if !leaves(decl.Body.List) {
		in.exits = append(in.exits, in.held)
	}
	e := &effect{releases: in.freed}
	if len(in.exits) > 0 {
		in.held = merged(in.exits)
	}
	for _, l := range in.later {
		in.unlock(l)
	}
	e.acquires = slices.Clone(in.held)
	for i := range e.acquires {
		e.acquires[i].expr, e.acquires[i].root = "", ""
	}
	if len(e.acquires) > 0 || len(e.releases) > 0 {
		p.summaries[fn] = e
	}
	return p.summaries[fn]
}

// keeps reports whether a function of a package returns with a lock held.
func (s *sources) keeps(p *sourcePackage, k key) bool {
	for fn := range p.functions {
		e, ok := p.summaries[fn]
		if !ok {
			e = s.summary(p, fn, 1)
		}
		if e != nil && slices.ContainsFunc(e.acquires, func(l lock) bool { return l.sure && l.key.same(k) }) {
			return true
		}
	}
	return false
}
