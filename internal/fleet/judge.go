package fleet

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Thresholds of the verdicts on instances. Each instance has many call sites,
// and a fleet many instances: what one of them shows must be far from chance,
// unless others show the same at the same place.
const (
	surely    = 1e-5           // chance of such a rise, for one instance by itself
	probably  = 0.01           // where others show it, too
	leastGain = 5              // goroutines in a lifetime
	mayFall   = 0.15           // of what the counts climbed
	hardly    = 0.03           // the same of what falls at restarts only: counts of traffic fall now and then
	shortLife = 3              // moments below which a lifetime says nothing
	fullLife  = 6              // moments from which on trend judges a lifetime
	slowed    = 0.6            // of the gain of the first halves of lifetimes, below which it slows down
	hastened  = 1.8            // of it, above which it is the load that rises for part of a day
	base      = 0.1            // of the most that there is at least: other than a leak, traffic has been there before
	ended     = 0.5            // of what lifetimes gained must end with them, to show that restarts end it
	outlasts  = 30 * time.Hour // after which a rise is none of the time of day
)

// found is what one instance shows at one call site.
type found struct {
	verdict trend.Verdict
	chance  float64 // that counts without a trend climb as steadily
	sure    bool    // the comparison of a lifetime accuses
	steady  bool    // it hardly ever falls
	kept    bool    // what rises ends with the process, or stays for more than a day
	based   bool    // it had some all the time
	short   bool    // no lifetime is long enough to be judged by itself
	doubted bool    // something speaks against it, whatever the others show
	perHour float64 // in a lifetime that rises
	fastest float64 // the same of any lifetime
	since   time.Time
	gain    int // in a lifetime, the most
	last    int
	lost    int        // to restarts
	halves  [2]float64 // what it gained in the first and second halves of its lifetimes
	lives   []bool
}

// judgeTrack judges each call site of an instance.
func (h *History) judgeTrack(t *track) map[string]found {
	all := map[string]found{}
	judged := make([]map[string]trend.Series, len(t.lives))
	for site, counts := range t.sites {
		if slices.Max(counts)-slices.Min(counts) < leastGain {
			all[site] = found{verdict: trend.Stable, chance: 1, last: counts[len(counts)-1]}
			continue
		}
		all[site] = h.judgeSite(t, site, judged)
	}
	return all
}

// judgeSite judges one call site of an instance.
func (h *History) judgeSite(t *track, site string, judged []map[string]trend.Series) found {
	counts := t.sites[site]
	f := found{chance: 1, last: counts[len(counts)-1], short: true}
	var concordance pooled
	least, most := slices.Min(counts), slices.Max(counts)
	up, down, reset, gains, rising := 0, 0, 0, 0, 0
	for i, life := range t.lives {
		in, times := counts[life.from:life.to+1], t.times[life.from:life.to+1]
		concordance.add(in)
		for j := 1; j < len(in); j++ {
			up += max(0, in[j]-in[j-1])
			fall := max(0, in[j-1]-in[j])
			down += fall
			if float64(in[j]) <= backToStart*float64(in[j-1]) {
				reset = max(reset, fall)
			}
		}
		rises := life.len() >= shortLife && climbs(in, times)
		f.lives = append(f.lives, rises)
		if i+1 < len(t.lives) && in[len(in)-1] > counts[t.lives[i+1].from] {
			f.lost += in[len(in)-1] - counts[t.lives[i+1].from]
		}
		if life.len() >= 4 {
			middle := at(in, times, 0.5)
			f.halves[0] += middle - float64(in[0])
			f.halves[1] += float64(in[len(in)-1]) - middle
		}
		f.short = f.short && life.len() < fullLife
		gain, hours := in[len(in)-1]-in[0], times[len(times)-1].Sub(times[0]).Hours()
		f.gain = max(f.gain, gain)
		if gain > 0 && hours > 0 {
			f.fastest = max(f.fastest, float64(gain)/hours)
		}
		if rises {
			rising, gains = rising+1, gains+gain
			f.kept = f.kept || outlastsDay(in, times)
		}
		if rises && hours > 0 {
			f.perHour = max(f.perHour, float64(gain)/hours)
			if f.since.IsZero() {
				f.since = times[0]
			}
		} else if life.len() >= fullLife {
			f.since = time.Time{} // it did not rise for as long as that
		}
	}
	f.chance = concordance.chance()
	f.steady = float64(down-reset) <= hardly*float64(up) // but for a restart that nothing else showed
	f.kept = f.kept || rising >= 2 && float64(f.lost) >= ended*float64(gains)
	f.verdict = h.verdict(t, site, judged, &f)
	slows := f.halves[1] < slowed*f.halves[0]
	f.based = float64(least) > base*float64(most)
	if slows || f.based && !f.kept && f.halves[1] > hastened*f.halves[0] {
		f.doubted = true
		if f.verdict == trend.Accumulating {
			f.verdict = trend.Growing
		}
	}
	if rising := f.verdict == trend.Accumulating || f.verdict == trend.Growing; rising && !f.kept && (f.gain < leastGain || float64(down) > mayFall*float64(up)) {
		f.verdict = trend.Turnover
	}
	return f
}

// outlastsDay reports whether the last third of a lifetime of more than a day
// has more than the first ever had.
func outlastsDay(counts []int, times []time.Time) bool {
	n := len(counts)
	return times[n-1].Sub(times[0]) >= outlasts && slices.Min(counts[n-n/3:]) > slices.Max(counts[:n/3])
}

// verdict is what the lifetimes that are long enough say, each by itself: the
// longest counts. Growing is the most that it says without company, unless the
// rise is far from chance.
func (h *History) verdict(t *track, site string, judged []map[string]trend.Series, f *found) trend.Verdict {
	longest := span{0, -1}
	for _, life := range t.lives {
		if life.len() > longest.len() && !t.otherwise(site, life) {
			longest = life
		}
	}
	rising := 0
	for i, life := range t.lives {
		if f.lives[i] {
			rising++
		} else if life.len() >= longest.len() && (rising > 0 || !t.otherwise(site, life)) {
			return trend.Turnover // as long as any, and it does not rise
		}
		if life.len() < fullLife || t.otherwise(site, life) {
			continue
		}
		if judged[i] == nil {
			judged[i] = h.compare(t, life)
		}
		s, ok := judged[i][site]
		switch {
		case !ok:
		case s.Accused():
			f.sure = true
		case s.Verdict == trend.Accumulating:
		case s.Verdict == trend.Growing && !doubted(&s, uneven(t.times[life.from:life.to+1])):
		case life == longest:
			f.doubted = true
			return s.Verdict
		}
	}
	switch {
	case rising == 0 || f.chance > probably:
		return trend.Turnover
	case f.chance <= surely:
		return trend.Accumulating
	}
	return trend.Growing
}

// otherwise reports whether a lifetime was one of another version of the program
// than the last, or one without the call site: that it did not rise then says
// nothing.
func (t *track) otherwise(site string, life span) bool {
	return !maps.Equal(t.labels[life.from], t.labels[len(t.labels)-1]) || slices.Max(t.sites[site][life.from:life.to+1]) == 0
}

// doubted reports whether something speaks against a rise but that there are
// only counts. Where scrapes were missed the rounds are not alike, so that one
// cannot say from them whether it slows.
func doubted(s *trend.Series, uneven bool) bool {
	return slices.ContainsFunc(s.Reasons, func(r trend.Reason) bool {
		return r.Kind == trend.Paused || r.Kind == trend.Halted || r.Kind == trend.Slows && !uneven
	})
}

// uneven reports whether a step between moments is much longer than others.
func uneven(times []time.Time) bool {
	var steps []time.Duration
	for i := 1; i < len(times); i++ {
		steps = append(steps, times[i].Sub(times[i-1]))
	}
	slices.Sort(steps)
	return len(steps) > 0 && steps[len(steps)-1] > 3*steps[len(steps)/2]
}

// compare judges one lifetime by call site.
func (h *History) compare(t *track, life span) map[string]trend.Series {
	var dumps []goroutine.Dump
	for i := life.from; i <= life.to; i++ {
		d := goroutine.Dump{Source: t.name, TakenAt: t.times[i], Level: goroutine.Debug0, Goroutines: t.totals[i]}
		for site, counts := range t.sites {
			if b := h.bucket[site]; counts[i] > 0 && b != nil {
				d.Buckets = append(d.Buckets, goroutine.Bucket{ID: b.ID, Stack: b.Stack, Count: counts[i]})
			}
		}
		dumps = append(dumps, d)
	}
	by := trend.Options{By: "function", Group: func(b *goroutine.Bucket) []goroutine.Count {
		return []goroutine.Count{{Name: siteOf(b), N: b.Count}}
	}}
	all := map[string]trend.Series{}
	compared := by.Compare(dumps)
	for _, s := range compared.Series {
		all[s.Name] = s
	}
	return all
}

// climbs reports whether counts end higher than they began, and go on to climb
// in the last third of the time.
func climbs(counts []int, times []time.Time) bool {
	n := len(counts)
	gain := counts[n-1] - counts[0]
	if gain < 2 {
		return false
	}
	third := max(1./3, 1/float64(n-1)) // a step at least
	late := (float64(counts[n-1]) - at(counts, times, 1-third)) / third
	share := 0.5
	if n < fullLife {
		share = 0.35
	}
	return late >= share*float64(gain)
}

// at is the count after a part of the time, on the line between the moments
// before and after: scrapes are missed, so that moments are not evenly apart.
func at(counts []int, times []time.Time, part float64) float64 {
	all := times[len(times)-1].Sub(times[0])
	if all <= 0 {
		return float64(counts[int(part*float64(len(counts)-1))])
	}
	t := times[0].Add(time.Duration(part * float64(all)))
	i, _ := slices.BinarySearchFunc(times, t, time.Time.Compare)
	if i == 0 || i == len(times) {
		return float64(counts[min(i, len(times)-1)])
	}
	before, after := times[i-1], times[i]
	share := float64(t.Sub(before)) / float64(after.Sub(before))
	return float64(counts[i-1]) + share*float64(counts[i]-counts[i-1])
}

// pooled is the Mann-Kendall statistic of several runs of counts.
type pooled struct{ s, v int }

func (p *pooled) add(counts []int) {
	n := len(counts)
	ties := map[int]int{}
	for i := range counts {
		ties[counts[i]]++
		for j := i + 1; j < n; j++ {
			p.s += cmp.Compare(counts[j], counts[i])
		}
	}
	p.v += n * (n - 1) * (2*n + 5)
	for _, k := range ties {
		p.v -= k * (k - 1) * (2*k + 5)
	}
}

// chance is that counts without a trend climb as steadily.
func (p *pooled) chance() float64 {
	if p.s <= 0 || p.v <= 0 {
		return 1
	}
	return math.Erfc(float64(p.s-1)/math.Sqrt(float64(p.v)/18)/math.Sqrt2) / 2
}
