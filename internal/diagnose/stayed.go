package diagnose

import (
	"gdump/internal/blocked"
)

// stay is what the dump before the newest shows of a resource.
type stay struct {
	same    int  // waiters that waited for it then
	other   bool // it had waiters then, and none of them waits now
	changed bool // another goroutine held it then
}

// stays compares who waits for locks now and in the dump before of the same
// process lifetime. Goroutines that wait for one lock in both are stuck, or
// nearly so; a lock whose holder or waiters are others is only busy.
func stays(d *Diagnosis) map[int]stay {
	t := d.Trend
	last := len(t.Dumps) - 1
	if last < 1 || d.apart() || !t.Dumps[last].Level.HasIDs() || len(t.LifeOf) <= last {
		return nil
	}
	now := d.Blocked()
	if len(now.Resources) == 0 {
		return nil
	}
	before := last - 1
	for before >= 0 && (t.LifeOf[before] != t.LifeOf[last] || !t.Dumps[before].Level.HasIDs()) {
		before--
	}
	if before < 0 {
		return nil
	}
	then := blocked.Analyze(&t.Dumps[before], blocked.Options{Source: d.source})
	waited := map[uint64]int{}
	byAddress := map[uint64]int{}
	for i := range then.Resources {
		for _, w := range then.Resources[i].Known {
			waited[w.ID] = i
		}
		if a := then.Resources[i].Address; a != 0 {
			byAddress[a] = i
		}
	}
	out := map[int]stay{}
	for i := range now.Resources {
		if s := compare(&now.Resources[i], then, waited, byAddress); s != (stay{}) {
			out[i] = s
		}
	}
	return out
}

// compare finds a resource among those of the dump before.
func compare(r *blocked.Resource, then *blocked.Report, waited map[uint64]int, byAddress map[uint64]int) stay {
	var s stay
	was := -1
	for _, w := range r.Known {
		if i, ok := waited[w.ID]; ok && sameResource(r, &then.Resources[i]) {
			s.same++
			was = i
		}
	}
	if i, ok := byAddress[r.Address]; ok && was < 0 && then.Resources[i].Kind == r.Kind {
		was = i
		s.other = true
	}
	if was < 0 {
		return s
	}
	h, old := holder(r), holder(&then.Resources[was])
	s.changed = h != nil && old != nil && h.ID != old.ID
	return s
}

// sameResource reports whether two dumps of one process show the same resource.
func sameResource(a, b *blocked.Resource) bool {
	if a.Address != 0 && b.Address != 0 {
		return a.Address == b.Address
	}
	return a.Kind == b.Kind && a.Site == b.Site
}
