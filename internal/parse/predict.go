package parse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// pattern is the text of a goroutine behind its header, with gaps where those
// of one stack differ. To compare a text with it takes a third of the time of
// hashing the text, so a scanner first tries the stacks that followed the same
// two before: goroutines start in groups, and a leak repeats itself.
type pattern struct {
	parts   [][]byte // before, between and behind the gaps: arguments, then the creator's id
	creator bool     // whether the last gap is that of an id
}

// maxPatterns is how much text the patterns of a scanner hold, in bytes.
const maxPatterns = 1 << 20

// newPattern is the pattern of a text that record.body reads. It has no parts
// if the text has odd characters.
func newPattern(text []byte) pattern {
	var t pattern
	if hasOdd(text) {
		return t
	}
	text = bytes.Clone(text)
	from := 0
	for pos := 0; pos < len(text); {
		end := pos + bytes.IndexByte(text[pos:], '\n')
		cut := end
		switch {
		case text[pos] == '\t', text[pos] == '.':
		case text[end-1] == ')':
			cut = lastParen(text, pos, end) + 1
		default:
			cut = creatorID(text, pos, end)
			t.creator = cut < end
		}
		if cut < end {
			t.parts = append(t.parts, text[from:cut])
			if from = end; !t.creator {
				from--
			}
		}
		pos = end + 1
	}
	t.parts = append(t.parts, text[from:])
	return t
}

// creatorID is where in the line text[pos:end], which begins with "created by ",
// the digits behind " in goroutine " begin, or its end if there are none.
func creatorID(text []byte, pos, end int) int {
	cut := end
	for cut > pos && text[cut-1]-'0' <= 9 {
		cut--
	}
	if cut == end || !bytes.HasSuffix(text[pos:cut], inGoroutine) {
		return end
	}
	return cut
}

// match compares the text from pos on and notes the arguments of the leaf
// frames. It returns where the stack ends, or -1 if the text is of another.
func (t *pattern) match(p []byte, pos int, leaf *[lockFrames]span) int {
	last := len(t.parts) - 1
	if last < 0 {
		return -1
	}
	for i, part := range t.parts {
		if len(p)-pos < len(part) || string(p[pos:pos+len(part)]) != string(part) {
			return -1
		}
		pos += len(part)
		switch from := pos; {
		case i == last:
		case t.creator && i == last-1:
			for pos < len(p) && p[pos]-'0' <= 9 {
				pos++
			}
			if pos == from {
				return -1
			}
		default:
			end := argumentsEnd(p, pos)
			if end <= pos || p[end] != '\n' || p[end-1] != ')' {
				return -1
			}
			pos = end - 1
			if i < lockFrames {
				leaf[i] = span{uint32(from), uint32(pos)}
			}
		}
	}
	if pos < len(p) && p[pos] != '\n' {
		return -1
	}
	return pos
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
