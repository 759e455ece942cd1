package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gdump/internal/blocked"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

// Options are what a report can be told.
type Options struct {
	Width  int  // columns; 0 means 100
	Color  bool // escape codes for colour and weight
	Top    int  // stacks written in full; 0 means 10, of a comparison those that grew; below 0 none
	AllIDs bool // JSON lists every goroutine id of a bucket, not the first 100
	// NoVerdicts has JSON show several dumps of one source side by side,
	// kind "dump", without judging them.
	NoVerdicts bool
	Gate       *gate.Result // what the rules came to; nil if there are none
	GateOnly   bool         // the text tells of the rules, not of the buckets
	AllowName  string       // the file of the allow list, if there is one
	Plain      bool         // the profile is not compressed: whoever takes it does that
	// Root is the folder of the sources; CI formats name files relative to it.
	Root string
	// Source returns the source of a frame's package, which tells locks apart.
	Source func(goroutine.Frame) []blocked.SourceFile
}

const (
	defaultWidth = 100
	defaultTop   = 10
	shownTrouble = 5
)

// Text writes a trend for people: the verdict, what could not be read, a table
// of the buckets, and the stacks of the first of them. No line is longer than
// the width, no byte from the dump is written that a terminal would obey.
func Text(w io.Writer, t *trend.Trend, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	p := &printer{w: bufio.NewWriter(w), o: o, t: t}
	p.head()
	p.table()
	p.stacks()
	return p.w.Flush()
}

// head writes the verdict, what must be known, and which dumps these are.
func (p *printer) head() {
	for i, l := range Headline(p.t) {
		style := ""
		if i == 0 {
			style = bold
		}
		p.wrapped(style, l)
	}
	for _, n := range p.t.Notes {
		p.wrapped("", "note: "+goroutine.Clean(n))
	}
	p.trouble()
	p.line("")
	p.sources()
	p.line("")
}

const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	warn  = "\x1b[1;33m"
	reset = "\x1b[0m"
)

type printer struct {
	w *bufio.Writer
	o Options
	t *trend.Trend
}

// line writes a line cut to the width. Errors stay in the buffered writer
// until Flush.
func (p *printer) line(s string) { p.styled("", s) }

func (p *printer) styled(style, s string) {
	s = strings.TrimRight(ansi.Truncate(s, p.o.Width, "…"), " ")
	if p.o.Color && style != "" && s != "" {
		s = style + s + reset
	}
	fmt.Fprintln(p.w, s)
}

// wrapped writes a sentence over as many lines as it needs.
func (p *printer) wrapped(style, s string) {
	for _, l := range Wrap(s, p.o.Width) {
		p.styled(style, l)
	}
}

func (p *printer) sources() {
	name := 0
	for i := range p.t.Dumps {
		name = max(name, ansi.StringWidth(goroutine.Clean(p.t.Dumps[i].Source)))
	}
	name = min(name, p.o.Width/2)
	for i := range p.t.Dumps {
		d := &p.t.Dumps[i]
		parts := []string{Plural(d.Goroutines, "goroutine", "goroutines"), Plural(len(d.Buckets), "bucket", "buckets"), string(d.Level)}
		if !d.TakenAt.IsZero() {
			parts = append(parts, d.TakenAt.Format(time.RFC3339))
		}
		if s := States(DumpStates(d), 3); s != "" {
			parts = append(parts, s)
		}
		p.line(padRight(CutFront(goroutine.Clean(d.Source), name), name) + "  " + strings.Join(parts, " · "))
		if d.Reason != "" && (len(p.t.Dumps) > 1 || len(d.Reason) > shownReason) {
			p.wrapped("", "  "+goroutine.Clean(d.Reason))
		}
	}
}

// DumpStates adds up the states of all buckets, most frequent first.
func DumpStates(d *goroutine.Dump) []goroutine.Count {
	sum := map[string]int{}
	for i := range d.Buckets {
		for _, s := range d.Buckets[i].States {
			sum[s.Name] += s.N
		}
	}
	var out []goroutine.Count
	for name, n := range sum {
		out = append(out, goroutine.Count{Name: name, N: n})
	}
	slices.SortFunc(out, func(a, b goroutine.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// trouble writes what could not be read.
func (p *printer) trouble() {
	for _, l := range Trouble(p.t, shownTrouble) {
		p.wrapped(warn, l)
	}
}

// Trouble says in lines what of the dumps could not be read, at most n
// problems of each dump.
func Trouble(t *trend.Trend, n int) []string {
	var lines []string
	for i := range t.Dumps {
		d := &t.Dumps[i]
		source := goroutine.Clean(d.Source)
		if d.Truncated {
			lines = append(lines, fmt.Sprintf("! %s is cut off: not all of its goroutines are described", source))
		}
		for j, x := range d.Problems {
			if j == n {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, Plural(len(d.Problems)-n, "more problem", "more problems")))
				break
			}
			if x.Line > 0 {
				lines = append(lines, fmt.Sprintf("! %s: line %d: %s", source, x.Line, goroutine.Clean(x.Message)))
			} else {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, goroutine.Clean(x.Message)))
			}
		}
	}
	return lines
}

func padRight(s string, w int) string { return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) }

func padLeft(s string, w int) string { return strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) + s }

// CutFront cuts a path to w cells where it says least: at its front.
func CutFront(s string, w int) string {
	n := ansi.StringWidth(s)
	if n <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	return "…" + ansi.TruncateLeft(s, n-w+1, "")
}
