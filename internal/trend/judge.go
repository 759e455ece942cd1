package trend

import (
	"math"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// finding is what a track shows.
type finding struct {
	verdict    Verdict // Accumulating, Growing, Grown; "" if it shows no rise
	confidence float64
	residents  *residents // what that rests on; nil without ids
	stuck      int        // residents at the end
	gain       int        // over the lifetime
	perDump    float64
	reasons    []Reason
}

// judge gives every series its verdict.
func (c *comparison) judge() {
	c.limits, c.objections = defaultLimits(), objections()
	c.tracks = make([][]track, len(c.Lives))
	for i, l := range c.Lives {
		c.tracks[i] = make([]track, len(c.Series))
		for n := range c.Series {
			c.tracks[i][n] = c.track(c.Series[n].Counts, c.records[n].rows, l, polls(c.Series[n].Bucket))
		}
	}
	c.findSites()
	c.findPairs()
	c.findYouth()
	for n := range c.Series {
		c.verdict(&c.Series[n], c.findings([]int{n}, nil, false))
	}
}

// findings are what several series together show, life by life. Where one go
// statement started them all, goroutines stay among them as long as they live.
func (c *comparison) findings(members []int, s *Series, origin bool) []finding {
	found := make([]finding, len(c.Lives))
	for i := range c.Lives {
		t := &c.tracks[i][members[0]]
		if len(members) > 1 {
			sum := c.sumTrack(i, members, s, origin)
			t = &sum
		}
		own := true
		about := claim{track: t, limits: c.limits, youth: c.youth[i], peer: t.poll, blocked: true}
		for _, n := range members {
			own = own && ownDoing(c.Series[n].Bucket)
			about.peer = about.peer || c.peer[n]
			about.blocked = about.blocked && blocked(c.Series[n].Bucket)
		}
		if !own {
			found[i] = c.find(about, func(age int) []int { return c.siblings(i, members, age) })
		}
	}
	return found
}

// find looks for residents that pile up.
func (c *comparison) find(about claim, siblings func(age int) []int) finding {
	t := about.track
	switch {
	case len(t.counts) < 2:
		return finding{}
	case t.since == nil:
		return c.findByCounts(t)
	}
	best := finding{}
	for _, r := range t.ages(c.limits) {
		about.residents, about.siblings = &r, siblings(r.age)
		if f := c.weigh(&about); rank(f) > rank(best) {
			best = f
		}
	}
	return best
}

// rank orders findings by what they say.
func rank(f finding) float64 {
	switch f.verdict {
	case Accumulating:
		return 3 + f.confidence
	case Growing:
		return 2
	case Grown:
		return 1
	}
	return 0
}

// weigh asks the objections.
func (c *comparison) weigh(cl *claim) finding {
	if cl.rise() < c.limits.Rise || sum(cl.came) < 2 {
		return finding{}
	}
	m := len(cl.level)
	f := finding{verdict: Accumulating, residents: cl.residents, stuck: cl.level[m-1], gain: cl.rise(), perDump: float64(cl.rise()) / float64(m-1)}
	f.reasons = []Reason{{Kind: Stayed, F: []float64{float64(len(cl.flow)), float64(positive(cl.flow)), float64(cl.rise()), float64(cl.level[0]), lateness(cl.flow), float64(cl.age), float64(cl.ended), b2f(cl.peer), b2f(cl.youth.young), b2f(cl.blocked), float64(slices.Min(cl.flow)), float64(slices.Max(cl.flow))}, N: positive(cl.came), Of: len(cl.came), Count: sum(cl.came), Age: cl.age, Ended: cl.ended}}
	for _, o := range c.objections {
		r, holds := o.holds(cl)
		if !holds {
			continue
		}
		f.reasons = append(f.reasons, r)
		if o.then.Rank() > f.verdict.Rank() {
			f.verdict = o.then
		}
	}
	switch f.verdict {
	case Accumulating:
		f.confidence = confidence(cl)
	case Growing:
		f.confidence = unsure
	case Turnover:
		return finding{}
	}
	return f
}

// unsure is the confidence in what grows and is not called a leak.
const unsure = 0.5

// sure is, by the number of rounds that brought some, how often what nothing
// speaks against was a leak, on recorded services (make confusion).
var sure = [...]float64{2: 0.92, 3: 0.94, 4: 0.95, 5: 0.96, 6: 0.97, 7: 0.98}

// confidence is lower where little came, to many or at connections.
func confidence(c *claim) float64 {
	p := sure[max(2, min(positive(c.flow), len(sure)-1))]
	if c.peer {
		p -= 0.04
	}
	even := 2*slices.Min(c.flow) >= slices.Max(c.flow)
	if float64(c.rise()) < c.Little*float64(c.level[0]) && !even && len(c.flow) < c.PeerRounds {
		p -= 0.05
	}
	if len(c.flow) < 3 && (c.rise() < 2*c.Few || c.age > 0) {
		p -= 0.05
	}
	return p
}

// track is a series in one life.
func (c *comparison) track(counts []int, rows []row, l Life, poll bool) track {
	dumps, ids := c.judged(l)
	t := track{dumps: dumps, counts: make([]int, len(dumps)), poll: poll}
	for i, d := range dumps {
		t.counts[i] = counts[d]
	}
	if !ids || len(dumps) < 2 {
		return t
	}
	place := make([]int, len(c.Dumps))
	t.since = newCohorts(len(dumps))
	for i, d := range dumps {
		place[d] = i + 1
	}
	for _, r := range rows {
		if i := place[r.dump]; i > 0 && place[r.stay] > 0 {
			t.since[i-1][place[r.stay]-1] += r.n
		}
	}
	return t
}

// sumTrack is several series as one.
func (c *comparison) sumTrack(life int, members []int, s *Series, origin bool) track {
	var rows []row
	for _, n := range members {
		rows = append(rows, c.records[n].rows...)
	}
	if origin {
		for i := range rows {
			rows[i].stay = rows[i].birth
		}
	}
	return c.track(s.Counts, rows, c.Lives[life], polls(s.Bucket))
}

// findSites groups the series by call site.
func (c *comparison) findSites() {
	groups := c.groups(siteKey)
	c.site = make([][]int, len(c.Series))
	for _, g := range groups {
		for _, n := range g {
			c.site[n] = g
		}
	}
}

// siblings are the levels of what else is parked at the site of some series, of
// those past an age; nil if there is nothing.
func (c *comparison) siblings(life int, members []int, age int) []int {
	var level []int
	for _, n := range c.site[members[0]] {
		t := &c.tracks[life][n]
		if t.since == nil || slices.Contains(members, n) {
			continue
		}
		if level == nil {
			level = make([]int, len(t.counts)-age)
		}
		for i := range level {
			for _, k := range t.since[i+age][:i+1] {
				level[i] += int(k)
			}
		}
	}
	return level
}

// findPairs finds series that wait for peers, or whose goroutines are born and
// end together with those of a go statement that do, in the same function: the
// two ends of a connection.
func (c *comparison) findPairs() {
	c.peer = make([]bool, len(c.Series))
	type statement struct {
		members []int
		counts  []int
		poll    int
	}
	starters := map[string][]statement{}
	for _, g := range c.groups(statementKey) {
		by := c.Series[g[0]].Bucket.Stack.CreatedBy().Function
		st := statement{g, make([]int, len(c.Dumps)), 0}
		for _, n := range g {
			for i, k := range c.Series[n].Counts {
				st.counts[i] += k
			}
			if c.peer[n] = polls(c.Series[n].Bucket); c.peer[n] {
				st.poll += slices.Max(c.Series[n].Counts)
			}
		}
		if by != "" {
			starters[by] = append(starters[by], st)
		}
	}
	for _, statements := range starters {
		for i := range statements {
			for j := range statements {
				a, b := &statements[i], &statements[j]
				if 2*b.poll <= slices.Max(b.counts) || i != j && !together(a.counts, b.counts) {
					continue
				}
				for _, n := range a.members {
					c.peer[n] = true
				}
			}
		}
	}
}

// findYouth finds out how old the process was when it was first looked at: by
// the goroutines that it had started, beside those that it started since.
func (c *comparison) findYouth() {
	c.youth = make([]youth, len(c.Lives))
	for i, l := range c.Lives {
		dumps, ids := c.judged(l)
		if !ids || len(dumps) < 2 {
			continue
		}
		first, last := dumps[0], dumps[len(dumps)-1]
		a, b := c.rosters.highest(first), c.rosters.highest(last)
		y := youth{first: c.Dumps[first].Goroutines, young: b > a && a*uint64(len(dumps)-1) < b-a}
		if h := c.hours(first, last); h > 0 {
			y.span = time.Duration(h * float64(time.Hour))
		}
		c.youth[i] = y
	}
}

// blocked reports whether most of a bucket's goroutines are in a state in which
// no goroutine of a pool waits for work.
func blocked(b *goroutine.Bucket) bool {
	n := 0
	for _, s := range b.States {
		switch s.Name {
		case "chan send", "chan send (nil chan)", "chan receive (nil chan)", "select (no cases)",
			"sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
			n += s.N
		}
	}
	return 2*n > b.Count
}

// together reports whether two counts go the same way.
func together(a, b []int) bool {
	apart, all := 0, 0
	for i := range a {
		apart += max(a[i]-b[i], b[i]-a[i])
		all += max(a[i], b[i])
	}
	return all > 0 && 10*apart <= all+10
}

// verdict says what the findings in each life amount to.
func (c *comparison) verdict(s *Series, found []finding) {
	c.doubtLives(s, found)
	for i := range c.Lives {
		s.Lives = append(s.Lives, c.growth(s, i, &found[i]))
	}
	s.VerdictBy = ByStack
	if c.By != string(ByStack) {
		s.VerdictBy = ByGroup
	}
	c.settle(s, found)
	if c.provedMore(s) {
		if s.Verdict != Accumulating {
			s.Verdict, s.Stuck = Accumulating, min(max(s.Leaked, s.Change()), s.Now())
			s.Lives[len(s.Lives)-1].Accumulates = true
		}
		s.Reasons = append([]Reason{{Kind: Proven, N: s.Leaked}}, s.Reasons...)
		s.Confidence = 0.99
	}
	if !rising(s.Verdict) || s.Match == MatchLevel {
		// Builds differ between lifetimes: what rises does so within one.
		s.Confidence *= s.Match.sure()
	}
	s.Confidence = math.Round(s.Confidence*1000) / 1000
	s.Why = why(s.Verdict, s.Reasons)
}

// growth is what a series did in a life.
func (c *comparison) growth(s *Series, life int, f *finding) Growth {
	dumps := c.whole(c.Lives[life])
	g := Growth{Verdict: f.verdict, Accumulates: f.verdict == Accumulating, PerDump: f.perDump, Gain: f.gain}
	if len(dumps) < 2 {
		return g
	}
	last := len(dumps) - 1
	if f.verdict != Accumulating && f.verdict != Growing {
		g.Gain = s.Counts[dumps[last]] - s.Counts[dumps[0]]
		g.PerDump = float64(g.Gain) / float64(last)
	}
	if h := c.hours(dumps[0], dumps[last]); h > 0 {
		g.PerHour = g.PerDump * float64(last) / h
	}
	return g
}

// doubtLives takes back what was found in a lifetime where others say otherwise.
func (c *comparison) doubtLives(s *Series, found []finding) {
	for i := range found {
		f := &found[i]
		if !rising(f.verdict) {
			continue
		}
		tops, spans := 0, 0
		for j := range found {
			dumps := c.whole(c.Lives[j])
			if j == i || len(dumps) < 2 {
				continue
			}
			end := s.Counts[dumps[len(dumps)-1]]
			reached := float64(end) >= (1-c.limits.EqualTops)*float64(f.stuck)
			if !rising(found[j].verdict) && reached && len(dumps) >= max(3, len(c.whole(c.Lives[i]))) {
				f.verdict = Grown
				f.reasons = append(f.reasons, Reason{Kind: OtherLife, N: end})
				break
			}
			if reached && float64(end) <= (1+c.limits.EqualTops)*float64(f.stuck) {
				tops++
				spans = max(spans, len(dumps)-len(c.whole(c.Lives[i])), len(c.whole(c.Lives[i]))-len(dumps))
			}
		}
		if f.verdict == Accumulating && tops > 0 && spans > 0 {
			f.verdict, f.confidence = Growing, unsure
			f.reasons = append(f.reasons, Reason{Kind: EqualTops, N: tops + 1, Count: f.stuck})
		}
	}
}

// settle chooses among what the lives show: what the last one shows, unless it
// is too short to show anything.
func (c *comparison) settle(s *Series, found []finding) {
	last := len(found) - 1
	best, agree := -1, 0
	for i := range found {
		if found[i].verdict == Accumulating {
			agree++
		}
		if best < 0 || rank(found[i]) >= rank(found[best]) {
			best = i
		}
	}
	f := &found[last]
	if len(c.whole(c.Lives[last])) < 3 && s.Now() > 0 {
		f = &found[best]
	}
	s.Gain = 0
	for i, g := range s.Lives {
		if i == 0 || g.Gain > s.Gain {
			s.Gain = g.Gain
		}
	}
	if f.verdict == Accumulating || f.verdict == Growing {
		s.Verdict, s.Confidence, s.Reasons, s.Stuck = f.verdict, f.confidence, f.reasons, min(f.stuck, s.Now())
		s.PerDump, s.PerHour = s.meanGrowth(f.verdict)
		if agree > 1 {
			s.Reasons = append([]Reason{{Kind: Lives, N: agree, Of: len(found)}}, s.Reasons...)
			s.Confidence = 1 - (1-s.Confidence)*math.Pow(0.5, float64(agree-1))
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
	s.calm(counts, c.limits)
	if f.verdict == Grown && (s.Verdict == Grown || s.Verdict == New) {
		s.Reasons = append(s.Reasons, f.reasons[1:]...)
	}
}

// meanGrowth is the mean over the lives with a verdict.
func (s *Series) meanGrowth(v Verdict) (perDump, perHour float64) {
	n, timed := 0.0, 0.0
	for _, g := range s.Lives {
		if g.Verdict != v {
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

// calm gives the verdict of a series that shows no rise that lasts, from how
// its counts move and whether its members change.
func (s *Series) calm(counts []int, l limits) {
	first, last := counts[0], counts[len(counts)-1]
	top, drop, low, climb := 0, 0, first, 0
	for _, n := range counts {
		top = max(top, n)
		drop = max(drop, top-n)
		low = min(low, n)
		climb = max(climb, n-low)
	}
	growth := last - first
	moved := (growth >= l.Rise || -growth >= l.Rise) && math.Abs(float64(growth)) >= l.RiseShare*float64(first)
	swings := drop >= l.Rise && float64(drop) >= l.Swing*float64(top)
	s.Confidence = 0.9
	if !s.HasIDs {
		s.Confidence = 0.7
	}
	say := func(v Verdict, less float64, r Reason) {
		s.Verdict, s.Reasons = v, []Reason{r}
		s.Confidence -= less
	}
	switch {
	case last == 0 && first == 0:
		say(Turnover, 0, Reason{Kind: CameAndWent})
	case last == 0:
		say(Gone, 0, Reason{Kind: NoneLeft})
	case first == 0 && len(counts) > 2 && swings:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	case first == 0:
		say(New, 0.1, Reason{Kind: NoneBefore})
	case growth > 0 && swings, growth < 0 && moved && swings && last > first/2 && climb >= l.Rise:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	case growth < 0 && moved:
		say(Shrunk, 0, Reason{Kind: Fewer})
	case growth > 0 && moved:
		say(Grown, 0.2, Reason{Kind: RoseOnce})
	case s.HasIDs && 2*s.Survived < min(first, last):
		say(Turnover, 0, Reason{Kind: Exchanged, N: s.Ended, Of: first})
	case swings:
		say(Turnover, 0, Reason{Kind: UpAndDown})
	default:
		say(Stable, 0, Reason{Kind: AsBefore})
	}
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

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
