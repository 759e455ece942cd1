package trend

import (
	"fmt"
	"math"
	"slices"
)

// Without ids only the counts are left. They are watched for a trend that is
// no chance (Mann–Kendall), large (Theil–Sen), and not over at the end. Few
// counts say little: two say nothing about a leak, and of three to five random
// ones every sixth to 120th set climbs.
const (
	fewCounts   = 6
	surelyRises = 0.005 // chance of such a trend in counts that have none
	mostDown    = 0.25  // of what the counts climbed they may have lost on the way:
	// the test takes neighbours for independent, which traffic that lasts is not
	manyfold     = 4.0 // the growth that few counts must show
	leastPerStep = 0.5 // of the mean step, for each step of few counts
)

func (t *track) findByCounts() finding {
	n := len(t.counts)
	first, last := t.counts[0], t.counts[n-1]
	slope := theilSen(t.counts)
	f := finding{stuck: last, perDump: slope, confidence: 0.5}
	if n < 3 || last-first < leastGrowth {
		return f
	}
	if n < fewCounts {
		for i := 1; i < n; i++ {
			if float64((t.counts[i]-t.counts[i-1])*(n-1)) < leastPerStep*float64(last-first) {
				return f
			}
		}
		f.leaks = float64(last) >= manyfold*float64(max(1, first))
		f.perDump = float64(last-first) / float64(n-1)
		f.why = fmt.Sprintf("each of %d counts is higher than the one before; without ids nothing more can be told", n)
		return f
	}
	up, down := 0, 0
	for i := 1; i < n; i++ {
		up += max(0, t.counts[i]-t.counts[i-1])
		down += max(0, t.counts[i-1]-t.counts[i])
	}
	if float64(down) > mostDown*float64(up) {
		return f
	}
	p := mannKendall(t.counts)
	late := medianOf(t.counts[n-n/3:]) - medianOf(t.counts[n/3:n-n/3])
	f.leaks = p <= surelyRises && slope*float64(n-1) >= max(leastGrowth, leastShare*float64(first)) &&
		late >= 0.2*slope*float64(n)/3 && comesOn(increments(t.counts))
	f.confidence = min(0.85, 0.6+0.05*float64(n-fewCounts))
	f.why = fmt.Sprintf("the counts climb by %.3g a dump (Theil–Sen), by chance once in %.0f (Mann–Kendall); there are no ids to follow", slope, 1/max(p, 1e-6))
	return f
}

// increments are the steps by which the highest count so far was raised.
func increments(counts []int) []int {
	top := counts[0]
	out := make([]int, 0, len(counts)-1)
	for _, n := range counts[1:] {
		out = append(out, max(0, n-top))
		top = max(top, n)
	}
	return out
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

func medianOf(counts []int) float64 {
	c := slices.Clone(counts)
	slices.Sort(c)
	return float64(c[len(c)/2]+c[(len(c)-1)/2]) / 2
}
