package parse

import (
	"maps"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
)

// Limits on what one bucket may make gdump remember.
const (
	maxAddresses  = 1024    // distinct lock addresses, of which the commonest
	keptAddresses = 64      // are kept
	maxSamples    = 3       // argument lists,
	maxLooks      = 1000    // for which so many goroutines are looked at
	maxDense      = 500     // minutes
	maxSingle     = 1 << 15 // heads of which it is remembered what a bucket says
)

// entry is a bucket under construction. There can be a million of one goroutine
// each, so it has no pointers, and what that goroutine says instead of a tally.
type entry struct {
	count    int
	id, lock uint64
	head     head
	stack    uint32 // its number in the home
	line     uint32
	tally    uint32 // number of the tally, plus one
	args     uint32 // number of the arguments, plus one
}

// tally counts what the goroutines of a bucket have.
type tally struct {
	heads     map[head]int
	first     head     // of the goroutines; the others mostly differ in the minutes only,
	minutes   []uint32 // by which these are counted up to maxDense
	labels    labels
	addresses map[uint64]int
	args      []string
	ids       goroutine.IDs
}

// head is what a header says but for the id and the labels: minutes, flags of
// record.head, and the number of the state. Few goroutines of a bucket differ in
// it, and it is taken apart when all are counted.
type head uint64

const (
	minuteBits = 30
	maxMinutes = 1<<minuteBits - 1
	headFlags  = 4
)

func newHead(state int, f flags, minutes uint32) head {
	return head(state)<<(minuteBits+headFlags) | head(f&(1<<headFlags-1))<<minuteBits | head(minutes)
}

func (h head) minutes() int    { return int(h & maxMinutes) }
func (h head) is(f flags) bool { return h>>minuteBits&head(f) != 0 }
func (h head) state() int      { return int(h >> (minuteBits + headFlags)) }

// commonStates have a code, so that to count them needs no look at the text.
var commonStates = [...]string{
	"", "select", "chan receive", "chan send", "IO wait", "running", "runnable", "sleep", "semacquire", "syscall",
	"sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait",
}

// stateCode is a state's index in commonStates, 0 if it is not there.
func stateCode(state []byte) uint8 {
	for i, s := range commonStates {
		if string(state) == s {
			return uint8(i)
		}
	}
	return 0
}

// states numbers the states of dumps.
type states struct {
	rare    []string // numbered behind the common ones
	numbers map[string]int
	single  map[head]goroutine.Bucket // what a bucket of one goroutine says
}

func (s *states) number(state []byte) int {
	if code := stateCode(state); code > 0 || len(state) == 0 {
		return int(code)
	}
	n, ok := s.numbers[string(state)]
	if !ok {
		n = len(commonStates) + len(s.rare)
		s.rare = append(s.rare, string(state))
		if s.numbers == nil {
			s.numbers = map[string]int{}
		}
		s.numbers[string(state)] = n
	}
	return n
}

func (s *states) name(n int) string {
	if n < len(commonStates) {
		return commonStates[n]
	}
	return s.rare[n-len(commonStates)]
}

// fill puts what heads say into a bucket.
func (s *states) fill(k *goroutine.Bucket, heads map[head]int) {
	names, minutes := map[string]int{}, map[int]int{}
	for h, n := range heads {
		if h.is(stated) {
			names[s.name(h.state())] += n
		}
		if h.is(timed) {
			minutes[h.minutes()] += n
		}
		if h.is(locked) {
			k.Locked += n
		}
		if h.is(leaked) {
			k.Leaked += n
		}
	}
	k.States = slices.Clip(goroutine.CountsOf(names))
	for m, n := range minutes {
		k.Waits = append(k.Waits, goroutine.Wait{Minutes: m, N: n})
	}
	k.Waits.Sort()
	k.Waits = slices.Clip(k.Waits)
}

// tally is where the goroutines of a bucket are counted, once one of them does
// not say all.
func (b *builder) tally(e *entry) *tally {
	if e.tally > 0 {
		return b.tallies[e.tally-1]
	}
	t := &tally{first: e.head}
	b.tallies = append(b.tallies, t)
	e.tally = uint32(len(b.tallies))
	if e.id != 0 { // else it is of a dump that has counts only
		t.add(e.id, e.lock, e.head)
	}
	if e.args > 0 {
		t.args = []string{b.args[e.args-1]}
	}
	return t
}

// count counts n goroutines by their heads.
func (t *tally) count(h head, n int) {
	if m := h.minutes(); m < maxDense && h-head(m) == t.first-head(t.first.minutes()) {
		if more := m + 1 - len(t.minutes); more > 0 {
			t.minutes = append(t.minutes, make([]uint32, more)...)
		}
		t.minutes[m] += uint32(n)
		return
	}
	if t.heads == nil {
		t.heads = map[head]int{}
	}
	t.heads[h] += n
}

// allHeads counts by head.
func (t *tally) allHeads() map[head]int {
	all := maps.Clone(t.heads)
	if all == nil {
		all = map[head]int{}
	}
	for m, n := range t.minutes {
		if n == 0 {
			continue
		}
		all[t.first-head(t.first.minutes())+head(m)] += int(n)
	}
	return all
}

// add counts a goroutine.
func (t *tally) add(id, lock uint64, h head) {
	t.ids.Add(id)
	t.count(h, 1)
	if lock == 0 {
		return
	}
	if _, ok := t.addresses[lock]; !ok && len(t.addresses) >= maxAddresses {
		return
	}
	if t.addresses == nil {
		t.addresses = map[uint64]int{}
	}
	t.addresses[lock]++
}

// fill puts what was counted into a bucket.
func (t *tally) fill(k *goroutine.Bucket, s *states) {
	s.fill(k, t.allHeads())
	k.Labels, k.IDs, k.Args = t.labels.sorted(), t.ids, t.args
	for a, n := range t.addresses {
		k.Addresses = append(k.Addresses, addressCount(a, n))
	}
	slices.SortFunc(k.Addresses, goroutine.CompareCounts)
	k.Addresses = slices.Clip(k.Addresses[:min(len(k.Addresses), keptAddresses)])
}

// fill puts what the one goroutine of a bucket says into it.
func (e *entry) fill(k *goroutine.Bucket, b *builder) {
	if e.id == 0 {
		return
	}
	s := &b.home.states
	of, ok := s.single[e.head]
	if !ok {
		s.fill(&of, map[head]int{e.head: 1})
		if s.single == nil {
			s.single = map[head]goroutine.Bucket{}
		}
		if len(s.single) < maxSingle {
			s.single[e.head] = of
		}
	}
	k.States, k.Waits, k.Locked, k.Leaked = of.States, of.Waits, of.Locked, of.Leaked
	k.IDs.Add(e.id)
	if e.args > 0 {
		k.Args = b.args[e.args-1 : e.args : e.args]
	}
	if e.lock != 0 {
		k.Addresses = []goroutine.Count{addressCount(e.lock, 1)}
	}
}

func addressCount(a uint64, n int) goroutine.Count {
	return goroutine.Count{Name: "0x" + strconv.FormatUint(a, 16), N: n}
}
