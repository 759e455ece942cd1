package blocked

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"strings"

	"gdump/internal/goroutine"
)

// Limits of what is read and understood of the source.
const (
	maxPackages = 256
	maxSource   = 32 << 20 // bytes of all packages
	maxFrames   = 1 << 14  // calls whose locks are looked for
	maxSummary  = 4        // calls deep that a function's locks are followed
)

// sources are the packages whose source is at hand.
type sources struct {
	load     func(goroutine.Frame) []SourceFile
	frames   map[string]goroutine.Frame // one of each package in the dump, by path
	packages map[string]*sourcePackage
	calls    map[call]*callFacts
	size     int
}

// call is a call in a stack, wherever it is found.
type call struct {
	function string
	file     string
	line     int
}

// sourcePackage is a package, parsed and type-checked as far as it can be.
type sourcePackage struct {
	path      string
	fset      *token.FileSet
	files     map[string]*ast.File // by base name
	info      *types.Info
	types     *types.Package
	functions map[*types.Func]*ast.FuncDecl
	summaries map[*types.Func]*effect
	checking  bool
}

func newSources(load func(goroutine.Frame) []SourceFile, stacks [][]frame) *sources {
	s := &sources{load: load, frames: map[string]goroutine.Frame{}, packages: map[string]*sourcePackage{}, calls: map[call]*callFacts{}}
	for _, frames := range stacks {
		for _, f := range frames {
			if _, ok := s.frames[f.Package]; !ok && f.File != "" {
				s.frames[f.Package] = f.shown()
			}
		}
	}
	return s
}

// of is the package of a frame; nil if its source is not at hand.
func (s *sources) of(f *goroutine.Frame) *sourcePackage {
	if f.Origin == goroutine.Runtime || f.Origin == goroutine.Stdlib || f.Package == "" {
		return nil
	}
	return s.byPath(f.Package)
}

func (s *sources) byPath(name string) *sourcePackage {
	if p, ok := s.packages[name]; ok {
		return p
	}
	f, ok := s.frames[name]
	if !ok || len(s.packages) >= maxPackages || s.size >= maxSource {
		return nil
	}
	s.packages[name] = nil
	p := s.parse(name, s.load(f), goroutine.Base(f.File))
	if p == nil {
		return nil
	}
	s.packages[name] = p
	s.check(p)
	return p
}

// parse reads the files that belong to one package with the file named.
func (s *sources) parse(name string, files []SourceFile, file string) *sourcePackage {
	p := &sourcePackage{
		path: name, fset: token.NewFileSet(), files: map[string]*ast.File{},
		functions: map[*types.Func]*ast.FuncDecl{}, summaries: map[*types.Func]*effect{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}},
	}
	for _, f := range files {
		if s.size += len(f.Data); s.size > maxSource {
			return nil
		}
		if a, err := parser.ParseFile(p.fset, f.Name, f.Data, parser.SkipObjectResolution); err == nil {
			p.files[f.Name] = a
		}
	}
	main := p.files[file]
	if main == nil {
		return nil
	}
	for n, f := range p.files {
		if f.Name.Name != main.Name.Name || strings.HasSuffix(n, "_test.go") && !strings.HasSuffix(file, "_test.go") {
			delete(p.files, n)
		}
	}
	return p
}

// check type-checks a package. What it imports is looked up among the packages
// of the dump; of others nothing is known, and errors do not matter.
func (s *sources) check(p *sourcePackage) {
	p.checking = true
	defer func() {
		p.checking = false
		if recover() != nil { // source that go/types cannot cope with says nothing
			p.files = nil
		}
	}()
	files := make([]*ast.File, 0, len(p.files))
	for _, f := range p.files {
		files = append(files, f)
	}
	c := types.Config{Importer: lenient{s}, Error: func(error) {}, FakeImportC: true, DisableUnusedImportCheck: true, Sizes: sizes}
	p.types, _ = c.Check(p.path, p.fset, files, p.info)
	for _, f := range files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
				if obj, ok := p.info.Defs[fd.Name].(*types.Func); ok {
					p.functions[obj] = fd
				}
			}
		}
	}
}

var sizes = types.SizesFor("gc", "amd64")

// lenient imports what is at hand, and an empty package for all else.
type lenient struct{ s *sources }

func (l lenient) Import(name string) (*types.Package, error) {
	if text, ok := stubs[name]; ok {
		return stub(name, text, l)
	}
	if f, ok := l.s.frames[name]; ok && (f.Origin == goroutine.Stdlib || f.Origin == goroutine.Runtime) {
		return empty(name), nil // to check Go's own packages would take seconds
	}
	if p := l.s.byPath(name); p != nil && !p.checking && p.types != nil {
		return p.types, nil
	}
	return empty(name), nil
}

func empty(name string) *types.Package {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p
}

// function finds the function of a frame in the source: a declaration, or the
// literal that is as deep in it as the frame's name says and has the line.
func (p *sourcePackage) function(f *goroutine.Frame) (body *ast.BlockStmt, kind *ast.FuncType, recv *ast.FieldList) {
	file := p.files[goroutine.Base(f.File)]
	if file == nil || f.Line == 0 {
		return nil, nil, nil
	}
	name, depth := elements(f)
	for _, d := range file.Decls {
		if !p.covers(d, f.Line) {
			continue
		}
		fd, ok := d.(*ast.FuncDecl)
		if ok && fd.Body != nil && fd.Name.Name == name && depth == 0 {
			return fd.Body, fd.Type, fd.Recv
		}
		if depth == 0 {
			continue
		}
		if lit := p.literal(d, f.Line, depth); lit != nil {
			return lit.Body, lit.Type, nil
		}
	}
	return nil, nil, nil
}

func (p *sourcePackage) line(pos token.Pos) int { return p.fset.PositionFor(pos, false).Line }

func (p *sourcePackage) covers(n ast.Node, line int) bool {
	return p.line(n.Pos()) <= line && line <= p.line(n.End()-1)
}

// literal is the one function literal that is so deep below a node and has the
// line; nil if there are several.
func (p *sourcePackage) literal(n ast.Node, line, depth int) *ast.FuncLit {
	var found []*ast.FuncLit
	var visit func(ast.Node, int)
	visit = func(n ast.Node, level int) {
		ast.Inspect(n, func(m ast.Node) bool {
			lit, ok := m.(*ast.FuncLit)
			if !ok || m == n {
				return true
			}
			if p.covers(lit.Body, line) {
				if level+1 == depth {
					found = append(found, lit)
				} else {
					visit(lit, level+1)
				}
			}
			return false
		})
	}
	visit(n, 0)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// elements are the name of the function that a frame's code is declared in, and
// how many literals deep it is: "m", 2 for "pkg.(*T).m.func1.2".
func elements(f *goroutine.Frame) (name string, depth int) {
	rest := strings.TrimPrefix(f.Function, f.Package+".")
	if i := strings.Index(rest, ")."); i >= 0 && strings.HasPrefix(rest, "(*") {
		rest = rest[i+2:]
	}
	parts := strings.Split(bare(rest), ".")
	for len(parts) > 1 && generated(parts[len(parts)-1]) {
		last := parts[len(parts)-1]
		if !strings.HasPrefix(last, "gowrap") && !strings.HasPrefix(last, "deferwrap") {
			depth++
		}
		parts = parts[:len(parts)-1]
	}
	name, _, _ = strings.Cut(parts[len(parts)-1], "-range")
	return name, depth
}
