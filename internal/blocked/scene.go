package blocked

import (
	"strconv"
	"strings"

	"gdump/internal/goroutine"
)

// scene is a dump while it is analysed.
type scene struct {
	dump      *goroutine.Dump
	functions *functions
	stacks    [][]frame // of the buckets, leaf first
	createdBy []frame   // of the buckets
	idle      []string  // of the buckets
	units     []unit
	first     []int // the first unit of each bucket, and at the end how many there are
	waiting   []int // units that wait for a resource
	byID      map[uint64]int
	resources []*resource
	free      []resource
	source    *sources
	stages    map[uint64]*set[int] // functions that start the stages of pipelines, by who calls them
	places    map[place]int        // waiters by line
	spots     spots
	locks     map[typedKind]int // how many there are
	graph     *graph
	starters  map[uint64]int   // buckets of those who started others: see bucketOf
	ids       int              // goroutines with ids
	lacking   bool             // the dump lacks goroutines
	started   map[uint64][]int // units by who started them: see startedBy
	blind     bool             // a goroutine's stack is not in the dump: it may hold anything
	creators  bool             // the dump says who started whom
}

// unit is what is looked at as one: a goroutine, or goroutines of a bucket that
// are not listed each for itself.
type unit struct {
	bucket  int
	n       int
	member  *goroutine.Member // nil for goroutines that are not listed
	state   string
	minutes int
	wait    *wait
	address uint64 // of what it waits for
	leaked  bool
	on      int // the number of the resource it waits for; -1 if none
}

func (u *unit) id() uint64 {
	if u.member == nil {
		return 0
	}
	return u.member.ID
}

// maxBuckets is among how many buckets waits are looked for, the largest. A dump
// with more has a stack for nearly each goroutine, and what is kept of them all
// would take more memory than the dump.
const maxBuckets = 1 << 15

func newScene(d *goroutine.Dump) *scene {
	all := d.Buckets
	if len(all) > maxBuckets {
		part := *d
		part.Buckets = all[:maxBuckets]
		d = &part
	}
	buckets, members := len(d.Buckets), 0
	for i := range d.Buckets {
		members += len(d.Buckets[i].Members)
	}
	s := &scene{
		dump: d, functions: newFunctions(), lacking: lacks(d) || buckets < len(all),
		stacks: make([][]frame, buckets), createdBy: make([]frame, buckets),
		idle: make([]string, len(all)), first: make([]int, buckets+1),
		units: make([]unit, 0, members+buckets), byID: make(map[uint64]int, members),
	}
	var frames []frame // those of a stack are a part of it
	s.blind = s.lacking
	for i := range d.Buckets {
		b := &d.Buckets[i]
		n := b.Stack.Len()
		if n > len(frames) {
			frames = make([]frame, max(n, min(1<<12, 16*buckets)))
		}
		s.stacks[i], frames = frames[:0:n], frames[n:]
		for f, line := range b.Stack.Calls() {
			s.stacks[i] = append(s.stacks[i], frame{s.functions.of(f), line})
		}
		by := b.Stack.CreatedBy()
		s.createdBy[i] = frame{s.functions.named(&by), by.Line}
		s.blind = s.blind || len(s.stacks[i]) == 0
		if b.Leaked == 0 {
			s.idle[i] = idleBucket(s.stacks[i], b.States)
		}
		s.ids += b.IDs.Len()
		s.first[i] = len(s.units)
		if b.Stack.LacksLeaf() {
			continue // the leaf is missing, so what it waits for is not known
		}
		s.addBucket(i, b)
	}
	s.first[buckets] = len(s.units)
	for i := buckets; i < len(all); i++ {
		b := &all[i]
		frames = frames[:0]
		for f, line := range b.Stack.Calls() {
			frames = append(frames, frame{s.functions.of(f), line})
		}
		if b.Leaked == 0 {
			s.idle[i] = idleBucket(frames, b.States)
		}
	}
	return s
}

// lacks reports whether a dump lacks goroutines.
func lacks(d *goroutine.Dump) bool {
	return d.Alone || d.Incomplete() || d.Level == goroutine.Crash && d.Goroutines == 1 && strings.HasPrefix(d.Reason, "panic")
}

// notWaiting is the wait of goroutines that do not wait for a resource.
var notWaiting = &wait{}

// waitOf is what the goroutines of a bucket in a state wait for.
func (s *scene) waitOf(i int, state string) *wait {
	if s.idle[i] != "" {
		return notWaiting
	}
	if w := classify(s.stacks[i], state); w.op != None {
		return &w
	}
	return notWaiting
}

// addBucket makes units of a bucket's goroutines.
func (s *scene) addBucket(i int, b *goroutine.Bucket) {
	var states []string
	var waits []*wait
	of := func(state string) *wait {
		for k := range states {
			if states[k] == state {
				return waits[k]
			}
		}
		w := s.waitOf(i, state)
		states, waits = append(states, state), append(waits, w)
		return w
	}
	// A leak checker lists what is left, not what nothing can wake.
	leaked := b.Leaked == b.Count && b.Count > 0 && !s.dump.Checker
	for j := range b.Members {
		m := &b.Members[j]
		u := unit{bucket: i, n: 1, member: m, state: m.State, minutes: m.Wait, wait: of(m.State), leaked: leaked, on: -1}
		u.address = u.wait.address(m)
		s.byID[m.ID] = len(s.units)
		s.creators = s.creators || m.Creator != 0
		s.addUnit(u)
	}
	if rest := b.Count - len(b.Members); rest > 0 {
		s.addRest(i, b, rest, unit{bucket: i, state: b.State(), minutes: b.Waits.Max(), wait: of(b.State()), leaked: leaked, on: -1})
	}
}

// addRest makes units of the goroutines of a bucket that are not its members.
func (s *scene) addRest(i int, b *goroutine.Bucket, rest int, u unit) {
	seen := map[uint64]int{}
	for k := range s.units[s.first[i]:] {
		seen[s.units[s.first[i]+k].address]++
	}
	if len(b.Members) > 0 && u.wait.op != None && lockKind(u.wait.kind) {
		// The others wait for the addresses that the bucket counts.
		for _, c := range b.Addresses {
			a, err := strconv.ParseUint(c.Name, 0, 64)
			if err != nil {
				continue
			}
			if u.wait.kind == Once {
				a -= 4
			}
			if n := min(c.N-seen[a], rest); n > 0 {
				v := u
				v.n, v.address = n, a
				s.addUnit(v)
				rest -= n
			}
		}
	}
	if u.n = rest; rest > 0 {
		if len(seen) == 1 && len(b.Addresses) == 0 {
			for a := range seen {
				u.address = a
			}
		}
		s.addUnit(u)
	}
}

func (s *scene) addUnit(u unit) {
	if u.wait.op != None {
		s.waiting = append(s.waiting, len(s.units))
	}
	s.units = append(s.units, u)
}

// startedBy are the units that a goroutine has started.
func (s *scene) startedBy(id uint64) []int {
	if s.started == nil {
		s.started = map[uint64][]int{}
		for i := range s.units {
			if m := s.units[i].member; m != nil && m.Creator != 0 {
				s.started[m.Creator] = append(s.started[m.Creator], i)
			}
		}
	}
	return s.started[id]
}

func (s *scene) frames(u *unit) []frame { return s.stacks[u.bucket] }

// caller is the frame of a unit that waits, outside the primitive.
func (s *scene) caller(u *unit) frame {
	if f := s.stacks[u.bucket]; u.wait.at < len(f) {
		return f[u.wait.at]
	}
	return s.createdBy[u.bucket]
}

// lockKind reports whether one goroutine, or readers, hold a resource of a kind.
func lockKind(k Kind) bool { return k == Mutex || k == RWMutex || k == Once }
