package blocked

import (
	"slices"
	"strings"
)

// patterns names what is wrong with each resource.
func (s *scene) patterns(all []Deadlock) {
	deadlocks := map[int]*Deadlock{}
	for i := range all {
		for _, n := range all[i].Resources {
			deadlocks[n] = &all[i]
		}
	}
	for n, r := range s.resources {
		var confidence Confidence
		if r.Pattern, confidence = s.pattern(r, deadlocks[n]); confidence != Unknown {
			r.Confidence = confidence
		}
	}
}

// pattern is what is wrong with a resource, and how sure that is; Unknown
// leaves the confidence of its holder.
func (s *scene) pattern(r *resource, in *Deadlock) (Pattern, Confidence) {
	if rule := s.functions.all[r.function].parked; rule != nil && !lockKind(r.Kind) {
		return rule.recognise(s, r)
	}
	switch r.Kind {
	case Mutex, RWMutex:
		return s.lockPattern(r, in)
	case Once:
		if in != nil && s.alone(in) {
			return OnceRecursive, Unknown
		}
		if r.Holder == Named {
			return OnceSlow, Unknown
		}
	case WaitGroup:
		if len(r.Suspects) == 0 && r.proof() == Probable {
			return WaitGroupStuck, Probable
		}
		if len(r.Suspects) == 0 && !s.blind && s.creators {
			return WaitGroupStuck, Guess
		}
		return s.waitGroup(r)
	case Cond:
		if r.Proven {
			return CondNotSignalled, Probable
		}
		if r.Waiters > 1 && !r.MayBeMixed { // else each may wait for its own
			return CondNotSignalled, Guess
		}
	case Pool:
		return s.poolPattern(r, in)
	case Errgroup:
		if r.Op == Go {
			return s.errgroupLimit(r, in)
		}
		return s.waitGroup(r)
	case Semaphore:
		return SemaphoreExhausted, r.proofOr(Guess, in)
	case Singleflight:
		if in != nil && s.alone(in) {
			return SingleflightSelf, Unknown
		}
		return SingleflightSlow, Unknown
	case NilChan:
		return NilChannel, Certain
	case Select:
		return s.selectPattern(r)
	case Chan:
		return s.chanPattern(r, in)
	}
	return "", Unknown
}

// alone reports whether a deadlock is of one goroutine, which waits for itself.
func (s *scene) alone(x *Deadlock) bool {
	return len(x.IDs) == 1 || len(x.IDs) == 0 && len(x.Buckets) == 1 && s.dump.Buckets[x.Buckets[0]].Count == 1
}

// errgroupLimit: who starts tasks waits while as many as allowed are running. A
// task that starts another one may wait for itself.
func (s *scene) errgroupLimit(r *resource, in *Deadlock) (Pattern, Confidence) {
	if in != nil || r.Proven {
		return ErrgroupLimit, Probable
	}
	for _, i := range r.units {
		if isMethod(s.createdBy[s.units[i].bucket].Function, "sync/errgroup.(*Group).Go") {
			return ErrgroupLimit, Guess
		}
	}
	return "", Unknown
}

func (r *resource) proof() Confidence {
	if r.Proven {
		return Probable
	}
	return Guess
}

func (r *resource) proofOr(other Confidence, in *Deadlock) Confidence {
	if r.Proven || in != nil {
		return Probable
	}
	return other
}

func (s *scene) lockPattern(r *resource, in *Deadlock) (Pattern, Confidence) {
	if in != nil {
		return s.deadlockPattern(r, in), Unknown
	}
	var holder *Suspect
	for k := range r.Suspects {
		if x := &r.Suspects[k]; !x.Pending && x.Confidence >= Probable {
			holder = x
			break
		}
	}
	switch {
	case r.Holder == Gone:
		return LockWithoutHolder, Probable
	case holder != nil:
		if p := s.holderPattern(r, holder); p != "" {
			return p, Unknown
		}
	}
	if len(r.pending) > 0 && len(r.units) > len(r.pending) {
		if holder == nil {
			return WriterPending, Guess
		}
		return WriterPending, Unknown
	}
	return "", Unknown
}

// holderPattern says what the holder does with the lock.
func (s *scene) holderPattern(r *resource, x *Suspect) Pattern {
	u := &s.units[x.unit]
	f := s.frames(u)
	switch {
	case hasFunction(f, "log.(*Logger).output") && hasFunction(f, "internal/poll.(*FD).Write"):
		return LogBlocked
	case strings.HasPrefix(u.state, "IO wait"), u.state == "syscall", hasFunction(f, "net/http.(*Transport).RoundTrip"), hasFunction(f, "io.(*pipe).read"), hasFunction(f, "io.(*pipe).write"), u.state == "" && hasFunction(f, "internal/poll.runtime_pollWait"):
		return LockAcrossIO
	case u.state == "sleep", u.state == "" && hasFunction(f, "time.Sleep"):
		return LockAcrossSleep
	case u.wait.kind == Chan, u.wait.kind == NilChan, u.wait.kind == Select:
		return ChanUnderLock
	case u.wait.kind == WaitGroup, u.wait.kind == Errgroup && u.wait.op == Wait:
		return WaitUnderLock
	case running(u.state) && r.Longest >= 1:
		return LockHeldRunning
	}
	return ""
}

// deadlockPattern says what kind of deadlock a lock is part of.
func (s *scene) deadlockPattern(r *resource, in *Deadlock) Pattern {
	kinds := map[Kind]bool{}
	for _, n := range in.Resources {
		kinds[s.resources[n].Kind] = true
	}
	switch {
	case kinds[Chan] || kinds[Select]:
		return ChanUnderLock
	case kinds[WaitGroup] || kinds[Errgroup]:
		return WaitUnderLock
	}
	if r.Kind == RWMutex && len(in.Resources) == 1 {
		for _, x := range r.Suspects {
			if x.Pending || !slices.Contains(in.IDs, x.ID) {
				continue
			}
			switch op := s.units[x.unit].wait.op; {
			case op == RLock && len(r.pending) > 0:
				return RecursiveRLock
			case op == DrainReads:
				return RLockUpgrade
			}
		}
	}
	if s.alone(in) {
		return SelfDeadlock
	}
	return LockOrder
}

func (s *scene) waitGroup(r *resource) (Pattern, Confidence) {
	ranging, io := 0, 0
	for _, x := range r.Suspects {
		u := &s.units[x.unit]
		switch {
		case u.wait.op == Receive:
			ranging++
		case strings.HasPrefix(u.state, "IO wait"):
			io++
		}
	}
	switch {
	case ranging > 0 && ranging == len(r.Suspects):
		return JobsNeverClosed, r.proof()
	case io > 0 && io == len(r.Suspects) && r.Longest >= 1:
		return WaitGroupSlow, Unknown
	}
	return "", Unknown
}

func (s *scene) poolPattern(r *resource, in *Deadlock) (Pattern, Confidence) {
	u := &s.units[r.units[0]]
	if s.frames(u)[u.wait.at-1].Function == httpConn {
		// Without a limit, those who wait do so for a connection that is being made.
		switch dials := s.count(httpDials); {
		case r.Waiters <= dials:
			return "", Unknown
		case dials == 0 && (r.Longest >= 1 || r.Proven):
			return HTTPConnsExhausted, Probable
		case r.Waiters >= 2 || r.Longest >= 1 || r.Proven:
			return HTTPConnsExhausted, Guess
		}
		return "", Unknown
	}
	if in != nil {
		return SQLPoolNested, Unknown
	}
	if r.Longest >= 1 {
		return SQLPoolExhausted, Probable
	}
	return SQLPoolExhausted, r.proof()
}

func hasFunction(frames []frame, name string) bool {
	return slices.ContainsFunc(frames, func(f frame) bool { return f.Function == name })
}
