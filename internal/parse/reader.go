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
	// minParallel is how much text of a chunk is worth a worker.
	minParallel = 4 << 10
	maxLine     = 64 << 20 // bytes; a longer line is passed over
	maxHeld     = 1 << 20  // bytes of a goroutine that wait for what ends it
)

// reader reads a source. It reads blocks of text, and workers the goroutines in
// them that are as Go prints them. All else goes through unwrap, which gives
// back the lines of each process: those that are many go to workers as well,
// the others line by line to their lane. A lane comes to the same result
// either way, and what workers have read is counted in the order of the text,
// so neither the borders of blocks nor the number of workers shows in it.
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
	spare      stack
	cutter     unwrap.Cutter
	err        error // of the context
	shown      int   // goroutines that there were when the last partial result went out
}

// block is a piece of text on its way through a worker.
type block struct {
	text     []byte
	skipped  int64         // bytes of the source before the text that are passed over
	from, to int           // of what a worker reads: whole goroutines, perhaps
	chunk    *unwrap.Chunk // that the text is of; nil for the source's own
	lane     *lane         // of the chunk
	records  []positioned
	wrapped  bareText
	done     chan any // gets what the worker panicked with, nil if it did not
}

// positioned is a goroutine in the text of a block, or a stretch of text that
// is not as Go prints it. Blank lines may be before it.
type positioned struct {
	record
	from, start, to uint32 // start is behind the blank lines
	raw, rawEnd     uint32 // of wrapped text, where it is in the block
	irregular       bool
}

func newReader(ctx context.Context, size int, o Options, count *counted) *reader {
	t := &reader{options: o, size: size, count: count, ctx: ctx, at: place{line: 1}, documents: &homes{}}
	t.bare = t.lane(nil)
	t.unwrap = unwrap.New(t.take)
	return t
}

// lane begins a lane for a stream, nil for text that is none.
func (t *reader) lane(s *unwrap.Stream) *lane {
	l := &lane{in: t, homes: &homes{}}
	if s != nil {
		l.prefixed = s.Prefixed
		if s.Document {
			l.homes = t.documents
		}
	}
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
	if t.err != nil {
		err = t.err
	}
	for len(t.pending) > 0 {
		t.fold()
	}
	t.unwrap.Close()
	for len(t.pending) > 0 {
		t.fold()
	}
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
			skip = n < 0
			b.skipped = int64(n)
			if skip {
				b.skipped, n = int64(len(b.text)), len(b.text)
			}
			b.text = b.text[n:]
		}
		end := len(b.text)
		if err == nil {
			end = bytes.LastIndexByte(b.text, '\n') + 1
		}
		tooLong := len(b.text)-end >= maxLine
		if c := t.unwrap.Cut(); c != nil && t.cutter.Fits(c, b.text) {
			b.wrapped.cut, b.to = c, end
		} else {
			b.to = completeIn(b.text[:end])
		}
		if err == nil && !tooLong && end-b.to <= maxHeld {
			end = b.to
		}
		if rest = append(rest[:0], b.text[end:]...); tooLong {
			rest, skip = rest[:0], true
		}
		size = len(b.text) - end
		b.text = b.text[:end]
		t.hand(b)
		if tooLong {
			t.drain()
			t.bare.builder(t.at).problem(t.at.line, fmt.Sprintf("line longer than %d MiB passed over", maxLine>>20))
			t.at.offset += int64(size)
		}
		for len(t.pending) > limit {
			t.fold()
		}
		t.progress()
		if t.err == nil {
			t.err = t.ctx.Err()
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case t.err != nil:
			return t.err
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
			w := bareText{text: b.wrapped.text[:0], starts: b.wrapped.starts[:0]}
			*b = block{text: b.text, records: b.records[:0], wrapped: w, done: b.done}
			return b
		}
	}
	return &block{done: make(chan any, 1)}
}

// hand gives the goroutines of a block to a worker, if there are some.
func (t *reader) hand(b *block) {
	if b.wrapped.cut == nil {
		b.from = headerIn(b.text[:b.to])
	}
	t.pending = append(t.pending, b)
	if b.from < b.to {
		t.work <- b
	}
}

var (
	nextGoroutine = []byte("\ngoroutine ")
	blankLine     = []byte("\n\n")
)

// headerIn finds the first line of a text that may be a header, or its end.
func headerIn(text []byte) int {
	if beginsHeader(text) {
		return 0
	}
	for from := 0; ; {
		i := bytes.Index(text[from:], nextGoroutine)
		if i < 0 {
			return len(text)
		}
		if from += i + 1; beginsHeader(text[from:]) {
			return from
		}
	}
}

// completeIn is how much of a text can be read without what follows it: all up
// to the last header, behind which no blank line shows where the goroutine ends.
func completeIn(text []byte) int {
	if headerIn(text) == len(text) {
		return len(text) // to look for the last takes longer
	}
	for to := len(text); to > 0; {
		if to = bytes.LastIndex(text[:to], nextGoroutine) + 1; beginsHeader(text[to:]) {
			if bytes.Contains(text[to:], blankLine) {
				break
			}
			return to
		}
	}
	return len(text)
}

// take gets a chunk from unwrap.
func (t *reader) take(c *unwrap.Chunk) {
	if c.Stream.ID == 0 {
		t.bare.chunk(c, 0, len(c.Text))
		t.problems(t.bare, c)
		c.Free()
		return
	}
	l := t.laneOf(c.Stream)
	b := &block{text: c.Text, chunk: c, lane: l}
	switch {
	case len(c.Text) >= minParallel:
		b.done, b.to = make(chan any, 1), completeIn(b.text)
		t.hand(b)
	case slices.ContainsFunc(t.pending, func(b *block) bool { return b.lane == l }):
		t.pending = append(t.pending, b)
	default:
		t.foldChunk(b)
	}
}

// laneOf is the lane of a stream.
func (t *reader) laneOf(s *unwrap.Stream) *lane {
	l, ok := s.State.(*lane)
	if !ok {
		l = t.lane(s)
		s.State = l
	}
	return l
}

// drain counts all that was handed out.
func (t *reader) drain() {
	for len(t.pending) > 0 {
		t.fold()
	}
}

// fold counts the oldest block's goroutines.
func (t *reader) fold() {
	b := t.pending[0]
	t.pending[0] = nil
	t.pending = t.pending[1:]
	b.wait()
	if b.chunk != nil {
		t.foldChunk(b)
		return
	}
	t.at.offset += b.skipped
	if b.wrapped.cut != nil {
		t.foldWrapped(b)
		t.free = append(t.free, b)
		return
	}
	t.feed(b.text[:b.from])
	passed := false // what comes passes unwrap
	for i := range b.records {
		r := &b.records[i]
		if r.irregular {
			t.feed(b.text[r.from:r.to])
			passed = false
			continue
		}
		if !passed {
			t.unwrap.Break()
			passed = true
		}
		t.at.line += int(r.start - r.from)
		t.at.offset += int64(r.start - r.from)
		t.bare.regular(&reading{record: &r.record, text: b.text[r.start:r.to], at: t.at, spare: &t.spare})
		t.at.line += int(r.lines)
		t.at.offset += int64(r.to - r.start)
	}
	t.feed(b.text[max(b.from, b.to):])
	t.free = append(t.free, b)
}

// wait waits until the block is read.
func (b *block) wait() {
	if b.from < b.to {
		if p := <-b.done; p != nil {
			panic(p)
		}
	}
}

// feed gives text of the source to unwrap.
func (t *reader) feed(text []byte) {
	if len(text) == 0 {
		return
	}
	t.unwrap.Feed(text, t.at.line, t.at.offset)
	t.at.line += bytes.Count(text, newline)
	t.at.offset += int64(len(text))
}

// foldChunk counts the goroutines of a chunk.
func (t *reader) foldChunk(b *block) {
	c, l := b.chunk, b.lane
	if c.Stream.Document {
		l.document = c
	}
	l.chunk(c, 0, b.from)
	for i := range b.records {
		r := &b.records[i]
		if r.irregular {
			l.chunk(c, int(r.from), int(r.to))
			continue
		}
		l.regular(&reading{record: &r.record, text: c.Text[r.start:r.to], at: placeIn(c, int(r.start)), spare: &t.spare})
	}
	l.chunk(c, max(b.from, b.to), len(c.Text))
	t.problems(l, c)
	if c.End {
		l.end()
		c.Stream.State = nil
		if i := slices.Index(t.lanes, l); i > 0 {
			t.lanes = slices.Delete(t.lanes, i, i+1)
		}
	}
	c.Free()
}

// placeIn is where a text of a chunk is in the source.
func placeIn(c *unwrap.Chunk, pos int) place {
	line, offset, around := c.At(pos)
	return place{line, offset, around}
}

// problems takes over what unwrap could not read.
func (t *reader) problems(l *lane, c *unwrap.Chunk) {
	for _, p := range c.Problems() {
		if l.b != nil {
			l.b.problem(p.Line, p.Message)
		} else {
			t.problem(p.Line, p.Message)
		}
	}
}

// problem notes what could not be read and is of no dump.
func (t *reader) problem(line int, message string) {
	if len(t.orphans) < maxProblems {
		t.orphans = append(t.orphans, goroutine.Problem{Line: line, Message: message})
	}
}

// chunk takes text of a chunk line by line.
func (l *lane) chunk(c *unwrap.Chunk, from, to int) {
	pos := from
	where := func() place { return placeIn(c, pos) }
	for pos < to {
		n := bytes.IndexByte(c.Text[pos:to], '\n')
		line := c.Text[pos : pos+n : pos+n]
		last := c.Cut && pos+n+1 == len(c.Text)
		if !last || !l.endsInHeader(line, where) {
			l.line(line, where)
		}
		if last {
			l.cut = true
		}
		pos += n + 1
	}
}

// read reads the block for who waits for it. A panic is theirs: they may hold a
// terminal that must be restored.
func (b *block) read(s *scanner) {
	defer func() { b.done <- recover() }()
	b.scan(s)
}

// scan reads the block's goroutines.
func (b *block) scan(s *scanner) {
	b.records = b.records[:0]
	if b.wrapped.cut != nil {
		b.scanWrapped(s)
		return
	}
	b.scanText(s, b.text[:b.to], b.from)
}

// scanText reads the goroutines of a text from a position on.
func (b *block) scanText(s *scanner, text []byte, p int) {
	for p < len(text) {
		b.records = append(b.records, positioned{from: uint32(p)})
		r := &b.records[len(b.records)-1]
		start := p
		for start < len(text) && text[start] == '\n' {
			start++
		}
		if s.scan(text[start:], &r.record) && (b.chunk != nil || r.is(even) || !hasOdd(text[start:start+int(r.size)])) {
			r.start, r.to = uint32(start), uint32(start)+r.size
			p = int(r.to)
			continue
		}
		r.irregular = true
		next := bytes.Index(text[min(start+1, len(text)):], nextGoroutine)
		if p = len(text); next >= 0 {
			p = start + 1 + next + 1
		}
		r.to = uint32(p)
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
