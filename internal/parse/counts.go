package parse

import (
	"bytes"
	"fmt"
	"strconv"

	"gdump/internal/unwrap"
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

// maxGoroutines is more than the memory of any machine holds, and far from
// where sums overflow.
const maxGoroutines = 1 << 40

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

var labelsWord = []byte("# labels: {")

// take reads a line. It reports whether the line is of a debug=1 dump.
func (c *counts) take(text []byte, where func() place) bool {
	if rest, ok := bytes.CutPrefix(text, labelsWord); ok && c.n > 0 {
		if end, ok := unwrap.EachLabel(rest, func(_, _ []byte) {}); ok {
			c.labels = bytes.Clone(rest[:len(rest)-len(end)])
		} else {
			c.unreadable(text, where)
		}
		return true
	}
	if n, pcs, ok := countRecord(text); ok {
		c.endRecord()
		at := where()
		if n > maxGoroutines-c.b.total {
			c.b.problem(at.line, fmt.Sprintf("a count above what any process has: %d", n))
			n = 0
		}
		c.n, c.line, c.pcs = n, at.line, append(c.pcs[:0], pcs...)
		return true
	}
	symbol, hash := bytes.CutPrefix(bytes.TrimLeft(text, " \t"), []byte{'#'})
	symbol = bytes.TrimLeft(symbol, " \t")
	if c.n == 0 || !hash && !bytes.HasPrefix(symbol, []byte("0x")) {
		return false
	}
	from := len(c.text)
	c.text = append(c.text, symbol...)
	f, ok := countFrame(c.text[from:])
	if ok || f.function != nil {
		c.stack.frames = append(c.stack.frames, f)
	}
	if !ok {
		c.unreadable(text, where)
	}
	return true
}

func (c *counts) unreadable(text []byte, where func() place) {
	c.b.problem(where().line, "unreadable line: "+clip(text, maxProblem))
}

// countRecord reads "12 @ 0x4304c0 0x42d6ba".
func countRecord(text []byte) (n int, pcs []byte, ok bool) {
	digits, pcs, ok := bytes.Cut(text, []byte(" @"))
	if !ok || len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return 0, nil, false
	}
	for pc := range bytes.FieldsSeq(pcs) {
		if !isHex(pc) {
			return 0, nil, false
		}
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		n = maxGoroutines + 1
	}
	return n, pcs, true
}

// countFrame reads "0x40a2b2 main.f+0x12 /src/main.go:8", or the program
// counter alone. It gives the function also where the place is unreadable.
func countFrame(text []byte) (f frame, ok bool) {
	end := bytes.IndexAny(text, " \t")
	if end < 0 {
		return frame{function: text, c: true}, isHex(text)
	}
	if !isHex(text[:end]) {
		return f, false
	}
	name := bytes.TrimLeft(text[end:], " \t")
	plus := bytes.LastIndex(name, []byte("+0x"))
	if plus <= 0 {
		return f, false
	}
	offset, rest := name[plus:], []byte(nil)
	if i := bytes.IndexAny(offset, " \t"); i >= 0 {
		offset, rest = offset[:i], bytes.TrimLeft(offset[i:], " \t")
	}
	if !isOffset(offset) {
		return f, false
	}
	f, ok = readPlace(rest)
	f.function = decodeName(bytes.TrimRight(name[:plus], " \t"))
	return f, ok
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
