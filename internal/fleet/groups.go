package fleet

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// byTarget is what groupings by a label of the instances begin with.
const byTarget = "target:"

var groupings = []string{"function", "package", "module", "instance"}

// Groupings are those that a history can be grouped by. It keeps counts by call
// site, so that one by line, by stack or by go statement is none of them.
func (h *History) Groupings() []string {
	values := map[string]map[string]bool{}
	for _, t := range h.tracks {
		for _, labels := range t.labels {
			for k, v := range labels {
				if values[k] == nil {
					values[k] = map[string]bool{}
				}
				values[k][v] = true
			}
		}
	}
	all := slices.Clone(groupings)
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if n := len(values[k]); n > 1 && n < len(h.tracks) && !strings.HasPrefix(k, "__") {
			all = append(all, byTarget+goroutine.Clean(k))
		}
	}
	return all
}

// CheckGrouping reports whether a history can be grouped by something.
func CheckGrouping(by string) error {
	if slices.Contains(groupings, by) || by == "stack" || strings.HasPrefix(by, byTarget) {
		return nil
	}
	return &source.Error{
		Kind: source.Usage, Name: "--by " + by, What: "over time goroutines are not grouped so: their counts are kept by call site",
		Hint: "one of " + strings.Join(groupings, ", ") + ", target:LABEL",
	}
}

// By is the history grouped otherwise, with what the call sites of a group do.
// of names the group of a bucket, where that is what the grouping is about.
func (h *History) By(by string, of func(*goroutine.Bucket) []goroutine.Count) (trend.Trend, error) {
	var name func(*goroutine.Bucket, *goroutine.Instance) string
	switch key, target := strings.CutPrefix(by, byTarget); {
	case by == "function" || by == "stack":
		return h.Trend(), nil
	case by == "package" || by == "module":
		name = func(b *goroutine.Bucket, _ *goroutine.Instance) string { return of(b)[0].Name }
	case by == "instance":
		name = func(_ *goroutine.Bucket, i *goroutine.Instance) string { return i.Name }
	case target:
		name = func(_ *goroutine.Bucket, i *goroutine.Instance) string { return cmp.Or(i.Label(key), "(none)") }
	default:
		return trend.Trend{}, CheckGrouping(by)
	}
	t := h.Trend()
	t.By = by
	groups := map[string]*grouped{}
	for i := range t.Series {
		addSeries(groups, &t.Series[i], name)
	}
	t.Series = nil
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		t.Series = append(t.Series, groups[name].series(name, len(t.Dumps)))
	}
	sortSeries(&t)
	return t, nil
}

// grouped is what the call sites of a group do.
type grouped struct {
	at       map[int]*goroutine.Bucket
	counts   map[int][]int                     // by instance
	verdicts map[string]*trend.InstanceVerdict // by instance, the most serious
	about    trend.Instances
}

// addSeries adds a call site to the groups that its goroutines are in. What it
// does on an instance is said in the group that this is in at last: a version
// before has not shown it.
func addSeries(groups map[string]*grouped, s *trend.Series, name func(*goroutine.Bucket, *goroutine.Instance) string) {
	in := map[string]*grouped{} // by instance, at last
	for k, b := range s.At {
		if b == nil {
			continue
		}
		for _, share := range b.Spread.Shares {
			x := &b.Spread.Fleet.Instances[share.Instance]
			group := name(b, x)
			g := groups[group]
			if g == nil {
				g = &grouped{at: map[int]*goroutine.Bucket{}, counts: map[int][]int{}, verdicts: map[string]*trend.InstanceVerdict{}}
				groups[group] = g
			}
			in[x.Name] = g
			if g.at[k] == nil {
				g.at[k] = &goroutine.Bucket{ID: b.ID, Stack: b.Stack, Spread: &goroutine.Spread{Fleet: b.Spread.Fleet}}
				g.counts[k] = make([]int, len(b.Spread.Fleet.Instances))
			}
			g.at[k].Count += share.N
			g.counts[k][share.Instance] += share.N
		}
	}
	accumulates := map[*grouped]bool{}
	for _, v := range s.Instances.Each {
		g := in[v.Name]
		if g == nil {
			continue
		}
		accumulates[g] = accumulates[g] || v.Verdict == trend.Accumulating
		known := g.verdicts[v.Name]
		if known == nil {
			g.verdicts[v.Name] = &v
			continue
		}
		known.Now += v.Now
		if v.Verdict.Rank() < known.Verdict.Rank() {
			known.Verdict, known.PerHour, known.Since = v.Verdict, v.PerHour, v.Since
		}
	}
	for g := range accumulates {
		if x := s.Instances; accumulates[g] {
			g.about.Restarts, g.about.Hidden = max(g.about.Restarts, x.Restarts), g.about.Hidden+x.Hidden
			if g.about.Version == "" {
				g.about.Version = x.Version
			}
		}
	}
}

// series is the group as a series.
func (g *grouped) series(name string, dumps int) trend.Series {
	x := g.about
	s := trend.Series{Name: name, Match: trend.MatchStack, VerdictBy: trend.ByGroup, At: make([]*goroutine.Bucket, dumps), Counts: make([]int, dumps), Instances: &x}
	for k := range s.At {
		if b := g.at[k]; b != nil {
			for i, n := range g.counts[k] {
				if n > 0 {
					b.Spread.Shares = append(b.Spread.Shares, goroutine.Share{Instance: i, N: n})
				}
			}
			s.At[k], s.Counts[k], s.Bucket = b, b.Count, b
		}
	}
	var rates []float64
	var since []time.Time
	n := map[trend.Verdict]int{}
	for _, instance := range slices.SortedFunc(maps.Keys(g.verdicts), naturally) {
		v := *g.verdicts[instance]
		x.Each = append(x.Each, v)
		n[v.Verdict]++
		if v.Verdict == trend.Accumulating {
			rates = append(rates, v.PerHour)
			since = append(since, v.Since)
		}
	}
	x.N, x.Of = n[trend.Accumulating], len(x.Each)
	x.PerHour, x.Since = middle(rates, since)
	for _, b := range s.At {
		if b == nil {
			continue
		}
		if worst, most := b.Spread.Worst(); most > x.Most {
			x.Worst, x.Most = worst.Name, most
		}
	}
	s.Verdict, s.Confidence = serviceVerdict(&s, n)
	s.Gain = x.Most
	if dumps > 1 {
		s.PerDump = float64(s.Change()) / float64(dumps-1)
	}
	return s
}

// Of is the history of some of its moments only, by their dumps in its trend.
func (h *History) Of(dumps []int) *History {
	all := map[int]bool{}
	for _, t := range h.tracks {
		for _, step := range t.steps {
			all[step] = true
		}
	}
	steps := slices.Sorted(maps.Keys(all))
	kept := map[int]bool{}
	for _, i := range dumps {
		kept[steps[i]] = true
	}
	if len(kept) == len(steps) {
		return h
	}
	some := *h
	some.tracks = nil
	for _, t := range h.tracks {
		x := &track{name: t.name, sites: map[string][]int{}}
		for i, step := range t.steps {
			if !kept[step] {
				continue
			}
			x.steps, x.times, x.labels, x.totals = append(x.steps, step), append(x.times, t.times[i]), append(x.labels, t.labels[i]), append(x.totals, t.totals[i])
			for site, counts := range t.sites {
				x.sites[site] = append(x.sites[site], counts[i])
			}
		}
		if len(x.times) > 0 {
			some.tracks = append(some.tracks, x)
		}
	}
	some.findLives()
	return &some
}
