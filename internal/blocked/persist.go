package blocked

import (
	"slices"
	"time"
)

// Stay is what two dumps of one process show of a resource. Goroutines that wait
// for it in both, behind the same holder, are stuck; a lock that changes its
// holder is in use.
type Stay struct {
	Before, After int      // the resource in each report
	Same          []uint64 // goroutines that wait for it in both, ascending
	Again         int      // those among them whose wait has begun in between
	Held          bool     // the same goroutine keeps them waiting
	Changed       bool     // another one does
}

// Stuck reports whether nothing has moved.
func (s *Stay) Stuck() bool { return len(s.Same) > s.Again && !s.Changed }

// Persist compares who waits in two dumps of one process, taken so long after
// each other; zero if that is not known. Resources without waiters in common are
// left out, unless their addresses are the same.
func Persist(before, after *Report, apart time.Duration) []Stay {
	waited := map[uint64]int{}
	at := map[uint64]int{}
	for i := range before.Resources {
		r := &before.Resources[i]
		for _, w := range r.Known {
			waited[w.ID] = i
		}
		if r.Address != 0 {
			at[r.Address] = i
		}
	}
	var out []Stay
	for i := range after.Resources {
		r := &after.Resources[i]
		s := Stay{Before: -1, After: i}
		for _, w := range r.Known {
			k, ok := waited[w.ID]
			if !ok || !r.as(&before.Resources[k]) {
				continue
			}
			s.Before = k
			s.Same = append(s.Same, w.ID)
			if time.Duration(w.Wait+1)*time.Minute < apart {
				s.Again++
			}
		}
		if k, ok := at[r.Address]; ok && s.Before < 0 && r.as(&before.Resources[k]) {
			s.Before = k
		}
		if s.Before < 0 {
			continue
		}
		if old, now := before.Resources[s.Before].holder(), r.holder(); old != 0 && now != 0 {
			s.Held, s.Changed = old == now, old != now
		}
		slices.Sort(s.Same)
		out = append(out, s)
	}
	return out
}

// as reports whether two dumps of one process show the same resource.
func (r *Resource) as(o *Resource) bool {
	if r.Kind != o.Kind {
		return false
	}
	if r.Address != 0 && o.Address != 0 {
		return r.Address == o.Address
	}
	return r.Site == o.Site
}

// holder is the goroutine that keeps the waiters waiting; 0 if none is named.
func (r *Resource) holder() uint64 {
	for _, x := range r.Suspects {
		if x.Confidence >= Probable && !x.Pending {
			return x.ID
		}
	}
	return 0
}
