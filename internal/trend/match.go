package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

// Match says by what the buckets of a series were recognised in different dumps.
type Match string

// The matches, the surest first. MatchStack is the same stack at the same
// lines; MatchLevel the same but for frames and facts that one level of dump
// does not show; MatchLines the same functions at other lines, in files that
// changed between two builds; MatchClosures the same functions but for the
// numbers of closures; MatchFrames the first frames of a deep stack.
const (
	MatchStack    Match = "stack"
	MatchLevel    Match = "level"
	MatchLines    Match = "functions"
	MatchClosures Match = "closures"
	MatchFrames   Match = "first-frames"
)

// sure is how much of a verdict's confidence a match leaves.
func (m Match) sure() float64 {
	switch m {
	case MatchLevel:
		return 0.95
	case MatchLines:
		return 0.9
	case MatchClosures, MatchFrames:
		return 0.7
	}
	return 1
}

// deep is the number of frames that all levels of all Go versions keep.
const deep = 25

// try is a way to recognise a bucket, and what it is called.
type try struct {
	like likeness
	got  Match
}

// matched are dumps with the series that their buckets form.
type matched struct {
	lived
	series []Series
	// home is the series of each bucket of each dump; -1 if its goroutines are
	// spread over several.
	home   [][]int32
	spread bool   // some are: ids say nothing
	marked []bool // dumps with goroutines that are marked as leaked
	proved bool   // there are marks, or leak profiles
}

// match makes the series: buckets that are the same in different dumps.
func match(l lived) matched {
	m := matched{lived: l, home: homes(l.dumps)}
	if len(l.dumps) == 1 {
		return m.each()
	}
	like, level := m.likeness()
	var all []parts
	matches := []Match{}
	at := map[string]int{}
	for i := range l.dumps {
		for j := range l.dumps[i].Buckets {
			b := &l.dumps[i].Buckets[j]
			k := string(b.ID)
			if level != MatchStack {
				k = like.key(b.Stack)
			}
			n, ok := at[k]
			if !ok {
				n = len(all)
				at[k] = n
				all = append(all, nil)
				matches = append(matches, level)
			}
			all[n] = all[n].add(i, b)
		}
	}
	for i := 1; i < len(l.dumps); i++ {
		if level != MatchStack || l.restarted[i] || !l.dumps[i].Level.HasIDs() || !l.dumps[i-1].Level.HasIDs() {
			matchBuilds(&l.dumps[i-1], &l.dumps[i], i, like, all, matches)
		}
	}
	index := map[*goroutine.Bucket]int32{}
	m.series = make([]Series, 0, len(all))
	for n, p := range all {
		if p == nil {
			continue
		}
		for _, x := range p {
			index[x.bucket] = int32(len(m.series))
		}
		m.series = append(m.series, p.series(len(l.dumps), "", matches[n]))
	}
	for i := range l.dumps {
		for j := range l.dumps[i].Buckets {
			m.home[i][j] = index[&l.dumps[i].Buckets[j]]
		}
	}
	m.warnOfMatches()
	return m
}

// each makes a series of each bucket of the only dump. There can be a million.
func (m matched) each() matched {
	buckets := m.dumps[0].Buckets
	m.series = make([]Series, len(buckets))
	at, counts := make([]*goroutine.Bucket, len(buckets)), make([]int, len(buckets))
	for i := range buckets {
		b := &buckets[i]
		at[i], counts[i], m.home[0][i] = b, b.Count, int32(i)
		m.series[i] = Series{Bucket: b, At: at[i : i+1 : i+1], Counts: counts[i : i+1 : i+1], Match: MatchStack}
	}
	return m
}

func homes(dumps []goroutine.Dump) [][]int32 {
	home := make([][]int32, len(dumps))
	for i := range dumps {
		home[i] = make([]int32, len(dumps[i].Buckets))
	}
	return home
}

// likeness is what the levels of the dumps have in common. Counting profiles
// (debug=1, debug=0) know no created by, and they and crash output show frames
// of the runtime that debug=2 hides.
func (m *matched) likeness() (likeness, Match) {
	levels := map[goroutine.Level]bool{}
	creator := true
	for i := range m.dumps {
		levels[m.dumps[i].Level] = true
		creator = creator && m.dumps[i].Level.HasIDs()
	}
	if len(levels) == 1 {
		// Profiles of counts that were converted have no frames of the runtime,
		// or have them where others do not.
		return likeness{canonical: !creator, creator: creator}, MatchStack
	}
	names := []string{}
	for l := range levels {
		names = append(names, string(l))
	}
	slices.Sort(names)
	w := Warning{Kind: MixedLevels, Names: names}
	if creator {
		w.Of = 1
	}
	m.warn(w)
	return likeness{canonical: true, creator: creator}, MatchLevel
}

// part is a bucket of a series in one dump.
type part struct {
	dump   int
	bucket *goroutine.Bucket
}

// parts are the buckets of one series, in the order of the dumps.
type parts []part

// add keeps the order of the dumps: buckets are added dump by dump.
func (p parts) add(dump int, b *goroutine.Bucket) parts { return append(p, part{dump, b}) }

// first and last are the first and the last dump that has the series.
func (p parts) first() int { return p[0].dump }
func (p parts) last() int  { return p[len(p)-1].dump }

// newest is a bucket of the last dump that has the series.
func (p parts) newest() *goroutine.Bucket {
	i := len(p) - 1
	for i > 0 && p[i-1].dump == p[i].dump {
		i--
	}
	return p[i].bucket
}

// series makes the series of the parts.
func (p parts) series(dumps int, name string, match Match) Series {
	s := Series{At: make([]*goroutine.Bucket, dumps), Counts: make([]int, dumps), Name: name, Match: match}
	for len(p) > 0 {
		n := 1
		for n < len(p) && p[n].dump == p[0].dump {
			n++
		}
		buckets := make([]*goroutine.Bucket, n)
		for i := range buckets {
			buckets[i] = p[i].bucket
		}
		d := p[0].dump
		s.At[d] = merged(buckets)
		s.Counts[d], s.Bucket = s.At[d].Count, s.At[d]
		p = p[n:]
	}
	return s
}

// warnOfMatches counts what was recognised by less than its stack.
func (m *matched) warnOfMatches() {
	n := map[Match]int{}
	for i := range m.series {
		n[m.series[i].Match]++
	}
	if k := n[MatchLines] + n[MatchClosures]; k > 0 {
		m.warn(Warning{Kind: OtherBuild, N: n[MatchLines], Of: len(m.series), Count: n[MatchClosures]})
	}
	if k := n[MatchFrames]; k > 0 {
		m.warn(Warning{Kind: DeepStacks, N: k, Of: deep})
	}
}

// group makes a series of each group that a grouping names.
func group(l lived, of func(*goroutine.Bucket) []goroutine.Count) matched {
	m := matched{lived: l, home: homes(l.dumps)}
	var names []string
	at := map[string]int{}
	var all []parts
	for i := range l.dumps {
		for j := range l.dumps[i].Buckets {
			b := &l.dumps[i].Buckets[j]
			groups := of(b)
			for _, g := range groups {
				n, ok := at[g.Name]
				if !ok {
					n = len(all)
					at[g.Name] = n
					all = append(all, nil)
					names = append(names, g.Name)
				}
				x := b
				if g.N != b.Count {
					share := *b
					share.Count, share.IDs, share.Spread = g.N, goroutine.IDs{}, nil
					x = &share
				}
				all[n] = all[n].add(i, x)
				m.home[i][j] = int32(n)
			}
			if len(groups) != 1 {
				m.home[i][j] = -1
				m.spread = true
			}
		}
	}
	m.series = make([]Series, 0, len(all))
	for n, p := range all {
		m.series = append(m.series, p.series(len(l.dumps), names[n], MatchStack))
	}
	return m
}
