package trend

import (
	"strings"

	"gdump/internal/goroutine"
)

// overlap is what the ids of two dumps say about whether they are of one process lifetime.
type overlap struct {
	both  int // in both, started by the same go statement
	clash int // in both, started by different ones: never within one lifetime
	ended int // only in the first
	born  int // only in the second
	// late ones are only in the second, though their ids had been passed when
	// the first was taken. In one lifetime they are few: a processor hands out ids
	// in blocks of 16 (_GoidCacheBatch in runtime/runtime2.go) and may use up
	// a block long after it took it.
	late   int
	blocks int // of 16 ids that hold a late one
	// deepest is the highest id in both: what every start of a program brings
	// comes early.
	deepest uint64
}

// overlap compares the ids of two dumps. Goroutines that the runtime starts, and
// goroutine 1, have the same ids in every process and say nothing.
func (r *rosters) overlap(from, to int) overlap {
	var k overlap
	startedA, startedB := starters(&r.dumps[from], &r.dumps[to])
	counts := func(id uint64, by int32) bool { return id > 1 && by != 0 }
	top := r.highest(from)
	passed := top - min(256, top/3)
	block := uint64(0)
	var bufA, bufB []member
	for _, w := range r.windows {
		bufA, bufB = r.of(from, w, bufA), r.of(to, w, bufB)
		i := 0
		for _, m := range bufB {
			for i < len(bufA) && bufA[i].id < m.id {
				if counts(bufA[i].id, startedA[bufA[i].bucket]) {
					k.ended++
				}
				i++
			}
			by := startedB[m.bucket]
			if i < len(bufA) && bufA[i].id == m.id {
				switch before := startedA[bufA[i].bucket]; {
				case !counts(m.id, by) || !counts(m.id, before):
				case by == before:
					k.both++
					k.deepest = max(k.deepest, m.id)
				default:
					k.clash++
				}
				i++
				continue
			}
			if !counts(m.id, by) {
				continue
			}
			k.born++
			if m.id < passed {
				k.late++
				if n := (m.id-1)/16 + 1; n != block {
					block = n
					k.blocks++
				}
			}
		}
		for ; i < len(bufA); i++ {
			if counts(bufA[i].id, startedA[bufA[i].bucket]) {
				k.ended++
			}
		}
	}
	return k
}

// starters are the go statements that started the buckets of two dumps, as
// numbers: comparing names would take as long as all the rest. 0 is none, or
// one of the runtime.
func starters(a, b *goroutine.Dump) (startedA, startedB []int32) {
	type statement struct {
		function string
		line     int
	}
	numbers := map[statement]int32{}
	of := func(d *goroutine.Dump) []int32 {
		by := make([]int32, len(d.Buckets))
		for i := range d.Buckets {
			created := d.Buckets[i].Stack.CreatedBy()
			if created.Function == "" || strings.HasPrefix(created.Function, "runtime.") {
				continue
			}
			at := statement{created.Function, created.Line}
			if numbers[at] == 0 {
				numbers[at] = int32(len(numbers) + 1)
			}
			by[i] = numbers[at]
		}
		return by
	}
	return of(a), of(b)
}

// dense is how many ids a program's start hands out, at most, for each
// goroutine of it that stays: a processor takes them in blocks of 16.
const dense = 32

// restarted reports whether a dump comes from another process start than the
// one before it, whose lifetime began with the dump first.
func (r *rosters) restarted(first, from, to int) bool {
	k := r.overlap(from, to)
	a, b := &r.dumps[from], &r.dumps[to]
	switch {
	case k.clash > 0 && 20*k.clash >= k.both:
		return true
	case r.highest(to) < r.highest(from):
		// Also within one lifetime the highest id falls, when what came last has
		// ended and next to nothing was started since: then all there is was
		// there before, or has an id near those handed out last. Where what was
		// there before is little and has low ids, it is what every start brings.
		return k.late > 0 && 4*k.late >= k.both || k.both == 0 ||
			(k.born == 0 || k.late > 0) && k.both < k.ended && k.deepest < dense*uint64(k.both) && r.startup(first, from, to, k.both)
	case k.late >= 5 && k.blocks >= 3 && 2*k.late >= k.both && 2*k.ended >= k.both:
		return true
	case k.both == 0 && k.ended >= 5:
		return allReplaced(a, b)
	}
	return younger(a, b)
}

// startup reports whether most of what two dumps of a lifetime have in common was
// there when its first was taken: what came later no start brings again.
func (r *rosters) startup(first, from, to, both int) bool {
	return first == from || 2*r.overlap(first, to).both >= both
}

// allReplaced reports whether goroutines that are at the same places in both
// dumps, started by more than one function, are none of the same. A
// program whose connections or tickers come and go keeps at least the
// goroutines that accept or wait for them.
func allReplaced(a, b *goroutine.Dump) bool {
	in := map[goroutine.ID]bool{}
	for i := range b.Buckets {
		in[b.Buckets[i].ID] = true
	}
	starters := map[string]bool{}
	for i := range a.Buckets {
		x := &a.Buckets[i]
		if by := x.Stack.CreatedBy().Function; in[x.ID] && by != "" && !strings.HasPrefix(by, "runtime.") {
			starters[by] = true
		}
	}
	return len(starters) >= 3
}

// younger reports whether all that has waited in a waits for less long in b,
// goroutine 1 among it: a wait that lasts only grows.
func younger(a, b *goroutine.Dump) bool {
	at := map[goroutine.ID]*goroutine.Bucket{}
	for i := range b.Buckets {
		at[b.Buckets[i].ID] = &b.Buckets[i]
	}
	waited, first := 0, false
	for i := range a.Buckets {
		x := &a.Buckets[i]
		y := at[x.ID]
		if y == nil || x.Waits.Max() < 2 {
			continue
		}
		if y.Waits.Max() >= x.Waits.Max() {
			return false
		}
		waited++
		first = first || x.IDs.Len() < 100 && x.IDs.Contains(1)
	}
	return first && waited >= 2
}
