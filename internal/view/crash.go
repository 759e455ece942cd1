package view

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
)

// ShownReason is how much of a reason leads a report, in bytes.
const ShownReason = 240

// crashed says why the process wrote a dump, and which goroutine ended it.
func crashed(d *goroutine.Dump) []Finding {
	if d.Reason == "" {
		return nil
	}
	f := Finding{Kind: Crash, Says: ansi.Truncate(Reason(d), ShownReason, "…")}
	if strings.HasPrefix(d.Reason, "SIG") {
		f.Kind = Quiet // somebody asked
	}
	if b := culprit(d); b != nil {
		f.Goroutines = 1
		f.Where = "in " + SiteName(b)
		if at := Show(b.Stack.Site()).Place; at != "" {
			f.Where += " at " + at
		}
		if w := whose(b); w != "" {
			f.Where += ", " + w
		}
	}
	return []Finding{f}
}

// onlyCrashes reports whether the dumps show nothing but what crashed, as a log
// of a server has them.
func onlyCrashes(t *trend.Trend) bool {
	return !slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return d.Reason == "" || d.Goroutines != 1 || len(d.Buckets) != 1 })
}

// crashes says what the last of many crashes was, and where most of them are.
func crashes(t *trend.Trend) []Finding {
	last, lead := len(t.Dumps)-1, leader(t)
	alone, where := places(t)
	dumps := number.Plural(len(t.Dumps), "dump", "dumps")
	found := crashed(&t.Dumps[lead])
	if found == nil {
		found = []Finding{{Kind: Unjudged, Says: dumps + ": nothing to compare"}}
	}
	f := &found[0]
	switch {
	case alone < len(t.Dumps):
		f.Limits = append(f.Limits, fmt.Sprintf("%s of %s %s, %s", number.Group(alone), dumps, number.Word(alone, "shows one goroutine", "show one goroutine each"), where))
	case f.Kind == Unjudged:
		f.Limits = append(f.Limits, "they show one goroutine each, "+where)
	case lead < last:
		f.Limits = append(f.Limits, fmt.Sprintf("one of %s that show one goroutine each, %s", dumps, where))
	default:
		f.Limits = append(f.Limits, fmt.Sprintf("the last of %s that show one goroutine each, %s", number.Plural(given(t), "dump", "dumps"), where))
	}
	return found
}

// given is the number of dumps before some were chosen to be compared.
func given(t *trend.Trend) int {
	for _, w := range t.Warnings {
		if w.Kind == trend.Sampled {
			return w.Of
		}
	}
	return len(t.Dumps)
}

// leader is the newest dump that a crash wrote, else the newest that says why
// it was written, else the newest.
func leader(t *trend.Trend) int {
	rank := func(d *goroutine.Dump) int {
		switch {
		case d.Reason == "":
			return 0
		case d.Level == goroutine.Crash:
			return 2
		}
		return 1
	}
	lead := len(t.Dumps) - 1
	for i := lead; i >= 0; i-- {
		if rank(&t.Dumps[i]) > rank(&t.Dumps[lead]) {
			lead = i
		}
	}
	return lead
}

// places says how many dumps show one goroutine, and where those are.
func places(t *trend.Trend) (alone int, where string) {
	at := map[string]int{}
	most := ""
	for i := range t.Dumps {
		if t.Dumps[i].Goroutines != 1 || len(t.Dumps[i].Buckets) != 1 {
			continue
		}
		alone++
		name := SiteName(&t.Dumps[i].Buckets[0])
		if at[name]++; at[name] >= at[most] {
			most = name
		}
	}
	switch {
	case alone == 1:
		where = "in " + most
	case len(at) == 1:
		where = "all in " + most
	case at[most] == 1:
		where = fmt.Sprintf("in %s places", number.Group(len(at)))
	default:
		where = fmt.Sprintf("in %s places, most (%s) in %s", number.Group(len(at)), number.Group(at[most]), most)
	}
	return alone, where
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
// trend is no crash, or does not say.
func Culprit(t *trend.Trend) int {
	if len(t.Dumps) != 1 {
		return -1
	}
	b := culprit(&t.Dumps[0])
	return slices.IndexFunc(t.Series, func(s trend.Series) bool { return b != nil && s.Name == "" && s.Bucket.ID == b.ID })
}

// leaked says what the garbage collector proved leaked, where nothing grew.
func leaked(t *trend.Trend) []Finding {
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
	goroutines := number.Plural(all, "goroutine", "goroutines")
	line := fmt.Sprintf("leaked: %s in %s, %s", goroutines, seriesName(most), proven)
	if places > 1 {
		line = fmt.Sprintf("leaked: %s in %d places, most (%s) in %s, %s", goroutines, places, number.Group(most.Leaked), seriesName(most), proven)
	}
	return []Finding{{Kind: Leaked, Says: line, Where: whose(most.Bucket), Goroutines: all, Confidence: 1}}
}

const proven = "proven leaked by the garbage collector"

// seriesName is the short name of a series: of its group, or its call site.
func seriesName(s *trend.Series) string {
	if s.Name != "" {
		return goroutine.Clean(s.Name)
	}
	return SiteName(s.Bucket)
}

// oneDump says where most goroutines of a single dump are.
func oneDump(t *trend.Trend) Finding {
	switch {
	case len(t.Series) == 0 && t.Dumps[0].LeaksOnly:
		return Finding{Kind: Quiet, Says: "the garbage collector proved no goroutine leaked; it cannot where a global, a timer or a live stack holds what they wait for"}
	case len(t.Series) == 0:
		return Finding{Kind: Quiet, Says: "no goroutines"}
	}
	longest, at := 0, -1
	for i := range t.Series {
		if m := t.Series[i].Bucket.Waits.Max(); m > longest {
			longest, at = m, i
		}
	}
	top := &t.Series[0]
	var line string
	switch all := t.Dumps[0].Goroutines; {
	case top.Now() > 1:
		line = fmt.Sprintf("most goroutines (%s) are in %s", number.Group(top.Now()), seriesName(top))
	case all == 1:
		line = "the only goroutine is in " + seriesName(top)
	default:
		line = fmt.Sprintf("%s, each with its own stack; the first is in %s", number.Plural(all, "goroutine", "goroutines"), seriesName(top))
	}
	if state := State(top.Bucket); state != "" {
		line += ", " + doing(top.Bucket.State())
	}
	if at >= 0 {
		line += fmt.Sprintf("; the longest wait is %s in %s", number.Minutes(longest), SiteName(t.Series[at].Bucket))
	}
	return Finding{Kind: Quiet, Says: line, Goroutines: top.Now()}
}
