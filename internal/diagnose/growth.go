package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// onlyTwo is what two dumps without proof cannot tell.
const onlyTwo = "only two dumps: could be a pool warming up; take a third"

// accumulating says what rises.
func accumulating(d *Diagnosis) []Finding {
	if d.one() || d.apart() {
		return nil
	}
	var found []Finding
	for i := range d.Trend.Leaks {
		found = append(found, growth(d.Trend, &d.Trend.Leaks[i]))
	}
	return found
}

// growth is the finding of something that rises: by how much, whose it is, and
// what limits the verdict.
func growth(t *trend.Trend, l *trend.Leak) Finding {
	if l.Series.Instances != nil {
		return ofFleet(&l.Series)
	}
	s := &l.Series
	f := Finding{Kind: Accumulating, Confidence: s.Confidence, Goroutines: s.Now(), Where: whose(s.Bucket)}
	if s.Verdict == trend.Growing {
		f.Kind = Growing
	}
	f.of(s.Bucket)
	for _, m := range l.Members {
		if id := t.Series[m].Bucket.ID; !slices.Contains(f.Buckets, id) {
			f.Buckets = append(f.Buckets, id)
		}
	}
	f.Says = string(f.Kind) + ": " + what(l) + rise(t, s)
	if f.Where != "" && l.By == trend.ByGroup {
		f.Where = "mostly " + SiteName(s.Bucket) + ", " + f.Where
	}
	if s.Proof == trend.Proved {
		f.Evidence = append(f.Evidence, proof(s))
	}
	if m := forecast(s); m != "" {
		f.Evidence = append(f.Evidence, m)
	}
	if r := restarts(t, s); r != "" {
		f.Limits = append(f.Limits, r)
	}
	if s.Proof == trend.Reachable {
		f.Limits = append(f.Limits, proof(s))
	}
	switch {
	case s.Proof == trend.Proved: // it needs no third dump
	case len(t.Dumps) == 2:
		f.Limits = append(f.Limits, onlyTwo)
	case !s.HasIDs && len(t.Lives) == 1 && !slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return !d.Level.HasIDs() }):
		// The grouping spreads a bucket, which does not know who is in which group.
		f.Limits = append(f.Limits, "only counts could be compared")
	case len(s.Decides) > 0:
		f.Limits = append(f.Limits, "what would decide: "+Reasons(s.Decides))
	case !s.HasIDs && countsOnly(t):
		f.Limits = append(f.Limits, onlyCounts)
	}
	return f
}

// onlyCounts is what counts cannot show.
const onlyCounts = "the dumps have counts only: debug=2 would show who stays"

func countsOnly(t *trend.Trend) bool {
	return !slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return d.Level.HasIDs() })
}

// what names a leak at the level that says it best.
func what(l *trend.Leak) string {
	b := l.Series.Bucket
	switch l.By {
	case trend.ByCreator:
		stacks := number.Plural(len(l.Members), "stack", "stacks")
		if c := b.Stack.CreatedBy(); c.Function != "" {
			return fmt.Sprintf("what %s starts at %s, in %s, most at %s", name(c), place(c), stacks, SiteName(b))
		}
		entry, _ := b.Stack.Entry()
		return fmt.Sprintf("what runs %s, in %s, most at %s", name(entry), stacks, SiteName(b))
	case trend.BySite:
		return fmt.Sprintf("%s, started from %s,", SiteName(b), number.Plural(len(l.Members), "place", "places"))
	}
	return seriesName(&l.Series)
}

// rise says by how much a series rose, how fast, and whether any has finished.
// Where traffic passes as well, what counts is who never finishes.
func rise(t *trend.Trend, s *trend.Series) string {
	var line string
	switch {
	case hidden(s):
		line = fmt.Sprintf(": %s of %s never finish", number.Group(s.Stuck), number.Group(s.Now()))
	case len(s.Lives) > 1 && s.Gain > s.Change():
		// A difference across a restart says nothing.
		line = fmt.Sprintf(" %s in a process lifetime (%s now)", number.Signed(s.Gain), number.Group(s.Now()))
	default:
		line = fmt.Sprintf(" %s (%s → %s)", number.Signed(s.Change()), number.Group(s.Counts[0]), number.Group(s.Now()))
	}
	switch {
	case s.PerHour > 0:
		line += "; " + number.Rate(s.PerHour)
	case s.PerDump > 0 && len(s.Counts) > 2 && t.Rounds:
		line += "; " + number.Mean(s.PerDump) + " more in every round"
	case s.PerDump > 0 && len(s.Counts) > 2:
		line += "; " + number.Mean(s.PerDump) + " more in every dump"
	}
	if s.HasIDs && !hidden(s) {
		line += ", " + finished(s) + " finished"
	}
	if state := s.Bucket.State(); state != "" {
		line += ", " + doing(state)
	}
	return line
}

// hidden reports whether most goroutines of a leaking series pass through.
func hidden(s *trend.Series) bool {
	return s.Verdict == trend.Accumulating && s.Stuck > 0 && 5*s.Stuck < 4*s.Now()
}

// finished counts who has ended between any two dumps: one that came after the
// first and went before the last has ended too.
func finished(s *trend.Series) string {
	n := 0
	for _, st := range s.Steps {
		n += st.Ended
	}
	return number.OrNone(n)
}

// restarts says that a process that is started again and again hides a leak.
func restarts(t *trend.Trend, s *trend.Series) string {
	if len(t.Lives) < 2 {
		return ""
	}
	lifetimes := number.Plural(len(t.Lives), "process lifetime", "process lifetimes")
	gain := ""
	switch {
	case s.PerHour >= 1:
		gain = number.Rate(s.PerHour)
	case s.PerDump > 0:
		gain = number.Mean(s.PerDump) + " a dump"
	}
	if gain == "" {
		return lifetimes
	}
	grew := 0
	for _, g := range s.Lives {
		if g.Accumulates || g.Verdict == trend.Growing {
			grew++
		}
	}
	each := "each gains"
	if grew < len(t.Lives) {
		each = fmt.Sprintf("%d of them %s", grew, number.Word(grew, "gains", "gain"))
	}
	return fmt.Sprintf("%s; %s about %s; the restarts keep it under %s", lifetimes, each, gain, number.Group(number.Above(slices.Max(s.Counts))))
}

// proof says what the garbage collector knows of a leak.
func proof(s *trend.Series) string {
	switch s.Proof {
	case trend.Proved:
		if s.Leaked < s.Now() {
			return number.Group(s.Leaked) + " of them " + Proven(s.Checked)
		}
		return Proven(s.Checked)
	case trend.Reachable:
		return "growing but still reachable: the collector proves no leak while a global, a timer or a live stack holds what they wait for"
	}
	return ""
}

// tooFar is what no forecast reaches: until then the program has changed.
const tooFar = 30 * 24 * time.Hour

// forecast says when a series passes each of the marks.
func forecast(s *trend.Series) string {
	var parts []string
	for _, mark := range trend.Marks {
		if d, ok := s.Passes(mark); ok && d < tooFar {
			parts = append(parts, fmt.Sprintf("%s in %s", number.Group(mark), number.Span(d)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "at this rate it passes " + strings.Join(parts, " and ")
}

// Outlook says of a series what its evidence comes to: who never finishes, what
// restarts hide, when it passes the marks, and what is proven.
func Outlook(t *trend.Trend, s *trend.Series) []string {
	var lines []string
	if hidden(s) {
		lines = append(lines, fmt.Sprintf("%s of %s never finish, the others pass through", number.Group(s.Stuck), number.Group(s.Now())))
	}
	for _, l := range []string{restarts(t, s), forecast(s), proof(s)} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}
