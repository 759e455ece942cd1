package diagnose

import (
	"fmt"
	"slices"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

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
	f, ok := crash(&t.Dumps[lead])
	if !ok {
		f = Finding{Kind: Unjudged, Says: dumps + ": nothing to compare"}
	}
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
	return []Finding{f}
}

// crashLog says what several crashes were, some of which at least show all
// goroutines: how often which, and where the last began.
func crashLog(t *trend.Trend) []Finding {
	dumps := t.Dumps
	if t.Given != nil {
		dumps = t.Given
	}
	type kind struct{ says, site string }
	times := map[kind]int{}
	var order []kind
	n, last := 0, -1
	for i := range dumps {
		d := &dumps[i]
		f, ok := crash(d)
		if !ok || d.Level != goroutine.Crash {
			continue
		}
		k := kind{f.Says, name(f.Site)}
		if times[k]++; times[k] == 1 {
			order = append(order, k)
		}
		n, last = n+1, i
	}
	if n == 0 {
		return nil
	}
	f, _ := crash(&dumps[last])
	if n == 1 {
		if last < len(dumps)-1 {
			f.Limits = append(f.Limits, "dumps that were taken later show another process lifetime")
		}
		return []Finding{f}
	}
	slices.SortStableFunc(order, func(a, b kind) int { return times[b] - times[a] })
	said := order[0].says
	switch {
	case len(order) > 1 && said == f.Says && order[0].site == name(f.Site):
		f.Says = fmt.Sprintf("%s crashes of %d kinds, the last and most frequent (%s): %s", number.Group(n), len(order), number.Group(times[order[0]]), said)
	case len(order) == 1:
		f.Says = fmt.Sprintf("%s crashes, all the same: %s", number.Group(n), said)
	default:
		f.Says = fmt.Sprintf("%s crashes of %d kinds, the last: %s", number.Group(n), len(order), f.Says)
		f.Limits = append(f.Limits, fmt.Sprintf("most (%s): %s", number.Group(times[order[0]]), said))
	}
	return []Finding{f}
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
		b := &t.Dumps[i].Buckets[0]
		name := SiteName(b)
		if f := began(b.Stack); panics(b.Stack) && f.Function != "" {
			name = goroutine.Clean(f.Name())
		}
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
