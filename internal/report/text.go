package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

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
	for i, l := range view.Headline(p.t) {
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
	for _, l := range view.Wrap(s, p.o.Width) {
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
		parts := []string{number.Plural(d.Goroutines, "goroutine", "goroutines"), number.Plural(len(d.Buckets), "bucket", "buckets"), string(d.Level)}
		if !d.TakenAt.IsZero() {
			parts = append(parts, d.TakenAt.Format(time.RFC3339))
		}
		if s := view.States(view.DumpStates(d), 3); s != "" {
			parts = append(parts, s)
		}
		p.line(view.PadRight(view.CutFront(goroutine.Clean(d.Source), name), name) + "  " + strings.Join(parts, " · "))
		if d.Reason != "" && (len(p.t.Dumps) > 1 || len(d.Reason) > view.ShownReason) {
			p.wrapped("", "  "+goroutine.Clean(d.Reason))
		}
	}
}

// trouble writes what could not be read.
func (p *printer) trouble() {
	for _, l := range view.Trouble(p.t, shownTrouble) {
		p.wrapped(warn, l)
	}
}

// stacks writes the first buckets in full. Of a comparison, unless told how
// many, those that grew: the others are healthy.
func (p *printer) stacks() {
	if p.o.Top < 0 {
		return
	}
	most := p.o.Top
	if most == 0 {
		most = defaultTop
	}
	written := 0
	for i := range p.t.Series {
		s := &p.t.Series[i]
		if written == most || p.o.Top == 0 && s.Verdict.Rank() > trend.New.Rank() {
			continue
		}
		written++
		p.line("")
		title := view.Title(s, len(p.t.Dumps))
		if s.Name != "" {
			title = goroutine.Clean(s.Name) + ": " + title
		}
		p.styled(bold, title)
		p.stack(s.Bucket)
	}
	if rest := len(p.t.Series) - written; rest > 0 {
		p.line("")
		p.line(fmt.Sprintf("stacks of %s are not written: --top %d writes all", number.Plural(rest, "more bucket", "more buckets"), len(p.t.Series)))
	}
}

// stack writes a stack in two columns, function and place, then the labels.
func (p *printer) stack(b *goroutine.Bucket) {
	const indent = "  "
	width := p.o.Width - len(indent)
	rows := view.ShownRows(b.Stack)
	nameWidth := 0
	for i := range rows {
		if f := rows[i].Frame; f != nil {
			nameWidth = max(nameWidth, ansi.StringWidth(rows[i].Prefix+goroutine.Clean(f.Function)))
		}
	}
	nameWidth = min(nameWidth, width*6/10)
	for i := range rows {
		r := &rows[i]
		style := ""
		if r.Faint() {
			style = faint
		}
		if r.Frame == nil {
			p.styled(style, indent+r.Remark)
			continue
		}
		name := r.Prefix + view.CutFront(goroutine.Clean(r.Frame.Function), nameWidth-len(r.Prefix))
		p.styled(style, indent+view.PadRight(name, nameWidth)+"  "+view.CutFront(view.Path(r.Frame), width-nameWidth-2))
	}
	for _, l := range b.Labels {
		p.styled(faint, indent+view.Label(&l))
	}
}
