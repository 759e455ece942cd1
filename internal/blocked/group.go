package blocked

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// resource is a resource while it is made.
type resource struct {
	Resource
	units    []int
	pending  []int         // writers that wait for readers, which later waiters wait behind
	function int           // number of that of the site
	acquires sites         // where the waiters wait
	callers  sites         // the calls of those functions
	types    set[int]      // whose methods acquire it
	objects  set[uint64]   // that it is a part of, as far as live receivers show
	remote   bool          // it is no part of the objects whose methods acquire it
	key      key           // in the source
	buckets  []int         // of the waiters, ascending
	methods  map[int]lines // of its types, in which the waiters are, and at which lines
	tokens   bool          // a channel that is used as a semaphore
	found    candidates
}

// maxLoose bounds the resources among which the one of a waiter is looked for,
// whose lock has no address.
const maxLoose = 1024

// maxOffset is how far into an object a lock may be.
const maxOffset = 4096

// groupKey says which waits are for one resource.
type groupKey struct {
	kind     Kind
	op       Op // of an errgroup, whose limit and end have one address
	address  uint64
	object   uint64
	name     string // of a type, or a lock in the source
	function int    // its number plus one
	line     int
	unit     int // plus one: waits that cannot be for one resource
}

// group puts the waits for one resource together: by address; else by the key
// in the source, or the type and the receiver; else by the call site.
func (s *scene) group() {
	index := make(map[groupKey]*resource, min(len(s.waiting), 1024))
	var loose []int
	for _, i := range s.waiting {
		u := &s.units[i]
		switch {
		case u.address != 0:
		case lockKind(u.wait.kind):
			u.address = s.addressBySource(u)
		case u.wait.kind == Chan:
			u.address = s.chanAddress(u)
		}
		if u.address == 0 && lockKind(u.wait.kind) {
			loose = append(loose, i)
			continue
		}
		s.put(index, s.keyOf(i), i)
	}
	if len(loose) > 0 {
		in := s.byObject()
		for _, i := range loose {
			s.put(index, s.keyOfLoose(in, i), i)
		}
	}
	s.adopt()
	remote := map[typedKind]bool{}
	for n, r := range s.resources {
		slices.Sort(r.units)
		slices.Sort(r.pending)
		for _, i := range r.units {
			s.units[i].on = n
			if b := s.units[i].bucket; len(r.buckets) == 0 || r.buckets[len(r.buckets)-1] != b {
				r.buckets = append(r.buckets, b)
			}
		}
		if r.object(); r.remote {
			for _, t := range r.types.all() {
				remote[typedKind{r.Kind, t}] = true
			}
		}
	}
	if len(remote) == 0 {
		return
	}
	for _, r := range s.resources {
		if r.objects.len() == 0 { // what holds for others of its type holds for it
			r.remote = slices.ContainsFunc(r.types.all(), func(t int) bool { return remote[typedKind{r.Kind, t}] })
		}
	}
}

func (s *scene) keyOf(i int) groupKey {
	u := &s.units[i]
	k := groupKey{kind: u.wait.kind, address: u.address}
	if k.kind == Errgroup {
		k.op = u.wait.op
	}
	if k.address == 0 {
		f := s.caller(u)
		k.function, k.line = f.number+1, f.line
		if k.kind == WaitGroup && u.member != nil {
			k.unit = i + 1 // usually one goroutine waits for a WaitGroup
		}
	}
	return k
}

// byObject are the resources with an address, by an object that they are a part of.
type byObject map[groupKey][]*resource

func (s *scene) byObject() byObject {
	in := byObject{}
	for _, r := range s.resources {
		if !lockKind(r.Kind) || r.Address == 0 {
			continue
		}
		for _, o := range r.objects.all() {
			if o <= r.Address && r.Address-o < maxOffset {
				k := groupKey{kind: r.Kind, object: o}
				in[k] = append(in[k], r)
			}
		}
	}
	return in
}

// keyOfLoose is the key of a wait for a lock whose address is not known.
func (s *scene) keyOfLoose(in byObject, i int) groupKey {
	u := &s.units[i]
	f := s.caller(u)
	k := groupKey{kind: u.wait.kind, name: s.functions.names[f.typ], object: receiver(u.member, u.wait.at)}
	if source := s.sourceKey(u); source.known() {
		k.name = source.String()
	}
	if k.name == "" {
		return groupKey{kind: k.kind, function: f.number + 1, line: f.line}
	}
	if k.object == 0 {
		return k
	}
	// A queued writer shows the address of the lock that is in this object.
	for _, r := range in[groupKey{kind: k.kind, object: k.object}] {
		if r.types.has(f.typ) {
			return groupKey{kind: k.kind, address: r.Address}
		}
	}
	return k
}

// newResource allocates many at a time: some dumps have as many as goroutines.
func (s *scene) newResource() *resource {
	if len(s.free) == 0 {
		s.free = make([]resource, min(1+len(s.resources), 256))
	}
	r := &s.free[0]
	s.free = s.free[1:]
	return r
}

func (s *scene) put(index map[groupKey]*resource, k groupKey, i int) {
	r := index[k]
	u := &s.units[i]
	f := s.caller(u)
	if r == nil {
		r = s.newResource()
		r.function = f.number
		r.Kind, r.Op, r.Address, r.Site, r.Proven = u.wait.kind, u.wait.op, k.address, f.shown(), true
		r.MayBeMixed = k.address == 0 && k.object == 0 && k.unit == 0
		index[k] = r
		s.resources = append(s.resources, r)
	}
	r.units = append(r.units, i)
	r.Waiters += u.n
	r.Longest = max(r.Longest, u.minutes)
	r.Proven = r.Proven && u.leaked
	if u.wait.op == DrainReads {
		r.pending = append(r.pending, i)
	}
	r.acquires.add(f.number, f.line)
	if frames := s.frames(u); u.wait.at+1 < len(frames) {
		c := frames[u.wait.at+1]
		r.callers.add(c.number, c.line)
	}
	if f.typ != 0 {
		r.types.add(f.typ)
		if o := receiver(u.member, u.wait.at); o != 0 {
			r.objects.add(o)
		}
	}
	if !r.key.known() && lockKind(r.Kind) {
		r.key = s.sourceKey(u)
	}
}

// adopt joins waiters whose object is not known with the one resource of their
// kind and type, if there is one only.
func (s *scene) adopt() {
	of := map[typedKind][]*resource{}
	for _, r := range s.resources {
		if lockKind(r.Kind) && !r.MayBeMixed {
			for _, t := range r.types.all() {
				k := typedKind{r.Kind, t}
				of[k] = append(of[k], r)
			}
		}
	}
	for n, r := range s.resources {
		if !r.MayBeMixed || !lockKind(r.Kind) {
			continue
		}
		var homes set[*resource]
		for _, t := range r.types.all() {
			for _, o := range of[typedKind{r.Kind, t}] {
				if o.key.same(r.key) || !o.key.known() || !r.key.known() {
					homes.add(o)
				}
				if homes.len() > 1 {
					break
				}
			}
		}
		if homes.len() == 1 {
			homes.all()[0].join(r)
			s.resources[n] = nil
		}
	}
	s.resources = slices.DeleteFunc(s.resources, func(r *resource) bool { return r == nil })
}

func (r *resource) join(o *resource) {
	r.units = append(r.units, o.units...)
	r.pending = append(r.pending, o.pending...)
	r.Waiters += o.Waiters
	r.Longest = max(r.Longest, o.Longest)
	r.Proven = r.Proven && o.Proven
	r.acquires.join(&o.acquires)
	r.callers.join(&o.callers)
	for _, t := range o.types.all() {
		r.types.add(t)
	}
	if !r.key.known() {
		r.key = o.key
	}
}

// object decides of which objects the lock can be a part.
func (r *resource) object() {
	if r.Address == 0 || r.objects.len() == 0 {
		return
	}
	var inside set[uint64]
	for _, o := range r.objects.all() {
		if o <= r.Address && r.Address-o < maxOffset {
			inside.add(o)
		}
	}
	if r.remote = inside.len() == 0; !r.remote {
		r.objects = inside
	}
}

// weight orders resources: how much depends on it.
func (r *Resource) weight() int {
	w := 0
	switch {
	case lockKind(r.Kind), r.Kind == File, r.Kind == Singleflight:
		w = 3
	case r.Kind == Pool, r.Kind == Semaphore, r.Kind == Errgroup, r.Kind == WaitGroup, r.Kind == NilChan:
		w = 2
	case r.Kind == Chan && r.Op == Send, r.Kind == Cond:
		w = 1
	}
	if r.Holder == Named {
		w += 2
	}
	if r.Proven {
		w++
	}
	return w
}

// keep reports whether a resource is worth an entry: a pile, a cycle, a lock,
// something that has lasted, or that is proven.
func (s *scene) keep(r *resource) bool {
	if s.places[s.placeOf(r)] >= 2 || r.Longest >= 1 || r.Proven || len(r.Suspects) > 0 {
		return true
	}
	switch {
	case r.Kind == Chan && r.Op == Send:
		o := s.origin(r)
		return o.all(o.gone)
	case r.Kind == Chan, r.Kind == Select:
		return r.Op == SelectNone
	}
	return true
}

// finish fills in what is shown of the waiters.
func (s *scene) finish(r *resource) {
	counts := make([]int, 0, len(r.buckets))
	r.Buckets = slices.Clone(r.buckets)
	known := 0
	last := -1
	for _, i := range r.units {
		u := &s.units[i]
		if u.bucket != last {
			counts = append(counts, 0)
			last = u.bucket
		}
		counts[len(counts)-1] += u.n
		if u.member != nil {
			known++
		}
	}
	r.Known = make([]Waiter, 0, known)
	for _, i := range r.units {
		if u := &s.units[i]; u.member != nil {
			r.Known = append(r.Known, Waiter{u.member.ID, u.bucket, u.minutes})
		}
	}
	for k, b := range r.buckets {
		if counts[k] == s.dump.Buckets[b].Count {
			r.Whole = append(r.Whole, b)
		}
	}
	if len(r.buckets) > 1 {
		of := func(b int) int {
			k, _ := slices.BinarySearch(r.buckets, b)
			return counts[k]
		}
		slices.SortFunc(r.Buckets, func(a, b int) int { return cmp.Or(cmp.Compare(of(b), of(a)), cmp.Compare(a, b)) })
	}
	slices.SortFunc(r.Known, func(a, b Waiter) int { return cmp.Compare(a.ID, b.ID) })
	r.Name = s.name(r)
}

// name is what the resource is called in the source, or the type that it is a
// part of.
func (s *scene) name(r *resource) string {
	if r.key.known() {
		return r.key.String()
	}
	if r.types.len() != 1 || r.remote {
		return ""
	}
	return goroutine.ShortName(s.functions.names[r.types.all()[0]])
}
