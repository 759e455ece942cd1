package goroutine

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
)

// IDs is a compressed list of goroutine ids: the differences between
// neighbours as varints, about one byte an id in a dump of a leak, where ids
// are near each other. The zero value is empty. A copy is of the same list:
// only one of the two may be added to.
type IDs struct {
	last uint64
	list *idList // nil while there is one id at most, which is last, or none
}

type idList struct {
	deltas []byte
	n      uint32
	mixed  bool // not in ascending order
}

// Add appends an id.
func (s *IDs) Add(id uint64) {
	if s.list == nil {
		if s.last == 0 && id != 0 {
			s.last = id
			return
		}
		s.list = &idList{}
		if s.last != 0 {
			s.list.deltas, s.list.n = binary.AppendVarint(nil, int64(s.last)), 1
		}
	}
	s.list.mixed = s.list.mixed || id < s.last
	s.list.deltas = binary.AppendVarint(s.list.deltas, int64(id-s.last))
	s.last = id
	s.list.n++
}

// Clip is a list of the same ids that shares nothing which adding to either
// list changes.
func (s IDs) Clip() IDs {
	if s.list != nil {
		own := *s.list
		own.deltas = slices.Clip(own.deltas)
		s.list = &own
	}
	return s
}

// Len is the number of ids.
func (s *IDs) Len() int {
	switch {
	case s.list != nil:
		return int(s.list.n)
	case s.last != 0:
		return 1
	}
	return 0
}

// All yields the ids in the order they were added.
func (s *IDs) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if s.list == nil {
			if s.last != 0 {
				yield(s.last)
			}
			return
		}
		// binary.Varint, in place: this loop is much of what a comparison takes.
		var id, zigzag uint64
		shift := 0
		for _, b := range s.list.deltas {
			zigzag |= uint64(b&0x7f) << shift
			if shift += 7; b >= 0x80 {
				continue
			}
			id += zigzag>>1 ^ -(zigzag & 1)
			zigzag, shift = 0, 0
			if !yield(id) {
				return
			}
		}
	}
}

func (s *IDs) mixed() bool { return s.list != nil && s.list.mixed }

// Sorted yields the ids in ascending order.
func (s *IDs) Sorted() iter.Seq[uint64] {
	if !s.mixed() {
		return s.All()
	}
	return slices.Values(slices.Sorted(s.All()))
}

// First returns the first n ids in ascending order, fewer if there are fewer.
func (s *IDs) First(n int) []uint64 {
	ids := make([]uint64, 0, min(n, s.Len()))
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
	if !s.mixed() {
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

// Equal reports whether two lists hold the same ids in the same order.
func (s *IDs) Equal(o *IDs) bool {
	if s.list == nil || o.list == nil {
		return s.last == o.last && s.Len() == o.Len()
	}
	return s.last == o.last && bytes.Equal(s.list.deltas, o.list.deltas)
}

// Common counts the ids that are in both lists.
func Common(a, b *IDs) int {
	x, y := a.cursor(), b.cursor()
	n := 0
	i, ok := x.next()
	j, more := y.next()
	for ok && more {
		switch {
		case i < j:
			i, ok = x.next()
		case i > j:
			j, more = y.next()
		default:
			n++
			i, ok = x.next()
			j, more = y.next()
		}
	}
	return n
}

// cursor walks ids in ascending order: over the differences where they are in
// order, else over a sorted copy.
type cursor struct {
	deltas []byte
	last   uint64
	sorted []uint64
}

func (s *IDs) cursor() cursor {
	if s.list != nil && !s.list.mixed {
		return cursor{deltas: s.list.deltas}
	}
	ids := make([]uint64, 0, s.Len())
	for id := range s.All() {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return cursor{sorted: ids}
}

func (c *cursor) next() (uint64, bool) {
	if len(c.sorted) > 0 {
		id := c.sorted[0]
		c.sorted = c.sorted[1:]
		return id, true
	}
	d, n := binary.Varint(c.deltas)
	if n <= 0 {
		return 0, false
	}
	c.deltas = c.deltas[n:]
	c.last += uint64(d)
	return c.last, true
}
