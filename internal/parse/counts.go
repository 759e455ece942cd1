package parse

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gdump/internal/goroutine"
)

// What debug=1 prints; a log system may have turned its tabs into blanks.
var (
	countsHead  = regexp.MustCompile(`^goroutine(leak)? profile: total (\d+)$`)
	countRecord = regexp.MustCompile(`^(\d+) @((?: 0x[0-9a-f]+)*)$`)
	countFrame  = regexp.MustCompile(`^#\s+(0x[0-9a-f]+)\s+(\S.*?)\+0x[0-9a-f]+\s+(\S.*):(\d+)$`)
	barePC      = regexp.MustCompile(`^#\s+(0x[0-9a-f]+)$`)
	labelsLine  = []byte("# labels: {")
	totalWord   = []byte(" profile: total ")
)

// countsReader reads a dump as debug=1 writes it: records of a count and
// program counters, perhaps labels, and the symbols as comments.
type countsReader struct {
	sampled
	total int // as the head says

	n      int // goroutines of the record being read; 0 if none
	line   int
	frames []goroutine.Frame
	labels []byte
}

// newCountsReader begins a dump by what its first line says.
func newCountsReader(head [][]byte) *countsReader {
	c := &countsReader{sampled: *newSampled(goroutine.Debug1)}
	c.dump.LeaksOnly = len(head[1]) > 0
	c.total, _ = strconv.Atoi(string(head[2]))
	return c
}

// countsAt finds where in a line the head of a debug=1 dump begins, or -1.
func countsAt(line []byte) int {
	before0, _, ok := bytes.Cut(line, totalWord)
	if !ok {
		return -1
	}
	from := bytes.LastIndex(before0, goroutineWord[:len(goroutineWord)-1])
	if from < 0 || from > 0 && isWord(line[from-1]) || !countsHead.Match(bytes.TrimRight(line[from:], " \t")) {
		return -1
	}
	return from
}

// take reads a line. It says false if it is none of a debug=1 dump.
func (c *countsReader) take(text []byte, number int) bool {
	switch {
	case text[0] != '#' && (text[0] < '0' || text[0] > '9'):
		return false
	case bytes.HasPrefix(text, labelsLine):
		if c.n == 0 {
			return false
		}
		var h header
		if _, ok := h.readLabels(text[len(labelsLine):]); ok {
			c.labels = bytes.Clone(h.labels)
		} else {
			c.problem(number, "unreadable labels: "+string(clip(text)))
		}
		return true
	}
	line := string(text)
	if m := countRecord.FindStringSubmatch(line); m != nil {
		c.endRecord()
		c.n, _ = strconv.Atoi(m[1])
		if c.n > maxGoroutines-c.dump.Goroutines {
			c.problem(number, "a count above what any process has: "+m[1])
			c.n = 0
		}
		c.line = number
		return true
	}
	if c.n == 0 || text[0] != '#' {
		return false
	}
	if m := countFrame.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[4])
		c.frames = append(c.frames, c.in.frame(&rawFrame{function: decodeName([]byte(strings.TrimSpace(m[2]))), file: []byte(m[3]), line: n}))
	} else if m := barePC.FindStringSubmatch(line); m != nil {
		c.frames = append(c.frames, goroutine.Frame{Function: m[1]})
	} else {
		c.problem(number, "unreadable line: "+string(clip(text)))
	}
	return true
}

func (c *countsReader) problem(line int, message string) {
	if d := &c.dump; len(d.Problems) < maxProblems {
		d.Problems = append(d.Problems, goroutine.Problem{Line: line, Message: message})
	}
}

func (c *countsReader) endRecord() {
	if c.n > 0 {
		c.count(c.frames, c.n, c.line).labels.addText(c.labels, c.n)
	}
	c.n, c.frames, c.labels = 0, c.frames[:0], nil
}

// end finishes the dump.
func (c *countsReader) end() goroutine.Dump {
	c.endRecord()
	d := c.sampled.end()
	if d.Goroutines != c.total {
		d.Truncated = d.Goroutines < c.total
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("the head says %d goroutines, the records have %d", c.total, d.Goroutines)})
	}
	slices.SortStableFunc(d.Problems, func(a, b goroutine.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return d
}
