package diagnose

import (
	"bytes"
	"strings"

	"gdump/internal/goroutine"
)

// longestLine is how much of a line of source is quoted, in bytes.
const longestLine = 160

// quote returns the line of source where the goroutines of a bucket are, "" if it is
// not at hand. The source may be of another build than the dump: a line that does
// not call what the stack shows is not quoted.
func (d *Diagnosis) quote(b *goroutine.Bucket, site goroutine.Frame) string {
	if d.source == nil || site.Line <= 0 || site.File == "" {
		return ""
	}
	for _, f := range d.source(site) {
		if f.Name != goroutine.Base(site.File) {
			continue
		}
		line := lineOf(f.Data, site.Line)
		if line == "" || len(line) > longestLine || !calls(line, b, site) {
			return ""
		}
		return goroutine.Clean(line)
	}
	return ""
}

// lineOf is a line of a file without the blanks around it; "" if there is none.
func lineOf(data []byte, n int) string {
	for range n - 1 {
		_, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			return ""
		}
		data = rest
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return string(bytes.TrimSpace(line))
}

// calls reports whether a line can be where a stack is at a frame: it has the name
// of the function that the frame calls, or the operation that its goroutines wait
// in.
func calls(line string, b *goroutine.Bucket, site goroutine.Frame) bool {
	callee := ""
	for f := range b.Stack.All() {
		if f == site {
			break
		}
		callee = f.Function[strings.LastIndexByte(f.Function, '.')+1:]
	}
	state := b.State()
	switch {
	case callee != "" && !strings.HasPrefix(callee, "func"):
		return strings.Contains(line, callee+"(")
	case callee != "":
		return false
	case strings.HasPrefix(state, "select"):
		return strings.HasPrefix(line, "select")
	case strings.HasPrefix(state, "chan send"):
		return strings.Contains(line, "<-")
	case strings.HasPrefix(state, "chan receive"):
		return strings.Contains(line, "<-") || strings.Contains(line, "range ")
	}
	return false
}
