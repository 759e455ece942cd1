package parse

// key tells one stack from another.
type key [2]uint64

// table finds numbers by key: open addressing, since keys are hashes already.
// The zero value is empty.
type table struct {
	slots []slot
	n     int
}

type slot struct {
	key  key
	next uint32 // the number, plus one; 0 if the slot is free
}

// find is the number of a key, -1 if it has none.
func (t *table) find(k *key) int {
	if len(t.slots) == 0 {
		return -1
	}
	mask := uint64(len(t.slots) - 1)
	for i := k[0] & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.next == 0 {
			return -1
		}
		if s.key == *k {
			return int(s.next) - 1
		}
	}
}

// put gives a key that is not there a number.
func (t *table) put(k *key, number int) {
	if 2*t.n >= len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(64, 2*len(old)))
		for i := range old {
			if old[i].next != 0 {
				t.place(&old[i])
			}
		}
	}
	t.place(&slot{key: *k, next: uint32(number) + 1})
	t.n++
}

func (t *table) place(s *slot) {
	mask := uint64(len(t.slots) - 1)
	i := s.key[0] & mask
	for t.slots[i].next != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = *s
}
