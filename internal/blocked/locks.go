package blocked

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// key names a lock in the source: a field of a type, or a variable.
type key struct {
	pkg, owner, name string
	offset           int64 // of a field in its type; -1 if not known
}

func (k key) known() bool { return k.name != "" }

func (k key) same(o key) bool {
	return k.known() && k.pkg == o.pkg && k.owner == o.owner && k.name == o.name
}

func (k key) String() string {
	s := k.pkg[strings.LastIndexByte(k.pkg, '/')+1:] + "."
	if k.owner != "" {
		s += k.owner + "."
	}
	return s + k.name
}

// lock is a lock that a function holds, or may hold, at some line.
type lock struct {
	key  key
	expr string // as written, which tells two objects of a type apart
	root string // the variable whose field it is; "" if it is more or less than that
	at   int64  // where it is in what the variable points to; -1 if not known
	read bool
	sure bool
}

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

// effect is what a function does to locks for its caller.
type effect struct {
	acquires, releases []lock
	opaque             bool
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
		// Two statements of one line, one of which locks, cannot be told apart.
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
	decl := p.functions[fn]
	if decl == nil {
		return nil
	}
	p.summaries[fn] = nil // of a recursion
	in := &walker{s: w.s, p: p, depth: w.depth + 1}
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

// lockCall is the lock and the method, if a call is that of a lock's method.
func (p *sourcePackage) lockCall(c *ast.CallExpr) (lock, string) {
	sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok {
		return lock{}, ""
	}
	switch sel.Sel.Name {
	case "Lock", "RLock", "Unlock", "RUnlock", "TryLock", "TryRLock":
	default:
		return lock{}, ""
	}
	fn, ok := p.info.Uses[sel.Sel].(*types.Func)
	if ok && fn.Pkg() != nil && fn.Pkg().Path() != "sync" {
		return lock{}, "" // of a type of its own, whose summary counts
	}
	l := lock{expr: types.ExprString(sel.X)}
	if !ok {
		return l, sel.Sel.Name // its type is not known
	}
	x := p.lockKey(sel)
	l.key, l.root, l.at = x.key, x.root, x.at
	return l, sel.Sel.Name
}

// lockKey names the lock that a method is called of, and the variable whose own
// field it is.
func (p *sourcePackage) lockKey(sel *ast.SelectorExpr) lock {
	if s := p.info.Selections[sel]; s != nil && len(s.Index()) > 1 {
		return field(s.Recv(), s.Index()[:len(s.Index())-1], sel.X) // embedded: s.Lock()
	}
	return p.exprKey(sel.X)
}

// field is the lock that is a field of what an expression stands for.
func field(t types.Type, index []int, of ast.Expr) lock {
	k, at, direct := fieldKey(t, index)
	l := lock{key: k, at: at}
	if direct {
		l.root = rootOf(of)
	}
	return l
}

func (p *sourcePackage) exprKey(e ast.Expr) lock {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return p.exprKey(e.X)
	case *ast.StarExpr:
		return p.exprKey(e.X)
	case *ast.IndexExpr:
		l := p.exprKey(e.X)
		if l.key.known() {
			l.key.name, l.key.offset = l.key.name+"[]", -1
		}
		l.root = ""
		return l
	case *ast.SelectorExpr:
		s := p.info.Selections[e]
		if s == nil { // a variable of another package
			return variable(p.info.Uses[e.Sel], "")
		}
		if s.Kind() != types.FieldVal {
			return lock{}
		}
		return field(s.Recv(), s.Index(), e.X)
	case *ast.Ident:
		v := p.info.Uses[e]
		if v == nil {
			return lock{}
		}
		return variable(v, "local "+strconv.Itoa(p.line(v.Pos())))
	}
	return lock{}
}

// variable is the lock that is a variable of a package, or of a function. A
// pointer or an interface may stand for any lock.
func variable(o types.Object, owner string) lock {
	v, ok := o.(*types.Var)
	if !ok || v.Pkg() == nil {
		return lock{}
	}
	if v.Parent() == v.Pkg().Scope() {
		owner = ""
	}
	switch v.Type().Underlying().(type) {
	case *types.Pointer, *types.Interface:
		if owner != "" {
			return lock{}
		}
	}
	return lock{key: key{v.Pkg().Path(), owner, v.Name(), -1}, at: -1}
}

func rootOf(e ast.Expr) string {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// fieldKey names a field by the type that declares it. It also returns where
// the field is in what the last pointer on the way points to, and whether that
// is the object at the start.
func fieldKey(t types.Type, index []int) (k key, total int64, direct bool) {
	var names []string
	direct = true
	for n, i := range index {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
			direct = direct && n == 0
			k.offset, total = 0, 0
		}
		if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil {
			k = key{pkg: named.Obj().Pkg().Path(), owner: named.Obj().Name()}
			names = nil
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || i >= st.NumFields() {
			return key{}, -1, false
		}
		k.offset, total = offset(k.offset, st, i), offset(total, st, i)
		names = append(names, st.Field(i).Name())
		t = st.Field(i).Type()
	}
	k.name = strings.Join(names, ".")
	if _, pointer := t.Underlying().(*types.Pointer); pointer {
		k.offset, total = -1, -1
	}
	if k.owner == "" {
		return key{}, -1, false
	}
	return k, total, direct
}

// offset adds that of a field, if the sizes of those before it are known.
func offset(base int64, st *types.Struct, i int) int64 {
	var fields []*types.Var
	for j := range i + 1 {
		if !sized(st.Field(j).Type(), 0) {
			return -1
		}
		fields = append(fields, st.Field(j))
	}
	if base < 0 {
		return -1
	}
	return base + sizes.Offsetsof(fields)[i]
}

func sized(t types.Type, depth int) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Struct:
		for field := range t.Fields() {
			if depth > 16 || !sized(field.Type(), depth+1) {
				return false
			}
		}
	case *types.Array:
		return sized(t.Elem(), depth+1)
	case *types.TypeParam:
		return false
	case *types.Interface:
		_, param := types.Unalias(t).(*types.TypeParam)
		return !param
	}
	return true
}

// words is how many arguments a value of a type is printed as; 0 if that
// depends.
func words(t types.Type) int {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.String, types.UntypedString:
			return 2
		case types.Invalid, types.Float32, types.Float64, types.Complex64, types.Complex128:
			return 0
		}
		return 1
	case *types.Slice:
		return 3
	case *types.Interface:
		return 2
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return 1
	}
	return 0
}

// parameter is which printed argument of a function a variable is; -1 if that
// is not known.
func (p *sourcePackage) parameter(name string, kind *ast.FuncType, recv *ast.FieldList) int {
	at := 0
	for _, list := range []*ast.FieldList{recv, kind.Params} {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			n := words(p.info.TypeOf(f.Type))
			for _, id := range f.Names {
				if id.Name == name && n == 1 {
					return at
				}
				at += n
			}
			if len(f.Names) == 0 {
				at += n
			}
			if n == 0 {
				return -1
			}
		}
	}
	return -1
}
