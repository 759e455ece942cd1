package trend

import (
	"cmp"
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Node is a part of the call tree: goroutines that have the frames from the go
// statement down to this one in common.
type Node struct {
	// Frames are those that the node adds to its parent's, outermost first; the
	// first node of a branch begins with created by. Calls without a fork are
	// one node.
	Frames   []goroutine.Frame
	Counts   []int // per dump
	Buckets  int   // series below
	Top      int   // index of the largest of them
	Children []*Node
}

// Name is the functions of the node's frames, in the order of the calls.
func (n *Node) Name() string {
	names := make([]string, len(n.Frames))
	for i := range n.Frames {
		names[i] = n.Frames[i].Name()
	}
	return strings.Join(names, " → ")
}

// Change is the last count less the first.
func (n *Node) Change() int { return n.Counts[len(n.Counts)-1] - n.Counts[0] }

// Now is the last count.
func (n *Node) Now() int { return n.Counts[len(n.Counts)-1] }

// Tree joins series by the calls they have in common: created by, then the
// functions from the outermost to the leaf. Lines do not count. rows are the
// series to take; nodes come in the order that rows first reaches them.
func Tree(series []Series, rows []int) []*Node {
	type call struct {
		from     *Node
		function string
	}
	root := &Node{}
	known := map[call]*Node{}
	for _, row := range rows {
		s := &series[row]
		at := root
		for _, f := range calls(s.Bucket.Stack) {
			n := known[call{at, f.Function}]
			if n == nil {
				n = &Node{Frames: []goroutine.Frame{f}, Counts: make([]int, len(s.Counts)), Top: row}
				known[call{at, f.Function}] = n
				at.Children = append(at.Children, n)
			}
			at = n
			at.take(s, row, series)
		}
	}
	for _, n := range root.Children {
		n.join()
	}
	return root.Children
}

// take counts a series below the node.
func (n *Node) take(s *Series, row int, series []Series) {
	for i, c := range s.Counts {
		n.Counts[i] += c
	}
	n.Buckets++
	top := &series[n.Top]
	if cmp.Or(cmp.Compare(s.Change(), top.Change()), cmp.Compare(s.Now(), top.Now())) > 0 {
		n.Top = row
	}
}

// join makes one node of calls without a fork.
func (n *Node) join() {
	for len(n.Children) == 1 && n.Children[0].Buckets == n.Buckets {
		only := n.Children[0]
		n.Frames = append(n.Frames, only.Frames...)
		n.Children = only.Children
	}
	for _, c := range n.Children {
		c.join()
	}
}

// calls are the frames of a stack from the go statement to the leaf. A stack
// without created by begins with its outermost frame.
func calls(s goroutine.Stack) []goroutine.Frame {
	out := s.Frames()
	if by := s.CreatedBy(); by.Function != "" {
		out = append(out, by)
	}
	slices.Reverse(out)
	if len(out) == 0 {
		out = append(out, goroutine.Frame{Function: "(no frames)"})
	}
	return out
}
