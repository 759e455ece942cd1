// Package blocked finds out, from one dump, what goroutines wait for, who keeps
// them waiting, and which wait for each other. Go's dumps name no holder of a
// lock, so most of what it says is a conclusion: each comes with how sure it is
// and why, and where several goroutines fit none is named.
package blocked

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// Confidence is how sure a conclusion is.
type Confidence uint8

// A Guess is worth a look. Probable is usually right. Certain follows from
// what the dump shows.
const (
	Unknown Confidence = iota
	Guess
	Probable
	Certain
)

func (c Confidence) String() string {
	return [...]string{"", "guess", "probable", "certain"}[c]
}

// Holder says what is known of who holds a resource.
type Holder uint8

// The holder is not found; named; one of several; or gone, which is proven.
const (
	NotFound Holder = iota
	Named
	OneOf
	Gone
)

func (h Holder) String() string {
	return [...]string{"not found", "named", "one of", "gone"}[h]
}

// Resource is something that goroutines wait for.
type Resource struct {
	Kind    Kind
	Op      Op     // what the first of the waiters wants of it
	Address uint64 // 0 if not known
	Name    string // "shop.Cart.mu" if the source or a receiver shows it
	Site    goroutine.Frame
	Waiters int
	Known   []Waiter // waiters with ids
	Whole   []int    // buckets all of whose goroutines wait for it
	Buckets []int    // buckets of the waiters, the largest part first
	Longest int      // minutes that a waiter has waited
	Proven  bool     // a leak profile proves that the waiters never wake
	// MayBeMixed is set where the waiters cannot be distinguished by what they wait
	// for, as in dumps without addresses: it may be several resources.
	MayBeMixed bool
	Holder     Holder
	Suspects   []Suspect // the likeliest first
	Pattern    Pattern   // "" if none fits
	Confidence Confidence
}

// Waiter is a goroutine that waits.
type Waiter struct {
	ID     uint64
	Bucket int
	Wait   int // minutes
}

// Suspect is a goroutine that keeps others waiting.
type Suspect struct {
	ID         uint64 // 0 at levels without ids
	Bucket     int
	State      string
	Wait       int // minutes
	Confidence Confidence
	Why        []Reason
	Blocks     int  // goroutines that wait for it, directly or through others
	Root       bool // it waits for nobody itself
	Pending    bool // a writer that waits for readers, and that later ones wait behind

	unit int
	read bool // it holds an RWMutex for reading
}

// Deadlock is goroutines that wait for each other, or one for itself.
type Deadlock struct {
	IDs        []uint64
	Buckets    []int
	Resources  []int // those they wait for
	Behind     int   // goroutines that wait for one of them
	Confidence Confidence
	Proven     bool
}

// Report is what one dump shows.
type Report struct {
	Resources []Resource // the worst first
	Deadlocks []Deadlock // the largest first
	// Idle says of each bucket why its goroutines are known to be idle; "" if
	// they are not.
	Idle []string
}

// Options are what an analysis may use besides the dump.
type Options struct {
	// Source returns the Go files of the package that a frame's function
	// belongs to, none if they are not at hand. It is asked once per package.
	Source func(goroutine.Frame) []SourceFile
}

// SourceFile is a file of source.
type SourceFile struct {
	Name string // base name
	Data []byte
}

// Analyze finds out who blocks whom. It does not change the dump.
func Analyze(d *goroutine.Dump, o Options) *Report {
	s := newScene(d)
	r := &Report{Idle: s.idle}
	if len(s.waiting) == 0 {
		return r
	}
	if o.Source != nil {
		s.source = newSources(o.Source, s.stacks)
	}
	s.group()
	s.countPlaces()
	s.suspect()
	s.link()
	r.Deadlocks = s.deadlocks()
	s.patterns(r.Deadlocks)
	s.show(r)
	return r
}

// show puts what is worth an entry into the report, in order.
func (s *scene) show(r *Report) {
	type entry struct{ resource, weight int }
	var kept []entry
	for n, x := range s.resources {
		if s.keep(x) {
			s.finish(x)
			kept = append(kept, entry{n, x.weight()})
		}
	}
	slices.SortFunc(kept, func(x, y entry) int {
		a, b := s.resources[x.resource], s.resources[y.resource]
		return cmp.Or(y.weight-x.weight, b.Waiters-a.Waiters, cmp.Compare(a.Address, b.Address), x.resource-y.resource)
	})
	number := make([]int, len(s.resources))
	r.Resources = make([]Resource, 0, len(kept))
	for k, x := range kept {
		number[x.resource] = k
		r.Resources = append(r.Resources, s.resources[x.resource].Resource)
	}
	for i := range r.Deadlocks {
		d := &r.Deadlocks[i]
		for k, n := range d.Resources {
			d.Resources[k] = number[n]
		}
		slices.Sort(d.Resources)
	}
}

// Goroutines lists ids of waiters in ascending order, at most n.
func (r *Resource) Goroutines(d *goroutine.Dump, n int) []uint64 {
	ids := []uint64{}
	for _, b := range r.Whole {
		ids = append(ids, d.Buckets[b].IDs.First(n)...)
	}
	for _, w := range r.Known {
		if !slices.Contains(r.Whole, w.Bucket) {
			ids = append(ids, w.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), n)]
}
