package blocked

import (
	"cmp"
	"slices"
)

// link counts for each suspect who waits for it, directly or through others.
func (s *scene) link() {
	g := s.edges()
	back := reversed(g)
	blocks := map[int]int{}
	for _, r := range s.resources {
		for k := range r.Suspects {
			x := &r.Suspects[k]
			n, ok := blocks[x.unit]
			if !ok {
				n = s.reach(back, x.unit)
				blocks[x.unit] = n
			}
			x.Blocks, x.Root = n, len(g[x.unit]) == 0
			if x.Confidence >= Probable {
				s.idle[x.Bucket] = "" // others wait for it
			}
		}
	}
}

// edges lead from who waits to who must act, as far as that is more than a guess.
func (s *scene) edges() map[int][]int {
	g := map[int][]int{}
	for _, r := range s.resources {
		for _, x := range r.Suspects {
			if x.Confidence < Probable {
				continue
			}
			for _, i := range r.units {
				// The pending writer waits for the readers, the others for it.
				pending := slices.Contains(r.pending, i)
				if x.Pending && pending || !x.Pending && !pending && len(r.pending) > 0 {
					continue
				}
				g[i] = append(g[i], x.unit)
			}
		}
	}
	return g
}

// maxReach bounds the walks over the graph.
const maxReach = 1 << 20

func reversed(g map[int][]int) map[int][]int {
	back := make(map[int][]int, len(g))
	for from, to := range g {
		for _, t := range to {
			back[t] = append(back[t], from)
		}
	}
	return back
}

// reach counts the other goroutines from which some can be reached.
func (s *scene) reach(back map[int][]int, from ...int) int {
	seen := map[int]bool{}
	for _, i := range from {
		seen[i] = true
	}
	todo := slices.Clone(from)
	n := 0
	for len(todo) > 0 && len(seen) < maxReach {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, i := range back[last] {
			if !seen[i] {
				seen[i] = true
				n += s.units[i].n
				todo = append(todo, i)
			}
		}
	}
	return n
}

// deadlocks are the strongly connected parts of the graph.
func (s *scene) deadlocks() []Deadlock {
	g := s.edges()
	back := reversed(g)
	var out []Deadlock
	for _, c := range components(g, len(s.units)) {
		d := Deadlock{Confidence: Certain, Proven: true}
		in := map[int]bool{}
		for _, i := range c {
			in[i] = true
		}
		for _, i := range c {
			u := &s.units[i]
			if u.member != nil {
				d.IDs = append(d.IDs, u.member.ID)
			}
			d.Buckets = append(d.Buckets, u.bucket)
			d.Proven = d.Proven && u.leaked
			if u.on < 0 {
				continue
			}
			d.Resources = append(d.Resources, u.on)
			for _, x := range s.resources[u.on].Suspects {
				if in[x.unit] && x.Confidence >= Probable {
					d.Confidence = min(d.Confidence, x.Confidence)
				}
			}
		}
		slices.Sort(d.IDs)
		slices.Sort(d.Buckets)
		d.Buckets = slices.Compact(d.Buckets)
		slices.Sort(d.Resources)
		d.Resources = slices.Compact(d.Resources)
		d.Behind = s.reach(back, c...)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Deadlock) int {
		return cmp.Or(cmp.Compare(b.Behind+len(b.IDs), a.Behind+len(a.IDs)), slices.Compare(a.IDs, b.IDs))
	})
	return out
}

// components are the strongly connected components of a graph that have an
// edge within, each sorted, by Tarjan's algorithm without recursion.
func components(g map[int][]int, n int) [][]int {
	index, low := make([]int, n), make([]int, n)
	on := make([]bool, n)
	var stack []int
	var out [][]int
	next := 0
	type frame struct{ node, edge int }
	starts := make([]int, 0, len(g))
	for v := range g {
		starts = append(starts, v)
	}
	slices.Sort(starts)
	for _, v := range starts {
		if index[v] != 0 {
			continue
		}
		calls := []frame{{v, 0}}
		for len(calls) > 0 {
			c := &calls[len(calls)-1]
			if c.edge == 0 {
				next++
				index[c.node], low[c.node] = next, next
				stack = append(stack, c.node)
				on[c.node] = true
			}
			if c.edge < len(g[c.node]) {
				w := g[c.node][c.edge]
				c.edge++
				if index[w] == 0 {
					calls = append(calls, frame{w, 0})
				} else if on[w] {
					low[c.node] = min(low[c.node], index[w])
				}
				continue
			}
			node := c.node
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				up := calls[len(calls)-1].node
				low[up] = min(low[up], low[node])
			}
			if low[node] != index[node] {
				continue
			}
			var part []int
			for {
				w := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				on[w] = false
				part = append(part, w)
				if w == node {
					break
				}
			}
			if len(part) > 1 || slices.Contains(g[node], node) {
				slices.Sort(part)
				out = append(out, part)
			}
		}
	}
	return out
}
