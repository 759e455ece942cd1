package goroutine

import (
	"cmp"
	"slices"
)

// Group is goroutines of a bucket that agree in everything the bucket counts.
type Group struct {
	N      int
	State  string // "" at levels without states
	Wait   int    // minutes
	Locked bool
	Leaked bool
	Labels []Pair
}

// Pair is a label of a goroutine: its key and its value.
type Pair struct{ Key, Value string }

// Groups takes a bucket apart into groups. A bucket counts states, waits and
// labels each for itself and does not keep which goroutine had which, so how
// they go together in a group is a guess; but each of the bucket's counts, by
// state, by wait, by label, is what the groups add up to. Running goroutines
// come first and short waits first, because Go prints no wait for them.
func (b *Bucket) Groups() []Group {
	states := slices.Clone(b.States)
	slices.SortStableFunc(states, func(x, y Count) int { return cmp.Compare(parked(x.Name), parked(y.Name)) })
	var runs []run
	add := func(counts []Count, set func(*Group, string)) {
		at := 0
		for _, c := range counts {
			runs = append(runs, run{at, at + c.N, func(g *Group) { set(g, c.Name) }})
			at += c.N
		}
	}
	add(states, func(g *Group, name string) { g.State = name })
	at := 0
	for _, w := range b.Waits {
		runs = append(runs, run{at, at + w.N, func(g *Group) { g.Wait = w.Minutes }})
		at += w.N
	}
	add([]Count{{N: b.Locked}}, func(g *Group, _ string) { g.Locked = true })
	add([]Count{{N: b.Leaked}}, func(g *Group, _ string) { g.Leaked = true })
	for _, l := range b.Labels {
		add(l.Values, func(g *Group, value string) { g.Labels = append(g.Labels, Pair{l.Key, value}) })
	}
	return cut(runs, b.Count)
}

// run is goroutines next to each other, from the first to before the end, that
// have a property in common.
type run struct {
	from, to int
	set      func(*Group)
}

// cut makes a group between any two places where a run begins or ends.
func cut(runs []run, count int) []Group {
	edges := []int{0, count}
	for _, r := range runs {
		edges = append(edges, min(r.from, count), min(r.to, count))
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var groups []Group
	for i := 1; i < len(edges); i++ {
		g := Group{N: edges[i] - edges[i-1]}
		for _, r := range runs {
			if r.from <= edges[i-1] && edges[i] <= r.to {
				r.set(&g)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// parked is 0 for the states in which a goroutine has no wait, else 1.
func parked(state string) int {
	switch state {
	case "running", "runnable", "idle", "dead", "copystack", "preempted":
		return 0
	}
	return 1
}
