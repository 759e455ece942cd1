package ui

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

const (
	shownIDs = 10
	factName = 8 // cells for the name of a fact
)

// shortStack is a bucket's stack at a glance: short names, base names of files.
func shortStack(s *trend.Series, dumps, width int) []line {
	lines := wrapLine(line{text: report.Title(s, dumps), kind: strongLine}, width)
	rows := report.StackRows(&s.Bucket.Stack)
	place := 0
	for i := range rows {
		if f := rows[i].Frame; f != nil {
			place = max(place, ansi.StringWidth(goroutine.Clean(f.Place())))
		}
	}
	place = min(place, width/2)
	names := 0
	for i := range rows {
		if f := rows[i].Frame; f != nil {
			names = max(names, ansi.StringWidth(rows[i].Prefix+goroutine.Clean(f.Name())))
		}
	}
	names = max(1, min(names, width-place-2))
	for i := range rows {
		r := &rows[i]
		if r.Frame == nil {
			lines = append(lines, line{text: r.Remark, kind: faintLine})
			continue
		}
		name := r.Prefix + report.CutFront(goroutine.Clean(r.Frame.Name()), names-len(r.Prefix))
		l := line{text: pad(name, names), tail: "  " + report.CutFront(goroutine.Clean(r.Frame.Place()), place)}
		if r.Faint() {
			l.kind = faintLine
		}
		lines = append(lines, l)
	}
	return append(lines, facts(s.Bucket, width)...)
}

// wholeStack is everything that is known of a bucket: full names and paths, in
// two columns where they fit, else as Go prints them, a line for each.
func wholeStack(s *trend.Series, dumps, width int, wrapped bool) []line {
	lines := append(wrapLine(line{text: report.Title(s, dumps), kind: strongLine}, width), line{})
	rows := report.StackRows(&s.Bucket.Stack)
	names, paths := 0, 0
	for i := range rows {
		if f := rows[i].Frame; f != nil {
			names = max(names, ansi.StringWidth(rows[i].Prefix+goroutine.Clean(f.Function)))
			paths = max(paths, ansi.StringWidth(report.Path(f)))
		}
	}
	columns := names+2+paths <= width
	for i := range rows {
		r := &rows[i]
		k := plainLine
		if r.Faint() {
			k = faintLine
		}
		switch {
		case r.Frame == nil:
			lines = append(lines, line{text: r.Remark, kind: k})
		case columns:
			lines = append(lines, line{text: pad(r.Prefix+goroutine.Clean(r.Frame.Function), names), tail: "  " + report.Path(r.Frame), kind: k})
		default:
			lines = append(lines, line{text: r.Prefix + goroutine.Clean(r.Frame.Function), kind: k}, line{tail: "    " + report.Path(r.Frame), kind: k})
		}
	}
	lines = append(lines, facts(s.Bucket, width)...)
	if !wrapped {
		return lines
	}
	var out []line
	for _, l := range lines {
		if ansi.StringWidth(l.String()) <= width {
			out = append(out, l)
			continue
		}
		for t := range strings.SplitSeq(ansi.Hardwrap(l.String(), max(width, 1), true), "\n") {
			out = append(out, line{text: t, kind: l.kind})
		}
	}
	return out
}

// facts are what is known of a bucket beside its stack.
func facts(b *goroutine.Bucket, width int) []line {
	var lines []line
	add := func(name, text string) {
		if len(lines) == 0 {
			lines = append(lines, line{})
		}
		for _, l := range wrapLine(line{text: text, kind: faintLine}, max(1, width-factName)) {
			lines = append(lines, line{text: pad(name, factName) + l.text, kind: faintLine})
			name = ""
		}
	}
	if f, ok := b.Stack.Owner(); ok && f.Module != "" {
		add("module", report.Module(f.Module))
	}
	for i := range b.Labels {
		add("label", goroutine.Clean(b.Labels[i].Key)+": "+report.States(b.Labels[i].Values, 5))
	}
	if n := b.IDs.Len(); n > 0 {
		var ids []string
		for _, id := range b.IDs.First(shownIDs) {
			ids = append(ids, fmt.Sprint(id))
		}
		text := strings.Join(ids, " ")
		if n > shownIDs {
			text += " and " + report.Group(n-shownIDs) + " more"
		}
		add("ids", text)
	}
	for _, a := range b.Args {
		add("args", "("+goroutine.Clean(a)+")")
	}
	return lines
}

// plainStack is a stack as text to paste, as Go prints it.
func plainStack(s *trend.Series, dumps int) string {
	var b strings.Builder
	b.WriteString(report.Title(s, dumps) + "\n")
	for _, r := range report.StackRows(&s.Bucket.Stack) {
		if r.Frame == nil {
			b.WriteString(r.Remark + "\n")
			continue
		}
		fmt.Fprintf(&b, "%s%s\n\t%s\n", r.Prefix, goroutine.Clean(r.Frame.Function), report.Path(r.Frame))
	}
	return b.String()
}

func pad(s string, w int) string { return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) }
