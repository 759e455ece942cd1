package parse

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"runtime"

	"gdump/internal/goroutine"
)

// blockSize is how much text a worker takes at once: large enough that handing
// it over costs nothing, small enough to stay in a processor's cache.
const blockSize = 256 << 10

// textReader reads goroutines in words. Where a block of the text is regular,
// whole goroutines one blank line apart, workers digest blocks side by side;
// all else goes line by line through the machine. The results are counted in
// the order of the text, so neither the blocks' borders nor the number of
// workers shows in them.
type textReader struct {
	m       *machine
	size    int // of a block
	options Options
	count   *counted
	at      place
	pending []*block // handed to workers, oldest first
	skip    bool     // within a line that is too long
}

// block is a piece of text on its way through a worker.
type block struct {
	text    []byte
	at      place
	regular bool // set by the worker: records are all of its goroutines
	records []positioned
	done    chan struct{}
}

type positioned struct {
	record
	from, to int // in the block's text
	line     int // lines before it in the block
}

func (t *textReader) read(ctx context.Context, r *bufio.Reader) ([]goroutine.Dump, error) {
	workers := t.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work := make(chan *block, workers)
	defer close(work)
	for range workers {
		go func() {
			var d digester
			for b := range work {
				b.digest(&d)
				close(b.done)
			}
		}()
	}
	t.at = place{line: 1}
	whole, err := t.blocks(ctx, r, work, 2*workers)
	for len(t.pending) > 0 {
		t.fold()
	}
	return t.m.end(whole), err
}

// blocks cuts the text and hands it out. whole says whether the text ended with
// a line's end.
func (t *textReader) blocks(ctx context.Context, r io.Reader, work chan<- *block, limit int) (whole bool, err error) {
	var rest []byte
	for {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		buf := make([]byte, len(rest), len(rest)+t.size)
		copy(buf, rest)
		n, err := io.ReadFull(r, buf[len(rest):cap(buf)])
		buf = buf[:len(rest)+n]
		if err != nil {
			t.lines(buf, true)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = nil
			}
			return len(buf) == 0 || buf[len(buf)-1] == '\n', err
		}
		rest = t.cut(buf, work)
		for len(t.pending) > limit {
			t.fold()
		}
		t.progress()
	}
}

var betweenGoroutines = []byte("\n\ngoroutine ")

// cut hands out as much of buf as ends where a goroutine or a line ends, and
// returns the rest.
func (t *textReader) cut(buf []byte, work chan<- *block) []byte {
	if !bytes.HasPrefix(buf, goroutineWord) {
		if i := bytes.Index(buf, betweenGoroutines); i >= 0 && !t.skip {
			t.lines(buf[:i+2], false)
			buf = buf[i+2:]
		}
	}
	if bytes.HasPrefix(buf, goroutineWord) && !t.skip {
		if i := bytes.LastIndex(buf, betweenGoroutines); i >= 0 {
			b := &block{text: buf[:i+2], at: t.at, done: make(chan struct{})}
			t.at = t.at.over(b.text)
			t.pending = append(t.pending, b)
			work <- b
			return buf[i+2:]
		}
	}
	i := bytes.LastIndexByte(buf, '\n')
	t.lines(buf[:i+1], false)
	return t.tooLong(buf[i+1:])
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
	t.skip = true
	t.at.offset += int64(len(rest))
	return nil
}

// lines gives text to the machine, line by line. It waits for the blocks
// before it.
func (t *textReader) lines(text []byte, last bool) {
	for len(t.pending) > 0 {
		t.fold()
	}
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\n')
		if n < 0 && !last {
			break
		}
		line, size := text, len(text)
		if n >= 0 {
			line, size = text[:n], n+1
		}
		if t.skip {
			t.skip = n < 0
		} else {
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
	t.pending = t.pending[1:]
	<-b.done
	if !b.regular {
		at := t.at
		t.at = b.at
		pending := t.pending
		t.pending = nil
		t.lines(b.text, true)
		t.at, t.pending = at, pending
		return
	}
	s := t.m.bare
	for i := range b.records {
		r := &b.records[i]
		at := place{line: b.at.line + r.line, offset: b.at.offset + int64(r.from)}
		s.begin(&r.header, at)
		s.count(&r.record, b.text[r.from:r.to], at)
	}
}

// digest reads the block's goroutines, if it is regular.
func (b *block) digest(d *digester) {
	lines := 0
	for p := 0; p < len(b.text); {
		r, ok := d.digest(b.text[p:])
		if !ok || r.frames == 0 {
			return
		}
		b.records = append(b.records, positioned{record: r, from: p, to: p + r.size, line: lines})
		p += r.size
		lines += r.lines
		if p >= len(b.text) || b.text[p] != '\n' {
			return
		}
		p++
		lines++
	}
	b.regular = true
}

func (t *textReader) progress() {
	if t.options.Progress != nil {
		t.options.Progress(Progress{Bytes: t.count.n, Goroutines: t.m.goroutines})
	}
}
