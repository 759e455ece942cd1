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
	surely    = 1e-5 // chance of such a rise, for one instance by itself
	probably  = 0.01 // where others show it, too
	company   = 4    // instances that make such others
	companyOf = 0.1  // and their share of all
	leastGain = 5    // goroutines in a lifetime
	mayFall   = 0.15 // of what the counts climbed
	aloneFall = 0.03 // the same for one instance by itself: counts of traffic fall now and then
	shortLife = 3    // moments below which a lifetime says nothing
	slowed    = 0.6  // of the gain of the first halves of lifetimes, below which it slows down
	allSlowed = 0.7  // the same of all instances
	fullLife  = 6    // moments from which on trend judges a lifetime
)

// found is what one instance shows at one call site.
type found struct {
	verdict trend.Verdict
	chance  float64 // that counts without a trend climb as steadily
	sure    bool    // the comparison of a lifetime accuses
	steady  bool    // it hardly ever falls
	doubted bool    // something speaks against it, whatever the others show
	perHour float64 // in a lifetime
	since   time.Time
	gain    int // in a lifetime, the most
	last    int
	lost    int    // to restarts
	halves  [2]int // what it gained in the first and second halves of its lifetimes
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
		f := found{chance: 1, last: counts[len(counts)-1]}
		var concordance pooled
		up, down := 0, 0
		for i, life := range t.lives {
			in := counts[life.from : life.to+1]
			concordance.add(in)
			for j := 1; j < len(in); j++ {
				up += max(0, in[j]-in[j-1])
				down += max(0, in[j-1]-in[j])
			}
			rises := life.len() >= shortLife && climbs(in)
			f.lives = append(f.lives, rises)
			if i+1 < len(t.lives) && in[len(in)-1] > counts[t.lives[i+1].from] {
				f.lost += in[len(in)-1] - counts[t.lives[i+1].from]
			}
			if life.len() >= 4 {
				f.halves[0] += in[(len(in)-1)/2] - in[0]
				f.halves[1] += in[len(in)-1] - in[len(in)/2]
			}
			f.gain = max(f.gain, in[len(in)-1]-in[0])
			if hours := t.times[life.to].Sub(t.times[life.from]).Hours(); rises && hours > 0 {
				f.perHour = max(f.perHour, float64(in[len(in)-1]-in[0])/hours)
				if f.since.IsZero() {
					f.since = t.times[life.from]
				}
			} else if life.len() >= fullLife {
				f.since = time.Time{} // it did not rise for as long as that
			}
		}
		f.chance = concordance.chance()
		f.steady = float64(down) <= aloneFall*float64(up)
		f.verdict = h.verdict(t, site, judged, &f)
		if float64(f.halves[1]) < slowed*float64(f.halves[0]) {
			f.doubted = true
			if f.verdict == trend.Accumulating {
				f.verdict = trend.Growing
			}
		}
		if f.verdict == trend.Growing && (f.gain < leastGain || float64(down) > mayFall*float64(up)) {
			f.verdict = trend.Turnover
		}
		all[site] = f
	}
	return all
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
		case s.Verdict == trend.Growing && !doubted(&s):
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
// only counts.
func doubted(s *trend.Series) bool {
	return slices.ContainsFunc(s.Reasons, func(r trend.Reason) bool {
		return r.Kind == trend.Paused || r.Kind == trend.Halted || r.Kind == trend.Slows
	})
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
func climbs(counts []int) bool {
	n := len(counts)
	gain := counts[n-1] - counts[0]
	if gain < 2 {
		return false
	}
	third := max(1, (n-1)/3)
	late := float64(counts[n-1]-counts[n-1-third]) / float64(third)
	share := 0.5
	if n < fullLife {
		share = 0.35
	}
	return late >= share*float64(gain)/float64(n-1)
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

// inCompany lifts to accumulating what grows on many instances at one place. It
// returns on how many it does.
func inCompany(all []map[string]found, site string) int {
	alike, judged := 0, 0
	var halves [2]int
	for _, of := range all {
		f, ok := of[site]
		if !ok {
			continue
		}
		judged++
		if f.verdict == trend.Accumulating || f.verdict == trend.Growing && !f.doubted {
			alike++
			halves[0] += f.halves[0]
			halves[1] += f.halves[1]
		}
	}
	alone := len(all) >= company && !(alike >= company && float64(alike) >= companyOf*float64(judged))
	slows := float64(halves[1]) < allSlowed*float64(halves[0])
	enough := alike >= company && float64(alike) >= companyOf*float64(judged)
	n := 0
	for _, of := range all {
		f, ok := of[site]
		if !ok {
			continue
		}
		if f.verdict == trend.Accumulating && (slows || alone && !f.steady) {
			f.verdict = trend.Growing
			of[site] = f
		}
		if f.verdict == trend.Growing && !f.doubted && !slows && (enough || f.sure && len(all) < company) {
			f.verdict = trend.Accumulating
			of[site] = f
		}
		if f.verdict == trend.Accumulating {
			n++
		}
	}
	return n
}
