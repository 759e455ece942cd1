package parse

import (
	"bytes"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
	"gdump/internal/unwrap"
)

// record is one goroutine, read: all that the counts need. It holds no
// pointers, since there are hundreds of them in every block.
type record struct {
	sum     goroutine.Sum
	id      uint64
	size    uint32 // bytes of text
	lines   uint32 // lines of text
	minutes uint32 // of waiting; 0 if not printed
	frames  uint32
	count   uint32 // of goroutines, if the header is one of many; 0 if not
	state   span   // "chan receive"
	labels  span   // "k: v}", without the brace before
	args    span   // arguments of the leaf frame
	lock    uint64 // first argument of the sync primitive it is parked in; 0 if not known
	code    uint8  // of the state, if it is a common one
	flags   flags
}

// span is a part of a goroutine's text.
type span struct{ from, to uint32 }

func (s span) of(text []byte) []byte { return text[s.from:s.to] }
func (s span) empty() bool           { return s.from == s.to }

// spanIn says where in a text its part is.
func spanIn(text, part []byte) span {
	if len(part) == 0 {
		return span{}
	}
	from := offsetIn(text, part)
	return span{from, from + uint32(len(part))}
}

// offsetIn is where in a text its part begins.
func offsetIn(text, part []byte) uint32 { return uint32(cap(text) - cap(part)) }

type flags uint8

const (
	locked flags = 1 << iota
	leaked
	stated  // it says a state,
	timed   // and how long
	crash   // has gp=, m= and mp=, which only crash output prints
	running // the state
)

func (r *record) is(f flags) bool { return r.flags&f != 0 }

// isG0 reports whether this is a scheduler's own stack: goroutine 0, none.
func (r *record) isG0() bool { return r.id == 0 }

// lockFrames is among how many frames from the leaf the lock is looked for.
const lockFrames = 6

// known is what all goroutines of a stack have in common.
type known struct {
	sum    goroutine.Sum
	lines  uint32
	frames uint32
	locks  uint8 // bit i: frame i is a sync primitive, whose first argument is the lock
}

// scanner reads goroutines that are as Go prints them. It reads exactly the
// first of each stack, and of the others what differs.
type scanner struct {
	stack stack
	tree  tree
	all   []known // of the stacks in the tree
	other known   // of the stack read last that is not in the tree
	gaps  []gapSpan

	cutter unwrap.Cutter
}

// scan reads the goroutine at the start of p, up to what ends it: a blank line,
// the next header, or the end of p. It reports false if the goroutine is not as
// Go prints it; to be strict, also if it has what belongs to the text around
// dumps.
func (s *scanner) scan(p []byte, r *record, strict bool) bool {
	nl := bytes.IndexByte(p, '\n')
	if nl < 0 || !r.header(p[:nl]) || strict && (r.code == 0 || !r.labels.empty()) && hasOdd(p[:nl]) {
		return false
	}
	var leaf [lockFrames]span
	k := &s.other
	at, end := s.tree.find(p, nl+1, &leaf)
	if at >= 0 {
		k = &s.all[at]
	} else if end = s.learn(p, nl+1, &leaf); end < 0 || strict && hasOdd(p[nl:end]) {
		return false
	}
	r.sum, r.lines, r.frames, r.args, r.size = k.sum, k.lines, k.frames, leaf[0], uint32(end)
	if k.locks != 0 {
		r.lock = findLock(r.state.of(p), k.locks, func(frame int) []byte { return leaf[frame].of(p) })
	}
	return true
}

// learn reads exactly a stack that is not in the tree, and adds it if there is
// room. It returns where the stack ends, or -1 if it is not as Go prints it.
func (s *scanner) learn(p []byte, pos int, leaf *[lockFrames]span) (end int) {
	end, plain := s.stack.read(p, pos)
	if !plain {
		return -1
	}
	s.other = known{
		sum: s.stack.sum(), lines: 1 + uint32(bytes.Count(p[pos:end], newline)), frames: uint32(len(s.stack.frames)),
		locks: s.stack.locks(),
	}
	*leaf = [lockFrames]span{}
	for i := range min(lockFrames, len(s.stack.frames)) {
		from := offsetIn(p, s.stack.frames[i].args)
		leaf[i] = span{from, from + uint32(len(s.stack.frames[i].args))}
	}
	text := p[pos:end]
	if s.tree.room(len(text)) && !hasOdd(text) && s.tree.add(text, s.gapsOf(text), len(s.all)) {
		s.all = append(s.all, s.other)
	}
	return end
}

// gapsOf lists where goroutines of the stack read last may differ.
func (s *scanner) gapsOf(text []byte) []gapSpan {
	s.gaps = s.gaps[:0]
	put := func(part []byte, kind gap) {
		from := offsetIn(text, part)
		s.gaps = append(s.gaps, gapSpan{span{from, from + uint32(len(part))}, kind})
	}
	for i := range s.stack.frames {
		f := &s.stack.frames[i]
		put(f.args, argumentsGap)
		if len(f.registers) > 0 {
			put(f.registers, registersGap)
		}
	}
	if by := &s.stack.creator; by.function != nil {
		if len(s.stack.starter) > 0 {
			put(s.stack.starter, creatorGap)
		}
		if len(by.registers) > 0 {
			put(by.registers, registersGap)
		}
	}
	return s.gaps
}

// hasOdd reports whether a text has characters that belong to what surrounds a
// dump: a terminal's returns and escapes, entities of HTML, blanks that do not break.
func hasOdd(text []byte) bool {
	return bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0x1b) >= 0 || bytes.IndexByte(text, '&') >= 0 || bytes.IndexByte(text, 0xc2) >= 0
}

// locks tells which of the leaf frames are sync primitives.
func (s *stack) locks() (bits uint8) {
	for i := range min(lockFrames, len(s.frames)) {
		if isSync(s.frames[i].function) {
			bits |= 1 << i
		}
	}
	return bits
}

// findLock is the address of the lock that a goroutine waits for, 0 if not
// known: locks are its sync primitives, of which arguments has the arguments.
func findLock(state []byte, locks uint8, arguments func(frame int) []byte) uint64 {
	if !bytes.HasPrefix(state, []byte("sync.")) && string(state) != "semacquire" {
		return 0
	}
	for i := range lockFrames {
		if locks&(1<<i) == 0 {
			continue
		}
		if a := lockAddress(arguments(i)); a != 0 {
			return a
		}
	}
	return 0
}

func isSync(name []byte) bool {
	return bytes.HasPrefix(name, []byte("sync.")) || bytes.HasPrefix(name, []byte("internal/sync."))
}

// lockAddress is the first argument of a method of a lock, if it was printed
// for certain (no "?"): waiters of one lock have it in common. It is 0 if not.
func lockAddress(args []byte) uint64 {
	if i := bytes.IndexByte(args, ','); i >= 0 {
		args = args[:i]
	}
	if len(args) < len("0x")+3 {
		return 0 // no pointer
	}
	a, _ := grammar.Hex(args)
	return a
}

// header reads the first line of a goroutine.
func (r *record) header(line []byte) bool {
	var h grammar.Header
	if !h.Parse(line) {
		return false
	}
	*r = record{id: h.ID, minutes: uint32(min(h.Minutes, maxMinutes)), state: spanIn(line, h.State), labels: spanIn(line, h.Labels)}
	r.flags = stated | timed
	if h.Locked {
		r.flags |= locked
	}
	if h.Leaked {
		r.flags |= leaked
	}
	if h.Crash {
		r.flags |= crash
	}
	r.code = stateCode(h.State)
	if commonStates[r.code] == "running" {
		r.flags |= running
	}
	return true
}
