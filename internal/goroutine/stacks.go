package goroutine

import (
	"fmt"
	"iter"
	"math"
	"math/bits"
)

// Stacks keeps stacks in little memory, as paths of one tree: those that
// differ in their leaf frames share all the others, and a function that many
// call is kept once. A million stacks that each differ in one frame take some
// 20 MB. It grows only; a Stack of it must not be read while it grows.
type Stacks struct {
	functions []Frame          // Line is 0
	numbers   map[Frame]uint32 // of the functions that Function has indexed
	indexed   int              // how many these are
	steps     [][]step         // in chunks; number 0 stands for the end of a path
	n         uint32
	table     []uint32 // steps by content: open addressing
}

// step is a frame of a stack and the step to the next one outward.
type step struct {
	outer uint32
	what  uint32 // kind, then number of the function
	line  uint32 // for a gap the number of frames plus one, 0 if not known
}

const (
	chunk       = 1 << 12
	kindShift   = 29
	maxFunction = 1<<kindShift - 1
)

// kind says what a step is.
type kind uint32

const (
	call kind = iota
	creator
	ancestor
	gap    // where Go left frames out
	absent // there are no frames: line is 1 if the dump lacks them, 0 if Go could not read them
)

func (s step) kind() kind { return kind(s.what >> kindShift) }

// Parts is a stack taken apart.
type Parts struct {
	Frames      []Frame // leaf first
	CreatedBy   Frame   // zero if not known
	Elided      int     // frames Go left out; -1 if it left out some without saying how many
	ElidedAt    int     // index in Frames before which they are missing
	Unavailable bool    // the goroutine was running on another thread: no frames
	Missing     bool    // the goroutine has run, but its frames are not in the dump
	Ancestors   []Frame // where GODEBUG=tracebackancestors tells who started the starter
}

// NewStack is a stack in a Stacks of its own.
func NewStack(p Parts) Stack { return new(Stacks).Add(p) }

// Add keeps a stack. Equal parts give equal stacks.
func (t *Stacks) Add(p Parts) Stack {
	var b Builder
	b.Begin(t)
	for i := len(p.Ancestors) - 1; i >= 0; i-- {
		b.Ancestor(t.Function(p.Ancestors[i]), p.Ancestors[i].Line)
	}
	if p.CreatedBy.Function != "" {
		b.CreatedBy(t.Function(p.CreatedBy), p.CreatedBy.Line)
	}
	for i := len(p.Frames); i >= 0; i-- {
		if i < len(p.Frames) {
			b.Call(t.Function(p.Frames[i]), p.Frames[i].Line)
		}
		if p.Elided != 0 && i == min(p.ElidedAt, len(p.Frames)) {
			b.Elided(p.Elided)
		}
	}
	switch {
	case p.Unavailable:
		b.Unavailable()
	case p.Missing:
		b.Missing()
	}
	return b.Stack()
}

// Builder makes a stack of a Stacks, from the outermost part to the leaf:
// ancestors first, then what it was created by, then calls.
type Builder struct {
	in *Stacks
	at uint32
}

// Begin begins a stack.
func (b *Builder) Begin(t *Stacks) { b.in, b.at = t, 0 }

// Call adds a call of a function, which the Stacks has numbered.
func (b *Builder) Call(function uint32, line int) { b.step(call, function, line) }

// CreatedBy adds the go statement that started the goroutine.
func (b *Builder) CreatedBy(function uint32, line int) { b.step(creator, function, line) }

// Ancestor adds a frame of who started the starter.
func (b *Builder) Ancestor(function uint32, line int) { b.step(ancestor, function, line) }

// Elided adds the mark for n frames that Go left out, -1 if it did not say how
// many.
func (b *Builder) Elided(n int) { b.step(gap, 0, n+1) }

// Unavailable adds that Go could not read the frames.
func (b *Builder) Unavailable() { b.step(absent, 0, 0) }

// Missing adds that the dump lacks the frames.
func (b *Builder) Missing() { b.step(absent, 0, 1) }

func (b *Builder) step(k kind, what uint32, line int) {
	b.at = b.in.step(step{b.at, uint32(k)<<kindShift | what, clampLine(line)})
}

// Stack is what was built.
func (b *Builder) Stack() Stack {
	if b.at == 0 {
		return Stack{}
	}
	return Stack{b.in, b.at}
}

// Function is the number of a function, which is a frame but for its line.
func (t *Stacks) Function(f Frame) uint32 {
	if t.numbers == nil {
		t.numbers = map[Frame]uint32{}
	}
	for ; t.indexed < len(t.functions); t.indexed++ {
		t.numbers[t.functions[t.indexed]] = uint32(t.indexed)
	}
	f.Line = 0
	if n, ok := t.numbers[f]; ok {
		return n
	}
	return t.Append(f) // which the next call indexes
}

// Append gives a number to a function that has none, as the caller knows.
func (t *Stacks) Append(f Frame) uint32 {
	f.Line = 0
	n := uint32(min(len(t.functions), maxFunction))
	t.functions = append(t.functions[:n], f)
	return n
}

// Settle lets go of what only adding needs; the next stack that is added makes
// it anew.
func (t *Stacks) Settle() { t.table, t.numbers, t.indexed = nil, nil, 0 }

func clampLine(n int) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

// step is the number of a step, which it gives to a new one.
func (t *Stacks) step(s step) uint32 {
	if 2*int(t.n+1) > len(t.table) {
		t.table = make([]uint32, max(64, 1<<bits.Len32(2*t.n+1)))
		for i := uint32(1); i <= t.n; i++ {
			*t.slot(t.at(i)) = i
		}
	}
	slot := t.slot(s)
	if *slot == 0 {
		t.n++
		if int(t.n/chunk) >= len(t.steps) {
			t.steps = append(t.steps, make([]step, min(chunk, max(16, t.n*2))))
		}
		if last := &t.steps[t.n/chunk]; int(t.n%chunk) >= len(*last) { // the first chunk grows
			*last = append(*last, make([]step, len(*last))...)
		}
		t.steps[t.n/chunk][t.n%chunk] = s
		*slot = t.n
	}
	return *slot
}

func (t *Stacks) at(n uint32) step { return t.steps[n/chunk][n%chunk] }

// slot is where in the table a step is or belongs.
func (t *Stacks) slot(s step) *uint32 {
	h := uint64(s.outer)*0x9e3779b97f4a7c15 ^ (uint64(s.what)<<32|uint64(s.line))*0xc2b2ae3d27d4eb4f
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	mask := uint64(len(t.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if slot := &t.table[i]; *slot == 0 || t.at(*slot) == s {
			return slot
		}
	}
}

// steps yields what a stack is made of, from the leaf.
func (s Stack) steps() iter.Seq[step] {
	return func(yield func(step) bool) {
		for at := s.leaf; at != 0; {
			x := s.in.at(at)
			if !yield(x) {
				return
			}
			at = x.outer
		}
	}
}

func (s Stack) frame(x step) Frame {
	f := s.in.functions[x.what&maxFunction]
	f.Line = int(x.line)
	return f
}

// All yields the frames, leaf first.
func (s Stack) All() iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for at := s.leaf; at != 0; {
			x := s.in.at(at)
			if x.kind() == call && !yield(s.frame(x)) {
				return
			}
			at = x.outer
		}
	}
}

// Len is the number of frames.
func (s Stack) Len() int {
	n := 0
	for x := range s.steps() {
		if x.kind() == call {
			n++
		}
	}
	return n
}

// CreatedBy is where the go statement stands that started the goroutine; the
// zero Frame if that is not known.
func (s Stack) CreatedBy() Frame {
	for at := s.leaf; at != 0; {
		x := s.in.at(at)
		if x.kind() == creator {
			return s.frame(x)
		}
		at = x.outer
	}
	return Frame{}
}

// Frames are the frames, leaf first, in a slice of the caller's own.
func (s Stack) Frames() []Frame { return s.Parts().Frames }

// Parts takes the stack apart.
func (s Stack) Parts() Parts {
	var p Parts
	if n := s.Len(); n > 0 {
		p.Frames = make([]Frame, 0, n)
	}
	for x := range s.steps() {
		switch x.kind() {
		case call:
			p.Frames = append(p.Frames, s.frame(x))
		case creator:
			p.CreatedBy = s.frame(x)
		case ancestor:
			p.Ancestors = append(p.Ancestors, s.frame(x))
		case gap:
			if p.Elided, p.ElidedAt = int(x.line)-1, len(p.Frames); x.line == 0 {
				p.Elided = -1
			}
		case absent:
			p.Unavailable, p.Missing = x.line == 0, x.line == 1
		}
	}
	return p
}

// Map is the stack with another frame in each frame's place, kept in t.
func (s Stack) Map(t *Stacks, change func(Frame) Frame) Stack {
	p := s.Parts()
	for _, frames := range [][]Frame{p.Frames, p.Ancestors} {
		for i := range frames {
			frames[i] = change(frames[i])
		}
	}
	if p.CreatedBy.Function != "" {
		p.CreatedBy = change(p.CreatedBy)
	}
	return t.Add(p)
}

// String lists the parts, for messages of tests.
func (s Stack) String() string { return fmt.Sprintf("%+v", s.Parts()) }

// Equal reports whether two stacks have the same parts.
func (s Stack) Equal(o Stack) bool {
	if s.in == o.in {
		return s.leaf == o.leaf
	}
	a, b := s.leaf, o.leaf
	for a != 0 && b != 0 {
		x, y := s.in.at(a), o.in.at(b)
		if x.kind() != y.kind() || x.line != y.line || x.kind() < gap && s.frame(x) != o.frame(y) {
			return false
		}
		a, b = x.outer, y.outer
	}
	return a == b
}

// Adopt moves the stacks of dumps into t, where dumps that have the same ones
// share them.
func (t *Stacks) Adopt(dumps []Dump) {
	moved := map[*Stacks][]uint32{}
	for i := range dumps {
		for k := range dumps[i].Buckets {
			s := &dumps[i].Buckets[k].Stack
			if s.in == nil || s.in == t {
				continue
			}
			to := moved[s.in]
			if to == nil {
				to = t.adopt(s.in)
				moved[s.in] = to
			}
			*s = Stack{t, to[s.leaf]}
		}
	}
}

// adopt copies all steps of other stacks and returns their numbers in t.
func (t *Stacks) adopt(from *Stacks) []uint32 {
	functions := make([]uint32, len(from.functions))
	for i := range functions {
		functions[i] = t.Function(from.functions[i])
	}
	steps := make([]uint32, from.n+1)
	for i := uint32(1); i <= from.n; i++ {
		s := from.at(i)
		s.outer = steps[s.outer] // which is before the step
		if s.kind() < gap {
			s.what = uint32(s.kind())<<kindShift | functions[s.what&maxFunction]
		}
		steps[i] = t.step(s)
	}
	return steps
}

// EachFunction visits every function that the stacks have, once, as a frame
// without a line. What visit changes is changed in all frames of the function.
func (t *Stacks) EachFunction(visit func(*Frame)) {
	clear(t.numbers)
	t.indexed = 0
	for i := range t.functions {
		visit(&t.functions[i])
	}
}
