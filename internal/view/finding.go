package view

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// Finding is one thing that dumps have to say.
type Finding struct {
	Kind       Kind
	Says       string // the finding in one sentence
	Where      string // whose code it is in and who started it, if known
	Evidence   []string
	Limits     []string // what the dumps leave open, and what would decide it
	Confidence float64  // 0 to 1; 0 if nothing was judged
	Goroutines int
}

// Kind says what a finding is about.
type Kind string

// The kinds of findings.
const (
	Crash        Kind = "crash"
	Leaked       Kind = "leaked"
	Accumulating Kind = "accumulating"
	Growing      Kind = "growing"
	Paused       Kind = "paused"
	Fixed        Kind = "fixed"
	Unjudged     Kind = "unjudged"
	Strangers    Kind = "strangers" // the dumps are of different programs
	Outliers     Kind = "outlier"   // few instances of a fleet have many more than the others
	Quiet        Kind = "quiet"
)

// Style is how much a finding asks for a look.
func (k Kind) Style() Style {
	switch k {
	case Crash, Accumulating, Outliers:
		return Bad
	case Fixed:
		return Good
	default:
		return Plain
	}
}

// Findings are what a trend has to say, the most important first.
func Findings(t *trend.Trend) []Finding {
	switch {
	case len(t.Dumps) == 0:
		return []Finding{{Kind: Quiet, Says: "no dump"}}
	case len(t.Dumps) == 1:
		found := append(crashed(&t.Dumps[0]), leaked(t)...)
		found = append(found, outliers(t)...)
		if len(found) > 0 && t.Dumps[0].Goroutines == 1 {
			return found // which say all of the one there is
		}
		return append(found, oneDump(t))
	case t.Apart() || onlyCrashes(t):
		return crashes(t)
	case t.Mismatch != nil:
		return []Finding{{Kind: Strangers, Says: Mismatch(t)}}
	case len(t.Leaks) > 0:
		var found []Finding
		for i := range t.Leaks {
			found = append(found, growth(t, &t.Leaks[i]))
		}
		return found
	}
	return append([]Finding{changed(t)}, leaked(t)...)
}

// Headline is the findings in a few plain lines, each a sentence or two: the
// first of those that grow represents the others, which are counted.
func Headline(t *trend.Trend) []string { return headline(Findings(t)) }

func headline(found []Finding) []string {
	more := map[Kind]int{}
	var shown []Finding
	for _, f := range found {
		if f.grows() && len(shown) > 0 {
			more[f.Kind]++
		} else {
			shown = append(shown, f)
		}
	}
	var lines []string
	for i, f := range shown {
		if i == 0 {
			f.Limits = append(f.Limits, others(more)...)
		}
		lines = append(lines, f.Says)
		for _, parts := range [][]string{append([]string{f.Where}, f.Evidence...), f.Limits} {
			if l := sentence(parts...); l != "" {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

func (f *Finding) grows() bool { return f.Kind == Accumulating || f.Kind == Growing }

// others counts the findings that are not shown.
func others(more map[Kind]int) []string {
	var lines []string
	if n := more[Accumulating]; n > 0 {
		lines = append(lines, fmt.Sprintf("%d more %s", n, number.Word(n, "place accumulates", "places accumulate")))
	}
	if n := more[Growing]; n > 0 {
		lines = append(lines, fmt.Sprintf("%d more %s", n, number.Word(n, "place grows", "places grow")))
	}
	return lines
}

// sentence joins the parts that say something.
func sentence(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "; ")
}

// whose says whose code a bucket is in, from where in the program that was
// called, and who started it.
func whose(b *goroutine.Bucket) string {
	var parts []string
	raw, known := b.Stack.Owner()
	owner := Show(raw)
	switch {
	case known && owner.Ours():
		parts = append(parts, "your code (package "+owner.Package+")")
	case known && owner.Module != "":
		parts = append(parts, "in "+owner.Module)
	case known:
		parts = append(parts, "in "+owner.Package)
	}
	if known && raw.Origin == goroutine.Dependency {
		for m := range b.Stack.All() {
			if m.Origin == goroutine.Main {
				parts = append(parts, "called from your "+Show(m).Place)
				break
			}
		}
	}
	if c, ok := creator(b); ok {
		your := ""
		if c.Ours() && !owner.Ours() {
			your = "your "
		}
		parts = append(parts, fmt.Sprintf("started by %s%s at %s", your, c.Name, c.Place))
	}
	return strings.Join(parts, ", ")
}
