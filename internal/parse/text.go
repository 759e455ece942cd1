package parse

import (
	"bytes"
	"context"
	"io"
	"runtime"

	"gdump/internal/goroutine"
)

const (
	// blockSize is how much text a worker takes at once: large enough that
	// handing it over costs nothing, small enough to stay in a processor's cache.
	blockSize = 256 << 10
	// stepLines is how many lines the machine takes before it looks whether
	// the read was cancelled.
	stepLines = 1 << 12
	// maxRegular is how long a regular goroutine may be: what must be at hand
	// before it can be told from an irregular one.
	maxRegular = 1 << 20
)

// textReader reads goroutines in words. A regular goroutine begins behind a
// blank line (or the text does with it), is what digest reads, and ends in a
// blank line that a "goroutine " follows: workers digest blocks of these side
// by side. All else goes line by line through the machine. What is regular
// depends on nothing but the text, and the results are counted in its order,
// so neither the blocks' borders nor the number of workers shows in them.
type textReader struct {
	m       *machine
	size    int // of a block
	options Options
	count   *counted
	ctx     context.Context
	at      place    // of what is counted next
	pending []*block // handed to workers, oldest first
	free    []*block // for the next text
	fresh   bool     // the text so far is empty or ends in a blank line
	skip    bool     // within a line that is too long
	read    int      // lines since the context was asked
	err     error    // of the context
	shown   int      // goroutines that there were when the last partial result went out
}

// block is a piece of text on its way through a worker.
type block struct {
	text    []byte
	records []positioned
	done    chan any // gets what the worker panicked with, nil if it did not
}

// positioned is a goroutine in the text of a block, or a stretch of the text
// that is not regular.
type positioned struct {
	record
	from, to  uint32
	irregular bool
}

func newTextReader(ctx context.Context, size int, o Options, count *counted) *textReader {
	m := newMachine()
	m.countsOnly, m.latest = o.CountsOnly, o.Latest
	return &textReader{m: m, size: size, options: o, count: count, ctx: ctx, at: place{line: 1}, fresh: true}
}

func (t *textReader) dumps(r io.Reader) ([]goroutine.Dump, error) {
	workers := t.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work := make(chan *block, workers)
	defer close(work)
	for range workers {
		go func() {
			var s scanner
			for b := range work {
				b.work(&s)
			}
		}()
	}
	whole, err := t.blocks(r, work, workers+1)
	for len(t.pending) > 0 {
		t.fold()
	}
	if err == nil {
		err = t.err
	}
	return t.m.end(whole), err
}

// blocks cuts the text and hands it out. whole says whether the text ended with
// a line's end.
func (t *textReader) blocks(r io.Reader, work chan<- *block, limit int) (whole bool, err error) {
	var rest []byte
	for {
		b := t.take()
		b.text = append(b.text[:0], rest...)
		n := len(rest)
		// A line or goroutine of many blocks is read in steps that grow with it,
		// or to take it along each time would cost the square of its length.
		size := max(t.size, n)
		if cap(b.text) < n+size {
			b.text = append(make([]byte, 0, n+size+t.size/4), b.text...)
		}
		more, err := readFull(r, b.text[n:n+size])
		b.text = b.text[:n+more]
		if err != nil {
			whole := n+more == 0 || b.text[n+more-1] == '\n'
			t.lines(t.cut(b, work), true)
			if err == io.EOF {
				err = nil
			}
			return whole, err
		}
		rest = t.cut(b, work)
		for len(t.pending) > limit {
			t.fold()
		}
		t.progress()
		if t.err == nil {
			t.err = t.ctx.Err()
		}
		if t.err != nil {
			return true, t.err
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

// take is a block that is free.
func (t *textReader) take() *block {
	// The last one freed may hold what the next text begins with.
	if n := len(t.free); n > 1 {
		b := t.free[0]
		t.free = append(t.free[:0], t.free[1:]...)
		if cap(b.text) <= 4*t.size {
			return b
		}
	}
	return &block{done: make(chan any, 1)}
}

var betweenGoroutines = []byte("\n\ngoroutine ")

// cut hands out as much of the block as can be told to be regular or not, and
// returns the rest.
func (t *textReader) cut(b *block, work chan<- *block) []byte {
	buf := b.text
	if !t.fresh || !maybeHeader(buf) {
		buf = t.untilHeader(buf)
	}
	if t.fresh && maybeHeader(buf) {
		if i := bytes.LastIndex(buf, betweenGoroutines); i >= 0 {
			b.text = buf[:i+2]
			t.pending = append(t.pending, b)
			work <- b
			return buf[i+2:]
		}
		if len(buf) <= maxRegular {
			t.free = append(t.free, b)
			return buf
		}
	}
	i := bytes.LastIndexByte(buf, '\n')
	t.lines(buf[:i+1], false)
	t.free = append(t.free, b)
	return t.tooLong(buf[i+1:])
}

// maybeHeader reports whether a text begins as a header does, as far as it is
// there.
func maybeHeader(text []byte) bool {
	n := min(len(text), len(goroutineWord))
	return string(text[:n]) == string(goroutineWord[:n])
}

// untilHeader gives the machine what stands before a header that may be that
// of a regular goroutine, and returns what follows.
func (t *textReader) untilHeader(buf []byte) []byte {
	end := 0
	if !t.skip && bytes.HasPrefix(buf, betweenGoroutines[1:]) {
		end = 1 // a blank line that was cut from the line before
	} else if i := bytes.Index(buf, betweenGoroutines); i >= 0 {
		end = i + 2
	}
	if end > 0 {
		t.lines(buf[:end], false)
	}
	return buf[end:]
}

// tooLong drops the beginning of a line that has no end.
func (t *textReader) tooLong(rest []byte) []byte {
	if t.skip {
		t.at.offset += int64(len(rest))
		return nil
	}
	if len(rest) < maxLine {
		return rest
	}
	t.m.tooLong(t.at)
	t.skip, t.fresh = true, false
	t.at.offset += int64(len(rest))
	return nil
}

// lines gives text to the machine, line by line, after the blocks before it.
func (t *textReader) lines(text []byte, last bool) {
	for len(t.pending) > 0 {
		t.fold()
	}
	if len(text) > 0 && !last {
		t.fresh = !t.skip && string(text) == "\n" || bytes.HasSuffix(text, []byte("\n\n"))
	}
	t.machine(text, last)
}

func (t *textReader) machine(text []byte, last bool) {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\n')
		if n < 0 && !last {
			break
		}
		if t.read++; t.read%stepLines == 0 && t.err == nil {
			t.err = t.ctx.Err()
			t.progress()
		}
		if t.err != nil {
			return
		}
		line, size := text, len(text)
		if n >= 0 {
			line, size = text[:n], n+1
		}
		switch {
		case t.skip:
			t.skip = n < 0
		case len(line) >= maxLine:
			t.m.tooLong(t.at)
		case n < 0 && t.m.bare.endsInHeader(line, t.at):
		default:
			t.m.raw(line, t.at)
		}
		t.at.line++
		t.at.offset += int64(size)
		text = text[size:]
	}
}

// fold counts the oldest block's goroutines.
func (t *textReader) fold() {
	b := t.pending[0]
	t.pending = append(t.pending[:0], t.pending[1:]...)
	if p := <-b.done; p != nil {
		panic(p)
	}
	s := t.m.bare
	for i := range b.records {
		r := &b.records[i]
		text := b.text[r.from:r.to]
		if r.irregular {
			t.machine(text, true)
			continue
		}
		if t.m.mail {
			t.machine(b.text[r.from:r.to+1], true)
			continue
		}
		t.m.fresh = nil
		s.begin(r.is(running), t.at)
		s.header = s.seen
		s.count(&r.record, text, t.at)
		t.at.line += int(r.lines) + 1
		t.at.offset += int64(len(text)) + 1
	}
	t.free = append(t.free, b)
}

// work digests the block for who waits for it. A panic is theirs: they may hold
// a terminal that must be restored.
func (b *block) work(s *scanner) {
	defer func() { b.done <- recover() }()
	b.digest(s)
}

// digest reads the block's goroutines.
func (b *block) digest(s *scanner) {
	b.records = b.records[:0]
	for p := 0; p < len(b.text); {
		b.records = append(b.records, positioned{from: uint32(p)})
		r := &b.records[len(b.records)-1]
		if s.scan(b.text[p:], &r.record) && r.frames > 0 {
			p += int(r.size)
			r.to = uint32(p)
			// What follows must be the one blank line between two goroutines; blocks end there.
			if p < len(b.text) && b.text[p] == '\n' && (p+1 == len(b.text) || beginsHeader(b.text[p+1:])) &&
				r.size <= maxRegular-uint32(len(betweenGoroutines)) && (r.is(even) || !hasOdd(b.text[r.from:r.to])) {
				p++
				continue
			}
		}
		r.irregular = true
		p = int(r.from)
		if i := bytes.Index(b.text[p:], betweenGoroutines); i >= 0 {
			p += i + 2
		} else {
			p = len(b.text)
		}
		r.to = uint32(p)
	}
}

// hasOdd reports whether a text has characters that the exact reader takes for
// what surrounds a dump: a terminal's returns and escapes, entities of HTML.
func hasOdd(text []byte) bool {
	return bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0x1b) >= 0 || bytes.IndexByte(text, '&') >= 0
}

func (t *textReader) progress() {
	if t.options.Progress != nil {
		t.options.Progress(Progress{Bytes: t.count.n, Goroutines: t.m.goroutines})
	}
	if t.options.Partial != nil && t.m.goroutines >= max(firstPartial, 2*t.shown) {
		t.shown = t.m.goroutines
		if dumps := t.m.snapshot(); len(dumps) > 0 {
			t.options.Partial(dumps)
		}
	}
}

const (
	firstPartial = 5000 // goroutines; fewer are read before anybody looks
	mostPartial  = 5000 // stacks; to show more again and again would take too long
)

// snapshot is what was read so far, nothing if there are too many stacks.
func (m *machine) snapshot() []goroutine.Dump {
	stacks := 0
	for _, b := range m.dumps {
		stacks += len(b.entries)
	}
	if stacks > mostPartial {
		return nil
	}
	var out []goroutine.Dump
	for _, b := range m.dumps {
		if b.total > 0 {
			out = append(out, b.snapshot())
		}
	}
	return out
}
