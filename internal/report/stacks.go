package report

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

// stacks writes the first buckets in full.
func (p *printer) stacks() {
	if p.o.Top < 0 {
		return
	}
	n := min(p.o.Top, len(p.t.Series))
	for i := range n {
		s := &p.t.Series[i]
		p.line("")
		p.styled(bold, Title(s, len(p.t.Dumps)))
		for _, l := range StackLines(s.Bucket, p.o.Width-2) {
			style := ""
			if l.Faint {
				style = faint
			}
			p.styled(style, "  "+l.Text)
		}
	}
	if rest := len(p.t.Series) - n; rest > 0 {
		p.line("")
		p.line(fmt.Sprintf("stacks of %s are not written: --top %d writes all", Plural(rest, "more bucket", "more buckets"), len(p.t.Series)))
	}
}

// Title heads the stack of a bucket: how many, in which states, waiting how long.
func Title(s *trend.Series, dumps int) string {
	head := Plural(s.Now(), "goroutine", "goroutines")
	if dumps > 1 {
		head = fmt.Sprintf("%s (%s → %s), %s", signed(s.Change()), group(s.Counts[0]), group(s.Now()), s.Verdict)
		if s.HasIDs {
			head += fmt.Sprintf(": %s born, %s ended, %s survived", group(s.Born), group(s.Ended), group(s.Survived))
		}
	}
	parts := []string{head}
	if st := States(s.Bucket.States, 3); st != "" {
		parts = append(parts, st)
	}
	if w := Waits(s.Bucket.Waits); w != "" {
		parts = append(parts, "wait "+w)
	}
	if s.Bucket.Locked > 0 {
		parts = append(parts, group(s.Bucket.Locked)+" locked to a thread")
	}
	if s.Bucket.Leaked > 0 {
		parts = append(parts, group(s.Bucket.Leaked)+" leaked, proved by the garbage collector")
	}
	return strings.Join(parts, " · ")
}

// StackLine is a line of a stack as it is shown.
type StackLine struct {
	Text  string
	Faint bool // code of Go itself
}

// StackLines writes a bucket's stack in two columns, function and place, in
// lines of at most width cells.
func StackLines(b *goroutine.Bucket, width int) []StackLine {
	s := &b.Stack
	type row struct {
		name, place string
		faint       bool
	}
	var rows []row
	frame := func(prefix string, f *goroutine.Frame) {
		place := goroutine.Clean(f.File)
		if f.Line > 0 {
			place += fmt.Sprintf(":%d", f.Line)
		}
		rows = append(rows, row{prefix + goroutine.Clean(f.Function), place, f.Origin == goroutine.Runtime || f.Origin == goroutine.Stdlib})
	}
	elided := func(i int) {
		if s.Elided != 0 && s.ElidedAt == i {
			n := "some"
			if s.Elided > 0 {
				n = group(s.Elided)
			}
			rows = append(rows, row{"… " + n + " frames left out by Go …", "", true})
		}
	}
	if s.Unavailable {
		rows = append(rows, row{"(running on another thread: its stack could not be read)", "", true})
	} else if len(s.Frames) == 0 {
		rows = append(rows, row{"(no frames: not started yet)", "", true})
	}
	for i := range s.Frames {
		elided(i)
		frame("", &s.Frames[i])
	}
	elided(len(s.Frames))
	if s.CreatedBy.Function != "" {
		frame("created by ", &s.CreatedBy)
	}
	for i := range s.Ancestors {
		frame("  from ", &s.Ancestors[i])
	}
	nameWidth := 0
	for _, r := range rows {
		nameWidth = max(nameWidth, ansi.StringWidth(r.name))
	}
	nameWidth = min(nameWidth, width*6/10)
	var lines []StackLine
	for _, r := range rows {
		text := ansi.Truncate(r.name, width, "…")
		if r.place != "" {
			text = padRight(cutFront(r.name, nameWidth), nameWidth) + "  " + cutFront(r.place, width-nameWidth-2)
		}
		lines = append(lines, StackLine{text, r.faint})
	}
	for _, l := range b.Labels {
		lines = append(lines, StackLine{ansi.Truncate("label "+goroutine.Clean(l.Key)+": "+States(l.Values, 5), width, "…"), true})
	}
	return lines
}
