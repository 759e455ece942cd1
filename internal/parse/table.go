package parse

import (
	"encoding/binary"

	"gdump/internal/goroutine"
)

// table numbers sums in the order in which they were put: open addressing,
// since sums are hashes already. The zero value is empty.
type table struct {
	sums  []goroutine.Sum
	slots []uint32 // numbers, plus one; 0 if the slot is free
}

// find is the number of a sum, -1 if it has none.
func (t *table) find(sum goroutine.Sum) int {
	if len(t.slots) == 0 {
		return -1
	}
	return int(*t.slot(sum)) - 1
}

// put gives a sum that is not there the next number.
func (t *table) put(sum goroutine.Sum) int {
	t.sums = append(t.sums, sum)
	if 2*len(t.sums) > len(t.slots) {
		t.slots = make([]uint32, max(64, 2*len(t.slots)))
		for i, sum := range t.sums {
			*t.slot(sum) = uint32(i) + 1
		}
	} else {
		*t.slot(sum) = uint32(len(t.sums))
	}
	return len(t.sums) - 1
}

// slot is where a sum is or belongs.
func (t *table) slot(sum goroutine.Sum) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := binary.LittleEndian.Uint64(sum[:]) & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; *s == 0 || t.sums[*s-1] == sum {
			return s
		}
	}
}
