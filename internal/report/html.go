package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// HTML writes one page that needs nothing else: the verdict, the trend as a
// chart, a table to sort and to filter, the stacks. The page may run the one
// script and the one style that it holds, and fetch nothing. It is written by
// hand rather than as a template: html/template keeps the linker from leaving
// out what is not used, 2 MB. Every name goes through text.
func HTML(w io.Writer, t *trend.Trend, o Options) error {
	p := &page{w: bufio.NewWriter(w), t: t, o: o, rows: rowsOf(t, &o)}
	p.shown, _ = p.rows.first(All)
	p.head()
	p.verdict()
	p.gate()
	p.sources()
	p.whoBlocks()
	p.chart()
	p.table()
	p.stacks()
	p.foot()
	p.put("</main>\n<script>", pageScript, "</script>\n</body>\n</html>\n")
	return p.w.Flush()
}

type page struct {
	w *bufio.Writer
	t *trend.Trend
	o Options

	rows  rows
	shown []*trend.Series // the rows of the table
}

// put writes markup as it is.
func (p *page) put(markup ...string) {
	for _, s := range markup {
		p.w.WriteString(s)
	}
}

// text makes a text safe for elements and quoted attributes.
func text(s string) string { return html.EscapeString(goroutine.Clean(s)) }

// allowed is how a Content-Security-Policy names an inline script or style.
func allowed(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p *page) head() {
	p.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n",
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src `, allowed(pageScript), "; style-src ", allowed(pageStyle), "; base-uri 'none'; form-action 'none'\"/>\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n",
		"<title>", text(headline(p.t, &p.o)[0]), "</title>\n<style>", pageStyle, "</style>\n</head>\n<body>\n<main>\n")
}

func (p *page) verdict() {
	lines := headline(p.t, &p.o)
	p.put("<h1>", view.Unbroken(text(lines[0])), "</h1>\n")
	for _, l := range lines[1:] {
		p.put("<p>", view.Unbroken(text(l)), "</p>\n")
	}
	for _, l := range p.o.findingLines(p.t) {
		p.put("<pre>", text(l), "</pre>\n")
	}
	for _, n := range view.Notes(p.t) {
		p.put("<p class=\"note\">Note: ", text(n), "</p>\n")
	}
	for _, l := range view.Trouble(p.t, shownTrouble) {
		p.put("<p class=\"trouble\">", text(l), "</p>\n")
	}
}

func (p *page) sources() {
	p.put("<h2>Dumps</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">dump</th><th scope=\"col\" class=\"n\">goroutines</th><th scope=\"col\" class=\"n\">buckets</th><th scope=\"col\">level</th><th scope=\"col\">taken at</th><th scope=\"col\">states</th></tr></thead>\n<tbody>\n")
	for i := range p.t.Dumps {
		d := &p.t.Dumps[i]
		taken := ""
		if !d.TakenAt.IsZero() {
			taken = d.TakenAt.Format(time.RFC3339)
		}
		p.put("<tr><td>", text(d.Source), "</td><td class=\"n\">", number.Group(d.Goroutines), "</td><td class=\"n\">", number.Group(len(d.Buckets)),
			"</td><td>", text(string(d.Level)), "</td><td>", taken, "</td><td>", text(view.States(view.DumpStates(d), 3)), "</td></tr>\n")
	}
	p.put("</tbody></table></div>\n")
}

// table writes all buckets. A heading is a button that sorts; the key of a cell
// that is not text is its row's place in that order, so that the
// script need not know what the columns mean.
func (p *page) table() {
	cols := view.Columns(p.t)
	widths := view.Widths(cols, p.shown)
	p.put("<h2>Buckets</h2>\n<p><label for=\"filter\">Filter</label> <input id=\"filter\" type=\"search\" autocomplete=\"off\" placeholder=\"words, all of which must be in a row or its stack\"/> <output id=\"shown\" for=\"filter\" aria-live=\"polite\">",
		number.Plural(len(p.shown), "row", "rows"), "</output></p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Buckets\"><table id=\"buckets\">\n<thead><tr>")
	ranks := make([][]int32, len(cols))
	for c := range cols {
		if widths[c] == 0 || cols[c].Title == "" {
			continue
		}
		ranks[c] = rankBy(&cols[c], p.shown)
		class := ""
		if cols[c].Right {
			class = " class=\"n\""
		}
		p.put("<th scope=\"col\"", class, "><button type=\"button\">", text(cols[c].Title), "</button></th>")
	}
	p.put("</tr></thead>\n<tbody>\n")
	for i, s := range p.shown {
		style := ""
		if view.Of(s.Verdict).Style == view.Bad {
			style = " class=\"bad\""
		}
		p.put("<tr id=\"row-", fmt.Sprint(i), "\"", style, " data-stack=\"stack-", fmt.Sprint(i), "\">")
		for c := range cols {
			if ranks[c] == nil {
				continue
			}
			p.cell(&cols[c], s, i, int(ranks[c][i]))
		}
		p.put("</tr>\n")
	}
	p.put("</tbody></table></div>\n")
}

func (p *page) cell(c *view.Column, s *trend.Series, row, rank int) {
	class := ""
	if c.Right {
		class = " class=\"n\""
	}
	p.put("<td", class, " data-rank=\"", fmt.Sprint(rank), "\">")
	cell := text(c.Cell(s))
	switch c.Title {
	case "call site", p.t.By:
		p.put("<a href=\"#stack-", fmt.Sprint(row), "\">", cell, "</a>")
	case "verdict":
		p.put(view.Of(s.Verdict).Sign, " ", cell)
	default:
		p.put(cell)
	}
	p.put("</td>")
}

func (p *page) stacks() {
	p.put("<h2>Stacks</h2>\n<p><button type=\"button\" id=\"open\">Open all</button> <button type=\"button\" id=\"close\">Close all</button></p>\n")
	for i, s := range p.shown {
		p.put("<details id=\"stack-", fmt.Sprint(i), "\"")
		if i == 0 {
			p.put(" open=\"open\"")
		}
		p.put("><summary><code>", text(view.Name(s)), "</code> · ", text(view.Title(s, len(p.t.Dumps))), "</summary>\n<p><a href=\"#row-", fmt.Sprint(i), "\">back to its row</a> (Esc)</p>\n")
		if i < len(p.rows.series) {
			p.stack(s.Bucket, i < defaultRows)
		} else {
			for _, m := range p.rows.noise.Members {
				p.put("<p>", text(view.Title(&p.t.Series[m], len(p.t.Dumps))), "</p>\n")
				p.stack(p.t.Series[m].Bucket, false)
			}
		}
		p.put("</details>\n")
	}
}

func (p *page) stack(b *goroutine.Bucket, code bool) {
	line := func(*view.StackRow) string { return "" }
	if code {
		line = p.o.coder()
	}
	p.put("<ol>\n")
	for _, r := range view.ShownRows(b.Stack) {
		class := ""
		if r.Faint() {
			class = " class=\"faint\""
		}
		p.put("<li", class, ">")
		if r.Frame == nil {
			p.put(text(r.Remark))
		} else {
			p.put(text(r.Prefix), "<code>", text(r.Frame.Function), "</code> <span>", text(r.Frame.Path), "</span>")
			if l := line(&r); l != "" {
				p.put("<pre>", text(l), "</pre>")
			}
		}
		p.put("</li>\n")
	}
	p.put("</ol>\n")
	for _, l := range b.Labels {
		p.put("<p>", text(view.Label(&l)), "</p>\n")
	}
	p.put("<p class=\"faint\">bucket ", text(string(b.ID)), "</p>\n")
}

// foot says when and by which command the page was made.
func (p *page) foot() {
	var parts []string
	if p.o.Version != "" {
		parts = append(parts, "gdump "+text(p.o.Version))
	}
	if !p.o.Now.IsZero() {
		parts = append(parts, text(p.o.Now.Format("2006-01-02 15:04:05 MST")))
	}
	if p.o.Command != "" {
		parts = append(parts, "<code>"+text(p.o.Command)+"</code>")
	}
	if len(parts) > 0 {
		p.put("<footer>", strings.Join(parts, " · "), "</footer>\n")
	}
}

// gate writes the rules as a table.
func (p *page) gate() {
	if p.o.Gate == nil {
		return
	}
	p.put("<h2>Rules</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">state</th><th scope=\"col\">rule</th><th scope=\"col\" class=\"n\">value</th><th scope=\"col\" class=\"n\">trips at</th></tr></thead>\n<tbody>\n")
	for i := range p.o.Gate.Outcomes {
		o := &p.o.Gate.Outcomes[i]
		class, value := "", o.Value
		if o.State != gate.Passed {
			class = " class=\"failed\""
		}
		if o.State == gate.Unknown {
			value = "not known: " + o.Why
		} else if o.Why != "" {
			value += "; " + o.Why
		}
		p.put("<tr", class, "><td>", text(ruleWord(o.State)), "</td><td>", text(o.Rule.Name()), "</td><td class=\"n\">", text(value), "</td><td class=\"n\">", text(o.Rule.Limit()), "</td></tr>\n")
	}
	p.put("</tbody></table></div>\n<p>", text(GateSummary(p.o)), "</p>\n")
	for _, n := range allowNotes(p.o) {
		p.put("<p class=\"trouble\">", text(n), "</p>\n")
	}
}
