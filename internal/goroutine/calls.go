package goroutine

import "iter"

// Calls yields the functions of the frames, leaf first, and the lines in them.
// It copies nothing: the functions are without lines, and stacks that are kept
// together share them.
func (s Stack) Calls() iter.Seq2[*Frame, int] {
	return func(yield func(*Frame, int) bool) {
		for at := s.leaf; at != 0; {
			x := s.in.at(at)
			if x.kind() == call && !yield(&s.in.functions[x.what&maxFunction], int(x.line)) {
				return
			}
			at = x.outer
		}
	}
}

// LacksLeaf reports whether Go left out the frames at the leaf.
func (s Stack) LacksLeaf() bool { return s.leaf != 0 && s.in.at(s.leaf).kind() == gap }
