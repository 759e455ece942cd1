package blocked

import (
	"go/ast"
	"go/types"
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
	expr string // as written, which distinguishes two objects of a type
	root string // the variable whose field it is; "" if it is more or less than that
	at   int64  // where it is in what the variable points to; -1 if not known
	read bool
	sure bool
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

// field is the lock that is a field of what an expression denotes.
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
// pointer or an interface may be any lock.
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
