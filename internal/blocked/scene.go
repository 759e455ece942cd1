package blocked

import (
	"strconv"

	"gdump/internal/goroutine"
)

// scene is a dump while it is analysed.
type scene struct {
	dump      *goroutine.Dump
	stacks    [][]goroutine.Frame // of the buckets, leaf first
	idle      []string            // of the buckets
	units     []unit
	waiting   []int // units that wait for a resource
	byID      map[uint64]int
	resources []*resource
	source    *sources
	places    map[place]int     // waiters by line
	spots     map[string][]spot // of the functions in which holders are looked for
	locks     map[typedKind]int // how many there are
	inBucket  [][]int           // units by bucket
	startedBy map[uint64][]int  // units by who started them
	blind     bool              // a goroutine's stack is not in the dump: it may hold anything
}

// unit is what is looked at as one: a goroutine, or goroutines of a bucket that
// are not listed each for itself.
type unit struct {
	bucket  int
	n       int
	member  *goroutine.Member // nil for goroutines that are not listed
	state   string
	minutes int
	wait    wait
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

func newScene(d *goroutine.Dump) *scene {
	s := &scene{dump: d, stacks: make([][]goroutine.Frame, len(d.Buckets)), idle: make([]string, len(d.Buckets)), byID: map[uint64]int{}, startedBy: map[uint64][]int{}, inBucket: make([][]int, len(d.Buckets))}
	s.blind = d.Truncated
	for i := range d.Buckets {
		b := &d.Buckets[i]
		parts := b.Stack.Parts()
		s.stacks[i] = parts.Frames
		s.blind = s.blind || len(parts.Frames) == 0
		if b.Leaked == 0 {
			s.idle[i] = idle(parts.Frames, b.States)
		}
		if parts.ElidedAt == 0 && parts.Elided != 0 {
			continue // the leaf is missing, so what it waits for is not known
		}
		s.addBucket(i, b)
	}
	return s
}

// addBucket makes units of a bucket's goroutines.
func (s *scene) addBucket(i int, b *goroutine.Bucket) {
	waits := map[string]wait{}
	of := func(state string) wait {
		w, ok := waits[state]
		if !ok && s.idle[i] == "" {
			w = classify(s.stacks[i], state)
			waits[state] = w
		}
		return w
	}
	leaked := b.Leaked == b.Count && b.Count > 0
	seen := map[uint64]int{}
	for j := range b.Members {
		m := &b.Members[j]
		u := unit{bucket: i, n: 1, member: m, state: m.State, minutes: m.Wait, wait: of(m.State), leaked: leaked, on: -1}
		u.address = u.wait.address(m)
		seen[u.address]++
		s.byID[m.ID] = len(s.units)
		if m.Creator != 0 {
			s.startedBy[m.Creator] = append(s.startedBy[m.Creator], len(s.units))
		}
		s.addUnit(u)
	}
	rest := b.Count - len(b.Members)
	if rest <= 0 {
		return
	}
	u := unit{bucket: i, n: rest, state: b.State(), minutes: b.Waits.Max(), wait: of(b.State()), leaked: leaked, on: -1}
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
	s.inBucket[u.bucket] = append(s.inBucket[u.bucket], len(s.units))
	s.units = append(s.units, u)
}

func (s *scene) frames(u *unit) []goroutine.Frame { return s.stacks[u.bucket] }

// caller is the frame of a unit that waits, outside the primitive.
func (s *scene) caller(u *unit) goroutine.Frame {
	if f := s.frames(u); u.wait.at < len(f) {
		return f[u.wait.at]
	}
	return s.dump.Buckets[u.bucket].Stack.CreatedBy()
}

// lockKind reports whether one goroutine, or readers, hold a resource of a kind.
func lockKind(k Kind) bool { return k == Mutex || k == RWMutex || k == Once }
