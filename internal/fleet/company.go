package fleet

import (
	"slices"

	"gdump/internal/trend"
)

// What instances show weighs more or less by what the others show.
const (
	company     = 4    // instances that show the same and so confirm each other
	companyOf   = 0.1  // and their share of all
	likewise    = 0.5  // of the gain of those that accumulate, which is as good as the same
	allSlowed   = 0.7  // of the gain of the first halves of all lifetimes, below which it slows down
	allHastened = 1.5  // of it, above which it is the load that rises
	nearlyAll   = 0.8  // of those that can be judged, for what holds for those that cannot
	sameRate    = 0.4  // of the rate of the others, at least
	loadRose    = 1.15 // times as much traffic at the end
	oftenFall   = 0.2  // of what it climbed falls again: traffic
)

// peers is what all instances show at one call site.
type peers struct {
	alike, judged, long int     // that rise; that have it; that can be judged by themselves
	unlike              int     // gained as much, but it did not go on
	slows, hastens      bool    // all of them together
	rate                float64 // of those that rise, the median
}

func peersAt(all []map[string]found, site string) peers {
	var p peers
	var halves, based [2]float64
	var gains []int
	var rates []float64
	for _, of := range all {
		f, ok := of[site]
		if !ok {
			continue
		}
		p.judged++
		if !f.short {
			p.long++
		}
		if f.based && !f.kept && (f.verdict == trend.Accumulating || f.verdict == trend.Growing) {
			based[0] += f.halves[0]
			based[1] += f.halves[1]
		}
		if f.rises() {
			p.alike++
			gains, rates = append(gains, f.gain), append(rates, f.perHour)
			halves[0] += f.halves[0]
			halves[1] += f.halves[1]
		}
	}
	p.slows = halves[1] < allSlowed*halves[0]
	p.hastens = based[1] > allHastened*based[0]
	if p.alike == 0 {
		return p
	}
	slices.Sort(gains)
	slices.Sort(rates)
	p.rate = rates[len(rates)/2]
	for _, of := range all {
		if f, ok := of[site]; ok && !f.rises() && !f.short && float64(f.gain) >= likewise*float64(gains[len(gains)/2]) {
			p.unlike++
		}
	}
	return p
}

// rises reports whether a call site accumulates or could.
func (f *found) rises() bool {
	return f.verdict == trend.Accumulating || f.verdict == trend.Growing && !f.doubted
}

// inCompany weighs the verdicts on a call site by what the other instances
// show. What grows on many of them accumulates; what only a few have more of
// than others, or what comes with the load of all, does not. It returns on how
// many it accumulates.
func inCompany(all []map[string]found, site string, load loads) int {
	p := peersAt(all, site)
	enough := p.alike >= company && float64(p.alike) >= companyOf*float64(p.judged)
	alone := len(all) >= company && !enough
	common := p.unlike > p.alike // most rose as far and no farther
	rose := load.roseWithout(site)
	n := 0
	for _, of := range all {
		f, ok := of[site]
		if !ok {
			continue
		}
		weak := p.slows || p.hastens && f.based && !f.kept || common || alone && !f.steady || rose && !f.kept && !f.steady
		switch {
		case f.verdict == trend.Accumulating && weak:
			f.verdict = trend.Growing
		case weak:
		case f.verdict == trend.Growing && !f.doubted && (enough || f.sure && len(all) < company):
			f.verdict = trend.Accumulating
		case (f.short || f.kept || f.chance <= probably) && f.gain > 1 && f.fastest >= sameRate*p.rate && enough && float64(p.alike) >= nearlyAll*float64(p.long):
			// Too short a lifetime to show what those of the others do, or one in which
			// it was slow or fell once.
			f.verdict = trend.Accumulating
		}
		of[site] = f
		if f.verdict == trend.Accumulating {
			n++
		}
	}
	return n
}

// loads is what each call site has in the first and the last third of the time,
// on all instances.
type loads map[string]*thirds

type thirds struct {
	early, late float64
	traffic     bool // it falls as often as traffic does
}

func (h *History) loads() loads {
	type moves struct{ up, down int }
	all, moved := loads{}, map[string]*moves{}
	for _, t := range h.tracks {
		n := len(t.times)
		if n < fullLife {
			continue
		}
		for site, counts := range t.sites {
			if all[site] == nil {
				all[site], moved[site] = &thirds{}, &moves{}
			}
			for i := range n / 3 {
				all[site].early += float64(counts[i])
				all[site].late += float64(counts[n-1-i])
			}
			for i := 1; i < n; i++ {
				moved[site].up += max(0, counts[i]-counts[i-1])
				moved[site].down += max(0, counts[i-1]-counts[i])
			}
		}
	}
	for site, m := range moved {
		all[site].traffic = m.up >= leastGain && float64(m.down) >= oftenFall*float64(m.up)
	}
	return all
}

// roseWithout reports whether the traffic at other call sites rose. Where nothing
// else shows any traffic, it may have.
func (l loads) roseWithout(site string) bool {
	var sum thirds
	for name, x := range l {
		if name != site && x.traffic {
			sum.early += x.early
			sum.late += x.late
		}
	}
	return sum.early == 0 || sum.late >= loadRose*sum.early
}
