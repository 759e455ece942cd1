package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Trend is the service over time: at each call site the goroutines of all
// instances, and what they do on each of them.
func (h *History) Trend() trend.Trend {
	t := trend.Trend{By: "function", Changed: -1, Lives: []trend.Life{{}}}
	sites := slices.Sorted(maps.Keys(h.bucket))
	h.addDumps(&t, sites)
	verdicts := make([]map[string]found, len(h.tracks))
	for i, track := range h.tracks {
		verdicts[i] = h.judgeTrack(track)
	}
	load := h.loads()
	last := len(t.Dumps) - 1
	t.Lives[0].To = last
	at := make([]map[goroutine.ID]*goroutine.Bucket, len(t.Dumps))
	for k := range t.Dumps {
		at[k] = map[goroutine.ID]*goroutine.Bucket{}
		for i := range t.Dumps[k].Buckets {
			b := &t.Dumps[k].Buckets[i]
			at[k][b.ID] = b
		}
	}
	for _, site := range sites {
		s := trend.Series{Name: site, Match: trend.MatchStack, VerdictBy: trend.ByGroup, At: make([]*goroutine.Bucket, len(t.Dumps)), Counts: make([]int, len(t.Dumps))}
		for k := range t.Dumps {
			if b := at[k][h.bucket[site].ID]; b != nil {
				s.At[k], s.Counts[k], s.Bucket = b, b.Count, b
			}
		}
		if s.Bucket == nil {
			continue
		}
		n := inCompany(verdicts, site, load)
		s.Instances = h.instances(verdicts, site, n)
		s.Verdict, s.Confidence = serviceVerdict(&s, count(verdicts, site))
		if last > 0 {
			s.PerDump = float64(s.Change()) / float64(last)
		}
		s.Gain = s.Instances.Most
		t.Series = append(t.Series, s)
	}
	sortSeries(&t)
	return t
}

// sortSeries puts what is most interesting first, and says what it comes to.
func sortSeries(t *trend.Trend) {
	slices.SortStableFunc(t.Series, func(a, b trend.Series) int {
		return cmp.Or(cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()), cmp.Compare(b.Instances.N, a.Instances.N), cmp.Compare(b.Now(), a.Now()), cmp.Compare(a.Name, b.Name))
	})
	t.Outcome.Kind, t.Leaks = trend.Clean, nil
	for i := range t.Series {
		switch s := &t.Series[i]; s.Verdict {
		case trend.Accumulating:
			t.Outcome.Kind = trend.Leaking
			t.Leaks = append(t.Leaks, trend.Leak{By: trend.ByGroup, Series: *s, Members: []int{i}})
		case trend.Growing:
			if t.Outcome.Kind == trend.Clean {
				t.Outcome.Kind = trend.Rising
			}
			t.Leaks = append(t.Leaks, trend.Leak{By: trend.ByGroup, Series: *s, Members: []int{i}})
		}
	}
}

// addDumps adds a dump of the fleet for each step that has profiles.
func (h *History) addDumps(t *trend.Trend, sites []string) {
	type place struct{ track, moment int }
	steps := map[int][]place{}
	for i, track := range h.tracks {
		for j, step := range track.steps {
			steps[step] = append(steps[step], place{i, j})
		}
	}
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		f := &goroutine.Fleet{Asked: len(steps[step])}
		d := goroutine.Dump{
			Source: h.Name + " " + h.From.Add(time.Duration(step)*h.Step).Format(time.RFC3339), Level: goroutine.Debug0,
			TakenAt: h.From.Add(time.Duration(step) * h.Step), Fleet: f,
		}
		for _, p := range steps[step] {
			track := h.tracks[p.track]
			f.Instances = append(f.Instances, goroutine.Instance{
				Name: track.name, Labels: targetLabels(track.labels[p.moment]), Source: h.Name, TakenAt: track.times[p.moment], Level: goroutine.Debug0, Goroutines: track.totals[p.moment],
			})
			d.Goroutines += track.totals[p.moment]
		}
		for _, site := range sites {
			known := h.bucket[site]
			b := goroutine.Bucket{ID: known.ID, Stack: known.Stack, Spread: &goroutine.Spread{Fleet: f}}
			for i, p := range steps[step] {
				if counts := h.tracks[p.track].sites[site]; counts != nil && counts[p.moment] > 0 {
					b.Count += counts[p.moment]
					b.Spread.Shares = append(b.Spread.Shares, goroutine.Share{Instance: i, N: counts[p.moment]})
				}
			}
			if b.Count > 0 {
				if len(known.States) > 0 {
					b.States = []goroutine.Count{{Name: known.States[0].Name, N: b.Count}}
				}
				d.Buckets = append(d.Buckets, b)
			}
		}
		t.Dumps, t.Restarted, t.LifeOf = append(t.Dumps, d), append(t.Restarted, false), append(t.LifeOf, 0)
	}
	d := &t.Dumps[len(t.Dumps)-1]
	if slices.ContainsFunc(d.Buckets, func(b goroutine.Bucket) bool { return len(b.States) > 0 }) {
		d.Problems = append(d.Problems, statesDerived)
	}
	for i := range h.Failed {
		f := &h.Failed[i]
		d.Problems = append(d.Problems, goroutine.Problem{Message: "no answer about " + f.Instance.Name + ": " + f.What()})
	}
}

// serviceVerdict is what a call site does in the service, by how many of its
// instances do what.
func serviceVerdict(s *trend.Series, n map[trend.Verdict]int) (trend.Verdict, float64) {
	if s.Instances.N > 0 {
		if s.Instances.N >= company {
			return trend.Accumulating, 0.97
		}
		return trend.Accumulating, 0.92
	}
	switch {
	case n[trend.Growing] > 0:
		return trend.Growing, 0.5
	case s.Now() == 0:
		return trend.Gone, 0.9
	case s.Counts[0] == 0:
		return trend.New, 0.9
	case n[trend.Turnover] > n[trend.Stable]:
		return trend.Turnover, 0.9
	case n[trend.Grown] > n[trend.Stable]:
		return trend.Grown, 0.9
	}
	return trend.Stable, 0.9
}

// count is on how many instances a call site does what.
func count(verdicts []map[string]found, site string) map[trend.Verdict]int {
	n := map[trend.Verdict]int{}
	for _, of := range verdicts {
		if f, ok := of[site]; ok {
			n[f.verdict]++
		}
	}
	return n
}

// instances says what a call site does on each instance.
func (h *History) instances(verdicts []map[string]found, site string, n int) *trend.Instances {
	x := &trend.Instances{N: n}
	var rates []float64
	var since []time.Time
	for i, of := range verdicts {
		f, ok := of[site]
		if !ok {
			continue
		}
		x.Of++
		track := h.tracks[i]
		if most := slices.Max(track.sites[site]); most > x.Most {
			x.Most, x.Worst = most, track.name
		}
		each := trend.InstanceVerdict{Name: track.name, Verdict: f.verdict, Now: f.last}
		if f.verdict == trend.Accumulating || f.verdict == trend.Growing {
			each.PerHour, each.Since = f.perHour, f.since
		}
		if f.verdict == trend.Accumulating {
			rates, since = append(rates, f.perHour), append(since, f.since)
			x.Restarts += len(track.lives) - 1
			x.Hidden += f.lost
		}
		x.Each = append(x.Each, each)
	}
	x.PerHour, x.Since = middle(rates, since)
	if !x.Since.IsZero() {
		x.Version = h.sinceVersion(verdicts, site)
	}
	return x
}

// middle is the rate of most instances, and since when they rise, but for the
// first few of them.
func middle(rates []float64, since []time.Time) (float64, time.Time) {
	since = slices.DeleteFunc(since, time.Time.IsZero)
	slices.Sort(rates)
	slices.SortFunc(since, time.Time.Compare)
	var rate float64
	var first time.Time
	if len(rates) > 0 {
		rate = rates[len(rates)/2]
	}
	if len(since) > 0 {
		first = since[len(since)/10]
	}
	return rate, first
}

// versionLabels are the labels that tell the version of the program, the first
// that changes.
var versionLabels = []string{"version", "service_version", "app_version", "service_git_ref", "git_ref", "image", "app_kubernetes_io_version", "app.kubernetes.io/version"}

// sinceVersion is the version of the program since which a call site
// accumulates: before it lifetimes did not rise, and with it most do.
func (h *History) sinceVersion(verdicts []map[string]found, site string) string {
	type tally struct {
		rising, all int
		first       time.Time
	}
	for _, label := range versionLabels {
		versions := map[string]*tally{}
		for i, of := range verdicts {
			f, ok := of[site]
			if !ok || f.verdict != trend.Accumulating {
				continue
			}
			track := h.tracks[i]
			for l, life := range track.lives {
				v := track.labels[life.from][label]
				if life.len() < shortLife || v == "" || l >= len(f.lives) {
					continue
				}
				t := versions[v]
				if t == nil {
					t = &tally{first: track.times[life.from]}
					versions[v] = t
				}
				if t.all++; f.lives[l] {
					t.rising++
				}
				if track.times[life.from].Before(t.first) {
					t.first = track.times[life.from]
				}
			}
		}
		if len(versions) < 2 {
			continue
		}
		order := slices.SortedFunc(maps.Keys(versions), func(a, b string) int { return versions[a].first.Compare(versions[b].first) })
		for i, v := range order {
			if t := versions[v]; 2*t.rising >= t.all {
				if i == 0 {
					return ""
				}
				return fmt.Sprintf("%s %s", label, goroutine.Clean(v))
			}
		}
	}
	return ""
}
