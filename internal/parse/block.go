package parse

import (
	"bytes"
	"slices"

	"gdump/internal/grammar"
	"gdump/internal/unwrap"
)

// block is a piece of text on its way through a worker.
type block struct {
	text    []byte
	skipped int64       // bytes of the source before the text that are passed over
	whole   int         // how much of the text can be read without what follows it
	cut     *unwrap.Cut // how the lines are wrapped; nil if they are not
	done    chan any    // gets what the worker panicked with, nil if it did not

	bare   []byte   // of wrapped lines, what is in them
	starts []uint32 // and where in the text each begins
	pieces []piece
}

// piece is a goroutine in a block that is as Go prints it, perhaps with blank
// lines before it, or text that is none.
type piece struct {
	record
	whole      bool   // a goroutine, whose record is read
	blank      uint32 // blank lines before it
	start, end uint32 // where it is in the block's text,
	from, to   uint32 // and a goroutine in the text without wrapping
}

// read reads the block for who waits for it. A panic is theirs: they may hold a
// terminal that must be restored.
func (b *block) read(s *scanner) {
	defer func() { b.done <- recover() }()
	b.scan(s)
}

// scan finds the goroutines of the block. Where all lines are wrapped alike, it
// takes that off first: such text need not go through unwrap either.
func (b *block) scan(s *scanner) {
	b.pieces = b.pieces[:0]
	if b.cut == nil {
		b.goroutines(s, b.text, 0, b.whole, true, func(pos int) int { return pos })
		return
	}
	b.bare = b.bare[:0]
	for pos := 0; pos < len(b.text); {
		var size int
		from := len(b.bare)
		b.bare, b.starts, size = s.cutter.Lines(b.cut, b.text[pos:], b.bare, b.starts[:0])
		b.starts = append(b.starts, uint32(size))
		line, at := 0, from
		b.goroutines(s, b.bare, from, from+completeIn(b.bare[from:]), true, func(p int) int {
			line += bytes.Count(b.bare[at:p], newline)
			at = p
			return pos + int(b.starts[line])
		})
		if pos += size; pos < len(b.text) { // a line of another kind
			next := len(b.text)
			if n := bytes.IndexByte(b.text[pos:], '\n'); n >= 0 {
				next = pos + n + 1
			}
			b.leave(pos, next)
			pos = next
		}
	}
}

// goroutines finds the goroutines of a text from a position on, that end before
// another. where says where in the block a line begins; strict, that what belongs to what surrounds a
// dump makes a goroutine none.
func (b *block) goroutines(s *scanner, text []byte, from, end int, strict bool, where func(pos int) int) {
	for pos := from; pos < len(text); {
		start := pos
		for start < end && text[start] == '\n' {
			start++
		}
		n := len(b.pieces)
		b.pieces = slices.Grow(b.pieces, 1)[:n+1]
		p := &b.pieces[n]
		if s.scan(text[start:max(start, end)], &p.record, strict) {
			p.whole, p.blank = true, uint32(start-pos)
			pos = start + int(p.size)
			p.from, p.to = uint32(start), uint32(pos)
			p.start, p.end = uint32(where(start)), uint32(where(pos))
			continue
		}
		b.pieces = b.pieces[:n]
		next := len(text)
		if n := bytes.Index(text[min(start+1, next):], nextGoroutine); n >= 0 {
			next = start + 1 + n + 1
		}
		b.leave(where(pos), where(next))
		pos = next
	}
}

// leave leaves text to who reads it line by line.
func (b *block) leave(start, end int) {
	if n := len(b.pieces); n > 0 && !b.pieces[n-1].whole {
		b.pieces[n-1].end = uint32(end)
		return
	}
	b.pieces = append(b.pieces, piece{start: uint32(start), end: uint32(end)})
}

var (
	newline       = []byte{'\n'}
	nextGoroutine = []byte("\ngoroutine ")
	blankLine     = []byte("\n\n")
)

// completeIn is how much of a text can be read without what follows it: all up
// to the last header, behind which no blank line shows where the goroutine ends.
func completeIn(text []byte) int {
	if !grammar.LooksLikeHeader(text) && !bytes.Contains(text, nextGoroutine) {
		return len(text) // to look for the last takes longer
	}
	for to := len(text); to > 0; {
		if to = bytes.LastIndex(text[:to], nextGoroutine) + 1; grammar.LooksLikeHeader(text[to:]) {
			if bytes.Contains(text[to:], blankLine) {
				break
			}
			return to
		}
	}
	return len(text)
}
