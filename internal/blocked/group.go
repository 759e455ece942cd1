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
	pending  []int              // writers that wait for readers, which later waiters wait behind
	acquires map[string]lines   // functions in which the waiters wait, and at which lines
	callers  map[string]lines   // the functions that called those
	types    map[string]bool    // whose methods acquire it
	objects  map[uint64]bool    // that it is a part of, as far as live receivers show
	remote   bool               // it is no part of the objects whose methods acquire it
	key      key                // in the source
	buckets  map[int]bool       // of the waiters
	tokens   bool               // a channel that is used as a semaphore
	found    map[int]*candidate // by unit
}

// lines are where in a function goroutines wait; 0 is a line that a damaged dump
// does not show.
type lines []int

// before reports whether a line is known to be behind one of these.
func (l lines) before(line int) bool {
	return len(l) > 0 && slices.Min(l) > 0 && slices.Min(l) < line
}

// has reports whether a line is one of these.
func (l lines) has(line int) bool { return line > 0 && slices.Contains(l, line) }

func (l lines) add(line int) lines {
	if slices.Contains(l, line) || len(l) >= 16 && line > 0 {
		return l
	}
	return append(l, line)
}

// maxLoose bounds the resources among which the one of a waiter is looked for,
// whose lock has no address.
const maxLoose = 1024

// maxOffset is how far into an object a lock may be.
const maxOffset = 4096

// groupKey says which waits are for one resource.
type groupKey struct {
	kind    Kind
	limit   bool // the limit of an errgroup, not its end
	address uint64
	object  uint64
	name    string // of a type, or a function
	line    int
	unit    int // plus one: waits that cannot be for one resource
}

// group puts the waits for one resource together: by address; else by the key
// in the source, or the type and the receiver; else by the call site.
func (s *scene) group() {
	index := map[groupKey]*resource{}
	var loose []int
	for _, i := range s.waiting {
		u := &s.units[i]
		if u.address == 0 && lockKind(u.wait.kind) {
			u.address = s.addressBySource(u)
		}
		if u.address == 0 && lockKind(u.wait.kind) {
			loose = append(loose, i)
			continue
		}
		s.put(index, s.keyOf(i), i)
	}
	for _, i := range loose {
		s.put(index, s.keyOfLoose(i), i)
	}
	s.adopt()
	for n, r := range s.resources {
		for _, i := range r.units {
			s.units[i].on = n
			r.buckets[s.units[i].bucket] = true
		}
		r.object()
	}
}

func (s *scene) keyOf(i int) groupKey {
	u := &s.units[i]
	k := groupKey{kind: u.wait.kind, limit: u.wait.op == Go, address: u.address}
	if k.address == 0 {
		f := s.caller(u)
		k.name, k.line = f.Function, f.Line
		if k.kind == WaitGroup && u.member != nil {
			k.unit = i + 1 // as a rule one goroutine waits for a WaitGroup
		}
	}
	return k
}

// keyOfLoose is the key of a wait for a lock whose address is not known.
func (s *scene) keyOfLoose(i int) groupKey {
	u := &s.units[i]
	f := s.caller(u)
	k := groupKey{kind: u.wait.kind, name: typeOf(&f), object: receiver(u.member, u.wait.at)}
	if source := s.sourceKey(u); source.known() {
		k.name = source.String()
	}
	if k.name == "" {
		return groupKey{kind: k.kind, name: f.Function, line: f.Line}
	}
	if k.object == 0 {
		return k
	}
	// A queued writer shows the address of the lock that is in this object.
	for _, r := range s.resources[:min(len(s.resources), maxLoose)] {
		if r.Kind == k.kind && r.Address >= k.object && r.Address-k.object < maxOffset && r.types[typeOf(&f)] && r.objects[k.object] {
			return groupKey{kind: k.kind, address: r.Address}
		}
	}
	return k
}

func (s *scene) put(index map[groupKey]*resource, k groupKey, i int) {
	r := index[k]
	u := &s.units[i]
	f := s.caller(u)
	if r == nil {
		r = &resource{acquires: map[string]lines{}, callers: map[string]lines{}, types: map[string]bool{}, objects: map[uint64]bool{}, found: map[int]*candidate{}, buckets: map[int]bool{}}
		r.Kind, r.Op, r.Address, r.Site, r.Proven = u.wait.kind, u.wait.op, k.address, f, true
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
	r.acquires[f.Function] = r.acquires[f.Function].add(f.Line)
	if frames := s.frames(u); u.wait.at+1 < len(frames) {
		c := &frames[u.wait.at+1]
		r.callers[c.Function] = r.callers[c.Function].add(c.Line)
	}
	if t := typeOf(&f); t != "" {
		r.types[t] = true
		if o := receiver(u.member, u.wait.at); o != 0 {
			r.objects[o] = true
		}
	}
	if !r.key.known() && lockKind(r.Kind) {
		r.key = s.sourceKey(u)
	}
}

// adopt joins waiters whose object is not known with the one resource of their
// kind and type, if there is one only.
func (s *scene) adopt() {
	for n, r := range s.resources {
		if !r.MayBeMixed || !lockKind(r.Kind) || len(r.types) == 0 {
			continue
		}
		var home *resource
		others := 0
		for _, o := range s.resources[:min(len(s.resources), maxLoose)] {
			if o != r && o != nil && o.Kind == r.Kind && !o.MayBeMixed && sameTypes(o.types, r.types) && (o.key.same(r.key) || !o.key.known() || !r.key.known()) {
				home = o
				others++
			}
		}
		if others != 1 {
			continue
		}
		home.join(r)
		s.resources[n] = nil
	}
	s.resources = slices.DeleteFunc(s.resources, func(r *resource) bool { return r == nil })
}

func sameTypes(a, b map[string]bool) bool {
	for t := range a {
		if b[t] {
			return true
		}
	}
	return false
}

func (r *resource) join(o *resource) {
	r.units = append(r.units, o.units...)
	r.pending = append(r.pending, o.pending...)
	r.Waiters += o.Waiters
	r.Longest = max(r.Longest, o.Longest)
	r.Proven = r.Proven && o.Proven
	for f, l := range o.acquires {
		for _, n := range l {
			r.acquires[f] = r.acquires[f].add(n)
		}
	}
	for f, l := range o.callers {
		for _, n := range l {
			r.callers[f] = r.callers[f].add(n)
		}
	}
	for t := range o.types {
		r.types[t] = true
	}
	if !r.key.known() {
		r.key = o.key
	}
}

// object decides of which objects the lock can be a part.
func (r *resource) object() {
	if r.Address == 0 {
		return
	}
	inside := map[uint64]bool{}
	for o := range r.objects {
		if o <= r.Address && r.Address-o < maxOffset {
			inside[o] = true
		}
	}
	if r.remote = len(inside) == 0 && len(r.objects) > 0; !r.remote {
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
	count := map[int]int{}
	listed := map[int]int{}
	for _, i := range r.units {
		u := &s.units[i]
		count[u.bucket] += u.n
		if u.member != nil {
			listed[u.bucket]++
			r.Known = append(r.Known, Waiter{u.member.ID, u.bucket})
		}
	}
	for b, n := range count {
		r.Buckets = append(r.Buckets, b)
		if n == s.dump.Buckets[b].Count {
			r.Whole = append(r.Whole, b)
		}
	}
	slices.SortFunc(r.Buckets, func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	slices.Sort(r.Whole)
	slices.SortFunc(r.Known, func(a, b Waiter) int { return cmp.Compare(a.ID, b.ID) })
	r.Name = s.name(r)
}

// name is what the resource is called in the source, or the type that it is a
// part of.
func (s *scene) name(r *resource) string {
	if r.key.known() {
		return r.key.String()
	}
	if len(r.types) != 1 || r.remote {
		return ""
	}
	for t := range r.types {
		return goroutine.ShortName(t)
	}
	return ""
}
