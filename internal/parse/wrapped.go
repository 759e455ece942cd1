package parse

import (
	"bytes"

	"gdump/internal/unwrap"
)

// Text in which all lines are wrapped alike need not go through unwrap either:
// the worker takes off what is around them, and then the goroutines are read as
// those of a text that stands alone.

// bareText is the text of a block without its wrapping.
type bareText struct {
	cut    *unwrap.Cut // how it is wrapped; nil if it is not
	text   []byte
	starts []uint32 // where in the block the lines of text begin
}

// scanWrapped reads the goroutines of a block whose lines are wrapped.
func (b *block) scanWrapped(s *scanner) {
	w := &b.wrapped
	for raw := 0; raw < len(b.text); {
		from, line := len(w.text), len(w.starts)
		var size int
		w.text, w.starts, size = s.cutter.Lines(w.cut, b.text[raw:], w.text, w.starts)
		for i := range w.starts[line:] {
			w.starts[line+i] += uint32(raw)
		}
		w.starts = append(w.starts, uint32(raw+size))
		b.scanRun(s, from, line)
		w.starts = w.starts[:len(w.starts)-1]
		if raw += size; raw < len(b.text) {
			next := len(b.text)
			if n := bytes.IndexByte(b.text[raw:], '\n'); n >= 0 {
				next = raw + n + 1
			}
			b.leave(raw, next)
			raw = next
		}
	}
}

// scanRun reads the goroutines in consecutive lines of the text without its
// wrapping, from a position and a line on.
func (b *block) scanRun(s *scanner, from, line int) {
	w := &b.wrapped
	text := w.text[from:]
	last := completeIn(text)
	first := headerIn(text[:last])
	end := int(w.starts[len(w.starts)-1])
	if line == len(w.starts)-1 || first == last {
		b.leave(int(w.starts[line]), end)
		return
	}
	begin := line
	line += bytes.Count(text[:first], newline)
	b.leave(int(w.starts[begin]), int(w.starts[line]))
	n := len(b.records)
	b.scanText(s, w.text[:from+last], from+first)
	kept := b.records[:n]
	for _, r := range b.records[n:] {
		raw := w.starts[line]
		if r.irregular {
			line += bytes.Count(w.text[r.from:r.to], newline)
			b.records = kept
			b.leave(int(raw), int(w.starts[line]))
			kept = b.records
			continue
		}
		line += int(r.start - r.from)
		r.raw = w.starts[line]
		line += int(r.lines)
		r.rawEnd = w.starts[line]
		kept = append(kept, r)
	}
	b.records = kept
	b.leave(int(w.starts[line]), end)
}

// leave leaves text of the block to unwrap.
func (b *block) leave(from, to int) {
	if from >= to {
		return
	}
	if n := len(b.records); n > 0 && b.records[n-1].irregular && int(b.records[n-1].rawEnd) == from {
		b.records[n-1].rawEnd = uint32(to)
		return
	}
	b.records = append(b.records, positioned{raw: uint32(from), rawEnd: uint32(to), irregular: true})
}

// foldWrapped counts the goroutines of a block whose lines are wrapped.
func (t *reader) foldWrapped(b *block) {
	pos := 0
	for i := 0; i < len(b.records); {
		lines, j := 0, i
		for ; j < len(b.records) && !b.records[j].irregular; j++ {
			lines += int(b.records[j].start-b.records[j].from) + int(b.records[j].lines)
		}
		run := b.records[i:j]
		if len(run) == 0 {
			j = i + 1
		}
		text := b.text[pos:b.records[j-1].rawEnd]
		if len(run) == 0 || !t.unwrap.Pass(b.wrapped.cut, text, t.at.line, lines) {
			t.feed(text)
		} else {
			t.foldRun(b, run, pos)
		}
		pos += len(text)
		i = j
	}
}

// foldRun counts goroutines whose text follows each other in a block, from a
// position on.
func (t *reader) foldRun(b *block, run []positioned, pos int) {
	for i := len(t.pending) - 1; i >= 0; i-- { // what unwrap gave out before
		if t.pending[i].chunk != nil {
			t.foldChunks()
			break
		}
	}
	l := t.laneOf(b.wrapped.cut.Stream)
	for i := range run {
		r := &run[i]
		t.at.line += int(r.start - r.from)
		t.at.offset += int64(int(r.raw) - pos)
		l.regular(&reading{
			record: &r.record, text: b.wrapped.text[r.start:r.to], spare: &t.spare,
			at: place{line: t.at.line, offset: t.at.offset, around: b.text[r.raw:r.rawEnd]},
		})
		t.at.line += int(r.lines)
		t.at.offset += int64(r.rawEnd - r.raw)
		pos = int(r.rawEnd)
	}
}

// foldChunks counts what unwrap has given out.
func (t *reader) foldChunks() {
	blocks := t.pending[:0]
	for _, b := range t.pending {
		if b.chunk == nil {
			blocks = append(blocks, b)
			continue
		}
		b.wait()
		t.foldChunk(b)
	}
	clear(t.pending[len(blocks):])
	t.pending = blocks
}
