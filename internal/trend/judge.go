package trend

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// polls reports whether most of a bucket's goroutines wait for the network.
func polls(b *goroutine.Bucket) bool {
	if b == nil {
		return false
	}
	n := 0
	for _, s := range b.States {
		if s.Name == "IO wait" {
			n += s.N
		}
	}
	return 2*n > b.Count
}

// judge gives every series its verdict.
func (c *comparison) judge() {
	for n := range c.Series {
		s := &c.Series[n]
		c.verdict(s, c.records[n].rows, ownDoing(s.Bucket))
	}
}

// verdict judges a series in each life, and says what comes of it.
func (c *comparison) verdict(s *Series, rows []row, own bool) {
	tracks, found := make([]track, len(c.Lives)), make([]finding, len(c.Lives))
	for i, l := range c.Lives {
		tracks[i] = c.track(s, rows, l)
		found[i] = tracks[i].find()
		found[i].leaks = found[i].leaks && !own
	}
	compareLives(tracks, found)
	for i, t := range tracks {
		g := Growth{Accumulates: found[i].leaks, PerDump: found[i].perDump}
		if len(t.dumps) > 1 {
			if !g.Accumulates {
				g.PerDump = float64(t.counts[len(t.counts)-1]-t.counts[0]) / float64(len(t.counts)-1)
			}
			if h := c.hours(t.dumps[0], t.dumps[len(t.dumps)-1]); h > 0 {
				g.PerHour = g.PerDump * float64(len(t.dumps)-1) / h
			}
		}
		s.Lives = append(s.Lives, g)
	}
	s.VerdictBy = ByStack
	if c.By != string(ByStack) {
		s.VerdictBy = ByGroup
	}
	s.settle(c, found)
	if c.provedMore(s) {
		if s.Verdict != Accumulating {
			s.Verdict, s.Stuck = Accumulating, min(max(s.Leaked, s.Change()), s.Now())
			s.Why = fmt.Sprintf("the garbage collector proved %d of them leaked, and they have become more", s.Leaked)
			s.Lives[len(s.Lives)-1].Accumulates = true
		}
		s.Confidence = 0.99
	}
	s.Confidence = math.Round(s.Confidence*s.Match.sure()*1000) / 1000
}

// compareLives takes back what was found in a life where another, no shorter
// and without a leak, says otherwise.
func compareLives(tracks []track, found []finding) {
	for i := range found {
		for j := range found {
			known := !found[j].leaks && tracks[j].since != nil && len(tracks[j].dumps) >= max(3, len(tracks[i].dumps))
			if found[i].leaks && known && found[i].refuted(&tracks[i], &tracks[j]) {
				found[i].takenBack = true
			}
		}
	}
	for i := range found {
		found[i].leaks = found[i].leaks && !found[i].takenBack
	}
}

// refuted reports whether another life says otherwise of what was found in
// one: there as many have stayed, and for longer than chance makes it no more
// have come, as in a pool that is full; or those of that age end, and it is
// chance that they did not here. Two dumps cannot tell, and longer lives can.
func (f *finding) refuted(in, other *track) bool {
	if len(in.dumps) == 2 {
		return slices.Max(other.counts) > 0
	}
	stayed, silence := other.end()
	if stayed >= f.stuck && math.Pow(1-f.comes, float64(silence)) < cameToEnd {
		return true
	}
	s := other.settledAt(f.seen.age)
	return s.ended >= leastSeen && float64(s.ended) > fewEnd*float64(s.exposed) &&
		f.seen.chance(float64(s.ended)/float64(s.exposed)) > surelyStay
}

// end counts who is there at the end and was there a dump before, and the
// dumps since which none has come to stay.
func (t *track) end() (stayed, silence int) {
	if t.since == nil {
		return 0, 0
	}
	last := len(t.since) - 1
	silence = last
	for i, n := range t.since[last][:last] {
		if stayed += n; n > 0 {
			silence = last - 1 - i
		}
	}
	return stayed, silence
}

// settle chooses among what the lives show: what the last one shows, unless it
// is too short to show anything.
func (s *Series) settle(c *comparison, found []finding) {
	last := len(found) - 1
	leaks, best := 0, -1
	for i := range found {
		if found[i].leaks {
			leaks++
			best = i
		}
	}
	short := len(c.whole(c.Lives[last])) < 3
	goesOn := short && s.Lives[last].PerDump >= 0 || 2*leaks >= len(found) && s.Lives[last].PerDump > 0
	if leaks > 0 && (found[last].leaks || goesOn && s.Now() > 0) {
		f := found[best]
		s.Verdict, s.Confidence, s.Why, s.Stuck = Accumulating, f.confidence, f.why, min(f.stuck, s.Now())
		s.PerDump, s.PerHour = s.meanGrowth()
		if leaks > 1 {
			s.Confidence = min(0.99, s.Confidence+0.05)
			s.Why = fmt.Sprintf("in %d of %d lives; in the last of them %s", leaks, len(found), f.why)
		}
		return
	}
	s.PerDump, s.PerHour = s.Lives[last].PerDump, s.Lives[last].PerHour
	dumps := c.whole(c.Lives[last])
	if len(dumps) < 2 {
		dumps = nil
		for i := range c.Dumps {
			if !c.skip[i] {
				dumps = append(dumps, i)
			}
		}
	}
	if len(dumps) < 2 {
		dumps = []int{0, len(c.Dumps) - 1}
	}
	counts := make([]int, len(dumps))
	for i, d := range dumps {
		counts[i] = s.Counts[d]
	}
	s.plain(counts)
	if found[last].takenBack {
		s.Why = "rose, as in another life, in which it came to an end"
	}
}

// meanGrowth is the mean over the lives that accumulate.
func (s *Series) meanGrowth() (perDump, perHour float64) {
	n, timed := 0.0, 0.0
	for _, g := range s.Lives {
		if !g.Accumulates {
			continue
		}
		n++
		perDump += g.PerDump
		if g.PerHour != 0 {
			timed++
			perHour += g.PerHour
		}
	}
	return perDump / n, perHour / max(1, timed)
}

// plain gives the verdict of a series that does not accumulate, from how its
// counts move and whether its members change.
func (s *Series) plain(counts []int) {
	first, last := counts[0], counts[len(counts)-1]
	top, drop, changed := 0, 0, 0
	peak := first
	for i, n := range counts {
		top = max(top, n)
		peak = max(peak, n)
		drop = max(drop, peak-n)
		if i > 0 {
			changed = max(changed, max(n-counts[i-1], counts[i-1]-n))
		}
	}
	growth := last - first
	moved := growth >= leastGrowth || -growth >= leastGrowth
	moved = moved && math.Abs(float64(growth)) >= leastShare*float64(first)
	swings := drop >= leastGrowth && float64(drop) >= swing*float64(top)
	s.Confidence = 0.9
	if !s.HasIDs {
		s.Confidence = 0.7
	}
	switch {
	case last == 0 && first == 0:
		s.Verdict, s.Why = Turnover, "came and went"
	case last == 0:
		s.Verdict, s.Why = Gone, "none is left"
	case first == 0 && len(counts) > 2 && swings:
		s.Verdict, s.Why = Turnover, "the count goes up and down"
	case first == 0:
		s.Verdict, s.Why, s.Confidence = New, "there was none before", s.Confidence-0.1
	case growth > 0 && swings, growth < 0 && moved && swings && last > counts[0]/2 && len(counts) > 2 && rises(counts):
		s.Verdict, s.Why = Turnover, "the count goes up and down"
	case growth < 0 && moved:
		s.Verdict, s.Why = Shrunk, "there are fewer than before"
	case growth > 0 && moved:
		s.Verdict, s.Why, s.Confidence = Grown, "rose, and does not keep rising as a leak would", s.Confidence-0.2
	case s.HasIDs && 2*s.Survived < min(first, last):
		s.Verdict, s.Why = Turnover, fmt.Sprintf("%d of %d have been replaced", s.Ended, first)
	case swings:
		s.Verdict, s.Why = Turnover, "the count goes up and down"
	default:
		s.Verdict, s.Why = Stable, "about as many as before"
	}
}

// rises reports whether the counts go up anywhere by more than little.
func rises(counts []int) bool {
	low := counts[0]
	for _, n := range counts {
		low = min(low, n)
		if n-low >= leastGrowth {
			return true
		}
	}
	return false
}

// track is a series in one life.
func (c *comparison) track(s *Series, rows []row, l Life) track {
	dumps, ids := c.judged(l)
	t := track{dumps: dumps, counts: make([]int, len(dumps)), poll: polls(s.Bucket)}
	for i, d := range dumps {
		t.counts[i] = s.Counts[d]
	}
	if !ids || len(dumps) < 2 {
		return t
	}
	place := map[int32]int{}
	t.since, t.fresh = make([][]int, len(dumps)), make([]int, len(dumps))
	for i, d := range dumps {
		place[int32(d)] = i
		t.since[i] = make([]int, len(dumps))
	}
	for _, r := range rows {
		i, ok := place[r.dump]
		if !ok {
			continue
		}
		t.since[i][place[r.stay]] += int(r.n)
		if i == len(dumps)-1 && place[r.birth] > 0 {
			t.fresh[place[r.stay]] += int(r.n)
		}
	}
	return t
}

// whole are the dumps of a life that are judged.
func (c *comparison) whole(l Life) []int {
	dumps, _ := c.judged(l)
	return dumps
}

// leastSpan is the time from which a growth can be told by the hour.
const leastSpan = time.Second

// hours is the time between two dumps, 0 if it is not known or too short for a
// rate.
func (c *comparison) hours(from, to int) float64 {
	a, b := c.Dumps[from].TakenAt, c.Dumps[to].TakenAt
	if a.IsZero() || b.IsZero() || b.Sub(a) < leastSpan {
		return 0
	}
	return float64(b.Sub(a)) / float64(time.Hour)
}

// ownDoing reports whether the goroutine is there because the dump was taken:
// the handler that wrote it.
func ownDoing(b *goroutine.Bucket) bool {
	for f := range b.Stack.All() {
		if strings.HasPrefix(f.Function, "runtime/pprof.") {
			return true
		}
	}
	return false
}
