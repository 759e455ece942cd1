package parse

import (
	"bytes"
	"fmt"

	"gdump/internal/grammar"
)

// Texts that begin or end within a goroutine, and goroutines whose header is
// lost: what is missing is named.

// orphan is frames whose header is not in the text.
type orphan struct {
	stack stack
	line  int
}

// orphaned takes a line of a stack whose header is not in the text.
func (l *lane) orphaned(line []byte, where func() place) bool {
	o := &l.lost
	text := bytes.TrimLeft(line, " \t")
	if o.stack.name == nil && (l.b != nil && l.b.counted || !grammar.IsCall(text) && !grammar.IsCreated(text)) {
		return false
	}
	if len(o.stack.text) == 0 {
		o.line = where().line
	}
	return o.stack.keep(line, where)
}

// orphans names the frames that have no header.
func (l *lane) orphans() {
	o := &l.lost
	if len(o.stack.text) == 0 {
		return
	}
	message := ""
	switch s := &o.stack; {
	case len(s.frames) > 0:
		message = fmt.Sprintf("%d frames without the header of their goroutine, from %s", len(s.frames), clip(s.frames[0].function, maxProblem))
	case s.creator.function != nil:
		message = fmt.Sprintf("a go statement in %s, without the goroutine that it created", clip(s.creator.function, maxProblem))
	}
	switch {
	case message == "":
	case l.b == nil:
		l.in.problem(o.line, "the text begins within a goroutine: "+message)
	default:
		l.b.problem(o.line, message)
	}
	o.stack.reset()
}

// end finishes the lane at the end of its text.
func (l *lane) end() {
	cut := l.state == inside && (l.stack.name != nil || len(l.stack.frames) == 0)
	r, ok := l.finishAt(true)
	if ok && !r.isG0() && r.count == 0 && (cut || l.cut || l.b.saysCreators()) && !l.stack.isComplete() && r.id != 1 {
		l.b.truncated = true
		l.b.problem(l.at.line, fmt.Sprintf("the text ends within goroutine %d", r.id))
	}
	l.close()
}

// endsInHeader takes the last line of the text, which has no line's end, if it
// is the beginning of a header.
func (l *lane) endsInHeader(line []byte, where func() place) bool {
	word := line[:min(len(line), len(grammar.Goroutine))]
	if l.b == nil && l.state != inside || l.foreign || len(word) == 0 || !bytes.HasPrefix(grammar.Goroutine, word) {
		return false
	}
	rest := bytes.TrimLeft(line[len(word):], "0123456789")
	if rest = bytes.TrimPrefix(rest, []byte(" ")); len(rest) > 0 && (rest[0] != '[' || bytes.IndexByte(rest, ']') >= 0) {
		return false
	}
	l.finish()
	at := where()
	b := l.builder(at)
	b.truncated = true
	b.problem(at.line, "the text ends within the header of a goroutine: "+clip(line, maxProblem))
	return true
}
