package report

import (
	"strings"

	"gdump/internal/view"
)

// table writes the list of buckets, a line each.
func (p *printer) table() {
	cols := view.Columns(p.t)
	widths := view.Fit(cols, view.Widths(cols, p.t.Series), p.o.Width)
	for row := -1; row < len(p.t.Series); row++ {
		var cells []string
		for i := range cols {
			switch {
			case widths[i] == 0:
			case row < 0:
				cells = append(cells, cols[i].Fill(cols[i].Title, widths[i]))
			default:
				cells = append(cells, cols[i].Fill(cols[i].Cell(&p.t.Series[row]), widths[i]))
			}
		}
		style := ""
		switch {
		case row < 0:
			style = faint
		case view.Of(p.t.Series[row].Verdict).Style == view.Bad:
			style = bold
		}
		p.styled(style, strings.Join(cells, strings.Repeat(" ", view.Gap)))
	}
}
