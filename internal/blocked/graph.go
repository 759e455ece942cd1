package blocked

import (
	"cmp"
	"slices"
)

// graph leads from who waits to who must act. Its nodes are the units, and two
// for each resource: what most of its waiters wait for, and what its pending
// writers wait for. So it grows with waiters plus suspects, not by their product.
type graph struct {
	units int
	to    [][]int32
	back  [][]int32
	seen  []int32 // the walk that last came to a node
	walk  int32
	steps int // that walks have taken
}

// edges are those that are more than a guess.
func (s *scene) edges() *graph {
	if !slices.ContainsFunc(s.resources, func(r *resource) bool { return len(r.Suspects) > 0 }) {
		return &graph{}
	}
	n := len(s.units) + 2*len(s.resources)
	g := &graph{units: len(s.units), to: make([][]int32, n), back: make([][]int32, n), seen: make([]int32, n)}
	for k, r := range s.resources {
		most, pending := g.units+2*k, g.units+2*k+1
		for i := range r.Suspects {
			x := &r.Suspects[i]
			if x.Confidence < Probable {
				continue
			}
			// The pending writer waits for the readers, the others for it.
			if x.Pending || len(r.pending) == 0 {
				g.add(most, x.unit)
			}
			if !x.Pending {
				g.add(pending, x.unit)
			}
		}
		for _, i := range r.units {
			node := most
			if _, ok := slices.BinarySearch(r.pending, i); ok {
				node = pending
			}
			if len(g.to[node]) > 0 {
				g.add(i, node)
			}
		}
	}
	return g
}

func (g *graph) add(from, to int) {
	g.to[from] = append(g.to[from], int32(to))
	g.back[to] = append(g.back[to], int32(from))
}

// link counts for each suspect who waits for it, directly or through others.
func (s *scene) link() {
	s.graph = s.edges()
	blocks := map[int]int{}
	for _, r := range s.resources {
		for k := range r.Suspects {
			x := &r.Suspects[k]
			n, ok := blocks[x.unit]
			if !ok {
				n = s.reach(x.unit)
				blocks[x.unit] = n
			}
			x.Blocks, x.Root = n, len(s.graph.to[x.unit]) == 0
			if x.Confidence >= Probable {
				s.idle[x.Bucket] = "" // others wait for it
			}
		}
	}
}

// maxSteps bounds all walks over the graph together.
const maxSteps = 1 << 22

// reach counts the other goroutines from which one of some can be reached.
func (s *scene) reach(from ...int) int {
	g := s.graph
	g.walk++
	var todo []int32
	for _, i := range from {
		g.seen[i] = g.walk
		todo = append(todo, int32(i))
	}
	n := 0
	for len(todo) > 0 && g.steps < maxSteps {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		g.steps += 1 + len(g.back[last])
		for _, i := range g.back[last] {
			if g.seen[i] == g.walk {
				continue
			}
			g.seen[i] = g.walk
			if int(i) < g.units {
				n += s.units[i].n
			}
			todo = append(todo, i)
		}
	}
	return n
}

// deadlocks are the strongly connected parts of the graph.
func (s *scene) deadlocks() []Deadlock {
	var out []Deadlock
	for _, c := range s.graph.components() {
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
		d.Behind = s.reach(c...)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Deadlock) int {
		return cmp.Or(cmp.Compare(b.Behind+len(b.IDs), a.Behind+len(a.IDs)), slices.Compare(a.IDs, b.IDs))
	})
	return out
}

// components are the units of each strongly connected component that has an
// edge within, sorted, by Tarjan's algorithm without recursion.
func (g *graph) components() [][]int {
	n := len(g.to)
	index, low := make([]int32, n), make([]int32, n)
	on := make([]bool, n)
	var stack []int32
	var out [][]int
	next := int32(0)
	type frame struct {
		node int32
		edge int
	}
	var calls []frame
	for v := range g.units {
		if index[v] != 0 || len(g.to[v]) == 0 {
			continue
		}
		calls = append(calls, frame{int32(v), 0})
		for len(calls) > 0 {
			c := &calls[len(calls)-1]
			if c.edge == 0 {
				next++
				index[c.node], low[c.node] = next, next
				stack = append(stack, c.node)
				on[c.node] = true
			}
			if to := g.to[c.node]; c.edge < len(to) {
				w := to[c.edge]
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
			k := len(stack) - 1
			for stack[k] != node {
				k--
			}
			part := stack[k:]
			stack = stack[:k]
			for _, w := range part {
				on[w] = false
			}
			if len(part) > 1 {
				out = append(out, g.unitsOf(part))
			}
		}
	}
	return out
}

// unitsOf are the units among nodes, sorted.
func (g *graph) unitsOf(nodes []int32) []int {
	var units []int
	for _, w := range nodes {
		if int(w) < g.units {
			units = append(units, int(w))
		}
	}
	slices.Sort(units)
	return units
}
