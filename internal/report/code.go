package report

import (
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// line is the source of a frame's line, "" if it is not at hand.
func (o *Options) line(f goroutine.Frame) string {
	if o.Code == nil || f.Function == "" {
		return ""
	}
	return goroutine.Clean(strings.TrimSpace(o.Code(f)))
}

// findingLines are the lines of source that the first findings are about, each
// with its place.
func (o *Options) findingLines(t *trend.Trend) []string {
	if o.Code == nil || o.Package != "" {
		return nil
	}
	var lines []string
	known := map[goroutine.Frame]bool{}
	found := o.diagnosis(t).Findings()
	for i := range found[:min(len(found), diagnose.Shown)] {
		f := found[i].Owner
		if f.Function == "" {
			f = found[i].Site
		}
		if text := o.line(f); text != "" && !known[f] {
			lines = append(lines, goroutine.Clean(f.Place())+": "+text)
		}
		known[f] = true
	}
	return lines
}

// coder returns the source of the rows of one stack that show any: of the first
// that is not Go's own, and of the program's go statement.
func (o *Options) coder() func(*view.StackRow) string {
	shown := ""
	return func(r *view.StackRow) string {
		switch {
		case r.Frame == nil || r.Faint():
			return ""
		case r.Prefix != "":
			if !r.Frame.Ours() {
				return ""
			}
		case shown != "":
			return ""
		}
		text := o.line(r.Frame.Raw)
		if text == shown {
			return "" // a go statement of one line
		}
		shown = text
		return text
	}
}
