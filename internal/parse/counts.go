package parse

import (
	"bytes"
	"fmt"
	"strconv"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
)

// counts reads a dump as debug=1 writes it: records of a count and program
// counters, perhaps labels, and the symbols as comments:
//
//	goroutine profile: total 3
//	3 @ 0x46f8e1 0x40a2b3
//	# labels: {"k": "v"}
//	#	0x40a2b2	main.f+0x12	/src/main.go:8
//
// A rendered page loses the "#", and a log system turns tabs into blanks.
type counts struct {
	b     *builder
	total int // as the head says; -1 if there is none

	n      int // goroutines of the record being read; 0 if none
	line   int
	pcs    []byte
	stack  stack
	text   []byte // what stack points into
	labels []byte
}

// beginCounts begins a dump that has counts only, by its first line, which may
// be missing.
func (l *lane) beginCounts(head []byte, at place) {
	l.finish()
	l.close()
	l.headedBy(at)
	b := l.builder(at)
	b.level, b.counted = goroutine.Debug1, true
	l.counts.begin(b, head, at)
	l.state = counting
}

// begin begins a dump by its first line; head is nil if that is missing.
func (c *counts) begin(b *builder, head []byte, at place) {
	*c = counts{b: b, total: -1, stack: c.stack, text: c.text[:0]}
	if head == nil {
		b.problem(at.line, "the text begins within a profile: other records may be missing")
		return
	}
	b.leaks = bytes.HasPrefix(head, []byte("goroutineleak"))
	c.total, _ = strconv.Atoi(string(bytes.TrimSpace(head[bytes.LastIndexByte(head, ' ')+1:])))
}

// take reads a line. It reports whether the line is of a debug=1 dump.
func (c *counts) take(text []byte, where func() place) bool {
	if rest, ok := grammar.CutLabels(text); ok && c.n > 0 {
		if end, ok := grammar.EachLabel(rest, func(_, _ []byte) {}); ok {
			c.labels = bytes.Clone(rest[:len(rest)-len(end)])
		} else {
			c.unreadable(text, where)
		}
		return true
	}
	if n, pcs, ok := grammar.ParseRecord(text); ok {
		c.endRecord()
		at := where()
		if n > grammar.MaxGoroutines-c.b.total {
			c.b.problem(at.line, fmt.Sprintf("a count above what any process has: %d", n))
			n = 0
		}
		c.n, c.line, c.pcs = n, at.line, append(c.pcs[:0], pcs...)
		return true
	}
	symbol, ok := grammar.CutComment(text)
	if c.n == 0 || !ok {
		return false
	}
	from := len(c.text)
	c.text = append(c.text, symbol...)
	function, at, ok := grammar.ParseSymbol(c.text[from:], c.pcs)
	if ok || function != nil {
		c.stack.frames = append(c.stack.frames, frame{function: function, file: at.File, line: at.Line, c: ok && at.File == nil})
	}
	if !ok {
		c.unreadable(text, where)
	}
	return true
}

func (c *counts) unreadable(text []byte, where func() place) {
	c.b.problem(where().line, "unreadable line: "+clip(text, maxProblem))
}

// endRecord counts the record being read.
func (c *counts) endRecord() {
	if c.n > 0 {
		// Without symbols the addresses tell one stack from another. A single one
		// is that of a goroutine that has not started yet.
		if pcs := bytes.Fields(c.pcs); len(c.stack.frames) == 0 && len(pcs) > 1 {
			for _, pc := range pcs {
				c.stack.frames = append(c.stack.frames, frame{function: pc, c: true})
			}
		}
		c.b.addCounts(&c.stack, c.n, c.line).labels.addText(c.labels, c.n)
	}
	c.n, c.labels, c.text = 0, nil, c.text[:0]
	c.stack.reset()
}

// end finishes the dump.
func (c *counts) end() {
	c.endRecord()
	if b := c.b; c.total >= 0 && b.total != c.total {
		b.truncated = b.total < c.total
		b.problem(0, fmt.Sprintf("the header announces %d goroutines, found %d", c.total, b.total))
	}
}
