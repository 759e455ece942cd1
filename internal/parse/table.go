package parse

// key tells one stack from another.
type key [2]uint64

// table numbers keys in the order in which they were put: open addressing,
// since keys are hashes already. The zero value is empty.
type table struct {
	keys  []key
	slots []slot
}

type slot struct {
	tag  uint32 // of the key, so that few others are looked at
	next uint32 // the number, plus one; 0 if the slot is free
}

// newTable has room for n keys.
func newTable(n int) table {
	size := 64
	for size < 2*n {
		size *= 2
	}
	return table{make([]key, 0, n), make([]slot, size)}
}

// find is the number of a key, -1 if it has none.
func (t *table) find(k *key) int {
	if len(t.slots) == 0 {
		return -1
	}
	mask := uint64(len(t.slots) - 1)
	tag := uint32(k[0] >> 32)
	for i := k[0] & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.next == 0 {
			return -1
		}
		if s.tag == tag && t.keys[s.next-1] == *k {
			return int(s.next) - 1
		}
	}
}

// put gives a key that is not there the next number.
func (t *table) put(k *key) int {
	n := len(t.keys)
	t.keys = append(t.keys, *k)
	if 2*n < len(t.slots) {
		t.place(n)
		return n
	}
	t.slots = make([]slot, max(64, 2*len(t.slots)))
	for i := range t.keys {
		t.place(i)
	}
	return n
}

func (t *table) place(number int) {
	k := &t.keys[number]
	mask := uint64(len(t.slots) - 1)
	i := k[0] & mask
	for t.slots[i].next != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot{uint32(k[0] >> 32), uint32(number) + 1}
}
