package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// table writes the list of buckets, a line each.
func (p *printer) table() {
	shown, more := p.rows.first(max(p.o.Top, defaultRows))
	cols := view.Columns(p.t)
	widths := view.Fit(cols, view.Widths(cols, shown), p.o.Width)
	for row := -1; row < len(shown); row++ {
		var cells []string
		for i := range cols {
			switch {
			case widths[i] == 0:
			case row < 0:
				cells = append(cells, cols[i].Fill(cols[i].Title, widths[i]))
			default:
				cells = append(cells, cols[i].Fill(cols[i].Cell(shown[row]), widths[i]))
			}
		}
		style := ""
		switch {
		case row < 0:
			style = faint
		case view.Of(shown[row].Verdict).Style == view.Bad:
			style = bold
		}
		p.styled(style, strings.Join(cells, strings.Repeat(" ", view.Gap)))
	}
	if more > 0 {
		p.line(fmt.Sprintf("… and %s: --top 0 lists all", number.Plural(more, "more "+p.unit(), "more "+p.unit()+"s")))
	}
}

// unit is what a row of the table is.
func (p *printer) unit() string {
	if p.t.By == "" || p.t.By == string(trend.ByStack) {
		return "bucket"
	}
	return "group"
}

// stacks writes the first buckets in full. Of a comparison, unless asked how
// many, those that grew: the others are healthy.
func (p *printer) stacks() {
	most := p.o.Top
	if most == 0 {
		most = defaultTop
	}
	written := 0
	for _, s := range p.rows.series {
		if written == most || p.o.Top == 0 && s.Verdict.Rank() > trend.New.Rank() {
			continue
		}
		written++
		p.line("")
		title := view.Title(s, len(p.t.Dumps))
		if s.Name != "" {
			title = goroutine.Clean(s.Name) + ": " + title
		}
		p.wrapped(bold, title)
		for _, l := range view.SpreadLines(s, p.o.Width) {
			p.line(l)
		}
		p.stack(s.Bucket)
	}
	if rest := len(p.rows.series) - written; rest > 0 {
		p.line("")
		p.line(fmt.Sprintf("stacks of %s not written: --top 0 writes all", number.Plural(rest, "more bucket", "more buckets")))
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
			nameWidth = max(nameWidth, ansi.StringWidth(rows[i].Prefix+f.Function))
		}
	}
	nameWidth = min(nameWidth, width*6/10)
	code := p.o.coder()
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
		name := r.Prefix + view.CutFront(r.Frame.Function, nameWidth-len(r.Prefix))
		p.styled(style, indent+view.PadRight(name, nameWidth)+"  "+view.CutFront(r.Frame.Path, width-nameWidth-2))
		if l := code(r); l != "" {
			p.line(indent + "    " + l)
		}
	}
	for _, l := range b.Labels {
		p.styled(faint, indent+view.Label(&l))
	}
}
