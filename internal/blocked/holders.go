package blocked

import (
	"slices"
	"strings"
)

// search is what the stacks of a dump are looked through for.
type search struct {
	wants     []wants // by function
	byType    map[int]*owners
	addresses map[uint64][]*resource
	objects   map[int][]uint64 // live receivers, sorted, of types with locks whose object is not known
}

// wants are the locks that a goroutine in a function may hold.
type wants struct {
	all   []want
	other []want            // of locks that are not known to be a part of receivers
	whose map[uint64][]want // of the others, by receiver of the function
}

// want is a function in which a goroutine behind a line is suspect.
type want struct {
	resource *resource
	signal   Signal
	lines    lines
}

// owners are the locks that are a part of a type.
type owners struct {
	all, other []*resource
	whose      map[uint64][]*resource
}

// lockHolders looks for the holders of all locks in one pass over the stacks.
func (s *scene) lockHolders() {
	q := &search{wants: make([]wants, len(s.functions.all)), byType: map[int]*owners{}, addresses: map[uint64][]*resource{}, objects: map[int][]uint64{}}
	any := false
	for _, r := range s.resources {
		if lockKind(r.Kind) {
			any = true
			s.lookFor(q, r)
		}
	}
	if !any {
		return
	}
	s.receivers(q)
	for i := range s.units {
		if s.idle[s.units[i].bucket] == "" {
			s.match(q, i)
		}
	}
	if s.source != nil {
		s.sourceHolders()
	}
}

// lookFor adds what shows the holder of a lock.
func (s *scene) lookFor(q *search, r *resource) {
	for _, x := range r.acquires.few {
		s.want(q, x.function, want{r, Inside, x.lines})
	}
	for _, x := range r.callers.few {
		s.want(q, x.function, want{r, ByCaller, x.lines})
	}
	for _, t := range r.types.all() {
		o := q.byType[t]
		if o == nil {
			o = &owners{whose: map[uint64][]*resource{}}
			q.byType[t] = o
		}
		o.add(r)
		if r.Address != 0 && r.objects.len() == 0 {
			q.objects[t] = nil
		}
	}
	if r.Address != 0 {
		q.addresses[r.Address] = few(q.addresses[r.Address], r)
	}
	if !r.remote {
		for _, o := range r.objects.all() {
			q.addresses[o] = few(q.addresses[o], r)
		}
	}
}

func (s *scene) want(q *search, function int, w want) {
	x := &q.wants[function]
	r := w.resource
	x.all = few(x.all, w)
	if r.remote || r.objects.len() == 0 || !r.types.has(s.functions.all[function].typ) {
		x.other = few(x.other, w)
		return
	}
	if x.whose == nil {
		x.whose = map[uint64][]want{}
	}
	for _, o := range r.objects.all() {
		x.whose[o] = few(x.whose[o], w)
	}
}

func (o *owners) add(r *resource) {
	o.all = few(o.all, r)
	if r.remote || r.objects.len() == 0 {
		o.other = few(o.other, r)
		return
	}
	for _, x := range r.objects.all() {
		o.whose[x] = few(o.whose[x], r)
	}
}

// few appends, unless there are so many that to look into all would take long.
func few[T any](list []T, x T) []T {
	if len(list) >= maxAlike {
		return list
	}
	return append(list, x)
}

// receivers collects the live objects of the types for which that is asked.
func (s *scene) receivers(q *search) {
	if len(q.objects) == 0 {
		return
	}
	for i := range s.units {
		u := &s.units[i]
		if u.member == nil {
			continue
		}
		for j, f := range s.frames(u) {
			if f.typ == 0 {
				continue
			}
			if all, ok := q.objects[f.typ]; ok {
				if o := receiver(u.member, j); o != 0 {
					q.objects[f.typ] = append(all, o)
				}
			}
		}
	}
	for t, o := range q.objects {
		slices.Sort(o)
		q.objects[t] = slices.Compact(o)
	}
}

// match looks for signals in the stack of a unit.
func (s *scene) match(q *search, i int) {
	u := &s.units[i]
	for j, f := range s.frames(u) {
		if j == u.wait.at && u.wait.op != None && (lockKind(u.wait.kind) || u.wait.kind == Cond) {
			continue // it calls Lock itself, or has given its lock away
		}
		s.byLine(q, &q.wants[f.number], i, j)
		if o := q.byType[f.typ]; o != nil {
			s.byType(q, o, i, j)
		}
		s.byAddress(q, i, j)
	}
}

// byLine looks for the locks that are acquired earlier in the function.
func (s *scene) byLine(q *search, x *wants, i, j int) {
	if len(x.all) == 0 {
		return
	}
	u := &s.units[i]
	f := s.frames(u)[j]
	look := func(list []want) {
		for _, w := range list {
			if !w.lines.before(f.line) {
				continue
			}
			whose := s.object(q, w.resource, u, j)
			if whose == another {
				continue
			}
			score := worth[w.signal]
			if w.signal == ByCaller && !s.begins(w.resource) {
				score = worth[Peer]
			}
			if whose == maybe && s.othersToo(w.resource, u, f) {
				score = worth[InSelf]
			}
			w.resource.candidate(i).add(Reason{w.signal, f.shown()}, s.discount(w.signal, score, u, j))
		}
	}
	if o := receiver(u.member, j); o != 0 {
		look(x.whose[o])
		look(x.other)
	} else {
		look(x.all)
	}
}

// othersToo reports whether what a frame of a waiter holds may as well be the
// lock of another object of the type, such as that of a parent in a tree.
func (s *scene) othersToo(r *resource, u *unit, f frame) bool {
	return u.on >= 0 && s.resources[u.on] == r && r.types.has(f.typ)
}

// byType looks for the locks that are a part of the type of a method.
func (s *scene) byType(q *search, x *owners, i, j int) {
	u := &s.units[i]
	look := func(list []*resource) {
		for _, r := range list {
			s.inMethod(q, r, i, j)
		}
	}
	if o := receiver(u.member, j); o != 0 {
		look(x.whose[o])
		look(x.other)
	} else {
		look(x.all)
	}
}

func (s *scene) inMethod(q *search, r *resource, i, j int) {
	u := &s.units[i]
	if s.object(q, r, u, j) == another {
		return
	}
	signal := ByType
	switch {
	case u.on >= 0 && s.resources[u.on] == r:
		signal = InSelf
	case receiver(u.member, j) == 0 && s.inWaiters(r, s.frames(u)[j]):
		return // what is suspect of it is as suspect of the waiter itself
	}
	r.candidate(i).add(Reason{signal, s.frames(u)[j].shown()}, s.discount(signal, worth[signal], u, j))
}

// inWaiters reports whether a waiter of a lock is in a method of its type at the
// same line as well, as far as the lines are known.
func (s *scene) inWaiters(r *resource, f frame) bool {
	if r.methods == nil {
		r.methods = map[int]lines{}
		for _, b := range r.buckets {
			for _, x := range s.stacks[b] {
				if r.types.has(x.typ) {
					r.methods[x.number] = append(r.methods[x.number], x.line)
				}
			}
		}
		for n, l := range r.methods {
			slices.Sort(l)
			r.methods[n] = slices.Compact(l)
		}
	}
	l := r.methods[f.number]
	_, same := slices.BinarySearch(l, f.line)
	return same || len(l) > 0 && (l[0] == 0 || f.line == 0)
}

// byAddress looks for the lock or its object among the arguments of a frame.
func (s *scene) byAddress(q *search, i, j int) {
	u := &s.units[i]
	if u.member == nil || j >= len(u.member.Args) || j < u.wait.at {
		return
	}
	for _, a := range u.member.Args[j] {
		if a < leastAddress {
			continue
		}
		for _, r := range q.addresses[a] {
			own := u.on >= 0 && s.resources[u.on] == r
			if own && j <= u.wait.at+1 {
				continue // what waiters have in common
			}
			c := r.candidate(i)
			f := s.frames(u)[j].shown()
			if c.score >= worth[Inside] && c.score < worth[Inside]+10 {
				c.add(Reason{ByAddress, f}, c.score+10)
			} else if !own {
				c.add(Reason{ByAddress, f}, s.discount(ByAddress, worth[ByAddress], u, j))
			}
		}
	}
}

// belonging says whether a receiver is the object that a lock is a part of.
type belonging uint8

const (
	maybe belonging = iota
	same
	another
)

func (s *scene) object(q *search, r *resource, u *unit, j int) belonging {
	t := s.frames(u)[j].typ
	if t == 0 || !r.types.has(t) {
		return maybe
	}
	o := receiver(u.member, j)
	switch {
	case o == 0:
		return maybe
	case r.remote:
		return maybe
	case r.objects.has(o):
		return same
	case r.objects.len() > 0:
		return another
	case r.Address == 0:
		return maybe
	}
	// The lock is a part of the nearest object before it, if one is near enough:
	// else it may be no part of objects of the type at all.
	all := q.objects[t]
	k, found := slices.BinarySearch(all, r.Address)
	if !found {
		k--
	}
	if k < 0 || r.Address-all[k] >= maxOffset || all[k] == o {
		return maybe
	}
	return another
}

// discount lowers what names alone say of a goroutine that may be a loop of its
// own: parked for the next event in the function that it was started with.
func (s *scene) discount(signal Signal, score int, u *unit, j int) int {
	if signal == Inside || signal == ByCaller {
		return score
	}
	frames := s.frames(u)
	entry := j == len(frames)-1 || frames[j+1].Function == "runtime.goexit"
	if !entry {
		return score
	}
	switch {
	case u.wait.op == SelectOp, u.wait.op == Receive, u.wait.kind == Cond, strings.HasPrefix(u.state, "IO wait"), u.state == "sleep", u.state == "syscall":
		return min(score, worth[Peer])
	}
	return score
}

// begins reports whether what acquires a lock keeps it for its caller, by its
// name: begin, lock, acquire.
func (s *scene) begins(r *resource) bool {
	for _, x := range r.acquires.few {
		f := s.functions.all[x.function].Function
		name := strings.ToLower(f[strings.LastIndexByte(f, '.')+1:])
		for _, word := range []string{"lock", "acquire", "begin", "enter", "start", "open", "hold", "reserve", "take", "checkout"} {
			if strings.Contains(name, word) {
				return true
			}
		}
	}
	return false
}
