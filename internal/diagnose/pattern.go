package diagnose

import (
	"fmt"
	"slices"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// patterns says what is wrong with goroutines that wait for no lock and no pool:
// nil channels, sends that nobody receives, and the like. A guess that rests on
// waits shorter than a minute is none: it looks like work.
func patterns(d *Diagnosis) []Finding {
	if d.apart() {
		return nil
	}
	k := d.knots()
	var found []Finding
	steady := d.steady()
	last := map[string][]int{} // the findings of each pattern
	for i := range k.report.Resources {
		r := &k.report.Resources[i]
		if k.kind(i) != Pattern || r.Confidence < blocked.Probable && !k.lasts(i) && !many(r) || k.told(i) {
			continue
		}
		if seen := last[string(r.Pattern)]; len(seen) == maxPlaces {
			k.addPlace(&found[seen[maxPlaces-1]], i)
			continue
		}
		f := Finding{Kind: Pattern, Name: string(r.Pattern), Goroutines: r.Waiters, Resources: []int{i}, Confidence: confidence(r.Confidence), Says: k.patternSays(r)}
		f.advise(f.Name)
		f.late = !d.one() && f.Confidence < sure
		for _, b := range r.Buckets {
			f.of(k.bucket(b))
		}
		if f.idling() && !slices.ContainsFunc(f.Buckets, func(id goroutine.ID) bool { return !steady[id] }) {
			continue
		}
		if len(r.Buckets) > 0 {
			f.Where = whose(k.bucket(r.Buckets[0]))
		}
		last[string(r.Pattern)] = append(last[string(r.Pattern)], len(found))
		found = append(found, f)
	}
	for i := range found {
		if n := len(found[i].Resources) - 1; n > 0 {
			found[i].Limits = append(found[i].Limits, number.Plural(n, "more place is alike", "more places are alike"))
		}
	}
	return found
}

// steady are the buckets whose number of goroutines several dumps show not to
// grow: what idles there is a pool.
func (d *Diagnosis) steady() map[goroutine.ID]bool {
	if d.one() {
		return nil
	}
	steady := map[goroutine.ID]bool{}
	for i := range d.Trend.Series {
		switch s := &d.Trend.Series[i]; s.Verdict {
		case trend.Stable, trend.Turnover, trend.Shrunk:
			steady[s.Bucket.ID] = true
		}
	}
	return steady
}

// maxPlaces is how many findings of one pattern there are. Others are added to the
// last of them.
const maxPlaces = 3

func (k *knots) addPlace(f *Finding, i int) {
	r := &k.report.Resources[i]
	f.Resources = append(f.Resources, i)
	f.Goroutines += r.Waiters
	for _, b := range r.Buckets {
		f.Buckets = append(f.Buckets, k.bucket(b).ID)
	}
}

// many reports whether so many sends are blocked at one place that they are worth
// a word though nothing shows how long they have been.
func many(r *blocked.Resource) bool {
	return r.Kind == blocked.Chan && r.Op == blocked.Send && r.Waiters >= 10
}

// told reports whether all that wait for a resource are known to keep others
// waiting: the finding about those says what they do.
func (k *knots) told(i int) bool {
	r := &k.report.Resources[i]
	if len(r.Known) == 0 || len(r.Known) < r.Waiters {
		return false
	}
	for _, w := range r.Known {
		if !k.roots[w.ID] {
			return false
		}
	}
	return true
}

func (k *knots) patternSays(r *blocked.Resource) string {
	n := number.Plural(r.Waiters, "goroutine", "goroutines")
	is := number.Word(r.Waiters, "is", "are")
	where := at(r.Site)
	for_ := ""
	if r.Longest >= 1 {
		for_ = " for " + number.Minutes(r.Longest)
		if r.Waiters > 1 {
			for_ = ", the longest" + for_
		}
	}
	switch r.Pattern {
	case blocked.NilChannel:
		op := number.Word(r.Waiters, "it receives from", "they receive from")
		if r.Op == blocked.Send {
			op = number.Word(r.Waiters, "it sends to", "they send to")
		}
		return fmt.Sprintf("%s can never go on: %s a nil channel in %s%s", n, op, where, for_)
	case blocked.SelectForever:
		return fmt.Sprintf("%s can never end: %s in a select without cases in %s%s", n, number.Word(r.Waiters, "it is", "they are"), where, for_)
	case blocked.AbandonedSend:
		if r.Confidence < blocked.Probable {
			break
		}
		if r.Proven {
			return fmt.Sprintf("%s %s blocked sending to a channel in %s%s, from which nothing can receive (proven)", n, is, where, for_)
		}
		return fmt.Sprintf("%s %s blocked sending to a channel in %s%s, and who started %s is gone", n, is, where, for_, number.Word(r.Waiters, "it", "them"))
	}
	state := "in " + where
	if len(r.Buckets) > 0 && k.bucket(r.Buckets[0]).State() != "" {
		state = doing(k.bucket(r.Buckets[0]).State()) + " " + state
	}
	text := fmt.Sprintf("%s %s %s%s", n, is, state, for_)
	if r.Confidence >= blocked.Probable {
		return string(r.Pattern) + ": " + text
	}
	return text + " (perhaps " + string(r.Pattern) + ")"
}

// Named is a pattern with all that it is found in.
type Named struct {
	Name         string
	Goroutines   int
	Buckets      []goroutine.ID
	Confidence   blocked.Confidence // of the surest
	Remedy, Link string
}

// Patterns are the patterns that are found in the newest dump, guesses included, in
// the order of its resources.
func (d *Diagnosis) Patterns() []Named {
	k := d.knots()
	var out []Named
	at := map[blocked.Pattern]int{}
	counted := map[blocked.Pattern]map[goroutine.ID]bool{}
	for i := range k.report.Resources {
		r := &k.report.Resources[i]
		if r.Pattern == "" {
			continue
		}
		if _, ok := at[r.Pattern]; !ok {
			at[r.Pattern], counted[r.Pattern] = len(out), map[goroutine.ID]bool{}
			out = append(out, Named{Name: string(r.Pattern), Remedy: r.Pattern.Remedy(), Link: r.Pattern.Link()})
		}
		n := &out[at[r.Pattern]]
		n.Goroutines += r.Waiters
		n.Confidence = max(n.Confidence, r.Confidence)
		for _, b := range r.Buckets {
			if id := k.bucket(b).ID; !counted[r.Pattern][id] {
				counted[r.Pattern][id] = true
				n.Buckets = append(n.Buckets, id)
			}
		}
	}
	return out
}
