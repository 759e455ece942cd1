package parse

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// record is one goroutine, digested: all that the counts need, and the key
// that says which bucket it belongs to. It holds no pointers, since there are
// hundreds of them in every block.
type record struct {
	key     key
	id      uint64
	size    uint32 // bytes of text
	lines   uint32 // lines of text
	minutes uint32 // of waiting; 0 if not printed
	frames  uint32
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

type flags uint8

const (
	locked flags = 1 << iota
	leaked
	crash // has gp=, m= and mp=, which only crash output prints
	// complete is missing where the text ends although the goroutine does not:
	// neither created by nor a frame that Go starts without one.
	complete
	running // the state
	even    // has none of the characters that hasOdd looks for
)

func (r *record) is(f flags) bool { return r.flags&f != 0 }

// isG0 reports whether this is a scheduler's own stack: goroutine 0, none.
func (r *record) isG0() bool { return r.id == 0 }

// known is what the frames of a text say that was read exactly before.
type known struct {
	lines    uint32
	frames   uint32
	locks    uint8 // bit i: frame i is a sync primitive, whose first argument is the lock
	complete bool
}

const (
	lockFrames = 6       // frames from the leaf among which the lock is looked for
	maxKnown   = 1 << 16 // stacks that a scanner remembers
)

// scanner digests goroutines that are alike at the cost of a hash each: of a
// text it has not seen before it reads the frames exactly, of all that differ
// from it only in arguments, ids and the like it reads what differs.
type scanner struct {
	digester
	seen table
	all  []known
	tree tree // of those, as far as it holds them
}

var hashSeed = maphash.MakeSeed()

// add mixes a part of a text into the key.
func (k *key) add(b []byte) {
	h := maphash.Bytes(hashSeed, b)
	k[0] = (k[0] ^ h) * 0x9e3779b97f4a7c15
	k[0] ^= k[0] >> 32
	k[1] = bits.RotateLeft64((k[1]+h)*0xc2b2ae3d27d4eb4f, 29)
}

// scan reads one goroutine from the start of p, up to the blank line that ends
// it or to the end of p. It says false where digest does.
func (s *scanner) scan(p []byte, r *record) bool {
	nl := bytes.IndexByte(p, '\n')
	if nl < 0 || !r.header(p[:nl]) {
		return false
	}
	if !s.frames(p, nl, r) {
		return false
	}
	if r.id <= 1 {
		r.flags |= complete
	}
	return true
}

// frames reads what is behind the header, which ends at nl.
func (s *scanner) frames(p []byte, nl int, r *record) bool {
	var leaf [lockFrames]span
	at := s.known(p, nl, r, &leaf)
	if at < 0 {
		if !r.body(p, nl+1, &leaf) {
			r.frames, r.lines, r.args = 0, 0, span{}
			r.flags &^= complete
			return s.digest(p, r, nl)
		}
		if at = s.seen.find(&r.key); at < 0 {
			if at = s.learn(p, nl, r); at < 0 {
				return false
			}
		}
	}
	k := &s.all[at]
	r.frames = k.frames
	if k.complete {
		r.flags |= complete
	}
	if k.locks != 0 && waitsForSync(r.state.of(p)) {
		for i := range leaf {
			if k.locks&(1<<i) != 0 {
				if r.lock = lockAddress(leaf[i].of(p)); r.lock != 0 {
					break
				}
			}
		}
	}
	return true
}

// known looks for a text in the tree. It returns the number of its stack, or -1.
func (s *scanner) known(p []byte, nl int, r *record, leaf *[lockFrames]span) int {
	if r.is(crash) {
		return -1
	}
	at, end := s.tree.find(p, nl+1, leaf)
	if at < 0 {
		return -1
	}
	r.key, r.lines, r.args, r.size = s.seen.keys[at], s.all[at].lines, leaf[0], uint32(end)
	if r.code != 0 && r.labels.empty() {
		r.flags |= even
	}
	return at
}

// learn reads a text exactly that body has read. It returns the number of its
// stack from now on, or -1 if it is not regular.
func (s *scanner) learn(p []byte, nl int, r *record) int {
	exact := *r
	exact.frames, exact.lines, exact.args = 0, 0, span{}
	if !s.digest(p, &exact, nl) {
		return -1
	}
	if len(s.all) >= maxKnown {
		s.seen, s.all, s.tree = table{}, s.all[:0], tree{}
	}
	at := s.seen.put(&r.key)
	if !r.is(crash) {
		s.tree.add(p[nl+1:r.size], at)
	}
	s.all = append(s.all, known{lines: exact.lines, frames: exact.frames, locks: s.locks, complete: exact.is(complete)})
	return at
}

func waitsForSync(state []byte) bool {
	return bytes.HasPrefix(state, []byte("sync.")) || string(state) == "semacquire"
}

// body hashes the text behind the header: everything but arguments, who
// created whom, and the registers that crash output prints behind offsets. It
// notes the arguments of the leaf frames. It only looks where those stand; that
// the rest makes sense is for digest to say.
func (r *record) body(p []byte, pos int, leaf *[lockFrames]span) bool {
	r.key = key{}
	r.lines = 1
	frames := 0
	from := pos // of what is not hashed yet
	for pos < len(p) && p[pos] != '\n' {
		n := bytes.IndexByte(p[pos:], '\n')
		if n < 0 {
			return false
		}
		end := pos + n
		r.lines++
		switch {
		case p[end-1] == ')':
			open := lastParen(p, pos, end)
			if open <= pos || p[pos] == '\t' || p[pos] == ' ' {
				return false
			}
			r.key.add(p[from:open])
			if frames < lockFrames {
				leaf[frames] = span{uint32(open + 1), uint32(end - 1)}
				if frames == 0 {
					r.args = leaf[0]
				}
			}
			frames++
		case p[pos] == 'c' && bytes.HasPrefix(p[pos:end], createdBy):
			cut := creatorID(p, pos, end)
			if cut < end {
				cut -= len(inGoroutine)
			}
			r.key.add(p[from:cut])
		case p[pos] == '.':
			pos = end + 1
			continue
		default:
			return false
		}
		from = end + 1
		if n = bytes.IndexByte(p[from:], '\n'); n < 2 || p[from] != '\t' || p[from+1] == ' ' || p[from+1] == '\t' {
			return false // the exact reader takes further blanks off
		}
		r.lines++
		pos = from + n + 1
		if r.is(crash) {
			cut, ok := registers(p[from : pos-1])
			if !ok {
				return false
			}
			r.key.add(p[from : from+cut])
			from = pos
		}
	}
	r.key.add(p[from:pos])
	r.size = uint32(pos)
	return frames > 0
}

// registers finds where " fp=0x1 sp=0x2 pc=0x3" begins in the file line of a
// frame, or its end if there is none.
func registers(line []byte) (cut int, ok bool) {
	cut = bytes.LastIndex(line, []byte(" fp=0x"))
	if cut < 0 {
		return len(line), true
	}
	rest := line[cut:]
	for _, name := range [...]string{" fp=0x", " sp=0x", " pc=0x"} {
		if len(rest) <= len(name) || string(rest[:len(name)]) != name {
			return 0, false
		}
		rest = rest[len(name):]
		for len(rest) > 0 && (rest[0]-'0' <= 9 || rest[0]-'a' <= 5) {
			rest = rest[1:]
		}
	}
	return cut, len(rest) == 0
}

// lastParen is the index of the last "(" in p[from:to], from-1 if there is
// none. It looks at eight bytes at a time.
func lastParen(p []byte, from, to int) int {
	const low, parens = 0x7f7f7f7f7f7f7f7f, 0x2828282828282828
	i := to
	for ; i-8 >= from; i -= 8 {
		w := binary.LittleEndian.Uint64(p[i-8:]) ^ parens
		// The highest bit of each byte that is zero, and of no other.
		if zero := ^((w&low + low) | w | low); zero != 0 {
			return i - 1 - bits.LeadingZeros64(zero)/8
		}
	}
	for i--; i >= from && p[i] != '('; i-- {
	}
	return i
}

// header reads the first line of a goroutine into the record.
func (r *record) header(line []byte) bool {
	*r = record{}
	if !r.plainHeader(line) && !r.anyHeader(line) {
		return false
	}
	state := r.state.of(line)
	if r.code = stateCode(state); string(state) == "running" {
		r.flags |= running
	}
	return true
}

func (r *record) anyHeader(line []byte) bool {
	h, ok := parseHeader(line)
	if !ok {
		return false
	}
	*r = record{id: h.id, minutes: uint32(h.minutes), state: spanIn(line, h.state), labels: spanIn(line, h.labels)}
	if h.locked {
		r.flags |= locked
	}
	if h.leaked {
		r.flags |= leaked
	}
	if h.crash {
		r.flags |= crash
	}
	return true
}

// spanIn says where in line its part is.
func spanIn(line, part []byte) span {
	if len(part) == 0 {
		return span{}
	}
	from := cap(line) - cap(part)
	return span{uint32(from), uint32(from + len(part))}
}

// The first eight bytes of "goroutine " and of " minutes", to compare at once.
const (
	eightHeader  = 'g' | 'o'<<8 | 'r'<<16 | 'o'<<24 | 'u'<<32 | 't'<<40 | 'i'<<48 | 'n'<<56
	eightMinutes = ' ' | 'm'<<8 | 'i'<<16 | 'n'<<24 | 'u'<<32 | 't'<<40 | 'e'<<48 | 's'<<56
)

func beginsHeader(p []byte) bool {
	return len(p) >= 10 && binary.LittleEndian.Uint64(p) == eightHeader && p[8] == 'e' && p[9] == ' '
}

// plainHeader reads the commonest headers, "goroutine 7 [select, 5 minutes]:",
// which parseHeader would read alike.
func (r *record) plainHeader(line []byte) bool {
	i := len(goroutineWord)
	if len(line) < i+6 || !beginsHeader(line) {
		return false
	}
	for ; line[i]-'0' <= 9 && i < len(goroutineWord)+18 && i < len(line)-4; i++ {
		r.id = r.id*10 + uint64(line[i]-'0')
	}
	if line[i] != ' ' || line[i+1] != '[' || line[i-1] == ' ' {
		return false
	}
	i += 2
	state := i
	for ; i < len(line) && line[i] != ',' && line[i] != ']'; i++ {
		if line[i] == ')' || line[i] == '{' {
			return false // a suffix, or labels
		}
	}
	r.state = span{uint32(state), uint32(i)}
	rest := line[i:]
	if len(rest) > 3 && rest[0] == ',' && rest[1] == ' ' && rest[2]-'0' <= 9 {
		n, j := uint32(0), 2
		for ; j < len(rest) && j < 10 && rest[j]-'0' <= 9; j++ {
			n = n*10 + uint32(rest[j]-'0')
		}
		if len(rest) < j+8 || binary.LittleEndian.Uint64(rest[j:]) != eightMinutes {
			return false
		}
		r.minutes = n
		rest = rest[j+len(minutesWord):]
	}
	return string(rest) == "]:"
}
