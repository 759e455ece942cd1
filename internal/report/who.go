package report

import (
	"fmt"

	"gdump/internal/blocked"
	"gdump/internal/diagnose"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// shownRows is how many lines the table of who blocks whom has.
const shownRows = 10

// whoTitles head the columns of that table.
var whoTitles = []string{"waiters", "longest", "wait for", "at", "held by", "who", "blocks"}

// whoCells are the cells of a line of the table.
func whoCells(r *diagnose.Row) []string {
	longest, blocks := "", ""
	if r.Longest > 0 {
		longest = number.Minutes(r.Longest)
	}
	if r.Blocks > 0 {
		blocks = number.Group(r.Blocks)
	}
	return []string{number.Group(r.Waiters), longest, r.What, r.Place, r.Holder, r.Does, blocks}
}

// whoRight reports whether a column holds numbers.
func whoRight(column int) bool { return column < 2 || column == len(whoTitles)-1 }

// whoRows are the first lines of the table, and how many more there are.
func whoRows(d *diagnose.Diagnosis) (rows []diagnose.Row, more int) {
	rows = d.Rows()
	more = max(0, len(rows)-shownRows)
	return rows[:len(rows)-more], more
}

// whoBlocks writes what goroutines queue for and who has it, two lines each: a
// table does not fit into 80 columns.
func (p *printer) whoBlocks() {
	rows, more := whoRows(p.o.diagnosis(p.t))
	if len(rows) == 0 {
		return
	}
	p.styled(bold, "who blocks whom")
	for i := range rows {
		r := &rows[i]
		line := fmt.Sprintf("%s  %s for %s", view.PadLeft(number.Group(r.Waiters), 7), number.Word(r.Waiters, "waits", "wait"), r.What)
		if r.Place != "" {
			line += " at " + r.Place
		}
		if r.Longest > 0 {
			line += ", the longest for " + number.Minutes(r.Longest)
		}
		p.line(line)
		held := "held by " + r.Holder
		if r.Holder == blocked.NotFound.String() {
			held = "who holds it is not found"
		}
		if r.Does != "" {
			held += ": " + r.Does
		}
		if r.Blocks > r.Waiters {
			held += fmt.Sprintf("; blocks %s", number.Group(r.Blocks))
		}
		p.indented("         ", held)
	}
	if more > 0 {
		p.line(fmt.Sprintf("         and %s: --format json lists all", number.Plural(more, "more", "more")))
	}
	p.line("")
}

// whoBlocks writes the table of who blocks whom.
func (m *markdown) whoBlocks() {
	rows, more := whoRows(m.o.diagnosis(m.t))
	if len(rows) == 0 {
		return
	}
	for i, t := range whoTitles {
		m.printf("| %s ", t)
		if i == len(whoTitles)-1 {
			m.printf("|\n")
		}
	}
	for i := range whoTitles {
		if whoRight(i) {
			m.printf("|--:")
		} else {
			m.printf("|---")
		}
	}
	m.printf("|\n")
	for i := range rows {
		for c, cell := range whoCells(&rows[i]) {
			if !whoRight(c) {
				cell = codeCell(cell)
			}
			m.printf("| %s ", cell)
		}
		m.printf("|\n")
	}
	if more > 0 {
		m.printf("\n%s not shown.\n", number.Plural(more, "more line is", "more lines are"))
	}
	m.printf("\n")
}

// whoBlocks writes the table of who blocks whom.
func (p *page) whoBlocks() {
	rows, more := whoRows(p.o.diagnosis(p.t))
	if len(rows) == 0 {
		return
	}
	class := func(c int) string {
		if whoRight(c) {
			return ` class="n"`
		}
		return ""
	}
	p.put("<h2>Who blocks whom</h2>\n<div class=\"wide\"><table>\n<thead><tr>")
	for c, t := range whoTitles {
		p.put("<th scope=\"col\"", class(c), ">", text(t), "</th>")
	}
	p.put("</tr></thead>\n<tbody>\n")
	for i := range rows {
		p.put("<tr>")
		for c, cell := range whoCells(&rows[i]) {
			p.put("<td", class(c), ">", text(cell), "</td>")
		}
		p.put("</tr>\n")
	}
	p.put("</tbody></table></div>\n")
	if more > 0 {
		p.put("<p>", text(number.Plural(more, "more line is", "more lines are")), " not shown.</p>\n")
	}
}
