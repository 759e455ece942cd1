package blocked

import "gdump/internal/goroutine"

// function is a function that is in the stacks of a dump, with what depends on
// its name alone: it is found out once, however many stacks have it.
type function struct {
	goroutine.Frame       // without a line
	number          int   // the same for functions of one name
	typ             int   // whose method it is; 0 if none
	idle            []int // the idle rules for it
	own             bool  // of the program, or of a library that it calls for its own sake
	spot            spotKind
	parked          *parkedRule // by which goroutines that wait in it may show a pattern
}

// frame is a call of a function in a stack.
type frame struct {
	*function
	line int
}

// shown is the frame as others know it.
func (f frame) shown() goroutine.Frame {
	x := f.Frame
	x.Line = f.line
	return x
}

// functions are those of a dump.
type functions struct {
	known  map[*goroutine.Frame]*function
	number map[string]int
	all    []*function // by number: one of each name
	types  map[string]int
	names  []string // of the types; that of number 0, no type, is empty
}

func newFunctions() *functions {
	return &functions{known: map[*goroutine.Frame]*function{}, number: map[string]int{}, types: map[string]int{"": 0}, names: []string{""}}
}

// of is the function of a frame that the stacks of a dump share.
func (f *functions) of(x *goroutine.Frame) *function {
	known := f.known[x]
	if known == nil {
		known = f.named(x)
		f.known[x] = known
	}
	return known
}

// named is the function of any frame.
func (f *functions) named(x *goroutine.Frame) *function {
	n, ok := f.number[x.Function]
	if ok && f.all[n].File == x.File {
		return f.all[n]
	}
	add := &function{Frame: *x}
	add.Line = 0
	if ok {
		*add = *f.all[n]
		add.Frame.File, add.Module, add.Origin = x.File, x.Module, x.Origin
		return add
	}
	add.number, add.typ = len(f.all), f.typeNumber(typeOf(x))
	add.idle, add.own, add.spot = idleFunctions[x.Function], ownCode(x), spotOf(x.Function)
	add.parked = parkedRuleOf(x.Function)
	f.number[x.Function] = add.number
	f.all = append(f.all, add)
	return add
}

func (f *functions) typeNumber(name string) int {
	n, ok := f.types[name]
	if !ok {
		n = len(f.names)
		f.types[name] = n
		f.names = append(f.names, name)
	}
	return n
}
