package trend

import (
	"cmp"
	"math"
	"slices"

	"gdump/internal/goroutine"
)

// matchBuilds joins series that end before a dump with series that begin with
// it, where all that differs lies in files whose lines have moved between the
// two builds: one to one, by what is surest first.
func matchBuilds(a, b *goroutine.Dump, boundary int, base likeness, all []parts, matches []Match) {
	moved := movedFiles(a, b)
	keepLines := func(file string) bool { return moved[file] == 0 }
	tries := []try{
		{likeness{canonical: base.canonical, creator: base.creator, lines: keepLines}, MatchLines},
		{likeness{canonical: base.canonical, lines: keepLines}, MatchLines},
		{likeness{canonical: true, plain: true, lines: keepLines}, MatchClosures},
	}
	if len(moved) == 0 {
		tries = nil
	}
	if base.canonical {
		tries = append(tries, try{likeness{canonical: true, creator: base.creator, unwrapped: true, lines: keepLines}, MatchLevel}, try{likeness{canonical: true, lines: keepLines, frames: deep}, MatchFrames})
	}
	for _, try := range tries {
		before := map[string][]int{}
		var after []int
		for n, p := range all {
			switch {
			case p == nil || try.got == MatchFrames && p.newest().Stack.Len() < deep:
			case p.last() < boundary:
				k := try.like.key(p.newest().Stack)
				before[k] = append(before[k], n)
			case p.first() >= boundary:
				after = append(after, n)
			}
		}
		if len(before) == 0 {
			return
		}
		slices.SortStableFunc(after, func(a, b int) int { return cmp.Compare(all[b].newest().Count, all[a].newest().Count) })
		for _, n := range after {
			k := try.like.key(all[n].newest().Stack)
			found := nearest(before[k], all, n)
			if found < 0 {
				continue
			}
			m := before[k][found]
			before[k] = slices.Delete(before[k], found, found+1)
			all[m] = append(all[m], all[n]...)
			all[n], matches[m] = nil, try.got
		}
	}
}

// nearest chooses among series that fit equally well the one whose lines are
// nearest: code that moved kept its order.
func nearest(candidates []int, all []parts, n int) int {
	if len(candidates) < 2 {
		return len(candidates) - 1
	}
	frames := all[n].newest().Stack.Frames()
	best, least := -1, math.MaxInt
	for i, m := range candidates {
		rest, away := frames, 0
		for f := range all[m].newest().Stack.All() {
			if len(rest) == 0 {
				break
			}
			away += max(f.Line-rest[0].Line, rest[0].Line-f.Line)
			rest = rest[1:]
		}
		if away < least {
			best, least = i, away
		}
	}
	return best
}

// source is what a dump shows of a file: its functions, and where in them.
type source struct {
	functions map[string]bool
	places    map[place]bool
}

type place struct {
	function string
	line     int
}

func sources(d *goroutine.Dump) map[string]source {
	files := map[string]source{}
	visit := func(f goroutine.Frame) {
		if f.Line == 0 {
			return
		}
		s, ok := files[fileOf(&f)]
		if !ok {
			s = source{map[string]bool{}, map[place]bool{}}
			files[fileOf(&f)] = s
		}
		name := stripTypeArguments(f.Function)
		s.functions[plainName(name)] = true
		s.places[place{name, f.Line}] = true
	}
	for i := range d.Buckets {
		s := d.Buckets[i].Stack
		for f := range s.All() {
			visit(f)
		}
		visit(s.CreatedBy())
	}
	return files
}

// movedFiles are the files that differ between the builds that wrote two
// dumps: both dumps show functions of the file, and next to none at the same
// line. It gives the number of functions that moved.
func movedFiles(a, b *goroutine.Dump) map[string]int {
	before, after := sources(a), sources(b)
	moved := map[string]int{}
	for file, p := range before {
		q, ok := after[file]
		if !ok || 5*common(p.places, q.places) > min(len(p.places), len(q.places)) {
			continue // a few may come to the same line by chance
		}
		if n := common(p.functions, q.functions); n > 0 {
			moved[file] = n
		}
	}
	return moved
}

// rebuilt reports whether two dumps come from two builds, and so from two
// lives: a file in which several functions moved tells, one function may just
// wait at another line.
func rebuilt(a, b *goroutine.Dump) bool {
	const several = 3
	if alike(a, b) {
		return false
	}
	for _, n := range movedFiles(a, b) {
		if n >= several {
			return true
		}
	}
	return false
}

func common[K comparable](a, b map[K]bool) int {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	return n
}
