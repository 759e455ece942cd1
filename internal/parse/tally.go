package parse

import (
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

// Limits on what one bucket may make gdump remember.
const (
	maxAddresses  = 1024 // distinct lock addresses, of which the commonest
	keptAddresses = 64   // are kept
	maxSamples    = 3    // argument lists,
	maxLooks      = 1000 // for which so many goroutines are looked at
	maxDense      = 1 << 10
)

// entry is a bucket under construction. There can be a million of one goroutine
// each, so it has no pointers, and what that goroutine says instead of a tally.
type entry struct {
	count    int
	id, lock uint64
	stack    uint32 // its number in the home
	line     uint32
	minutes  uint32
	tally    uint32 // number of the tally, plus one
	args     uint32 // number of the arguments, plus one
	code     uint8
	flags    flags
}

// tally counts what the goroutines of a bucket have.
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
	none  int // did not say
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
// not say all.
func (b *builder) tally(e *entry) *tally {
	if e.tally > 0 {
		return b.tallies[e.tally-1]
	}
	t := &tally{}
	b.tallies = append(b.tallies, t)
	e.tally = uint32(len(b.tallies))
	if e.id == 0 {
		return t // of a dump that has counts only
	}
	t.ids.Add(e.id)
	if e.code != 0 {
		t.states.add([]byte(commonStates[e.code]), 1)
	}
	t.waits.add(e.minutes, 1)
	t.flag(e.flags, 1)
	if e.lock != 0 {
		t.address(e.lock, 1)
	}
	if e.args > 0 {
		t.args = []string{b.args[e.args-1]}
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

// fill puts what was counted into a bucket.
func (t *tally) fill(k *goroutine.Bucket) {
	k.Locked, k.Leaked = t.locked, t.leaked
	k.States, k.Waits, k.Labels = t.states.sorted(), t.waits.sorted(), t.labels.sorted()
	k.IDs, k.Args = t.ids, t.args
	if len(t.addresses) > 0 {
		k.Addresses = make([]goroutine.Count, 0, len(t.addresses))
		for a, n := range t.addresses {
			k.Addresses = append(k.Addresses, addressCount(a, n))
		}
		slices.SortFunc(k.Addresses, goroutine.CompareCounts)
		k.Addresses = slices.Clip(k.Addresses[:min(len(k.Addresses), keptAddresses)])
	}
}

// fill puts what the one goroutine of a bucket says into it.
func (e *entry) fill(k *goroutine.Bucket, args []string, shared *singles) {
	if e.id == 0 {
		return
	}
	k.States, k.Waits = shared.state(e.code), shared.wait(e.minutes)
	k.Locked, k.Leaked = int(e.flags&locked)/int(locked), int(e.flags&leaked)/int(leaked)
	k.IDs.Add(e.id)
	if e.args > 0 {
		k.Args = args[e.args-1 : e.args : e.args]
	}
	if e.lock != 0 {
		k.Addresses = []goroutine.Count{addressCount(e.lock, 1)}
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
