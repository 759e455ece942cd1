package report

import (
	"bufio"
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

// Markdown writes what one pastes under a pull request: the verdict, a table of
// the first buckets, and their stacks in folded details. Names from the dump
// are in code spans, code blocks and escaped HTML only, and sentences are
// escaped, so that a name can neither break the page nor call anyone.
func Markdown(w io.Writer, t *trend.Trend, o Options) error {
	if o.Top == 0 {
		o.Top = defaultTop
	}
	m := &markdown{w: bufio.NewWriter(w), t: t, o: o, rows: rowsOf(t, &o)}
	m.verdict()
	m.gate()
	if !cleanTests(t, o) {
		m.sources()
		m.whoBlocks()
		m.table()
		m.stacks()
	}
	if o.Closer != "" {
		m.printf("Look closer: %s\n", codeCell(goroutine.Clean(o.Closer)))
	}
	return m.w.Flush()
}

type markdown struct {
	w *bufio.Writer
	t *trend.Trend
	o Options

	rows rows
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

func (m *markdown) verdict() {
	lines := headline(m.t, &m.o)
	m.printf("### %s\n\n", escapeMarkdown(lines[0]))
	for _, l := range lines[1:] {
		if m.o.Package != "" {
			m.printf("- ")
			l = strings.TrimSpace(l)
		}
		m.printf("%s\n\n", escapeMarkdown(l))
	}
	for _, l := range m.o.findingLines(m.t) {
		m.printf("%s\n\n", codeCell(l))
	}
	for _, n := range view.Notes(m.t) {
		m.printf("Note: %s\n\n", escapeMarkdown(n))
	}
	for _, l := range view.Trouble(m.t, shownTrouble) {
		m.printf("%s\n\n", escapeMarkdown(l))
	}
}

func (m *markdown) sources() {
	m.printf("| dump | goroutines | buckets | level | taken at |\n|---|--:|--:|---|---|\n")
	for i := range m.t.Dumps {
		d := &m.t.Dumps[i]
		taken := ""
		if !d.TakenAt.IsZero() {
			taken = d.TakenAt.Format(time.RFC3339)
		}
		m.printf("| %s | %s | %s | %s | %s |\n", codeCell(view.Source(d)), number.Group(d.Goroutines), number.Group(len(d.Buckets)), d.Level, taken)
	}
	m.printf("\n")
}

// table writes the first buckets with the columns that the text has.
func (m *markdown) table() {
	most := m.o.Top
	if most < 0 {
		most = All
	}
	shown, more := m.rows.first(most)
	if len(shown) == 0 {
		return
	}
	cols := view.Columns(m.t)
	widths := view.Widths(cols, shown)
	var head, rule strings.Builder
	for i := range cols {
		if widths[i] == 0 {
			continue
		}
		head.WriteString("| " + cols[i].Title + " ")
		if cols[i].Right {
			rule.WriteString("|--:")
		} else {
			rule.WriteString("|---")
		}
	}
	m.printf("%s|\n%s|\n", head.String(), rule.String())
	for i := range shown {
		for c := range cols {
			if widths[c] == 0 {
				continue
			}
			cell := cols[c].Cell(shown[i])
			if !cols[c].Right && cols[c].Title != "" && cols[c].Title != "verdict" && cols[c].Title != "trend" {
				cell = codeCell(cell)
			}
			m.printf("| %s ", cell)
		}
		m.printf("|\n")
	}
	if more > 0 {
		m.printf("\n%s not shown.\n", number.Plural(more, "more bucket is", "more buckets are"))
	}
	m.printf("\n")
}

func (m *markdown) stacks() {
	for _, s := range m.rows.series[:min(max(m.o.Top, 0), len(m.rows.series))] {
		// A block of HTML lasts until the first empty line; nothing in it is
		// read as Markdown.
		m.printf("<details><summary><code>%s</code> · %s</summary>\n\n", html.EscapeString(view.SiteName(s.Bucket)), unlinked.Replace(html.EscapeString(view.Title(s, len(m.t.Dumps)))))
		text := m.plainStack(s.Bucket)
		fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
		m.printf("%stext\n%s%s\n\n</details>\n\n", fence, text, fence)
	}
}

// plainStack is a stack in full, a frame a line, and its labels.
func (m *markdown) plainStack(b *goroutine.Bucket) string {
	var out strings.Builder
	code := m.o.coder()
	for _, r := range view.ShownRows(b.Stack) {
		if r.Frame == nil {
			fmt.Fprintf(&out, "%s\n", r.Remark)
			continue
		}
		fmt.Fprintf(&out, "%s%s\n", r.Prefix, r.Frame.Function)
		if p := r.Frame.Path; p != "" {
			fmt.Fprintf(&out, "    %s\n", p)
		}
		if l := code(&r); l != "" {
			fmt.Fprintf(&out, "        %s\n", l)
		}
	}
	for _, l := range b.Labels {
		fmt.Fprintf(&out, "%s\n", view.Label(&l))
	}
	return out.String()
}

// codeCell is a code span for a table's cell. A bar ends a cell also within a
// code span, unless a backslash is before it.
func codeCell(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return ticks + strings.ReplaceAll(s, "|", `\|`) + ticks
}

func longestRun(s string, c byte) int {
	longest, n := 0, 0
	for i := range len(s) {
		if s[i] != c {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// zeroWidth keeps @name, #12 and a URL from being made links, as GitHub and
// GitLab do also with escaped text.
const zeroWidth = "&#8203;"

// unlinked does so in HTML.
var unlinked = strings.NewReplacer("@", "@"+zeroWidth, "://", "://"+zeroWidth, "www.", "www."+zeroWidth, " #", " #"+zeroWidth)

// escapeMarkdown makes a sentence with names from a dump plain text.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '@' || c == '#':
			b.WriteString("\\" + string(c) + zeroWidth)
		case c == ':' && strings.HasPrefix(s[i:], "://"):
			b.WriteString(`\:` + zeroWidth)
		case c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString(`\.` + zeroWidth)
		case strings.IndexByte("\\`*_{}[]<>|~&!$^=", c) >= 0, i == 0 && strings.IndexByte("-+>", c) >= 0:
			b.WriteString("\\" + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
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
		} else if o.Why != "" {
			value += "; " + o.Why
		}
		m.printf("| %s | %s | %s | %s |\n", ruleWord(o.State), codeCell(goroutine.Clean(o.Rule.Name())), escapeMarkdown(goroutine.Clean(value)), escapeMarkdown(o.Rule.Limit()))
	}
	m.printf("\n%s\n\n", escapeMarkdown(GateSummary(m.o)))
	for _, n := range allowNotes(m.o) {
		m.printf("%s\n\n", escapeMarkdown(n))
	}
}
