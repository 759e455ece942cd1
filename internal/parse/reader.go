package parse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/unwrap"
)

const (
	// blockSize is how much text is read at once: large enough that handing it
	// over costs nothing, small enough to stay in a processor's cache.
	blockSize = 256 << 10
	maxLine   = 64 << 20 // bytes; a longer line is passed over
	maxHeld   = 1 << 20  // bytes of a goroutine that wait for what ends it
)

// reader reads a source. It reads blocks of text, in which workers find the
// goroutines that are as Go prints them. All else goes through unwrap, which
// gives back the lines of each process, and they to its lane. A lane comes to
// the same result either way, and what workers have read is counted in the
// order of the text, so neither the borders of blocks nor the number of workers
// shows in it.
type reader struct {
	options    Options
	size       int // of a block
	count      *counted
	ctx        context.Context
	unwrap     *unwrap.Reader
	bare       *lane // text without a wrapping
	at         place // of what is counted next of it
	lanes      []*lane
	builders   []*builder
	documents  *homes              // of texts that are each a stream of its own
	orphans    []goroutine.Problem // of no dump
	goroutines int
	work       chan<- *block
	pending    []*block // handed out, oldest first
	free       []*block
	chunk      block   // what unwrap gives back,
	scanner    scanner // and what finds goroutines in that
	spare      stack
	cutter     unwrap.Cutter
	shown      int // goroutines that there were when the last partial result went out
}

func newReader(ctx context.Context, size int, o Options, count *counted) *reader {
	t := &reader{options: o, size: size, count: count, ctx: ctx, at: place{line: 1}, documents: &homes{}}
	t.bare = t.lane()
	t.unwrap = unwrap.New(t.take)
	return t
}

func (t *reader) lane() *lane {
	l := &lane{in: t, homes: &homes{}}
	t.lanes = append(t.lanes, l)
	return l
}

// dumps reads the source to its end.
func (t *reader) dumps(r io.Reader) ([]goroutine.Dump, error) {
	workers := t.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work := make(chan *block, workers)
	t.work = work
	defer close(work)
	for range workers {
		go func() {
			var s scanner
			for b := range work {
				b.read(&s)
			}
		}()
	}
	err := t.blocks(r, workers+1)
	t.fold(0)
	t.unwrap.Close()
	for _, l := range t.lanes {
		l.end()
	}
	return t.result(), err
}

// blocks cuts the text and hands it out.
func (t *reader) blocks(r io.Reader, limit int) error {
	var rest []byte // the beginning of a line
	skip := false   // within a line that is too long
	for {
		b := t.block()
		// A line of many blocks is read in steps that grow with it, or to take it
		// along each time would cost the square of its length. Else the text ends
		// where the block does, which halves what the kernel needs to copy it.
		size := max(t.size-len(rest)%t.size, min(len(rest), maxLine-len(rest)))
		if cap(b.text) < len(rest)+size {
			b.text = make([]byte, 0, len(rest)+size+t.size/4)
		}
		b.text = append(b.text[:0], rest...)
		n, err := readFull(r, b.text[len(rest):len(rest)+size])
		b.text = b.text[:len(rest)+n]
		if skip {
			n := bytes.IndexByte(b.text, '\n')
			if skip = n < 0; skip {
				n = len(b.text)
			}
			b.skipped, b.text = int64(n), b.text[n:]
		}
		end := len(b.text)
		if err == nil {
			end = bytes.LastIndexByte(b.text, '\n') + 1
		}
		tooLong := len(b.text)-end >= maxLine
		if c := t.unwrap.Cut(); c != nil && t.cutter.Fits(c, b.text) {
			b.cut = c
		} else if b.whole = completeIn(b.text[:end]); err == nil && !tooLong && end-b.whole <= maxHeld {
			end = b.whole
		}
		rest = append(rest[:0], b.text[end:]...)
		b.text = b.text[:end]
		t.pending = append(t.pending, b)
		t.work <- b
		if tooLong {
			t.fold(0)
			t.bare.builder(t.at).problem(t.at.line, fmt.Sprintf("line longer than %d MiB passed over", maxLine>>20))
			t.at.offset += int64(len(rest))
			rest, skip = rest[:0], true
		}
		t.fold(limit)
		t.progress()
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readFull fills b, unless there is an error before; io.EOF is one.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = r.Read(b[n:])
		n += more
	}
	if n == len(b) {
		return n, nil // the next read meets the error again
	}
	return n, err
}

// block is a block that is free.
func (t *reader) block() *block {
	for len(t.free) > 0 {
		b := t.free[len(t.free)-1]
		t.free = t.free[:len(t.free)-1]
		if cap(b.text) <= 4*t.size {
			b.cut, b.skipped = nil, 0
			return b
		}
	}
	return &block{done: make(chan any, 1)}
}

// fold counts the goroutines of the oldest blocks, until there are no more than
// a limit.
func (t *reader) fold(limit int) {
	for len(t.pending) > limit {
		b := t.pending[0]
		t.pending = t.pending[1:]
		if p := <-b.done; p != nil {
			panic(p)
		}
		t.foldBlock(b)
		t.free = append(t.free, b)
	}
}

// foldBlock counts the goroutines of a block, and feeds what is none to unwrap.
func (t *reader) foldBlock(b *block) {
	t.at.offset += b.skipped
	pos := 0
	for rest := b.pieces; len(rest) > 0; {
		n, lines := 0, 0
		for ; n < len(rest) && rest[n].whole == rest[0].whole; n++ {
			lines += int(rest[n].blank + rest[n].lines)
		}
		text := b.text[pos:rest[n-1].end]
		if rest[0].whole && t.pass(b.cut, text, lines) {
			t.foldRun(b, rest[:n], pos)
		} else {
			t.unwrap.Feed(text, t.at.line, t.at.offset)
			t.at.line += bytes.Count(text, newline)
			t.at.offset += int64(len(text))
		}
		pos += len(text)
		rest = rest[n:]
	}
}

// pass says to unwrap that goroutines were read past it, in so many lines. It
// reports false if they have to be fed.
func (t *reader) pass(c *unwrap.Cut, text []byte, lines int) bool {
	if c == nil {
		t.unwrap.Break()
		return true
	}
	return t.unwrap.Pass(c, text, t.at.line, lines)
}

// foldRun counts goroutines whose text follows each other in a block, from a
// position on.
func (t *reader) foldRun(b *block, run []piece, pos int) {
	l, bare := t.bare, b.text
	if b.cut != nil {
		l, bare = t.laneOf(b.cut.Stream), b.bare
	}
	for i := range run {
		p := &run[i]
		at := place{line: t.at.line + int(p.blank), offset: t.at.offset + int64(int(p.start)-pos)}
		if b.cut != nil {
			at.around = b.text[p.start:p.end]
		}
		l.regular(&reading{record: &p.record, text: bare[p.from:p.to], spare: &t.spare, at: at})
		t.at.line += int(p.blank + p.lines)
		t.at.offset += int64(int(p.end) - pos)
		pos = int(p.end)
	}
}

// laneOf is the lane of a stream.
func (t *reader) laneOf(s *unwrap.Stream) *lane {
	if s.ID == 0 {
		return t.bare
	}
	l, ok := s.State.(*lane)
	if !ok {
		l = t.lane()
		l.prefixed = s.Prefixed
		if s.Document {
			l.homes = t.documents
		}
		s.State = l
	}
	return l
}

// take counts the goroutines of a chunk, which unwrap gives out.
func (t *reader) take(c *unwrap.Chunk) {
	l := t.laneOf(c.Stream)
	if c.Stream.Document {
		l.document = c
	}
	if l == t.bare {
		l.lines(c, 0, len(c.Text)) // workers have found no goroutine in it
	} else {
		t.foldChunk(l, c)
	}
	for _, p := range c.Problems() {
		if l.b != nil {
			l.b.problem(p.Line, p.Message)
		} else {
			t.problem(p.Line, p.Message)
		}
	}
	if c.End && l != t.bare {
		l.end()
		c.Stream.State = nil
		t.lanes = slices.DeleteFunc(t.lanes, func(x *lane) bool { return x == l })
	}
	c.Free()
}

// foldChunk counts the goroutines of a chunk.
func (t *reader) foldChunk(l *lane, c *unwrap.Chunk) {
	b := &t.chunk
	b.pieces = b.pieces[:0]
	b.goroutines(&t.scanner, c.Text, 0, completeIn(c.Text), false, func(pos int) int { return pos })
	for i := range b.pieces {
		if p := &b.pieces[i]; p.whole {
			l.regular(&reading{record: &p.record, text: c.Text[p.from:p.to], at: placeIn(c, int(p.from)), spare: &t.spare})
		} else {
			l.lines(c, int(p.start), int(p.end))
		}
	}
}

// placeIn is where a text of a chunk is in the source.
func placeIn(c *unwrap.Chunk, pos int) place {
	line, offset, around := c.At(pos)
	return place{line, offset, around}
}

// problem notes what could not be read and is of no dump.
func (t *reader) problem(line int, message string) {
	if len(t.orphans) < maxProblems {
		t.orphans = append(t.orphans, goroutine.Problem{Line: line, Message: message})
	}
}

func (t *reader) progress() {
	if t.options.Progress != nil {
		t.options.Progress(Progress{Bytes: t.count.n, Goroutines: t.goroutines})
	}
	if t.options.Partial != nil && t.goroutines >= max(firstPartial, 2*t.shown) {
		t.shown = t.goroutines
		if dumps := t.snapshot(); len(dumps) > 0 {
			t.options.Partial(dumps)
		}
	}
}

const (
	firstPartial = 5000 // goroutines; fewer are read before anybody looks
	mostPartial  = 5000 // stacks; to show more again and again would take too long
)

// snapshot is what was read so far, nothing if there are too many stacks.
func (t *reader) snapshot() []goroutine.Dump {
	stacks := 0
	for _, b := range t.builders {
		stacks += b.stacks()
	}
	if stacks > mostPartial {
		return nil
	}
	var out []goroutine.Dump
	for _, b := range t.builders {
		if b.total > 0 {
			out = append(out, b.snapshot())
		}
	}
	return out
}

// result is the dumps in the order of their first lines.
func (t *reader) result() []goroutine.Dump {
	slices.SortStableFunc(t.builders, func(a, b *builder) int { return a.line - b.line })
	classifyAll(t.builders)
	var out []goroutine.Dump
	for _, b := range t.builders {
		if b.total > 0 || b.counted {
			out = append(out, *b.done)
		} else {
			t.orphans = append(t.orphans, b.done.Problems...)
		}
	}
	if len(out) > 0 && len(t.orphans) > 0 {
		out[0].Problems = append(t.orphans, out[0].Problems...)
		slices.SortStableFunc(out[0].Problems, compareProblems)
	}
	return out
}
