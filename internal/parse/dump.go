package parse

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Limits on what one dump may make gdump remember.
const (
	maxProblems = 1000
	maxSampled  = 1 << 17 // buckets with argument lists
)

// place is where in a source a goroutine's text begins.
type place struct {
	line   int
	offset int64
	around []byte // its first line with what is around it, which can show a time
}

// reading is a goroutine on its way into a dump.
type reading struct {
	*record
	text  []byte // begins with the header
	at    place
	exact *stack // its frames; nil as long as nobody asked for them
	spare *stack // to read them into
}

// stack is the frames.
func (g *reading) stack() *stack {
	if g.exact == nil {
		g.exact = g.spare
		g.exact.read(g.text, bytes.IndexByte(g.text, '\n')+1)
	}
	return g.exact
}

// arguments are those of the leaf frame.
func (g *reading) arguments() []byte {
	if g.exact == nil {
		return g.args.of(g.text)
	}
	if len(g.exact.frames) == 0 {
		return nil
	}
	return g.exact.frames[0].args
}

// builder counts the goroutines of one dump.
type builder struct {
	home       *home
	entries    []entry  // in the order of their first goroutines
	of         []uint32 // entries by the number of their stack, plus one
	tallies    []*tally
	args       []string
	members    members
	seen       idSet
	bare       map[uint64]*bareRecord // goroutines without frames, which a crash dump may show again with,
	bareIDs    []uint64               // in the order of the text
	total      int
	countsOnly bool
	counted    bool // it has counts only
	leaks      bool // it lists leaked goroutines only
	checker    bool // by a leak checker
	crash      bool
	level      goroutine.Level
	reason     string
	told       string // what the program said before a stack that it may have logged itself
	sure       bool   // and that is a reason
	takenAt    time.Time
	line       int
	offset     int64
	truncated  bool
	problems   []goroutine.Problem
	dropped    int             // problems past the limit
	done       *goroutine.Dump // once it is finished
}

// bareRecord is a goroutine without frames, what its header said, and the
// number of the stack that it has all the same: of what created it.
type bareRecord struct {
	record
	header  []byte
	starter []byte
	line    int
	stack   int
}

// entry finds the bucket of a stack, which has a number in the home, or begins
// it.
func (b *builder) entry(n, line int) (e *entry, fresh bool) {
	if more := n + 1 - len(b.of); more > 0 {
		b.of = append(b.of, make([]uint32, more)...)
	}
	if i := b.of[n]; i > 0 {
		return &b.entries[i-1], false
	}
	b.entries = append(b.entries, entry{stack: uint32(n), line: uint32(line)})
	b.of[n] = uint32(len(b.entries))
	return &b.entries[len(b.entries)-1], true
}

// add counts a goroutine whose id has not been seen before. One without frames
// waits until the dump ends: under GOTRACEBACK=crash each thread prints what it
// knows of all goroutines, and only the block of its own thread has the frames
// of a running one.
func (b *builder) add(g *reading) {
	if b.line == 0 {
		b.line, b.offset = g.at.line, g.at.offset
	}
	b.total++
	n := b.home.known.find(g.sum)
	if n < 0 {
		n = b.home.keep(g.sum, g.stack())
	}
	if g.frames == 0 {
		if b.bare == nil {
			b.bare = map[uint64]*bareRecord{}
		}
		b.bare[g.id] = &bareRecord{*g.record, bytes.Clone(g.text), bytes.Clone(g.stack().starter), g.at.line, n}
		b.bareIDs = append(b.bareIDs, g.id)
		return
	}
	b.addTo(n, g)
}

// again takes a goroutine whose id has been seen, in a crash dump.
func (b *builder) again(g *reading) {
	if b.bare[g.id] != nil && g.frames > 0 {
		delete(b.bare, g.id)
		b.total--
		b.add(g)
	}
}

// addBare counts the goroutines that have no frames after all.
func (b *builder) addBare() {
	for _, id := range b.bareIDs {
		if r := b.bare[id]; r != nil {
			b.addTo(r.stack, &reading{record: &r.record, text: r.header, at: place{line: r.line}, exact: &stack{starter: r.starter}})
		}
	}
}

// addTo counts a goroutine of a stack that has a number in the home.
func (b *builder) addTo(n int, g *reading) {
	e, fresh := b.entry(n, g.at.line)
	e.count++
	if b.countsOnly {
		return
	}
	h := b.head(g.record, g.text)
	if e.count <= memberEach {
		b.members.add(e.stack, g, b.home.states.name(h.state()), len(b.entries))
	}
	if fresh {
		e.id, e.lock, e.head = g.id, g.lock, h
		if args := g.arguments(); len(args) > 0 && len(b.args) < maxSampled {
			b.args = append(b.args, string(args))
			e.args = uint32(len(b.args))
		}
	} else {
		t := b.tally(e)
		t.add(g.id, g.lock, h)
		if len(t.args) < maxSamples && e.count <= maxLooks && len(b.args) < maxSampled {
			if args := g.arguments(); len(args) > 0 && !slices.Contains(t.args, string(args)) {
				t.args = append(t.args, string(args))
			}
		}
	}
	if !g.labels.empty() {
		b.tally(e).labels.addText(g.labels.of(g.text), 1)
	}
}

// head is what the header of a goroutine says.
func (b *builder) head(r *record, text []byte) head {
	state := int(r.code)
	if state == 0 {
		state = b.home.states.number(r.state.of(text))
	}
	return newHead(state, r.flags, r.minutes)
}

// addCounts adds n goroutines of a stack of which no more is known than what
// the caller puts into the tally.
func (b *builder) addCounts(s *stack, n, line int) *tally {
	sum := s.sum()
	number := b.home.known.find(sum)
	if number < 0 {
		number = b.home.keep(sum, s)
	}
	b.total += n
	e, _ := b.entry(number, line)
	e.count += n
	return b.tally(e)
}

// fold adds the goroutines of a header that stands for many.
func (b *builder) fold(g *reading) {
	b.level = goroutine.Debug1
	f := g.flags
	if g.state.empty() {
		f &= leaked
	}
	b.addCounts(g.stack(), int(g.count), g.at.line).count(newHead(b.home.states.number(g.state.of(g.text)), f, g.minutes), int(g.count))
}

// lacks reports whether a running goroutine was seen before, without frames,
// as where two threads end the process at once: the first prints all, and of
// the other only that it runs; then the other prints itself.
func (b *builder) lacks(g *reading) bool {
	_, bare := b.bare[g.id]
	return bare && b.reason != "" && g.code == stateCode([]byte("running")) && g.frames > 0
}

func (b *builder) problem(line int, message string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, goroutine.Problem{Line: line, Message: message})
	} else {
		b.dropped++
	}
}

// finish makes the dump and lets go of what it was made from.
func (b *builder) finish() {
	if b.done != nil {
		return
	}
	b.addBare()
	d := b.dump(b.entries, b.tallies)
	home := b.home
	if home.mixed && home.used {
		// Another program than those before: its functions are not theirs.
		home = newHome(d.Buckets)
	}
	home.used = true
	*b = builder{home: home, done: &d, total: b.total, counted: b.counted, line: b.line, offset: b.offset}
}

// snapshot is the dump as far as it was read. It shares nothing that reading on
// changes.
func (b *builder) snapshot() goroutine.Dump {
	if b.done != nil {
		return *b.done
	}
	tallies := make([]*tally, len(b.tallies))
	for i, t := range b.tallies {
		t.labels.read()
		own := *t
		own.heads, own.minutes = t.allHeads(), nil
		own.args, own.ids = slices.Clip(t.args), t.ids.Clip()
		tallies[i] = &own
	}
	own := *b
	own.members = members{}
	own.total -= len(b.bare) // which are in no bucket yet
	own.problems = slices.Clone(b.problems)
	d := own.dump(b.entries, tallies)
	var in goroutine.Stacks
	for i := range d.Buckets {
		d.Buckets[i].Stack = in.Add(d.Buckets[i].Stack.Parts())
	}
	d.GoVersion = in.FindOrigins()
	return d
}

// dump makes the dump: its buckets are sorted, largest first, then by id.
func (b *builder) dump(entries []entry, tallies []*tally) goroutine.Dump {
	d := goroutine.Dump{
		Level: b.level, Reason: b.reason, TakenAt: b.takenAt, Line: b.line, Offset: b.offset,
		Goroutines: b.total, Truncated: b.truncated, LeaksOnly: b.leaks, Checker: b.checker, Problems: b.problems,
	}
	if b.crash && d.Level == goroutine.Debug2 {
		d.Level = goroutine.Crash
	}
	if b.dropped > 0 {
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("%d more problems, which are not listed", b.dropped)})
	}
	slices.SortStableFunc(d.Problems, compareProblems)
	order := make([]uint32, 0, len(entries))
	for i := range entries {
		order = append(order, uint32(i))
	}
	sums := b.home.known.sums
	slices.SortFunc(order, func(i, j uint32) int {
		x, y := &entries[i], &entries[j]
		return cmp.Or(cmp.Compare(y.count, x.count), bytes.Compare(sums[x.stack][:], sums[y.stack][:]))
	})
	var ids strings.Builder
	ids.Grow(2 * len(goroutine.Sum{}) * len(order))
	for _, i := range order {
		var id [2 * len(goroutine.Sum{})]byte
		hex.Encode(id[:], sums[entries[i].stack][:])
		ids.Write(id[:])
	}
	allIDs := ids.String()
	lost := false
	if len(order) > 0 {
		d.Buckets = make([]goroutine.Bucket, len(order))
	}
	for n, i := range order {
		e, k := &entries[i], &d.Buckets[n]
		size := 2 * len(goroutine.Sum{})
		k.ID, k.Stack = goroutine.ID(allIDs[n*size:(n+1)*size]), b.home.list[e.stack]
		k.Count, k.Line, k.Members = e.count, int(e.line), b.members.of[e.stack]
		if e.tally > 0 {
			t := tallies[e.tally-1]
			t.fill(k, &b.home.states)
			lost = lost || t.labels.lost
		} else {
			e.fill(k, b)
		}
	}
	if lost {
		d.Problems = append(d.Problems, goroutine.Problem{Note: true, Message: fmt.Sprintf("a bucket has more than %d labels or values of one: the rest is not kept", maxValues)})
	}
	markLeaks(&d)
	b.markAlone(&d)
	return d
}

// markAlone marks the stack of one goroutine that a panic or the program itself
// printed.
func (b *builder) markAlone(d *goroutine.Dump) {
	if len(d.Buckets) == 1 && d.Goroutines == 1 && d.Buckets[0].State() == "running" && d.Level.HasIDs() {
		logged, recovered := isLogged(d.Buckets[0].Stack)
		d.Alone = logged || b.sure || d.Reason != ""
		if (logged || b.sure) && d.Reason == "" {
			d.Reason = b.told
		}
		if recovered {
			d.Level = goroutine.Debug2
		}
	}
}

// markLeaks marks every goroutine of a leak profile as leaked, and takes a dump
// in which all are for one: a full dump has at least the goroutine that wrote it.
func markLeaks(d *goroutine.Dump) {
	leaked := 0
	for i := range d.Buckets {
		if d.LeaksOnly {
			d.Buckets[i].Leaked = d.Buckets[i].Count
		}
		leaked += d.Buckets[i].Leaked
	}
	d.LeaksOnly = leaked > 0 && leaked == d.Goroutines || d.LeaksOnly
}

func compareProblems(a, b goroutine.Problem) int { return cmp.Compare(a.Line, b.Line) }

// isLogged reports whether a goroutine has printed its own stack, as one that
// recovered from a panic does, and whether it surely goes on.
func isLogged(s goroutine.Stack) (logged, recovered bool) {
	leaf := true
	for f := range s.All() {
		switch f.Function {
		case "runtime/debug.Stack", "runtime/debug.PrintStack":
			return true, true
		case "panic", "runtime.gopanic":
			logged = logged || !leaf
		}
		leaf = false
	}
	return logged, false
}

// saysCreators reports whether a goroutine of the dump shows what created it.
// Where none does, as in what a browser's console prints, its lack is no sign
// of a text that was cut off.
func (b *builder) saysCreators() bool {
	return slices.ContainsFunc(b.entries, func(e entry) bool { return b.home.list[e.stack].CreatedBy() != goroutine.Frame{} })
}

// stacks is how many stacks the dump has so far.
func (b *builder) stacks() int {
	if b.done != nil {
		return len(b.done.Buckets)
	}
	return len(b.entries)
}
