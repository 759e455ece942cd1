package trend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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

// parts are the buckets of one series, dump by dump.
type parts [][]*goroutine.Bucket

// match makes the series: buckets that are the same in different dumps.
func (c *comparison) match() {
	like, level := c.likeness()
	var all []parts
	matches := []Match{}
	at := map[string]int{}
	for i := range c.Dumps {
		for j := range c.Dumps[i].Buckets {
			b := &c.Dumps[i].Buckets[j]
			k := string(b.ID)
			if level != MatchStack {
				k = like.key(b.Stack)
			}
			n, ok := at[k]
			if !ok {
				n = len(all)
				at[k] = n
				all = append(all, make(parts, len(c.Dumps)))
				matches = append(matches, level)
			}
			all[n][i] = append(all[n][i], b)
		}
	}
	for i := 1; i < len(c.Dumps); i++ {
		if level != MatchStack || c.Restarted[i] || !c.Dumps[i].Level.HasIDs() || !c.Dumps[i-1].Level.HasIDs() {
			c.matchBuilds(i, like, all, matches)
		}
	}
	c.home = c.homes()
	index := map[*goroutine.Bucket]int32{}
	c.Series = make([]Series, 0, len(all))
	for n, p := range all {
		if p == nil {
			continue
		}
		s := Series{At: make([]*goroutine.Bucket, len(c.Dumps)), Counts: make([]int, len(c.Dumps)), Match: matches[n]}
		for i, buckets := range p {
			for _, b := range buckets {
				index[b] = int32(len(c.Series))
			}
			if s.At[i] = merged(buckets); s.At[i] != nil {
				s.Counts[i], s.Bucket = s.At[i].Count, s.At[i]
			}
		}
		c.Series = append(c.Series, s)
	}
	for i := range c.Dumps {
		for j := range c.Dumps[i].Buckets {
			c.home[i][j] = index[&c.Dumps[i].Buckets[j]]
		}
	}
	c.noteMatches()
}

func (c *comparison) homes() [][]int32 {
	home := make([][]int32, len(c.Dumps))
	for i := range c.Dumps {
		home[i] = make([]int32, len(c.Dumps[i].Buckets))
	}
	return home
}

// likeness is what the levels of the dumps have in common. Counting profiles
// (debug=1, debug=0) know no created by, and they and crash output show frames
// of the runtime that debug=2 hides.
func (c *comparison) likeness() (likeness, Match) {
	levels := map[goroutine.Level]bool{}
	creator := true
	for i := range c.Dumps {
		levels[c.Dumps[i].Level] = true
		creator = creator && c.Dumps[i].Level.HasIDs()
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
	what := "without frames of the runtime"
	if !creator {
		what += " and created by, which not all of them show"
	}
	c.note(fmt.Sprintf("%s are different kinds of dump: stacks are compared %s", strings.Join(names, " and "), what))
	return likeness{canonical: true, creator: creator}, MatchLevel
}

// span is the first and the last dump that has the series; -1 if none has.
func (p parts) span() (first, last int) {
	first = -1
	for i := range p {
		if len(p[i]) > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first, last
}

func (p parts) any() *goroutine.Bucket {
	for i := len(p) - 1; ; i-- {
		if len(p[i]) > 0 {
			return p[i][0]
		}
	}
}

// noteMatches says how many buckets were recognised by less than their stack.
func (c *comparison) noteMatches() {
	n := map[Match]int{}
	for i := range c.Series {
		n[c.Series[i].Match]++
	}
	if n[MatchLines]+n[MatchClosures] > 0 {
		note := fmt.Sprintf("the dumps come from different builds, lines have moved: %d of %s matched by the names of functions", n[MatchLines], plural(len(c.Series), "bucket"))
		if k := n[MatchClosures]; k > 0 {
			note += fmt.Sprintf(", %d by names without the numbers of closures, which is less sure", k)
		}
		c.note(note)
	}
	if n[MatchFrames] > 0 {
		c.note(fmt.Sprintf("%s matched by their first %d frames", plural(n[MatchFrames], "deep stack"), deep))
	}
}

// group makes a series of each group that a grouping names.
func (c *comparison) group(of func(*goroutine.Bucket) []goroutine.Count) {
	var names []string
	at := map[string]int{}
	var all []parts
	c.home = c.homes()
	for i := range c.Dumps {
		for j := range c.Dumps[i].Buckets {
			b := &c.Dumps[i].Buckets[j]
			groups := of(b)
			for _, g := range groups {
				n, ok := at[g.Name]
				if !ok {
					n = len(all)
					at[g.Name] = n
					all = append(all, make(parts, len(c.Dumps)))
					names = append(names, g.Name)
				}
				x := b
				if g.N != b.Count {
					share := *b
					share.Count, share.IDs = g.N, goroutine.IDs{}
					x = &share
				}
				all[n][i] = append(all[n][i], x)
				c.home[i][j] = int32(n)
			}
			if len(groups) != 1 {
				c.home[i][j] = -1
				c.split = true
			}
		}
	}
	c.Series = make([]Series, 0, len(all))
	for n, p := range all {
		s := Series{At: make([]*goroutine.Bucket, len(c.Dumps)), Counts: make([]int, len(c.Dumps)), Name: names[n], Match: MatchStack}
		for i, buckets := range p {
			if s.At[i] = merged(buckets); s.At[i] != nil {
				s.Counts[i], s.Bucket = s.At[i].Count, s.At[i]
			}
		}
		c.Series = append(c.Series, s)
	}
}

// merged is several buckets of one dump as one. The largest lends its stack.
func merged(buckets []*goroutine.Bucket) *goroutine.Bucket {
	switch len(buckets) {
	case 0:
		return nil
	case 1:
		return buckets[0]
	}
	top := buckets[0]
	for _, b := range buckets {
		if b.Count > top.Count {
			top = b
		}
	}
	m := *top
	m.Count, m.Locked, m.Leaked = 0, 0, 0
	m.States, m.Waits, m.Labels, m.IDs = nil, nil, nil, goroutine.IDs{}
	for _, b := range buckets {
		m.Count += b.Count
		m.Locked += b.Locked
		m.Leaked += b.Leaked
		m.States = addCounts(m.States, b.States)
		m.Waits = append(m.Waits, b.Waits...)
		m.Labels = addLabels(m.Labels, b.Labels)
		for id := range b.IDs.All() {
			m.IDs.Add(id)
		}
	}
	m.Waits.Sort()
	return &m
}

func addLabels(sum, more []goroutine.Label) []goroutine.Label {
	sum = slices.Clone(sum)
	for _, l := range more {
		if i := slices.IndexFunc(sum, func(x goroutine.Label) bool { return x.Key == l.Key }); i >= 0 {
			sum[i].Values = addCounts(sum[i].Values, l.Values)
		} else {
			sum = append(sum, l)
		}
	}
	return sum
}

func addCounts(a, b []goroutine.Count) []goroutine.Count {
	sum := slices.Clone(a)
	for _, c := range b {
		if i := slices.IndexFunc(sum, func(x goroutine.Count) bool { return x.Name == c.Name }); i >= 0 {
			sum[i].N += c.N
		} else {
			sum = append(sum, c)
		}
	}
	slices.SortFunc(sum, func(x, y goroutine.Count) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Name, y.Name)) })
	return sum
}
