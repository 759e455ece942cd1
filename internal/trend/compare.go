package trend

import "gdump/internal/goroutine"

// Options choose what a comparison groups goroutines by. The zero value
// compares stacks, and judges go statements and call sites as well.
type Options struct {
	By string // name of the grouping; "" and "stack" are the default
	// Group names the groups that a bucket's goroutines belong to, and how many
	// belong to each. It is not called for the default grouping.
	Group func(*goroutine.Bucket) []goroutine.Count

	rules *rules // by which verdicts are reached; nil for the usual ones
}

// One is the trend of a single dump: its buckets, largest first.
func One(d goroutine.Dump) Trend { return Options{}.Compare([]goroutine.Dump{d}) }

// Compare compares dumps of one program, in the order in which they were
// taken. One dump gives a trend without verdicts.
func Compare(dumps []goroutine.Dump) Trend { return Options{}.Compare(dumps) }

// Compare does what the function Compare does, by the grouping of the options.
//
// It is a pipeline: each step takes what the step before gives and adds to it.
func (o Options) Compare(all []goroutine.Dump) Trend {
	by, grouped := string(ByStack), o.Group != nil && o.By != ""
	if grouped {
		by = o.By
	}
	dumps, proofs := splitProofs(all)
	if len(dumps) == 0 {
		return Trend{By: by, Changed: -1}
	}
	all = dumps
	dumps, extracts := splitExtracts(dumps)
	lived := findLives(order(dumps))
	if len(extracts) > 0 {
		w := Warning{Kind: LeftOut}
		for i := range extracts {
			w.Names = append(w.Names, extracts[i].Source)
		}
		lived.warn(w)
	}
	var matched matched
	if grouped {
		matched = group(lived, o.Group)
	} else {
		matched = match(lived)
	}
	matched = prove(matched, proofs)
	if len(dumps) == 1 {
		return single(matched, by)
	}
	if apart(lived.dumps) {
		return side(matched, by)
	}
	followed := follow(matched)
	rules := o.rules
	if rules == nil {
		rules = usual()
	}
	judged := judge(followed, rules, grouped)
	t := conclude(judged, findLeaks(judged, grouped), by)
	if len(extracts) > 0 {
		t.Given = listed(all)
	}
	return t
}

// single is the trend of one dump.
func single(m matched, by string) Trend {
	t := newTrend(m, by)
	for i := range t.Series {
		t.Series[i].joinProof(m.proved)
	}
	t.sortByCount()
	return t
}

// conclude puts together what is reported.
func conclude(j judged, leaks []Leak, by string) Trend {
	t := newTrend(j.matched, by)
	t.Leaks = leaks
	for i := range t.Series {
		t.Series[i].joinProof(j.proved)
	}
	for i := range t.Leaks {
		t.Leaks[i].Series.joinProof(j.proved)
	}
	t.sortByInterest()
	t.Outcome, t.Changed = outcome(j, &t), mostChanged(&t)
	return t
}

func newTrend(m matched, by string) Trend {
	return Trend{
		By: by, Dumps: m.dumps, Restarted: m.restarted, Lives: m.lives, Replicas: m.replicas, LifeOf: m.lifeOf,
		Series: m.series, Mismatch: m.mismatch, Warnings: m.warnings, Changed: -1,
	}
}
