package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

const (
	defaultWidth = 100
	defaultTop   = 10
	defaultRows  = 50
	shownTrouble = 5
	maxSteps     = 6 // of a fleet over time that are listed
)

// Text writes a trend for people: the verdict, what could not be read, a table
// of the buckets, and the stacks of the first of them. No line is longer than
// the width, no byte from the dump is written that a terminal would obey.
func Text(w io.Writer, t *trend.Trend, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	p := &printer{w: bufio.NewWriter(w), o: o, t: t}
	if cleanTests(t, o) {
		p.line(headline(t, &o)[0])
		return p.w.Flush()
	}
	p.rows = rowsOf(t, &o)
	p.head()
	p.whoBlocks()
	p.table()
	p.stacks()
	return p.w.Flush()
}

// head writes the verdict, what must be known, and which dumps these are.
func (p *printer) head() {
	for i, l := range headline(p.t, &p.o) {
		style := ""
		if i == 0 {
			style = bold
		}
		p.wrapped(style, l)
	}
	for _, l := range p.o.findingLines(p.t) {
		p.line("  " + l)
	}
	for _, n := range view.Notes(p.t) {
		p.wrapped("", "note: "+n)
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

	rows rows
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
		name = max(name, ansi.StringWidth(view.Source(&p.t.Dumps[i])))
	}
	name = min(name, p.o.Width/2)
	for i := range p.t.Dumps {
		d := &p.t.Dumps[i]
		if n := len(p.t.Dumps); d.Fleet != nil && n > maxSteps && i > 0 && i < n-1 {
			if i == 1 {
				p.line(fmt.Sprintf("… %d between", n-2))
			}
			continue
		}
		parts := []string{number.Plural(d.Goroutines, "goroutine", "goroutines"), number.Plural(len(d.Buckets), "bucket", "buckets"), string(d.Level)}
		if !d.TakenAt.IsZero() {
			parts = append(parts, d.TakenAt.Format(time.RFC3339))
		}
		if s := view.Fleet(d); s != "" {
			parts = append(parts, s)
		}
		if s := view.States(view.DumpStates(d), 3); s != "" {
			parts = append(parts, s)
		}
		p.line(view.PadRight(view.CutFront(view.Source(d), name), name) + "  " + strings.Join(parts, " · "))
		if d.Reason != "" && (len(p.t.Dumps) > 1 || len(d.Reason) > diagnose.ShownReason) {
			p.wrapped("", "  "+view.Reason(d))
		}
	}
}

// trouble writes what could not be read.
func (p *printer) trouble() {
	for _, l := range view.Trouble(p.t, shownTrouble) {
		p.wrapped(warn, l)
	}
}

// textReport is the text, with the rules at its end, where a log is read first.
func textReport(w io.Writer, t *trend.Trend, o Options) error {
	if !o.GateOnly {
		if err := Text(w, t, o); err != nil || o.Gate == nil {
			return err
		}
		fmt.Fprintln(w)
		return Gate(w, t, o)
	}
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	p := &printer{w: bufio.NewWriter(w), o: o, t: t}
	p.head()
	p.gate()
	return p.w.Flush()
}

// Gate writes the result of the rules, a rule per line with its value and its
// limit, and below it the buckets to blame.
func Gate(w io.Writer, t *trend.Trend, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	p := &printer{w: bufio.NewWriter(w), o: o, t: t}
	p.gate()
	return p.w.Flush()
}

func (p *printer) gate() {
	if p.o.Gate == nil {
		return
	}
	shown := map[*trend.Series]bool{} // each bucket once, whatever the number of rules
	for i := range p.o.Gate.Outcomes {
		o := &p.o.Gate.Outcomes[i]
		style := ""
		if o.State != gate.Passed || o.Why != "" {
			style = warn
		}
		p.wrapped(style, fmt.Sprintf("%-8s %s", o.State, ruleLine(o)))
		if leftBy(o, &p.o) != nil {
			continue // the tests are listed at the top
		}
		blamed := notShown(o.Blame, shown)
		if n := len(o.Blame) - len(blamed); n > 0 {
			p.line("         " + number.Plural(n, "bucket", "buckets") + " listed above")
		}
		for j, s := range blamed {
			if j == shownBlame {
				p.line("         " + number.Plural(len(blamed)-j, "more bucket", "more buckets"))
				break
			}
			shown[s] = true
			p.indented("         ", blame(s, len(p.t.Dumps)))
		}
	}
	p.wrapped("", GateSummary(p.o))
	for _, n := range allowNotes(p.o) {
		p.wrapped(warn, "! "+n)
	}
}

// indented writes a sentence over as many lines as it needs, the first after an
// indent and the others a little further in.
func (p *printer) indented(indent, s string) {
	further := indent + "  "
	for _, l := range view.Wrap(s, max(20, p.o.Width-len(further))) {
		p.line(indent + strings.TrimLeft(l, " "))
		indent = further
	}
}
