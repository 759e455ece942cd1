package trend

import (
	"cmp"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

// A leak is reported once, at the level that says it best: by its stack, if one
// holds most of it; by the go statement, if what one go statement started is
// blocked in several stacks or moves between them; by the call site, if several
// go statements start what is parked at one.
const (
	mostOfIt  = 0.6 // of the newcomers at one stack: it says it all
	partOfIt  = 0.5 // of an equal share of the newcomers: the stack is part of it
	knownOfIt = 0.5 // of the newcomers of a group in leaks that are reported already
)

// level is a way to group series.
type level struct {
	view View
	key  func(goroutine.Stack) string
}

func levels() []level {
	return []level{
		{ByCreator, func(s goroutine.Stack) string {
			entry, _ := s.Entry()
			return statementKey(s) + plainName(stripTypeArguments(entry.Function))
		}},
		{ByCreator, statementKey},
		{BySite, siteKey},
	}
}

func statementKey(s goroutine.Stack) string {
	by := s.CreatedBy()
	if by.Function == "" {
		return ""
	}
	return plainName(stripTypeArguments(by.Function)) + "\n" + strconv.Itoa(by.Line) + "\n"
}

func siteKey(s goroutine.Stack) string {
	f := s.Site()
	return plainName(stripTypeArguments(f.Function)) + " " + f.Place()
}

// groups are the series that have a key in common, in the order of the series.
func (f *followed) groups(key func(goroutine.Stack) string) [][]int {
	at := map[string]int{}
	var groups [][]int
	for n := range f.series {
		k := key(f.series[n].Bucket.Stack)
		g, ok := at[k]
		if !ok {
			g = len(groups)
			at[k] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], n)
	}
	return groups
}

// rising reports whether a verdict is one that leaks are reported by.
func rising(v Verdict) bool { return v == Accumulating || v == Growing }

// findLeaks judges go statements and call sites, and gives the leaks.
func findLeaks(j judged, grouped bool) []Leak {
	var leaks []Leak
	in := make([]int, len(j.series)) // leak of each series, plus one
	for n := range j.series {
		if s := &j.series[n]; rising(s.Verdict) {
			leaks = append(leaks, Leak{s.VerdictBy, *s, []int{n}})
			in[n] = len(leaks)
		}
	}
	if !grouped {
		for _, l := range levels() {
			for _, members := range j.groups(l.key) {
				j.join(l, members, &leaks, in)
			}
		}
	}
	return slices.DeleteFunc(leaks, func(l Leak) bool { return len(l.Members) == 0 })
}

// join makes one leak of what a group of series shows together, where that says
// more than its members do.
func (j *judged) join(l level, members []int, leaks *[]Leak, in []int) {
	if len(members) < 2 || l.key(j.series[members[0]].Bucket.Stack) == "" {
		return
	}
	came, most := 0, 0
	parts := map[int]int{} // newcomers of each leak that has members here
	sure := Gone           // the verdict on the surest of them
	for _, n := range members {
		k := j.newcomers(n)
		came += k
		if g := in[n]; g > 0 {
			for _, m := range (*leaks)[g-1].Members {
				if !slices.Contains(members, m) {
					return // what leaks at other places as well is no part of this
				}
			}
			parts[g] += k
			most = max(most, parts[g])
			if v := (*leaks)[g-1].Series.Verdict; v.Rank() < sure.Rank() {
				sure = v
			}
		}
	}
	alone := float64(most) >= mostOfIt*float64(came) || l.view == BySite && len(parts) == 1 && float64(most) > knownOfIt*float64(came)
	if came == 0 || alone && sure == Accumulating {
		return
	}
	all := j.total(members, l.view)
	if !rising(all.Verdict) || all.Verdict.Rank() > sure.Rank() || alone && all.Verdict == sure {
		return
	}
	for g := range parts {
		(*leaks)[g-1].Members = nil
	}
	marked := j.mark(members, l.view, &all)
	*leaks = append(*leaks, Leak{l.view, all, marked})
	for _, n := range marked {
		in[n] = len(*leaks)
	}
}

// mark gives the series that a leak consists of its verdict.
func (j *judged) mark(members []int, by View, leak *Series) []int {
	came := 0
	for _, n := range members {
		came += j.newcomers(n)
	}
	var marked []int
	for _, n := range members {
		s := &j.series[n]
		if !rising(s.Verdict) || s.Verdict.Rank() > leak.Verdict.Rank() {
			if k := j.newcomers(n); !rising(s.Verdict) && (k == 0 || float64(k*len(members)) < partOfIt*float64(came)) {
				continue
			}
			s.Verdict, s.VerdictBy, s.Confidence, s.Reasons, s.Decides = leak.Verdict, by, leak.Confidence, leak.Reasons, leak.Decides
			s.Stuck = min(s.Now(), j.newcomers(n))
		}
		marked = append(marked, n)
	}
	slices.SortStableFunc(marked, func(a, b int) int { return cmp.Compare(j.series[b].Now(), j.series[a].Now()) })
	return marked
}

// newcomers counts who is in the last judged dump of a series and was not in
// the first of that lifetime; without ids, by how much it grew.
func (j *judged) newcomers(n int) int {
	w := j.watched[len(j.lives)-1]
	dumps := w.dumps
	if len(dumps) < 2 {
		return j.series[n].Now()
	}
	first, last := dumps[0], dumps[len(dumps)-1]
	if !w.ids {
		return max(0, j.series[n].Counts[last]-j.series[n].Counts[first])
	}
	k := 0
	for _, r := range j.records[n].rows {
		if r.dump == int32(last) && r.birth != int32(first) {
			k += int(r.n)
		}
	}
	return k
}

// total is several series as one, judged. What one go statement started stays
// among them as long as it lives.
func (j *judged) total(members []int, by View) Series {
	s := Series{VerdictBy: by, Counts: make([]int, len(j.dumps)), At: make([]*goroutine.Bucket, len(j.dumps)), Match: MatchStack}
	parts := make([][]*goroutine.Bucket, len(j.dumps))
	for _, n := range members {
		m := &j.series[n]
		if m.Match.sure() < s.Match.sure() {
			s.Match = m.Match
		}
		s.HasIDs = s.HasIDs || m.HasIDs
		s.Leaked += m.Leaked
		for i := range j.dumps {
			s.Counts[i] += m.Counts[i]
			if m.At[i] != nil {
				parts[i] = append(parts[i], m.At[i])
			}
		}
	}
	for i := range parts {
		if s.At[i] = joined(parts[i]); s.At[i] != nil {
			s.Bucket = s.At[i]
		}
	}
	j.totalSteps(&s, members)
	j.verdict(&s, j.findings(members, &s, by == ByCreator))
	return s
}

// totalSteps counts who survived in any of several series.
func (j *judged) totalSteps(s *Series, members []int) {
	for life, w := range j.watched {
		if !w.ids || len(w.dumps) < 2 {
			continue
		}
		if s.Steps == nil {
			s.Steps = make([]Step, len(j.dumps))
		}
		last := life == len(j.lives)-1
		first, end := int32(w.dumps[0]), int32(w.dumps[len(w.dumps)-1])
		for _, n := range members {
			for _, d := range w.dumps {
				s.Steps[d].Survived += j.records[n].stayed[d]
			}
			for _, r := range j.records[n].rows {
				if last && r.dump == end && r.birth == first {
					s.Survived += int(r.n)
				}
			}
		}
		s.finishSteps(w.dumps, last)
	}
}

// joined is several buckets of a dump as one, with the stack of the largest and
// without ids: those are in the series.
func joined(buckets []*goroutine.Bucket) *goroutine.Bucket {
	if len(buckets) < 2 {
		return merged(buckets)
	}
	bare := make([]*goroutine.Bucket, len(buckets))
	for i, b := range buckets {
		x := *b
		x.IDs = goroutine.IDs{}
		bare[i] = &x
	}
	return merged(bare)
}
