package view

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Title heads the stack of a bucket: how many, in which states, waiting how long.
func Title(s *trend.Series, dumps int) string {
	head := number.Plural(slices.Max(s.Counts), "goroutine", "goroutines")
	if dumps > 1 && s.Verdict != "" {
		head = fmt.Sprintf("%s (%s → %s), %s", number.Signed(s.Change()), number.Group(s.Counts[0]), number.Group(s.Now()), s.Verdict)
		if s.HasIDs && s.Counts[0] > 0 {
			head += fmt.Sprintf(": %s new, %s finished, %s left from the first dump", number.OrNone(s.Born), number.OrNone(s.Ended), number.OrNone(s.Survived))
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
		parts = append(parts, number.Group(s.Bucket.Locked)+" locked to a thread")
	}
	if s.Leaked > 0 {
		parts = append(parts, number.Group(s.Leaked)+" "+diagnose.Proven(s.Checked))
	}
	return strings.Join(parts, " · ")
}

// StackRow is a line of a stack: a frame, or a remark where frames are missing.
type StackRow struct {
	Prefix string // "created by ", and the like
	Frame  *Frame // nil for a remark
	Remark string
	At     int // among all rows of the stack
}

// Faint reports whether the row is code of Go itself, or a remark.
func (r *StackRow) Faint() bool {
	return r.Frame == nil || r.Frame.Raw.Origin == goroutine.Runtime || r.Frame.Raw.Origin == goroutine.Stdlib
}

// StackRows are the lines of a stack, leaf first, then what it was created by.
func StackRows(stack goroutine.Stack) []StackRow {
	s := stack.Parts()
	var rows []StackRow
	elided := func(i int) {
		if s.Elided != 0 && s.ElidedAt == i {
			n := "some"
			if s.Elided > 0 {
				n = number.Group(s.Elided)
			}
			rows = append(rows, StackRow{Remark: "… " + n + " frames left out by Go …"})
		}
	}
	switch {
	case s.Unavailable:
		rows = append(rows, StackRow{Remark: "(running on another thread: its stack could not be read)"})
	case s.Missing:
		rows = append(rows, StackRow{Remark: "(no frames: its stack is not in the dump)"})
	case len(s.Frames) == 0:
		rows = append(rows, StackRow{Remark: "(no frames: not started yet)"})
	}
	add := func(prefix string, f goroutine.Frame) {
		shown := Show(f)
		rows = append(rows, StackRow{Prefix: prefix, Frame: &shown})
	}
	for i, f := range s.Frames {
		elided(i)
		add("", f)
	}
	elided(len(s.Frames))
	if s.CreatedBy.Function != "" {
		add("created by ", s.CreatedBy)
	}
	for _, f := range s.Ancestors {
		add("  from ", f)
	}
	for i := range rows {
		rows[i].At = i
	}
	return rows
}

// ShownRows are the lines of a stack to be read: a recursion is a line after
// its first round.
func ShownRows(stack goroutine.Stack) []StackRow {
	const longest = 8 // frames of a round
	rows := StackRows(stack)
	shown := rows[:0:0]
	for i := 0; i < len(rows); i++ {
		shown = append(shown, rows[i])
		for n := 1; n <= min(longest, i+1); n++ {
			round := rows[i+1-n : i+1]
			more := 0
			for next := i + 1; next+n <= len(rows) && slices.EqualFunc(round, rows[next:next+n], sameFrame); next += n {
				more++
			}
			if more >= 2 {
				what := "the same frame"
				if n > 1 {
					what = fmt.Sprintf("the same %d frames", n)
				}
				shown = append(shown, StackRow{Remark: fmt.Sprintf("… %s %s times more …", what, number.Group(more)), At: i + 1})
				i += more * n
				break
			}
		}
	}
	return shown
}

func sameFrame(a, b StackRow) bool {
	return a.Frame != nil && b.Frame != nil && a.Frame.Raw == b.Frame.Raw && a.Prefix == "" && b.Prefix == ""
}

// Label is a label with its most frequent values.
func Label(l *goroutine.Label) string {
	return "label " + goroutine.Clean(l.Key) + ": " + States(l.Values, 5)
}
