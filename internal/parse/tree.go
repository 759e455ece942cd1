package parse

import (
	"encoding/binary"
	"math/bits"
	"strings"

	"gdump/internal/grammar"
)

// tree holds the texts of stacks, with gaps where goroutines of one stack
// differ: those that begin alike share a path until they part. To walk a text
// down the tree costs a tenth of reading it.
type tree struct {
	root        *node
	bytes       int // of all texts
	found, kept int // texts found, and texts in the tree
}

// node is a stretch of text without a gap, and what follows: a gap, the end of
// a stack, or nodes that differ in their first byte.
type node struct {
	text  string
	after *node // behind the gap
	gap   gap
	stack int32  // the number of the stack that ends here, -1 if none does
	first string // bytes of nodes
	nodes []*node
}

// gap is where goroutines of one stack differ.
type gap uint8

const (
	noGap        gap = iota
	argumentsGap     // between "(" and ")" at the line's end
	creatorGap       // the id of who started it, up to the line's end
	registersGap     // " fp=0x1 sp=0x2 pc=0x3", up to the line's end
)

// A tree grows up to minTree bytes of text; from there up to maxTree only while
// what it holds is found often.
const (
	minTree = 1 << 20
	maxTree = 16 << 20
)

// room reports whether a text may be added.
func (t *tree) room(size int) bool {
	return t.bytes+size <= minTree || t.bytes+size <= maxTree && t.found > 4*t.kept
}

// gapSpan is a gap of a text, and where it is.
type gapSpan struct {
	span
	gap gap
}

// add puts a text with its gaps, in order, into the tree. It reports false for
// a text that has a gap where another has none: that is read each time.
func (t *tree) add(text []byte, gaps []gapSpan, stack int) bool {
	if t.root == nil {
		t.root = &node{stack: -1}
	}
	at, from := t.root, uint32(0)
	for _, g := range gaps {
		if at = at.path(string(text[from:g.from])).over(g.gap); at == nil {
			return false
		}
		from = g.to
	}
	if at = at.path(string(text[from:])); at == nil || at.gap != noGap {
		return false
	}
	at.stack = int32(stack)
	t.bytes += len(text)
	t.kept++
	return true
}

// path makes a way through a text without gaps, and returns the node that ends
// with it, or nil if there is a gap on the way.
func (n *node) path(text string) *node {
	for {
		if n.text == "" && n.ends() {
			n.text = text // a new node
		}
		same := 0
		for same < min(len(text), len(n.text)) && text[same] == n.text[same] {
			same++
		}
		if same < len(n.text) { // part it in two
			rest := *n
			rest.text = n.text[same:]
			*n = node{text: n.text[:same], stack: -1, first: rest.text[:1], nodes: []*node{&rest}}
		}
		if text = text[same:]; text == "" {
			return n
		}
		if n.gap != noGap {
			return nil
		}
		i := strings.IndexByte(n.first, text[0])
		if i < 0 {
			i = len(n.first)
			n.first, n.nodes = n.first+text[:1], append(n.nodes, &node{stack: -1})
		}
		n = n.nodes[i]
	}
}

// ends reports whether nothing follows a node, and no stack ends with it.
func (n *node) ends() bool { return n.gap == noGap && n.stack < 0 && n.first == "" }

// over is the node behind the gap of a node, or nil if it has another gap or
// goes on without one.
func (n *node) over(kind gap) *node {
	switch {
	case n == nil:
		return nil
	case n.ends():
		n.gap, n.after = kind, &node{stack: -1}
	case n.gap != kind:
		return nil
	}
	return n.after
}

// find walks the text from pos on and notes the arguments of the leaf frames.
// It returns the number of its stack and where it ends, or -1.
func (t *tree) find(p []byte, pos int, leaf *[lockFrames]span) (stack, end int) {
	frames := 0
	for n := t.root; n != nil; {
		if len(p)-pos < len(n.text) || string(p[pos:pos+len(n.text)]) != n.text {
			break
		}
		pos += len(n.text)
		switch from := pos; n.gap {
		case argumentsGap:
			end := argumentsEnd(p, pos)
			if end <= pos || p[end] != '\n' || p[end-1] != ')' {
				return -1, 0
			}
			pos = end - 1
			if frames < lockFrames {
				leaf[frames] = span{uint32(from), uint32(pos)}
				frames++
			}
			n = n.after
		case creatorGap:
			for pos < len(p) && p[pos]-'0' <= 9 {
				pos++
			}
			if pos == from {
				return -1, 0
			}
			n = n.after
		case registersGap:
			if pos = registersEnd(p, pos); pos < 0 {
				return -1, 0
			}
			n = n.after
		default:
			if n.stack >= 0 && (pos == len(p) || p[pos] == '\n' || grammar.LooksLikeHeader(p[pos:])) {
				t.found++
				return int(n.stack), pos
			}
			if pos == len(p) {
				return -1, 0
			}
			n = n.child(p[pos])
		}
	}
	return -1, 0
}

// child is the node that begins with a byte, nil if there is none.
func (n *node) child(first byte) *node {
	for i := range len(n.first) {
		if n.first[i] == first {
			return n.nodes[i]
		}
	}
	return nil
}

// argumentsEnd is where the first "(", "&" or control character is in p, from
// pos on, or -1. It looks at eight bytes at a time.
func argumentsEnd(p []byte, pos int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; pos+8 <= len(p); pos += 8 {
		w := binary.LittleEndian.Uint64(p[pos:])
		x, y := w^'('*ones, w^'&'*ones
		// The lowest bit that is set stands for the first byte that is below " ", or zero in x or y.
		if found := ((w-' '*ones)&^w | (x-ones)&^x | (y-ones)&^y) & highs; found != 0 {
			return pos + bits.TrailingZeros64(found)/8
		}
	}
	for ; pos < len(p); pos++ {
		if p[pos] < ' ' || p[pos] == '(' || p[pos] == '&' {
			return pos
		}
	}
	return -1
}

// registersEnd is where " fp=0x1 sp=0x2 pc=0x3" ends that p has at pos, or -1.
func registersEnd(p []byte, pos int) int {
	for _, name := range [...]string{" fp=0x", " sp=0x", " pc=0x"} {
		if len(p)-pos < len(name) || string(p[pos:pos+len(name)]) != name {
			return -1
		}
		pos += len(name)
		from := pos
		for pos < len(p) && (p[pos]-'0' <= 9 || p[pos]-'a' <= 5) {
			pos++
		}
		if pos == from {
			return -1
		}
	}
	return pos
}
