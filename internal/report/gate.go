package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// shownBlame is how many buckets are named for a rule that tripped.
const shownBlame = 10

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

// Gate writes what the rules came to, a rule a line with its value beside its
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
	for i := range p.o.Gate.Outcomes {
		o := &p.o.Gate.Outcomes[i]
		style := ""
		if o.State != gate.Passed {
			style = warn
		}
		p.wrapped(style, fmt.Sprintf("%-8s %s", o.State, ruleLine(o)))
		for j, s := range o.Blame {
			if j == shownBlame {
				p.line("         " + number.Plural(len(o.Blame)-j, "more bucket", "more buckets"))
				break
			}
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

// ruleLine is a rule's value beside its limit.
func ruleLine(o *gate.Outcome) string {
	if o.State == gate.Unknown {
		return goroutine.Clean(fmt.Sprintf("%s: not known (trips at %s): %s", o.Rule.Name(), o.Rule.Limit(), o.Why))
	}
	return goroutine.Clean(fmt.Sprintf("%s: %s (trips at %s)", o.Rule.Name(), o.Value, o.Rule.Limit()))
}

// blame is a bucket that tripped a rule: where it is, what it does, who
// started it and by what it can be found again.
func blame(s *trend.Series, dumps int) string {
	line := view.SiteName(s.Bucket)
	if place := s.Bucket.Stack.Site().Place(); place != "" {
		line += " at " + goroutine.Clean(place)
	}
	line += ": " + view.Title(s, dumps)
	if c := s.Bucket.Stack.CreatedBy(); c.Function != "" {
		line += fmt.Sprintf(" · created by %s at %s", goroutine.Clean(c.Name()), goroutine.Clean(c.Place()))
	}
	return line + " · bucket " + string(s.Bucket.ID)
}

// GateSummary says in a line what the rules came to as a whole.
func GateSummary(o Options) string {
	tripped, unknown := 0, 0
	for i := range o.Gate.Outcomes {
		switch o.Gate.Outcomes[i].State {
		case gate.Tripped:
			tripped++
		case gate.Unknown:
			unknown++
		case gate.Passed:
		}
	}
	line := fmt.Sprintf("%s, %d tripped", number.Plural(len(o.Gate.Outcomes), "rule", "rules"), tripped)
	if unknown > 0 {
		line += fmt.Sprintf(", %d not known", unknown)
	}
	if o.Gate.Allowed > 0 {
		line += fmt.Sprintf("; %s excused by %s", number.Plural(o.Gate.Allowed, "bucket is", "buckets are"), goroutine.Clean(o.AllowName))
	}
	return line
}

// allowNotes are the notes of the allow list with its name.
func allowNotes(o Options) []string {
	var lines []string
	for _, n := range o.Gate.Notes {
		lines = append(lines, goroutine.Clean(o.AllowName+": "+n.String()))
	}
	return lines
}

// rule is what a rule came to, in JSON.
type rule struct {
	Rule    string   `json:"rule"`
	State   string   `json:"state"`
	Value   string   `json:"value,omitempty"`
	Limit   string   `json:"limit"`
	Why     string   `json:"why,omitempty"`
	Buckets []string `json:"buckets,omitempty"`
}

func jsonRules(g *gate.Result) []rule {
	if g == nil {
		return nil
	}
	var rules []rule
	for i := range g.Outcomes {
		o := &g.Outcomes[i]
		r := rule{Rule: valid(o.Rule.Text), State: string(o.State), Value: o.Value, Limit: o.Rule.Limit(), Why: valid(o.Why)}
		for _, s := range o.Blame {
			r.Buckets = append(r.Buckets, string(s.Bucket.ID))
		}
		rules = append(rules, r)
	}
	return rules
}

// gate writes the rules as a table.
func (m *markdown) gate() {
	if m.o.Gate == nil {
		return
	}
	m.printf("| | rule | value | trips at |\n|---|---|--:|--:|\n")
	for i := range m.o.Gate.Outcomes {
		o := &m.o.Gate.Outcomes[i]
		value := o.Value
		if o.State == gate.Unknown {
			value = "not known: " + o.Why
		}
		m.printf("| %s | %s | %s | %s |\n", ruleWord(o.State), codeCell(goroutine.Clean(o.Rule.Name())), escapeMarkdown(goroutine.Clean(value)), escapeMarkdown(o.Rule.Limit()))
	}
	m.printf("\n%s\n\n", escapeMarkdown(GateSummary(m.o)))
	for _, n := range allowNotes(m.o) {
		m.printf("%s\n\n", escapeMarkdown(n))
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
		}
		p.put("<tr", class, "><td>", text(ruleWord(o.State)), "</td><td>", text(o.Rule.Name()), "</td><td class=\"n\">", text(value), "</td><td class=\"n\">", text(o.Rule.Limit()), "</td></tr>\n")
	}
	p.put("</tbody></table></div>\n<p>", text(GateSummary(p.o)), "</p>\n")
	for _, n := range allowNotes(p.o) {
		p.put("<p class=\"trouble\">", text(n), "</p>\n")
	}
}

// ruleWord is the state of a rule with a mark that says the same.
func ruleWord(s gate.State) string {
	switch s {
	case gate.Tripped:
		return "✗ tripped"
	case gate.Passed:
		return "✓ passed"
	case gate.Unknown:
	}
	return "? not known"
}
