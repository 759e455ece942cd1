package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// Finding is one thing that dumps have to say.
type Finding struct {
	Kind       Kind
	Name       string          // of the pattern: "lock-order"; empty where there is none
	Says       string          // the finding in one sentence
	Where      string          // whose code it is in and who started it, if known
	Site       goroutine.Frame // the call site; the zero Frame if it is no one place
	Owner      goroutine.Frame // the code that the call site belongs to
	Evidence   []string
	Limits     []string // what the dumps leave open, and what would decide it
	Remedy     string   // what to change
	Link       string   // where to read on
	Confidence float64  // 0 to 1; 0 if nothing was judged
	Goroutines int
	Buckets    []goroutine.ID // the most telling first
	Resources  []int          // of Diagnosis.Blocked, what is waited for

	proven  bool // that nothing of it goes on
	leads   bool // it says more than what is as sure, or is of so many that it comes before guesses
	late    bool // what changed between dumps says more
	guessed bool // the pattern is a guess, whatever the finding is
}

// Kind says what a finding is about.
type Kind string

// The kinds of findings.
const (
	Crash        Kind = "crash"
	Deadlock     Kind = "deadlock"
	Leaked       Kind = "leaked"
	Blocked      Kind = "blocked"
	Exhausted    Kind = "exhausted"
	Accumulating Kind = "accumulating"
	Outliers     Kind = "outlier" // few instances of a fleet have many more than the others
	Growing      Kind = "growing"
	Pattern      Kind = "pattern"
	Paused       Kind = "paused"
	Fixed        Kind = "fixed"
	Unjudged     Kind = "unjudged"
	Strangers    Kind = "strangers" // the dumps are of different programs
	Quiet        Kind = "quiet"
	Largest      Kind = "largest" // where most goroutines are
)

// kinds are the kinds as they are ranked: how bad it is, and how sure a finding
// of the kind can be.
var kinds = []Kind{Strangers, Crash, Deadlock, Leaked, Blocked, Exhausted, Accumulating, Outliers, Growing, Pattern, Fixed, Unjudged, Paused, Quiet, Largest}

// Kinds are all kinds of findings, the worst first.
func Kinds() []Kind { return slices.Clone(kinds) }

// sure is the confidence below which a finding is a guess.
const sure = 0.6

// rank orders findings. A guess comes after all that is surer, but for what says
// that nothing is wrong.
func (f *Finding) rank() int {
	n := slices.Index(kinds, f.Kind)
	if f.Kind == Blocked && f.leads {
		return slices.Index(kinds, Deadlock) // which comes first all the same
	}
	switch f.Kind {
	case Deadlock, Blocked, Exhausted, Pattern:
		switch {
		case f.Name == string(blocked.SelectForever) && f.Goroutines == 1:
			n += len(kinds) // some keep a goroutine so on purpose
		case f.Kind == Pattern && (f.late || f.idling()):
			n += 3 * len(kinds)
		case f.Confidence < sure:
			n += len(kinds)
		}
	case Largest:
		if !f.leads {
			n += 2 * len(kinds)
		}
	case Fixed, Unjudged, Paused, Quiet:
		n += 2 * len(kinds)
	}
	return n
}

// idling reports whether a finding is a guess about what workers and loops that
// have nothing to do look like as well.
func (f *Finding) idling() bool {
	if f.Confidence >= sure {
		return false
	}
	switch blocked.Pattern(f.Name) {
	case blocked.CondNotSignalled, blocked.AbandonedReceive, blocked.JobsNeverClosed, blocked.ContextNotCancelled, "ticker-loop":
		return true
	}
	return false
}

// Code is the kind with the name of the pattern, as programs read it.
func (f *Finding) Code() string {
	if f.Kind == Pattern && f.Name != "" {
		return string(f.Kind) + ":" + f.Name
	}
	return string(f.Kind)
}

func (f *Finding) grows() bool { return f.Kind == Accumulating || f.Kind == Growing }

// of adds a bucket to a finding. The first says where the finding is and whose.
func (f *Finding) of(b *goroutine.Bucket) {
	if b == nil {
		return
	}
	if f.Site.Function == "" {
		f.Site = b.Stack.Site()
		f.Owner, _ = b.Stack.Owner()
	}
	if !slices.Contains(f.Buckets, b.ID) {
		f.Buckets = append(f.Buckets, b.ID)
	}
}

// strangers says that the dumps are of different programs.
func strangers(d *Diagnosis) []Finding {
	if d.Trend.Mismatch == nil || d.Trend.Apart() || onlyCrashes(d.Trend) {
		return nil
	}
	return []Finding{{Kind: Strangers, Says: Mismatch(d.Trend)}}
}

// Shown is how many findings a headline has.
const Shown = 3

// Headline is the first findings in a few plain lines, each a sentence or two,
// with how many goroutines of a single dump are idle. The first of those that grow
// represents the others, which are counted.
func (d *Diagnosis) Headline() []string {
	lines := headline(d.Findings())
	if rest := d.Rest(); rest != "" && d.one() {
		lines = append(lines, rest)
	}
	return lines
}

func headline(found []Finding) []string {
	more := map[Kind]int{}
	left := 0
	var shown []Finding
	for _, f := range found {
		switch grows := f.grows(); {
		case grows && slices.ContainsFunc(shown, func(f Finding) bool { return f.grows() }):
			more[f.Kind]++
		case len(shown) < Shown, grows, f.rank() >= 2*len(kinds): // that nothing is wrong is always said
			shown = append(shown, f)
		default:
			left++
		}
	}
	var lines []string
	for _, f := range shown {
		if f.grows() {
			f.Limits = append(f.Limits, others(more)...)
		}
		lines = append(lines, f.lines()...)
	}
	if left > 0 {
		lines = append(lines, number.Plural(left, "more finding", "more findings"))
	}
	return lines
}

// lines are a finding as a headline has it: the sentence, where and why, what is
// left open, and what to do.
func (f *Finding) lines() []string {
	lines := []string{f.Says}
	for _, parts := range [][]string{append([]string{f.Where}, f.Evidence...), f.Limits, {f.Advice()}} {
		if l := sentence(parts...); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// Advice is what to do about a finding, and where to read on; "" if nothing is
// known, or if it is a guess.
func (f *Finding) Advice() string {
	switch {
	case f.Remedy == "", f.Confidence < sure && !f.grows() && !f.guessed:
		return ""
	case f.guessed:
		return "perhaps " + f.Name + ": " + f.Remedy + " (" + f.Link + ")"
	}
	return "remedy: " + f.Remedy + " (" + f.Link + ")"
}

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
