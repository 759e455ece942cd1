package trend

import (
	"math"
	"slices"
)

// findByCounts judges a track without ids, of which only the counts are known.
// What rises in the later half of them only, to more than there ever was, may
// have begun to leak then, or be the load of the day.
func (r *rules) findByCounts(t *track) finding {
	f := r.climb(t, r.ByChance)
	n := len(t.counts)
	late := n - max(r.FewCounts, n/2)
	if f.verdict != "" || late < 1 || t.counts[n-1] < slices.Max(t.counts[:late])+r.Few {
		return f
	}
	f = r.climb(&track{counts: t.counts[late:]}, r.ByChance/2)
	if f.verdict == Accumulating {
		f.object(Growing, Reason{Kind: CountsOnly, N: n - late})
		f.decides = []Reason{{Kind: NeedIDs}}
	}
	return f
}

// climb tests whether counts rise: the median of the slopes between them does
// (Theil–Sen), and not by chance (Mann–Kendall); few counts say little. What
// climbs below the swings of traffic raises the lowest counts.
func (r *rules) climb(t *track, byChance float64) finding {
	n := len(t.counts)
	first, last := t.counts[0], t.counts[n-1]
	slope, chance := theilSen(t.counts), mannKendall(t.counts)
	f := finding{verdict: Growing, confidence: unsure, decides: []Reason{{Kind: NeedIDs}}, stuck: last, gain: last - first, perDump: slope}
	f.reasons = []Reason{{Kind: Climbs, N: n, Rate: slope, Chance: chance}}
	flow := steps(t.counts)
	up, down := 0, 0
	for _, k := range flow {
		up += max(0, k)
		down -= min(0, k)
	}
	swings := float64(down) > r.Down*float64(up)
	rise := slope * float64(n-1)
	least := max(float64(r.Rise), r.RiseShare*float64(first))
	switch low := lowest(t.counts); {
	case n < r.FewCounts:
		if rise < float64(r.Rise) || last < slices.Max(t.counts) {
			return finding{}
		}
		f.reasons = append(f.reasons, Reason{Kind: CountsOnly, N: n})
		return f
	case len(low) > 3 && mannKendall(low) <= byChance && low[len(low)-1]-low[0] >= r.Few && (rise < least || chance > byChance || swings):
		f.perDump = float64(low[len(low)-1]-low[0]) / float64(n-1)
		f.gain = low[len(low)-1] - low[0]
		f.reasons = []Reason{{Kind: LowestClimb, N: low[0], Of: low[len(low)-1], Count: len(low)}}
		return f
	case rise < least || chance > byChance:
		return finding{}
	}
	c := claim{limits: r.limits, track: t, residents: &residents{level: t.counts, flow: flow, came: flow}}
	for _, o := range r.objections {
		if !o.counts {
			continue
		}
		if reason, holds := o.holds(&c); holds {
			f.object(o.then, reason)
		}
	}
	if len(f.reasons) > 1 {
		return f
	}
	if chance <= r.SurelyRises && !swings {
		f.verdict, f.confidence, f.decides = Accumulating, 0.85, nil
		if down == 0 && n >= r.ManyCounts {
			f.confidence = 0.92
		}
		return f
	}
	f.reasons = append(f.reasons, Reason{Kind: CountsOnly, N: n})
	return f
}

// lowest are the lowest counts of blocks of three dumps.
func lowest(counts []int) []int {
	var low []int
	for block := range slices.Chunk(counts, 3) {
		if len(block) == 3 {
			low = append(low, slices.Min(block))
		}
	}
	return low
}

// theilSen is the median of the slopes between all pairs of counts.
func theilSen(counts []int) float64 {
	var slopes []float64
	for i := range counts {
		for j := i + 1; j < len(counts); j++ {
			slopes = append(slopes, float64(counts[j]-counts[i])/float64(j-i))
		}
	}
	slices.Sort(slopes)
	if len(slopes) == 0 {
		return 0
	}
	return (slopes[len(slopes)/2] + slopes[(len(slopes)-1)/2]) / 2
}

// mannKendall is the chance that counts without a trend climb at least as
// steadily, by the normal approximation with its correction for ties.
func mannKendall(counts []int) float64 {
	n := len(counts)
	s := 0
	ties := map[int]int{}
	for i := range counts {
		ties[counts[i]]++
		for j := i + 1; j < n; j++ {
			switch {
			case counts[j] > counts[i]:
				s++
			case counts[j] < counts[i]:
				s--
			}
		}
	}
	v := n * (n - 1) * (2*n + 5)
	for _, k := range ties {
		v -= k * (k - 1) * (2*k + 5)
	}
	if s <= 0 || v <= 0 {
		return 1
	}
	z := float64(s-1) / math.Sqrt(float64(v)/18)
	return math.Erfc(z/math.Sqrt2) / 2
}
