package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// piled says where goroutines have queued for something that another has, and
// what that one does.
func piled(d *Diagnosis) []Finding {
	if d.apart() {
		return nil
	}
	k := d.knots()
	var found []Finding
	told := map[int]bool{} // resources that are on the way of a finding
	alike := map[goroutine.Frame][]int{}
	for _, i := range k.piles() {
		if told[i] || !k.lasts(i) {
			continue
		}
		r := &k.report.Resources[i]
		steps, way := k.chain(i)
		switch {
		case len(steps) == 0 && r.Waiters < 2 && r.Longest < 1 && !r.Proven:
			continue
		case k.deadlocked(way) || slices.ContainsFunc(way[1:], func(n int) bool { return told[n] }):
			continue // it is behind what is said already
		case len(steps) == 0 && len(alike[r.Site]) > 0:
			alike[r.Site] = append(alike[r.Site], i)
			continue
		case len(steps) == 0:
			alike[r.Site] = []int{i}
		}
		for _, n := range way {
			told[n] = true
		}
		found = append(found, k.pile(i, steps, way))
	}
	for i := range found {
		if more := alike[found[i].Site]; len(more) > 1 && found[i].Resources[0] == more[0] {
			k.addAlike(&found[i], more[1:])
		}
	}
	return found
}

// addAlike adds locks that are waited for at the same place, and whose holders are
// not known either.
func (k *knots) addAlike(f *Finding, more []int) {
	n := 0
	for _, i := range more {
		r := &k.report.Resources[i]
		n += r.Waiters
		f.Resources = append(f.Resources, i)
		for _, b := range r.Buckets {
			f.of(k.bucket(b))
		}
	}
	f.Goroutines += n
	if first := &k.report.Resources[f.Resources[0]]; first.Holder == blocked.Gone {
		f.Says = fmt.Sprintf("%s wait for %d locks%s and no goroutine holds them (proven): a return or panic without Unlock", number.Plural(f.Goroutines, "goroutine", "goroutines"), len(more)+1, atPlace(first.Site))
		return
	}
	f.Limits = append(f.Limits, fmt.Sprintf("%s more %s at the same place for %s", number.Group(n), number.Word(n, "waits", "wait"), number.Plural(len(more), "other lock", "other locks")))
}

// deadlocked reports whether one of some resources is part of a deadlock.
func (k *knots) deadlocked(resources []int) bool {
	return slices.ContainsFunc(resources, func(i int) bool { _, ok := k.in[i]; return ok })
}

// piles are the resources that goroutines queue for, those that keep most waiting
// first.
func (k *knots) piles() []int {
	var piles []int
	for i := range k.report.Resources {
		if k.kind(i) == Blocked {
			piles = append(piles, i)
		}
	}
	slices.SortStableFunc(piles, func(a, b int) int { return k.size(b) - k.size(a) })
	return piles
}

// size is how many wait for a resource or behind its waiters.
func (k *knots) size(i int) int {
	r := &k.report.Resources[i]
	n := r.Waiters
	if h := holder(r); h != nil {
		n = max(n, h.Blocks)
	}
	return n
}

// pile is the finding of a queue.
func (k *knots) pile(i int, steps []*blocked.Suspect, way []int) Finding {
	r := &k.report.Resources[i]
	f := Finding{Kind: Blocked, Name: string(r.Pattern), Goroutines: k.size(i), Resources: way, Says: waitsFor(r)}
	f.advise(f.Name)
	if len(steps) == 0 {
		k.unheld(&f, r)
	} else {
		k.holders(&f, steps, way)
	}
	if n := k.stayers(i); n > 0 {
		some := number.Group(n)
		if len(r.Known) < r.Waiters {
			some = "at least " + some
		}
		if some += " of them"; r.Waiters == 1 {
			some = "it"
		}
		f.Evidence = append(f.Evidence, some+" waited for it in the dump before, too")
		f.Confidence = max(f.Confidence, confidence(blocked.Probable))
	}
	if k.stayed[i].Changed {
		f.Limits = append(f.Limits, "another goroutine held it in the dump before: it is busy rather than stuck")
		f.Confidence = min(f.Confidence, confidence(blocked.Guess))
	}
	for _, b := range r.Buckets {
		f.of(k.bucket(b))
	}
	if len(steps) > 0 {
		if endless(steps[len(steps)-1].State) {
			f.Remedy, f.Link = "", "" // what helps is said of the one that can never go on
		}
		// The holder's stack is what leads on.
		root := k.bucket(steps[len(steps)-1].Bucket).ID
		f.Buckets = slices.Insert(slices.DeleteFunc(f.Buckets, func(id goroutine.ID) bool { return id == root }), 0, root)
	}
	f.Site = r.Site
	f.proven = r.Proven && (len(steps) > 0 || r.Holder == blocked.Gone)
	if r.Proven {
		f.Confidence = max(f.Confidence, confidence(blocked.Probable))
	}
	return f
}

// holders goes on with who holds it and what that one waits for.
func (k *knots) holders(f *Finding, steps []*blocked.Suspect, way []int) {
	f.Confidence = 1
	for n, s := range steps {
		r := &k.report.Resources[way[n]]
		f.Confidence = min(f.Confidence, confidence(s.Confidence))
		if n == 0 {
			f.Says += "; " + k.who(s) + " " + holds(r, s) + " it"
		} else {
			f.Says += ", which " + k.who(s) + " " + holds(r, s) + "; that one"
		}
		does := k.does(s)
		if n+1 < len(way) {
			does = "waits for " + named(&k.report.Resources[way[n+1]])
		}
		switch {
		case does == "":
		case n == 0:
			f.Says += " and " + does
		default:
			f.Says += " " + does
		}
		if w := because(s); w != "" && n < 3 {
			f.Evidence = append(f.Evidence, "why "+k.who(s)+": "+w)
		}
	}
	last := steps[len(steps)-1]
	if len(way) > len(steps) {
		f.Says += k.perhaps(&k.report.Resources[way[len(way)-1]])
	}
	if last.Blocks > k.report.Resources[way[0]].Waiters {
		f.Says += fmt.Sprintf(": blocks %s", number.Group(last.Blocks))
	}
}

// several goes on where more than one goroutine keeps the others waiting: readers,
// or a writer that waits for readers which are not found.
func (k *knots) several(f *Finding, r *blocked.Resource) {
	var all, next []uint64
	first := -1
	f.Confidence = 1
	for i := range r.Suspects {
		s := &r.Suspects[i]
		switch {
		case s.Confidence < blocked.Probable:
			continue
		case s.Pending:
			next = append(next, s.ID)
			continue
		}
		if first < 0 {
			first = i
		}
		all = append(all, s.ID)
		f.Confidence = min(f.Confidence, confidence(s.Confidence))
		f.Goroutines = max(f.Goroutines, s.Blocks)
	}
	switch {
	case first >= 0 && all[0] != 0:
		s := &r.Suspects[first]
		probably := "probably "
		if f.Confidence > confidence(blocked.Probable) {
			probably = ""
		}
		f.Says += fmt.Sprintf("; goroutines %s %shold it", ids(all, 3), probably)
		f.Evidence = append(f.Evidence, fmt.Sprintf("%d %s", s.ID, k.does(s)))
	case len(next) > 0 && next[0] != 0 && r.Waiters > len(next):
		f.Says += fmt.Sprintf("; goroutine %d is the next writer and waits for readers, which are not found", next[0])
		f.Confidence = confidence(blocked.Guess)
	default:
		f.Says += "; who holds it is not found"
		f.Confidence = confidence(blocked.Guess)
	}
}

// perhaps says who may hold what the last of a chain waits for, where that is a
// guess.
func (k *knots) perhaps(r *blocked.Resource) string {
	may := mayHold(r)
	if len(may) != 1 {
		return ", and who holds that is not found"
	}
	s := may[0]
	text := ", which " + k.who(s) + " may hold"
	if does := k.does(s); does != "" {
		text += "; that one " + does
	}
	return text
}

// mayHold are the suspects of a resource, but for writers that wait for it.
func mayHold(r *blocked.Resource) []*blocked.Suspect {
	var may []*blocked.Suspect
	for i := range r.Suspects {
		if s := &r.Suspects[i]; !s.Pending {
			may = append(may, s)
		}
	}
	return may
}

// unheld goes on where no one holder is known.
func (k *knots) unheld(f *Finding, r *blocked.Resource) {
	may := mayHold(r)
	switch {
	case r.Holder == blocked.Gone:
		if r.Longest >= 1 && r.Waiters > 1 {
			f.Says += ","
		}
		f.Says += " and no goroutine holds it (proven): a return or panic without Unlock"
		f.Confidence = confidence(blocked.Probable)
	case r.Holder == blocked.Named, len(may) == 0 && len(r.Suspects) > 0:
		k.several(f, r)
	case r.Holder == blocked.OneOf:
		if len(may) == 1 {
			s := may[0]
			f.Says += "; perhaps " + k.who(s) + " holds it"
			if does := k.does(s); does != "" {
				f.Says += ", which " + does
			}
			f.Evidence = append(f.Evidence, "why "+k.who(s)+": "+because(s))
			f.Remedy, f.Link, f.Confidence = "", "", confidence(blocked.Guess)
			return
		}
		var some []string
		for _, s := range may[:min(len(may), 3)] {
			some = append(some, k.who(s))
		}
		f.Says += "; who holds it is not sure"
		f.Remedy, f.Link = "", ""
		f.Limits = append(f.Limits, "it may be "+strings.Join(some, " or "))
		f.Confidence = confidence(blocked.Guess)
	default:
		f.Confidence = confidence(blocked.Guess)
		f.Remedy, f.Link = "", ""
		if r.MayBeMixed && r.Waiters > 1 {
			f.Limits = append(f.Limits, "the dump does not show whether it is one lock or several")
		}
		f.Says += "; who holds it is not found"
		if len(may) > 0 {
			f.Limits = append(f.Limits, "it may be "+k.who(may[0]))
		}
	}
}
