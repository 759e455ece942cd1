package unwrap

import (
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

	lines    []origin
	aux      []byte // what is around lines
	problems []Problem
	owner    *Reader
}

// origin is where a line of a chunk is in it and in the source, and which part
// of aux shows its time.
type origin struct {
	pos, line int
	offset    int64
	from, to  int
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
	id        string // its key for the lines of the shape
	cut       *Cut
	out       *Chunk
	pieces    []byte // the beginning of a line that comes in pieces
	used      int    // the source line that was its last
	lastKind  grammar.Kind
	want      grammar.Kind // what the next line of a goroutine is
	width     int          // the longest line
	parts     int          // that the last line was joined of
	hyphens   bool         // a hyphen is where a line was broken
	settled   bool         // the order of the lines is known
	inPanic   bool         // within the text of a panic, which can hold a dump, indented
	suspect   bool         // the header is behind a call, as in text whose order is reversed
	reversed  bool
	abandoned bool
}

// A Field is a text of a record.
type Field struct{ Key, Value string }

// A Problem is what could not be read and was passed over.
type Problem struct {
	Line    int
	Message string
}

// At returns which line of the source has the text at pos, and where that
// begins. Around is the line with the header, the head of counts or the reason
// that is there, as far as it can show a time.
func (c *Chunk) At(pos int) (line int, offset int64, around []byte) {
	at := c.lines[c.index(pos)]
	return at.line, at.offset, c.aux[at.from:at.to]
}

// index is the number of the line that has the text at pos.
func (c *Chunk) index(pos int) int {
	return max(0, sort.Search(len(c.lines), func(i int) bool { return c.lines[i].pos > pos })-1)
}

// Problems returns what could not be read and was passed over.
func (c *Chunk) Problems() []Problem { return c.problems }

// Free lets the chunk's memory be used again. It may be called from any
// goroutine, once.
func (c *Chunk) Free() {
	if cap(c.Text) <= pooled {
		c.owner.free.Put(c)
	}
}

const pooled = 256 << 10 // bytes of text for which a chunk is used again

func (r *Reader) chunk(s *Stream) *Chunk {
	c, _ := r.free.Get().(*Chunk)
	if c == nil {
		c = &Chunk{}
	}
	*c = Chunk{Stream: s, Text: c.Text[:0], lines: c.lines[:0], aux: c.aux[:0], owner: r}
	return c
}

// add appends a line. The text around it, if any, is to show its time.
func (c *Chunk) add(text []byte, at origin, around []byte) {
	at.pos, at.from = len(c.Text), len(c.aux)
	c.Text = append(append(c.Text, text...), '\n')
	if len(around) > 0 {
		c.aux = appendAround(c.aux, around)
	}
	at.to = len(c.aux)
	c.lines = append(c.lines, at)
}

func (c *Chunk) line(i int) []byte {
	end := len(c.Text)
	if i+1 < len(c.lines) {
		end = c.lines[i+1].pos
	}
	return c.Text[c.lines[i].pos : end-1]
}

func (c *Chunk) last() []byte {
	if c == nil || len(c.lines) == 0 {
		return nil
	}
	return c.line(len(c.lines) - 1)
}

// replace puts another line in place of the last.
func (c *Chunk) replace(line []byte) {
	c.Text = append(append(c.Text[:c.lines[len(c.lines)-1].pos], line...), '\n')
}

func (c *Chunk) copy(from *Chunk, i int) {
	at := from.lines[i]
	c.add(from.line(i), at, from.aux[at.from:at.to])
}

// split takes the lines from a number on off a chunk, into a new one.
func (c *Chunk) split(i int) *Chunk {
	d := c.owner.chunk(c.Stream)
	for j := i; j < len(c.lines); j++ {
		d.copy(c, j)
	}
	c.Text, c.lines = c.Text[:c.lines[i].pos], c.lines[:i]
	return d
}

// reverse puts the lines of a chunk into the opposite order.
func (c *Chunk) reverse() *Chunk {
	d := c.owner.chunk(c.Stream)
	for i := len(c.lines) - 1; i >= 0; i-- {
		d.copy(c, i)
	}
	d.problems, d.Cut, d.End = c.problems, c.Cut, c.End
	c.Free()
	return d
}
