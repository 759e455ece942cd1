package view

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

// Headline is what a trend comes to, in one to three plain lines: what
// accumulates, whose code it is and where it was started; or that nothing does.
func Headline(t *trend.Trend) []string {
	switch {
	case len(t.Dumps) == 0:
		return []string{"no dump"}
	case len(t.Dumps) == 1:
		lines := append(crashed(&t.Dumps[0]), leaked(t)...)
		if len(lines) > 1 && t.Dumps[0].Goroutines == 1 {
			return lines // which tell of the one there is
		}
		return append(lines, oneDump(t))
	case !slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return d.Reason == "" || d.Goroutines != 1 || len(d.Buckets) != 1 }):
		return panics(t)
	case t.Mismatch != "":
		return []string{goroutine.Clean(t.Mismatch)}
	case len(t.Leaks) > 0:
		return accumulating(t)
	}
	return append(nothingAccumulates(t), leaked(t)...)
}

// ShownReason is how much of a reason leads a report, in bytes.
const ShownReason = 240

// crashed tells why the process wrote a dump, and which goroutine ended it.
func crashed(d *goroutine.Dump) []string {
	if d.Reason == "" {
		return nil
	}
	lines := []string{ansi.Truncate(goroutine.Clean(d.Reason), ShownReason, "…")}
	b := culprit(d)
	if b == nil {
		return lines
	}
	line := "in " + SiteName(b)
	if at := b.Stack.Site().Place(); at != "" {
		line += " at " + goroutine.Clean(at)
	}
	if w := whose(b); w != "" {
		line += ", " + w
	}
	return append(lines, line)
}

// panics tells of dumps that show nothing but what panicked, as a log of a
// server has them: the last, and which place has had the most.
func panics(t *trend.Trend) []string {
	at := map[string]int{}
	most := ""
	for i := range t.Dumps {
		name := SiteName(&t.Dumps[i].Buckets[0])
		if at[name]++; at[name] >= at[most] {
			most = name
		}
	}
	line := fmt.Sprintf("the last of %d dumps that show one goroutine each, ", len(t.Dumps))
	if at[most] == len(t.Dumps) {
		line += "all in " + most
	} else {
		line += fmt.Sprintf("in %d places, most (%s) in %s", len(at), number.Group(at[most]), most)
	}
	return append(crashed(&t.Dumps[len(t.Dumps)-1]), line)
}

// culprit is the bucket of the goroutine that ended the process: a panic or a
// fatal error prints it first. It is nil if nothing says which that is.
func culprit(d *goroutine.Dump) *goroutine.Bucket {
	if d.Reason == "" || strings.HasPrefix(d.Reason, "panic: test timed out") {
		return nil
	}
	i := slices.IndexFunc(d.Buckets, func(b goroutine.Bucket) bool { return b.Line == d.Line && b.State() == "running" })
	if i < 0 {
		return nil
	}
	return &d.Buckets[i]
}

// Culprit is the series of the goroutine that ended the process, -1 if the
// trend is no crash, or does not tell.
func Culprit(t *trend.Trend) int {
	if len(t.Dumps) != 1 {
		return -1
	}
	b := culprit(&t.Dumps[0])
	return slices.IndexFunc(t.Series, func(s trend.Series) bool { return b != nil && s.Name == "" && s.Bucket.ID == b.ID })
}

// leaked tells what the garbage collector proved leaked, where nothing grew.
func leaked(t *trend.Trend) []string {
	all, places := 0, 0
	var most *trend.Series
	for i := range t.Series {
		s := &t.Series[i]
		if s.Leaked == 0 {
			continue
		}
		all += s.Leaked
		places++
		if most == nil || s.Leaked > most.Leaked {
			most = s
		}
	}
	if most == nil {
		return nil
	}
	name := SiteName(most.Bucket)
	if most.Name != "" {
		name = goroutine.Clean(most.Name)
	}
	line := fmt.Sprintf("leaked: %s in %s", number.Plural(most.Leaked, "goroutine", "goroutines"), name)
	if places > 1 {
		line = fmt.Sprintf("leaked: %s in %d places, most (%s) in %s", number.Plural(all, "goroutine", "goroutines"), places, number.Group(most.Leaked), name)
	}
	lines := []string{line + ", " + provedSays}
	if w := whose(most.Bucket); w != "" {
		lines = append(lines, w)
	}
	return lines
}

const provedSays = "proved by the garbage collector: nothing can wake them"

// accumulating tells the largest leak, and how many more there are.
func accumulating(t *trend.Trend) []string {
	l := &t.Leaks[0]
	s := &l.Series
	lines := []string{"accumulating: " + what(l) + growth(s)}
	where := []string{}
	if w := whose(s.Bucket); w != "" {
		if l.By == trend.ByGroup {
			w = "mostly " + SiteName(s.Bucket) + " " + w
		}
		where = append(where, w)
	}
	if s.Proof == trend.Proved {
		where = append(where, proof(s))
	}
	if f := forecast(s); f != "" {
		where = append(where, f)
	}
	if len(where) > 0 {
		lines = append(lines, strings.Join(where, "; "))
	}
	var notes []string
	if r := restarts(t, s); r != "" {
		notes = append(notes, r)
	}
	if s.Proof == trend.Reachable {
		notes = append(notes, proof(s))
	}
	if n := len(t.Leaks) - 1; n > 0 {
		notes = append(notes, fmt.Sprintf("%d more %s", n, number.Word(n, "place accumulates", "places accumulate")))
	}
	switch {
	case s.Proof == trend.Proved: // it needs no third dump
	case len(t.Dumps) == 2:
		notes = append(notes, twoDumps)
	case !s.HasIDs && countsOnly(t):
		notes = append(notes, "the dumps hold counts only: with debug=2 it could be told who stays")
	case !s.HasIDs && len(t.Lives) == 1:
		notes = append(notes, "only counts could be compared")
	}
	if len(notes) > 0 {
		lines = append(lines, strings.Join(notes, "; "))
	}
	return lines
}

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
			return fmt.Sprintf("what %s starts at %s, in %s, most at %s", goroutine.Clean(c.Name()), goroutine.Clean(c.Place()), stacks, SiteName(b))
		}
		entry, _ := b.Stack.Entry()
		return fmt.Sprintf("what runs %s, in %s, most at %s", goroutine.Clean(entry.Name()), stacks, SiteName(b))
	case trend.BySite:
		return fmt.Sprintf("%s, started from %s,", SiteName(b), number.Plural(len(l.Members), "place", "places"))
	case trend.ByGroup:
		return goroutine.Clean(l.Series.Name)
	}
	return SiteName(b)
}

// growth says by how much, how fast, and whether any has ended. Where traffic
// passes as well, what counts is who is stuck.
func growth(s *trend.Series) string {
	var line string
	if hidden(s) {
		line = fmt.Sprintf(" %s stuck among %s", number.Group(s.Stuck), number.Group(s.Now()))
	} else {
		line = fmt.Sprintf(" %s (%s → %s)", number.Signed(s.Change()), number.Group(s.Counts[0]), number.Group(s.Now()))
	}
	switch {
	case s.PerHour > 0:
		line += ", " + number.Rate(s.PerHour)
	case s.PerDump > 0 && len(s.Counts) > 2:
		line += ", " + number.Mean(s.PerDump) + " a dump"
	}
	if s.HasIDs && !hidden(s) {
		line += ", " + ended(s)
	}
	if state := s.Bucket.State(); state != "" {
		line += ", parked in " + goroutine.Clean(state)
	}
	return line
}

// hidden reports whether most goroutines of a leaking series pass through.
func hidden(s *trend.Series) bool {
	return s.Verdict == trend.Accumulating && s.Stuck > 0 && 5*s.Stuck < 4*s.Now()
}

// restarts says that a process that is started again and again hides a leak.
func restarts(t *trend.Trend, s *trend.Series) string {
	if len(t.Lives) < 2 {
		return ""
	}
	gain := ""
	switch {
	case s.PerHour >= 1:
		gain = number.Group(int(math.Round(s.PerHour))) + "/h"
	case s.PerDump > 0:
		gain = number.Mean(s.PerDump) + " a dump"
	}
	if gain == "" {
		return fmt.Sprintf("%d lives", len(t.Lives))
	}
	grew := 0
	for _, g := range s.Lives {
		if g.Accumulates {
			grew++
		}
	}
	each := "each gains"
	if grew < len(t.Lives) {
		each = fmt.Sprintf("%d of them %s", grew, number.Word(grew, "gains", "gain"))
	}
	return fmt.Sprintf("%d lives; %s about %s; the restarts keep it under %s", len(t.Lives), each, gain, number.Group(number.Above(slices.Max(s.Counts))))
}

// proof says what the garbage collector knows of a leak.
func proof(s *trend.Series) string {
	switch s.Proof {
	case trend.Proved:
		if s.Leaked < s.Now() {
			return number.Group(s.Leaked) + " of them " + provedSays
		}
		return provedSays
	case trend.Reachable:
		return "growing but still reachable: the collector proves no leak while a global, a timer or a live stack holds what they wait for"
	}
	return ""
}

// whose says which module's code the bucket is parked in, from where in the
// program that was called, and what started it.
func whose(b *goroutine.Bucket) string {
	var parts []string
	f, ok := b.Stack.Owner()
	switch {
	case ok && f.Origin == goroutine.Main:
		parts = append(parts, "in your "+goroutine.Clean(f.Package))
	case ok && f.Module != "":
		parts = append(parts, "in "+Module(f.Module))
	case ok:
		parts = append(parts, "in "+goroutine.Clean(f.Package))
	}
	c := b.Stack.CreatedBy()
	if ok && f.Origin == goroutine.Dependency {
		for m := range b.Stack.All() {
			if m.Origin == goroutine.Main {
				parts = append(parts, "called from your "+goroutine.Clean(m.Place()))
				break
			}
		}
	}
	if c.Function != "" {
		your := ""
		if c.Origin == goroutine.Main && f.Origin != goroutine.Main {
			your = "your "
		}
		parts = append(parts, fmt.Sprintf("started at %s by %s%s", goroutine.Clean(c.Place()), your, goroutine.Clean(c.Name())))
	}
	return strings.Join(parts, ", ")
}

// Module shows a module with a blank before its version.
func Module(m string) string { return goroutine.Clean(strings.Replace(m, "@", " ", 1)) }

// SiteName is the short name of a bucket's call site.
func SiteName(b *goroutine.Bucket) string {
	if n := b.Stack.Site().Name(); n != "" {
		return goroutine.Clean(n)
	}
	return "goroutines not started yet"
}

// ended says how many have ended between any two dumps: one that came after
// the first and went before the last has ended too.
func ended(s *trend.Series) string {
	n := 0
	for _, st := range s.Steps {
		n += st.Ended
	}
	if n == 0 {
		return "none ended"
	}
	return number.Group(n) + " ended"
}

// tooFar is what no forecast reaches.
const tooFar = 10 * 365 * 24 * time.Hour

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

// nothingAccumulates says so; of two dumps that differ, what grew most: they
// cannot tell whether it goes on.
func nothingAccumulates(t *trend.Trend) []string {
	first, last := &t.Dumps[0], &t.Dumps[len(t.Dumps)-1]
	total := fmt.Sprintf("%s → %s goroutines", number.Group(first.Goroutines), number.Group(last.Goroutines))
	i := slices.IndexFunc(t.Series, func(s trend.Series) bool { return s.Change() > 0 })
	if i < 0 {
		return []string{"nothing accumulates: " + total}
	}
	s := &t.Series[i]
	name := SiteName(s.Bucket)
	if s.Name != "" {
		name = goroutine.Clean(s.Name)
	}
	if len(t.Dumps) > 2 || s.Change() < leastTold || s.Verdict != trend.New && s.Verdict != trend.Grown || t.Restarted[1] {
		return []string{fmt.Sprintf("nothing accumulates: %s; the largest growth is %s in %s (%s)", total, number.Signed(s.Change()), name, s.Verdict)}
	}
	lines := []string{fmt.Sprintf("grew: %s%s; %s in all", name, growth(s), total)}
	if w := whose(s.Bucket); w != "" {
		lines = append(lines, w)
	}
	return append(lines, twoDumps)
}

// leastTold is a growth that is worth a word.
const leastTold = 3

const twoDumps = "two dumps cannot tell a leak from a pool that warmed up: a third makes it sure"

func oneDump(t *trend.Trend) string {
	switch {
	case len(t.Series) == 0 && t.Dumps[0].LeaksOnly:
		return "the garbage collector proved no goroutine leaked; it cannot where a global, a timer or a live stack holds what they wait for"
	case len(t.Series) == 0:
		return "no goroutines"
	}
	longest, at := 0, -1
	for i := range t.Series {
		if m := t.Series[i].Bucket.Waits.Max(); m > longest {
			longest, at = m, i
		}
	}
	top := &t.Series[0]
	line := fmt.Sprintf("the largest bucket is %s in %s", number.Group(top.Now()), SiteName(top.Bucket))
	if top.Name != "" {
		line = fmt.Sprintf("the largest group is %s in %s", number.Group(top.Now()), goroutine.Clean(top.Name))
	}
	if state := top.Bucket.State(); state != "" {
		line += " (" + goroutine.Clean(state) + ")"
	}
	if at >= 0 {
		line += fmt.Sprintf("; the longest wait is %s in %s", number.Minutes(longest), SiteName(t.Series[at].Bucket))
	}
	return line
}
