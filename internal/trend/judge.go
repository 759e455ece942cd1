package trend

import (
	"math"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// judged are dumps whose series have their verdicts.
type judged struct {
	followed
	*rules
	grouped bool
	tracks  [][]track // by lifetime and series
	around  surroundings
}

// judge gives every series its verdict.
func judge(f followed, r *rules, grouped bool) judged {
	j := judged{followed: f, rules: r, grouped: grouped, tracks: make([][]track, len(f.lives))}
	for life := range j.lives {
		j.tracks[life] = make([]track, len(j.series))
		for n := range j.series {
			j.tracks[life][n] = j.track(life, j.series[n].Counts, j.records[n].rows)
		}
	}
	j.around = j.lookAround()
	for n := range j.series {
		s := &j.series[n]
		s.VerdictBy = ByStack
		if grouped {
			s.VerdictBy = ByGroup
		}
		j.verdict(s, j.findings([]int{n}, s, false))
	}
	return j
}

// track is what a series did in one lifetime.
func (j *judged) track(life int, counts []int, rows []row) track {
	w := j.watched[life]
	t := track{counts: make([]int, len(w.dumps))}
	for i, d := range w.dumps {
		t.counts[i] = counts[d]
	}
	if !w.ids || len(w.dumps) < 2 {
		return t
	}
	place := make([]int, len(j.dumps))
	t.since = newCohorts(len(w.dumps))
	for i, d := range w.dumps {
		place[d] = i + 1
	}
	for _, r := range rows {
		if i := place[r.dump]; i > 0 && place[r.stay] > 0 {
			t.since[i-1][place[r.stay]-1] += r.n
		}
	}
	return t
}

// sum is several series as one track. Where one go statement started them all,
// goroutines stay among them as long as they live.
func (j *judged) sum(life int, members []int, counts []int, origin bool) track {
	var rows []row
	for _, n := range members {
		rows = append(rows, j.records[n].rows...)
	}
	if origin {
		for i := range rows {
			rows[i].stay = rows[i].birth
		}
	}
	return j.track(life, counts, rows)
}

// findings are what some series together show, lifetime by lifetime; s is their
// sum.
func (j *judged) findings(members []int, s *Series, origin bool) []finding {
	found := make([]finding, len(j.lives))
	about := claim{limits: j.limits, peer: polls(s.Bucket), blocked: true}
	own := true
	for _, n := range members {
		own = own && ownDoing(j.series[n].Bucket)
		about.peer = about.peer || j.around.peer[n]
		about.blocked = about.blocked && blocked(j.series[n].Bucket)
	}
	if own {
		return found
	}
	for life := range j.lives {
		t := j.tracks[life][members[0]]
		if len(members) > 1 {
			t = j.sum(life, members, s.Counts, origin)
		}
		about.track, about.youth = &t, j.around.youth[life]
		found[life] = j.find(about, func(c *claim) {
			c.siblings, c.past = j.siblings(life, members, c.age), nil
			if c.rise() >= c.Rise {
				c.past = j.past(life, members, c.age)
			}
		})
	}
	return found
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

// verdict says what the findings in each lifetime amount to.
func (j *judged) verdict(s *Series, found []finding) {
	found = j.doubted(s, found)
	for life := range j.lives {
		s.Lives = append(s.Lives, j.growth(s, life, &found[life]))
	}
	s.Gain = slices.MaxFunc(s.Lives, func(a, b Growth) int { return a.Gain - b.Gain }).Gain
	j.settle(s, found)
	if j.provedMore(s) {
		last := len(j.lives) - 1
		if s.Verdict != Accumulating {
			s.Verdict, s.Decides, s.Stuck = Accumulating, nil, min(max(s.Leaked, s.Change()), s.Now())
			s.Lives[last].Verdict, s.Lives[last].Accumulates = Accumulating, true
			s.Reasons = nil
		}
		s.Reasons = append([]Reason{{Kind: Proven, N: s.Leaked}}, s.Reasons...)
		s.Confidence = 0.99
	}
	if !rising(s.Verdict) || s.Match == MatchLevel {
		// Builds differ between lifetimes: what rises does so within one.
		s.Confidence *= s.Match.sure()
	}
	s.Confidence = math.Round(s.Confidence*1000) / 1000
}

// growth is what a series did in a lifetime.
func (j *judged) growth(s *Series, life int, f *finding) Growth {
	dumps := j.watched[life].dumps
	g := Growth{Verdict: f.verdict, PerDump: f.perDump, Gain: f.gain}
	if len(dumps) < 2 {
		return g
	}
	last := len(dumps) - 1
	if !rising(f.verdict) {
		g.Gain = s.Counts[dumps[last]] - s.Counts[dumps[0]]
		g.PerDump = float64(g.Gain) / float64(last)
	}
	if span := j.span(dumps[0], dumps[last]); span > 0 {
		g.PerHour = g.PerDump * float64(last) / span.Hours()
	}
	return g
}

// settle chooses among what the lifetimes show: what the last one shows, unless
// it is too short to show anything, or one of several replicas.
func (j *judged) settle(s *Series, found []finding) {
	last := len(found) - 1
	best, agree := 0, 0
	for i := range found {
		if found[i].verdict == Accumulating {
			agree++
		}
		if rank(&found[i]) >= rank(&found[best]) {
			best = i
		}
	}
	f := &found[last]
	if (len(j.watched[last].dumps) < 3 || j.replicas > 0) && s.Now() > 0 {
		f = &found[best]
	}
	if rising(f.verdict) {
		s.Verdict, s.Confidence, s.Reasons, s.Decides, s.Stuck = f.verdict, f.confidence, f.reasons, f.decides, min(f.stuck, s.Now())
		s.PerDump, s.PerHour = s.meanGrowth()
		for i := range s.Lives {
			// What rises in other lifetimes is the same leak.
			s.Lives[i].Accumulates = s.Verdict == Accumulating && rising(s.Lives[i].Verdict)
		}
		if agree > 1 && f.verdict == Accumulating {
			s.Reasons = append([]Reason{{Kind: InLives, N: agree, Of: len(found)}}, s.Reasons...)
			s.Confidence = 1 - (1-s.Confidence)*math.Pow(0.5, float64(agree-1))
		}
		return
	}
	s.PerDump, s.PerHour = s.Lives[last].PerDump, s.Lives[last].PerHour
	s.calm(j.counts(s), j.limits)
	if f.verdict == Grown && (s.Verdict == Grown || s.Verdict == New) {
		s.Reasons = append(s.Reasons, f.reasons[1:]...)
	}
}

// counts are those of the last lifetime, or of all where it has less than two.
func (j *judged) counts(s *Series) []int {
	dumps := j.watched[len(j.lives)-1].dumps
	if len(dumps) < 2 {
		dumps = nil
		for i := range j.dumps {
			if !j.skip[i] {
				dumps = append(dumps, i)
			}
		}
	}
	if len(dumps) < 2 {
		dumps = []int{0, len(j.dumps) - 1}
	}
	counts := make([]int, len(dumps))
	for i, d := range dumps {
		counts[i] = s.Counts[d]
	}
	return counts
}

// meanGrowth is the mean over the lifetimes in which the series rises.
func (s *Series) meanGrowth() (perDump, perHour float64) {
	n, timed := 0.0, 0.0
	for _, g := range s.Lives {
		if !rising(g.Verdict) {
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

// leastSpan is the time from which a growth is measured by the hour.
const leastSpan = time.Second

// span is the time between two dumps, 0 if it is not known or too short for a
// rate.
func (f *followed) span(from, to int) time.Duration {
	a, b := f.dumps[from].TakenAt, f.dumps[to].TakenAt
	if a.IsZero() || b.IsZero() || b.Sub(a) < leastSpan {
		return 0
	}
	return b.Sub(a)
}
