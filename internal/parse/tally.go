package parse

import (
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

// Limits on what one bucket may make gdump remember.
const (
	maxAddresses = 1024 // distinct lock addresses, of which the commonest are told
	toldAddress  = 64
	maxSamples   = 3    // argument lists,
	maxLooks     = 1000 // for which so many goroutines are looked at
	maxDense     = 1 << 10
)

// entry is a bucket under construction. A bucket of one goroutine, of which
// there can be a million, has no tally.
type entry struct {
	stack goroutine.Stack
	count int
	line  int
	one   single
	all   *tally
}

// single is what the first goroutine of a bucket tells.
type single struct {
	id, lock uint64
	args     string
	minutes  uint32
	code     uint8
	flags    flags
}

// tally is what the goroutines of a bucket tell.
type tally struct {
	states    counter
	waits     waits
	locked    int
	leaked    int
	labels    labels
	addresses map[uint64]int
	args      []string
	ids       goroutine.IDs
}

// waits counts goroutines by the minutes they have waited.
type waits struct {
	dense []uint32 // by minutes, up to maxDense
	long  map[uint32]int
	none  int // did not tell
}

func (w *waits) add(minutes uint32, n int) {
	switch {
	case minutes == 0:
		w.none += n
	case minutes < maxDense:
		if int(minutes) >= len(w.dense) {
			w.dense = append(w.dense, make([]uint32, int(minutes)+1-len(w.dense))...)
		}
		w.dense[minutes] += uint32(n)
	default:
		if w.long == nil {
			w.long = map[uint32]int{}
		}
		w.long[minutes] += n
	}
}

func (w *waits) merge(o *waits) {
	for _, x := range o.sorted() {
		w.add(uint32(x.Minutes), x.N)
	}
}

func (w *waits) sorted() goroutine.Waits {
	n := min(1, w.none) + len(w.long)
	for _, x := range w.dense {
		if x > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make(goroutine.Waits, 0, n)
	if w.none > 0 {
		out = append(out, goroutine.Wait{N: w.none})
	}
	for m, n := range w.dense {
		if n > 0 {
			out = append(out, goroutine.Wait{Minutes: m, N: int(n)})
		}
	}
	for m, n := range w.long {
		if n > 0 {
			out = append(out, goroutine.Wait{Minutes: int(m), N: n})
		}
	}
	out.Sort()
	return out
}

// tally is where the goroutines of a bucket are counted, once one of them does
// not tell all.
func (e *entry) tally() *tally {
	if t := e.all; t != nil {
		return t
	}
	t, one := &tally{}, &e.one
	e.all = t
	if one.id == 0 {
		return t // of a dump that tells counts only
	}
	t.ids.Add(one.id)
	if one.code != 0 {
		t.states.add([]byte(commonStates[one.code]), 1)
	}
	t.waits.add(one.minutes, 1)
	t.flag(one.flags, 1)
	if one.lock != 0 {
		t.address(one.lock, 1)
	}
	if one.args != "" {
		t.args = []string{one.args}
	}
	return t
}

func (t *tally) flag(f flags, n int) {
	if f&locked != 0 {
		t.locked += n
	}
	if f&leaked != 0 {
		t.leaked += n
	}
}

func (t *tally) address(a uint64, n int) {
	if _, ok := t.addresses[a]; !ok {
		if len(t.addresses) >= maxAddresses {
			return
		}
		if t.addresses == nil {
			t.addresses = map[uint64]int{}
		}
	}
	t.addresses[a] += n
}

// merge adds what another bucket counted, whose first goroutine comes later.
func (e *entry) merge(o *entry) {
	if e.one.id != 0 || e.all != nil || o.one.id != 0 || o.all != nil {
		e.tally().merge(o.tally())
	}
	e.count += o.count
}

func (t *tally) merge(o *tally) {
	for _, s := range o.states.list {
		t.states.add([]byte(s.Name), s.N)
	}
	t.waits.merge(&o.waits)
	t.locked += o.locked
	t.leaked += o.leaked
	t.labels.merge(&o.labels)
	for a, n := range o.addresses {
		if t.addresses == nil {
			t.addresses = map[uint64]int{}
		}
		t.addresses[a] += n
	}
	for _, a := range o.args {
		if len(t.args) < maxSamples && !slices.Contains(t.args, a) {
			t.args = append(t.args, a)
		}
	}
	for id := range o.ids.All() {
		t.ids.Add(id)
	}
}

// fill puts what was counted into a bucket, which has its stack.
func (e *entry) fill(k *goroutine.Bucket, shared *singles) {
	k.Count, k.Line = e.count, e.line
	if one := &e.one; e.all == nil && one.id != 0 {
		k.States, k.Waits = shared.state(one.code), shared.wait(one.minutes)
		k.Locked, k.Leaked = int(one.flags&locked)/int(locked), int(one.flags&leaked)/int(leaked)
		k.IDs.Add(one.id)
		if one.args != "" {
			k.Args = []string{one.args}
		}
		if one.lock != 0 {
			k.Addresses = []goroutine.Count{addressCount(one.lock, 1)}
		}
		return
	}
	t := e.all
	if t == nil {
		return
	}
	k.Locked, k.Leaked = t.locked, t.leaked
	k.States, k.Waits, k.Labels = t.states.sorted(), t.waits.sorted(), t.labels.sorted()
	k.IDs, k.Args = t.ids, t.args
	if len(t.addresses) > 0 {
		k.Addresses = make([]goroutine.Count, 0, len(t.addresses))
		for a, n := range t.addresses {
			k.Addresses = append(k.Addresses, addressCount(a, n))
		}
		slices.SortFunc(k.Addresses, compareCounts)
		k.Addresses = slices.Clip(k.Addresses[:min(len(k.Addresses), toldAddress)])
	}
}

func addressCount(a uint64, n int) goroutine.Count {
	return goroutine.Count{Name: "0x" + strconv.FormatUint(a, 16), N: n}
}

// singles are the counts of buckets of one goroutine, which share them.
type singles struct {
	states [len(commonStates)][]goroutine.Count
	waits  map[uint32]goroutine.Waits
}

func (s *singles) state(code uint8) []goroutine.Count {
	if s.states[code] == nil {
		s.states[code] = []goroutine.Count{{Name: commonStates[code], N: 1}}
	}
	return s.states[code]
}

func (s *singles) wait(minutes uint32) goroutine.Waits {
	w, ok := s.waits[minutes]
	if !ok {
		if s.waits == nil {
			s.waits = map[uint32]goroutine.Waits{}
		}
		w = goroutine.Waits{{Minutes: int(minutes), N: 1}}
		s.waits[minutes] = w
	}
	return w
}
