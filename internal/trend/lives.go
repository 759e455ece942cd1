package trend

import "gdump/internal/goroutine"

// lived are dumps with the process lifetimes that they come from.
type lived struct {
	ordered
	lives     []Life
	members   [][]int // dumps of each lifetime, in order
	lifeOf    []int   // lifetime of each dump
	restarted []bool
	replicas  int // processes that answered in turn; 0 if one did
	mismatch  *Mismatch
}

// openLives is how many earlier lifetimes are looked at for one that goes on.
const openLives = 8

// findLives assigns each dump to the process that wrote it. Ids of an earlier
// process that come back are those of a replica behind the same address.
func findLives(o ordered) lived {
	l := lived{ordered: o, restarted: make([]bool, len(o.dumps)), lifeOf: make([]int, len(o.dumps)), members: [][]int{nil}}
	l.mismatch = mismatch(o.dumps)
	var first, last []int // with ids, of each lifetime; -1 if none
	first, last = append(first, -1), append(last, -1)
	var recent []int // lifetimes, the newest last
	now := 0
	for i := range o.dumps {
		d := &o.dumps[i]
		if full := d.Level.HasIDs() && !partial(d); full {
			if last[now] >= 0 && (o.rosters.restarted(first[now], last[now], i) || rebuilt(&o.dumps[last[now]], d)) {
				recent = append(recent, now)
				back := l.comesBack(recent, first, last, i)
				if back < 0 {
					l.restarted[i] = true
					back = len(l.members)
					l.members, first, last = append(l.members, nil), append(first, -1), append(last, -1)
				}
				now = back
			}
			if last[now] = i; first[now] < 0 {
				first[now] = i
			}
		}
		l.lifeOf[i] = now
		l.members[now] = append(l.members[now], i)
	}
	for _, dumps := range l.members {
		l.lives = append(l.lives, Life{dumps[0], dumps[len(dumps)-1]})
	}
	l.findReplicas()
	l.warnOfRestarts()
	return l
}

// comesBack finds the earlier lifetime that a dump goes on with: it shares
// goroutines with it that no start of the program brings; -1 if there is none.
func (l *lived) comesBack(recent, first, last []int, dump int) int {
	now := recent[len(recent)-1]
	start := l.rosters.overlap(last[now], dump) // what each start of the program brings
	for i := len(recent) - 2; i >= max(0, len(recent)-1-openLives); i-- {
		life := recent[i]
		if life == now || rebuilt(&l.dumps[last[life]], &l.dumps[dump]) {
			continue
		}
		k := l.rosters.overlap(last[life], dump)
		more := k.both - start.both
		if k.clash == 0 && more >= leastBack && 10*more >= k.both && k.deepest > start.deepest && !l.rosters.restarted(first[life], last[life], dump) {
			return life
		}
	}
	return -1
}

// leastBack is how many goroutines must come back.
const leastBack = 3

// findReplicas takes back restarts within the span of a lifetime that goes on.
func (l *lived) findReplicas() {
	in := map[int]bool{}
	for i, a := range l.lives {
		for j, b := range l.lives {
			if i != j && a.From < b.From && b.From < a.To {
				in[i], in[j] = true, true
				l.restarted[b.From] = false
			}
		}
	}
	l.replicas = len(in)
	if l.replicas > 0 {
		l.warn(Warning{Kind: ManyReplicas, N: l.replicas})
	}
}

func (l *lived) warnOfRestarts() {
	w := Warning{Kind: RestartedAt}
	for i, restarted := range l.restarted {
		if restarted {
			w.N++
			w.Names = append(w.Names, l.dumps[i].Source)
		}
	}
	if w.N > 0 && l.mismatch == nil {
		l.warn(w)
	}
}

// partial reports whether a dump shows only some of the goroutines: a panic
// that wrote one, or a source that was cut off.
func partial(d *goroutine.Dump) bool {
	return d.Truncated || d.Alone
}
