// Package sim makes up the lives of servers: goroutines that come, pass, stay
// and leak round by round, dumped at the end of each, with the truth by
// construction. It is what the verdicts of trend are compared with.
package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Options say what to dump. The zero value is not useful: Dumps must be set.
type Options struct {
	Seed     uint64
	Dumps    int
	NoIDs    bool   // dumps as debug=1 writes them: counts only
	Restarts int    // how often the process is started again, at even distances
	Quiet    bool   // no dump has a time
	Only     string // the one kind to live through; "" means all
}

// Kind is a kind of noise or leak.
type Kind struct {
	Name string
	Leak bool
	// Want are the verdicts that are right. While a pool fills, nothing distinguishes it
	// from a leak: few dumps may say that it is growing.
	Want []trend.Verdict
	// Needs is how many dumps of a lifetime it takes to distinguish the leak from the
	// traffic it hides in; 0 if three do.
	Needs int
	make  func(r *rand.Rand, rounds int) actor
}

// actor is one kind in one process: what its goroutines do in a round.
type actor interface {
	round(p *process, n int)
}

// Truth is what one kind did in a series of dumps.
type Truth struct {
	Kind
	Rounds int // steps between dumps in which goroutines leaked that are still there
	Leaked int // and how many those are
}

// Shown reports whether a number of dumps shows a leak to whoever looks: it
// has come more than once, and is more than a pair.
func (t Truth) Shown(dumps int) bool {
	return dumps < 3 || t.Rounds >= 2 && t.Leaked >= 3 && dumps >= t.Needs
}

// Package is the import path of the code of a kind.
func (k Kind) Package() string { return "example.com/app/" + k.Name }

// Run simulates a server and gives its dumps, with the truth of each kind.
// It starts over at each restart.
func Run(o Options) (dumps []goroutine.Dump, truth []Truth, restarts []int) {
	perLife := (o.Dumps + o.Restarts) / (o.Restarts + 1)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var p *process
	for i := range o.Dumps {
		if i%perLife == 0 {
			if p != nil {
				restarts = append(restarts, i)
			}
			p = newProcess(o, uint64(i), min(perLife, o.Dumps-i))
			for n := range p.warmUp {
				p.live(n - p.warmUp)
			}
		}
		p.live(i % perLife)
		d := p.dump(o)
		d.Source = fmt.Sprintf("dump-%02d", i)
		if !o.Quiet {
			d.TakenAt = start.Add(time.Duration(i) * 10 * time.Minute)
		}
		dumps = append(dumps, d)
	}
	for i, k := range p.kinds {
		truth = append(truth, p.truth(i, k))
	}
	return dumps, truth, restarts
}

// living is a goroutine.
type living struct {
	id    uint64
	born  int // round
	until int // round after which it ends; forever if it is far
	stack int // which of the actor's places it is at
	depth int
	from  int // which go statement started it
	leak  bool
}

const forever = 1 << 30

type process struct {
	r      *rand.Rand
	warmUp int
	now    int
	kinds  []Kind
	actors []actor
	alive  [][]living // by kind
	kind   int        // the kind whose round it is
	ids    uint64     // handed out so far
	blocks [4]block   // of the processors
}

// block is a processor's stock of ids: the runtime hands them out 16 at a time.
type block struct{ next, end uint64 }

func newProcess(o Options, life uint64, rounds int) *process {
	r := rand.New(rand.NewPCG(o.Seed, life+1))
	p := &process{r: r, warmUp: 6 + r.IntN(6)}
	for _, k := range Kinds() {
		if o.Only != "" && k.Name != o.Only {
			continue
		}
		p.kinds = append(p.kinds, k)
		p.actors = append(p.actors, k.make(r, rounds))
	}
	p.alive = make([][]living, len(p.kinds))
	return p
}

// live has every kind live a round. Rounds before the first dump are negative.
func (p *process) live(n int) {
	p.now = n
	for i := range p.kinds {
		p.kind = i
		p.alive[i] = slices.DeleteFunc(p.alive[i], func(g living) bool { return g.until < n })
	}
	for _, i := range p.r.Perm(len(p.kinds)) {
		p.kind = i
		p.actors[i].round(p, n)
	}
}

// start starts a goroutine of the kind whose round it is. It ends after so
// many more rounds.
func (p *process) start(rounds int) *living {
	b := &p.blocks[p.r.IntN(len(p.blocks))]
	if b.next == b.end {
		b.next, b.end = p.ids+1, p.ids+17
		p.ids += 16
	}
	g := living{id: b.next, born: p.now, until: p.now + rounds}
	b.next++
	a := &p.alive[p.kind]
	*a = append(*a, g)
	return &(*a)[len(*a)-1]
}

// pass uses ids up for goroutines that no dump sees.
func (p *process) pass(n int) {
	for range n {
		p.start(-1)
	}
	a := &p.alive[p.kind]
	*a = slices.DeleteFunc(*a, func(g living) bool { return g.until < p.now })
}

// mine are the goroutines of the kind whose round it is.
func (p *process) mine() []living { return p.alive[p.kind] }

// truth counts what a kind leaked between the first dump and the last.
func (p *process) truth(kind int, k Kind) Truth {
	t := Truth{Kind: k}
	rounds := map[int]bool{}
	for _, g := range p.alive[kind] {
		if g.leak && g.born > 0 {
			rounds[g.born] = true
			t.Leaked++
		}
	}
	t.Rounds = len(rounds)
	return t
}

func (p *process) dump(o Options) goroutine.Dump {
	d := goroutine.Dump{Level: goroutine.Debug2}
	if o.NoIDs {
		d.Level = goroutine.Debug1
	}
	type place struct {
		kind, stack, depth, from int
	}
	at := map[place]int{}
	for k := range p.kinds {
		for _, g := range p.alive[k] {
			pl := place{k, g.stack, g.depth, g.from}
			n, ok := at[pl]
			if !ok {
				n = len(d.Buckets)
				at[pl] = n
				parts := stackOf(p.kinds[k], g)
				if o.NoIDs {
					parts.CreatedBy = goroutine.Frame{}
				}
				st := goroutine.NewStack(parts)
				b := goroutine.Bucket{ID: st.ID(), Stack: st}
				if !o.NoIDs {
					b.States = []goroutine.Count{{Name: state(p.kinds[k].Name)}}
				}
				d.Buckets = append(d.Buckets, b)
			}
			b := &d.Buckets[n]
			b.Count++
			d.Goroutines++
			if !o.NoIDs {
				b.States[0].N++
				b.IDs.Add(g.id)
			}
		}
	}
	slices.SortFunc(d.Buckets, func(a, b goroutine.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
	return d
}

func state(kind string) string {
	switch kind {
	case "keepalive", "websockets", "requests", "ramp", "leak-connections", "idle-connections":
		return "IO wait"
	case "leak-mutex":
		return "sync.Mutex.Lock"
	}
	return "select"
}

func stackOf(k Kind, g living) goroutine.Parts {
	frame := func(name string, line int) goroutine.Frame {
		return goroutine.Frame{Function: k.Package() + "." + name, File: "/src/" + k.Name + ".go", Line: line, Package: k.Package(), Module: "example.com/app", Origin: goroutine.Main}
	}
	s := goroutine.Parts{Frames: []goroutine.Frame{frame(fmt.Sprintf("wait%d", g.stack), 10+g.stack)}}
	for i := range g.depth {
		s.Frames = append(s.Frames, frame("descend", 50+i%2))
	}
	s.Frames = append(s.Frames, frame("entry", 90))
	s.CreatedBy = frame(fmt.Sprintf("start%d", g.from), 100+g.from)
	return s
}
