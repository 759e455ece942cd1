package goroutine

import (
	"encoding/binary"
	"iter"
	"slices"
)

// IDs is a compressed list of goroutine ids: the differences between
// neighbours as varints, about one byte an id in a dump of a leak, where ids
// are near each other. The zero value is empty.
type IDs struct {
	deltas []byte
	last   uint64
	n      int
	mixed  bool // not in ascending order
}

// Add appends an id.
func (s *IDs) Add(id uint64) {
	if id < s.last {
		s.mixed = true
	}
	s.deltas = binary.AppendVarint(s.deltas, int64(id-s.last))
	s.last = id
	s.n++
}

// Len is the number of ids.
func (s *IDs) Len() int { return s.n }

// All yields the ids in the order they were added.
func (s *IDs) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		var id uint64
		for p := s.deltas; len(p) > 0; {
			d, n := binary.Varint(p)
			if n <= 0 {
				return
			}
			id += uint64(d)
			p = p[n:]
			if !yield(id) {
				return
			}
		}
	}
}

// Sorted yields the ids in ascending order.
func (s *IDs) Sorted() iter.Seq[uint64] {
	if !s.mixed {
		return s.All()
	}
	return slices.Values(slices.Sorted(s.All()))
}

// First returns the first n ids in ascending order, fewer if there are fewer.
func (s *IDs) First(n int) []uint64 {
	ids := make([]uint64, 0, min(n, s.n))
	for id := range s.Sorted() {
		if len(ids) == n {
			break
		}
		ids = append(ids, id)
	}
	return ids
}

// Max is the highest id, 0 if there is none.
func (s *IDs) Max() uint64 {
	if !s.mixed {
		return s.last
	}
	var top uint64
	for id := range s.All() {
		top = max(top, id)
	}
	return top
}

// Contains reports whether an id is in the list.
func (s *IDs) Contains(id uint64) bool {
	for x := range s.All() {
		if x == id {
			return true
		}
	}
	return false
}

// Common counts the ids that are in both lists.
func Common(a, b *IDs) int {
	next, stop := iter.Pull(a.Sorted())
	defer stop()
	n := 0
	x, ok := next()
	for y := range b.Sorted() {
		for ok && x < y {
			x, ok = next()
		}
		if !ok {
			break
		}
		if x == y {
			n++
			x, ok = next()
		}
	}
	return n
}
