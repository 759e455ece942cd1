package unwrap

import (
	"bytes"
	"sort"

	"gdump/internal/grammar"
)

// A Chunk is consecutive lines of one process.
type Chunk struct {
	Stream *Stream
	Text   []byte  // whole lines, each with its end, without what surrounded them
	End    bool    // nothing more of the stream follows
	Cut    bool    // the last line is the source's last and had no end
	Before []byte  // of a document: what the lines before it say, one a line
	Fields []Field // of a document: the other texts of its record

	marks    []mark
	next     int // number of the source line that needs no mark
	stamps   []stampText
	aux      []byte // what stamps lie in
	problems []Problem
	offset   int64 // of the first line
	owner    *Reader

	cursor, cursorMark, cursorLine int // where Line was last, and its answer
}

// A Stream is the lines of one process, as far as the text shows that.
type Stream struct {
	ID       int  // 0 is text without a prefix
	Prefixed bool // behind a prefix, by which a sentence that reads like a header may be taken for one
	Document bool // one text within one line or record
	State    any  // for who reads the chunks

	level     *level // that it lies in
	inner     *level // of what is wrapped once more; nil if nothing is
	shape     *shape
	id        string // among the streams of the shape
	cut       *Cut
	prefix    pattern // learned from a line of this stream
	container bool    // its prefix is a container runtime's, which says whether a line is whole
	csv       bool    // its lines are fields of CSV, quoted or not
	extended  bool    // another stream's prefix begins with this one's
	out       *Chunk
	pieces    []byte // the beginning of a line that comes in pieces
	used      int    // the source line that was its last
	last      int    // where the last line begins in out
	lastKind  grammar.Kind
	want      grammar.Kind // what the next line of a goroutine is
	width     int          // the longest line
	parts     int          // that the last line was joined of
	hyphens   bool         // a hyphen is where a line was broken
	started   bool         // a header was seen
	inPanic   bool         // within the text of a panic, which can hold a dump, indented
	suspect   bool         // the header came behind a call, as in text whose order is reversed
	reversed  bool
	dirty     bool
	abandoned bool
}

// A Field is a text of a record.
type Field struct{ Key, Value string }

// A Problem is what could not be read and was passed over.
type Problem struct {
	Line    int
	Message string
}

// mark says which source line a line of a chunk is from, where it is not the
// one after the line before.
type mark struct {
	pos, line int
	still     bool // those that follow are from the same line
}

// stampText is the text around a line that shows its time, and where the line
// is in the source.
type stampText struct {
	pos, from, to int
	offset        int64
}

// Line returns the source line of the text at pos. Rising positions are
// cheapest.
func (c *Chunk) Line(pos int) int {
	if pos < c.cursor || c.cursorLine == 0 {
		c.cursor, c.cursorMark, c.cursorLine = 0, -1, 1
	}
	m := c.cursorMark
	if m+8 < len(c.marks) && c.marks[m+8].pos <= pos {
		m = sort.Search(len(c.marks), func(i int) bool { return c.marks[i].pos > pos }) - 1
	}
	for m+1 < len(c.marks) && c.marks[m+1].pos <= pos {
		m++
	}
	if m != c.cursorMark && m >= 0 {
		c.cursor, c.cursorMark, c.cursorLine = c.marks[m].pos, m, c.marks[m].line
	}
	if m < 0 || !c.marks[m].still {
		c.cursorLine += bytes.Count(c.Text[c.cursor:min(pos, len(c.Text))], []byte{'\n'})
	}
	c.cursor = pos
	return c.cursorLine
}

// Around returns the line of the source with the header, the head of counts or
// the reason that begins at pos, as far as it can show a time; nil if nothing is
// around the text.
func (c *Chunk) Around(pos int) []byte {
	i := sort.Search(len(c.stamps), func(i int) bool { return c.stamps[i].pos >= pos })
	if i == len(c.stamps) || c.stamps[i].pos != pos {
		return nil
	}
	return c.aux[c.stamps[i].from:c.stamps[i].to]
}

// Offset returns where in the source the line is that has the header, the head
// of counts or the reason at pos, or the last of these before it.
func (c *Chunk) Offset(pos int) int64 {
	i := sort.Search(len(c.stamps), func(i int) bool { return c.stamps[i].pos > pos })
	if i == 0 {
		return c.offset
	}
	return c.stamps[i-1].offset
}

// Problems returns what could not be read and was passed over.
func (c *Chunk) Problems() []Problem { return c.problems }

// Free lets the chunk's memory be used again. It may be called from any
// goroutine, once.
func (c *Chunk) Free() {
	if r := c.owner; r != nil && cap(c.Text) <= 4*pooled {
		r.free.Put(c)
	}
}

const pooled = 64 << 10 // bytes of text that a chunk has room for to begin with

// chunk is an empty chunk.
func (r *Reader) chunk(s *Stream) *Chunk {
	c, _ := r.free.Get().(*Chunk)
	if c == nil {
		c = &Chunk{}
	}
	*c = Chunk{
		Stream: s, Text: c.Text[:0], marks: c.marks[:0], stamps: c.stamps[:0], aux: c.aux[:0], next: -1, owner: r,
	}
	return c
}

// split takes the lines from pos on out of a chunk, into a new one.
func (c *Chunk) split(r *Reader, pos int) *Chunk {
	d := r.chunk(c.Stream)
	d.Text = append(d.Text, c.Text[pos:]...)
	d.next, d.offset = c.next, c.Offset(pos)
	if pos < len(c.Text) {
		line := c.Line(pos)
		still := len(c.marks) > 0 && c.marks[max(0, c.cursorMark)].still
		d.marks = append(d.marks, mark{0, line, still})
	}
	keep := len(c.marks)
	for keep > 0 && c.marks[keep-1].pos >= pos {
		keep--
	}
	for _, m := range c.marks[keep:] {
		if m.pos > pos {
			d.marks = append(d.marks, mark{m.pos - pos, m.line, m.still})
		}
	}
	c.marks = c.marks[:keep]
	keep = len(c.stamps)
	for keep > 0 && c.stamps[keep-1].pos >= pos {
		keep--
	}
	for _, t := range c.stamps[keep:] {
		from := len(d.aux)
		d.aux = append(d.aux, c.aux[t.from:t.to]...)
		d.stamps = append(d.stamps, stampText{t.pos - pos, from, len(d.aux), t.offset})
	}
	c.stamps = c.stamps[:keep]
	c.Text = c.Text[:pos]
	return d
}

// reverse puts the lines of a chunk into the opposite order.
func (c *Chunk) reverse(r *Reader) *Chunk {
	d := r.chunk(c.Stream)
	end := len(c.Text)
	lines := make([]int, 0, bytes.Count(c.Text, []byte{'\n'}))
	for pos := 0; pos < end; pos += bytes.IndexByte(c.Text[pos:], '\n') + 1 {
		lines = append(lines, c.Line(pos))
	}
	stamp := len(c.stamps)
	for i := len(lines) - 1; i >= 0; i-- {
		pos := bytes.LastIndexByte(c.Text[:end-1], '\n') + 1
		d.marks = append(d.marks, mark{len(d.Text), lines[i], true})
		for ; stamp > 0 && c.stamps[stamp-1].pos >= pos; stamp-- {
			t := c.stamps[stamp-1]
			from := len(d.aux)
			d.aux = append(d.aux, c.aux[t.from:t.to]...)
			d.stamps = append(d.stamps, stampText{len(d.Text), from, len(d.aux), t.offset})
		}
		d.Text = append(d.Text, c.Text[pos:end]...)
		end = pos
	}
	d.problems, d.Cut, d.offset = c.problems, c.Cut, c.offset
	return d
}
