package parse

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gdump/internal/goroutine"
)

// Limits on what one dump may make gdump remember.
const (
	maxProblems  = 1000
	maxAddresses = 1024 // distinct lock addresses a bucket, of which the commonest are told
	toldAddress  = 64
	maxSamples   = 3 // argument lists a bucket
	maxDense     = 1 << 10
)

// entry is a bucket under construction.
type entry struct {
	text      []byte // of its first goroutine, for the frames
	count     int
	states    counter
	waits     waits
	locked    int
	leaked    int
	labels    labels
	addresses map[uint64]int
	args      []string
	ids       goroutine.IDs
	line      int
}

func (c *counter) sorted() []goroutine.Count {
	c.list = slices.DeleteFunc(c.list, func(x goroutine.Count) bool { return x.N <= 0 })
	slices.SortFunc(c.list, compareCounts)
	if len(c.list) == 0 {
		return nil
	}
	return c.list
}

func compareCounts(a, b goroutine.Count) int {
	return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
}

// waits counts goroutines by the minutes they have waited.
type waits struct {
	dense []uint32 // by minutes, up to maxDense
	long  map[uint32]int
	none  int // did not tell
}

func (w *waits) add(minutes uint32, n int) {
	switch {
	case minutes == 0:
		w.none += n
	case minutes < maxDense:
		if int(minutes) >= len(w.dense) {
			w.dense = append(w.dense, make([]uint32, int(minutes)+1-len(w.dense))...)
		}
		w.dense[minutes] += uint32(n)
	default:
		if w.long == nil {
			w.long = map[uint32]int{}
		}
		w.long[minutes] += n
	}
}

func (w *waits) merge(o *waits) {
	for _, x := range o.sorted() {
		w.add(uint32(x.Minutes), x.N)
	}
}

func (w *waits) sorted() goroutine.Waits {
	n := min(1, w.none) + len(w.long)
	for _, x := range w.dense {
		if x > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make(goroutine.Waits, 0, n)
	if w.none > 0 {
		out = append(out, goroutine.Wait{N: w.none})
	}
	for m, n := range w.dense {
		if n > 0 {
			out = append(out, goroutine.Wait{Minutes: m, N: int(n)})
		}
	}
	for m, n := range w.long {
		if n > 0 {
			out = append(out, goroutine.Wait{Minutes: int(m), N: n})
		}
	}
	out.Sort()
	return out
}

// builder counts the goroutines of one dump.
type builder struct {
	buckets    table
	entries    []*entry // in the order of their first goroutines
	seen       idSet
	bare       map[uint64]bareRecord // goroutines without frames: a crash dump may show them again with
	total      int
	countsOnly bool
	crash      bool
	reason     string
	takenAt    time.Time
	line       int
	offset     int64
	truncated  bool
	problems   []goroutine.Problem
	dropped    int           // problems past the limit
	counts     *countsReader // reads the dump, if it tells counts only
}

// bareRecord is a goroutine without frames and what its header said.
type bareRecord struct {
	record
	header []byte
}

// place is where a goroutine's text begins.
type place struct {
	line   int
	offset int64
}

// add counts a goroutine whose id has not been seen before.
func (b *builder) add(r *record, text []byte, at place) {
	if b.line == 0 {
		b.line, b.offset = at.line, at.offset
	}
	i := b.buckets.find(&r.key)
	if i < 0 {
		i = len(b.entries)
		b.buckets.put(&r.key, i)
		b.entries = append(b.entries, &entry{text: bytes.Clone(text[:r.size]), line: at.line})
	}
	b.total++
	e := b.entries[i]
	e.count++
	if b.countsOnly {
		return
	}
	e.ids.Add(r.id)
	if r.code == 0 || !e.states.addCode(r.code) {
		e.states.add(r.state.of(text), 1)
	}
	e.waits.add(r.minutes, 1)
	if r.flags&(locked|leaked) != 0 {
		e.flag(r.flags, 1)
	}
	if r.lock != 0 {
		e.address(r.lock)
	}
	if len(e.args) < maxSamples && !r.args.empty() {
		if args := r.args.of(text); !slices.Contains(e.args, string(args)) {
			e.args = append(e.args, string(args))
		}
	}
	if !r.labels.empty() {
		e.labels.addText(r.labels.of(text), 1)
	}
	if r.frames == 0 {
		if b.bare == nil {
			b.bare = map[uint64]bareRecord{}
		}
		b.bare[r.id] = bareRecord{*r, bytes.Clone(firstLine(text))}
	}
}

// replace counts again, with frames, a goroutine that was seen without. A dump
// written under GOTRACEBACK=crash repeats goroutines, one block per thread,
// and only the block of its own thread has the frames of a running one.
func (b *builder) replace(r *record, text []byte, at place) {
	old, ok := b.bare[r.id]
	if !ok || r.frames == 0 {
		return
	}
	delete(b.bare, r.id)
	e := b.entries[b.buckets.find(&old.key)]
	e.count--
	b.total--
	if !b.countsOnly {
		e.states.add(old.state.of(old.header), -1)
		e.waits.add(old.minutes, -1)
		e.flag(old.flags, -1)
		e.labels.addText(old.labels.of(old.header), -1)
		var ids goroutine.IDs
		for id := range e.ids.All() {
			if id != r.id {
				ids.Add(id)
			}
		}
		e.ids = ids
	}
	b.add(r, text, at)
}

func (e *entry) flag(f flags, n int) {
	if f&locked != 0 {
		e.locked += n
	}
	if f&leaked != 0 {
		e.leaked += n
	}
}

func (e *entry) address(a uint64) {
	if _, ok := e.addresses[a]; !ok {
		if len(e.addresses) >= maxAddresses {
			return
		}
		if e.addresses == nil {
			e.addresses = map[uint64]int{}
		}
	}
	e.addresses[a]++
}

func (b *builder) problem(line int, message string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, goroutine.Problem{Line: line, Message: message})
	} else {
		b.dropped++
	}
}

// merge adds what another entry counted, whose first goroutine comes later.
func (e *entry) merge(o *entry) {
	e.count += o.count
	for _, s := range o.states.list {
		e.states.add([]byte(s.Name), s.N)
	}
	e.waits.merge(&o.waits)
	e.locked += o.locked
	e.leaked += o.leaked
	e.labels.merge(&o.labels)
	for a, n := range o.addresses {
		if e.addresses == nil {
			e.addresses = map[uint64]int{}
		}
		e.addresses[a] += n
	}
	for _, a := range o.args {
		if len(e.args) < maxSamples && !slices.Contains(e.args, a) {
			e.args = append(e.args, a)
		}
	}
	for id := range o.ids.All() {
		e.ids.Add(id)
	}
}

// fill puts what was counted into a bucket, which has its stack.
func (e *entry) fill(k *goroutine.Bucket) {
	k.Count, k.Locked, k.Leaked, k.Line = e.count, e.locked, e.leaked, e.line
	k.States, k.Waits, k.Labels = e.states.sorted(), e.waits.sorted(), e.labels.sorted()
	k.IDs, k.Args = e.ids, e.args
	if len(e.addresses) > 0 {
		k.Addresses = make([]goroutine.Count, 0, len(e.addresses))
		for a, n := range e.addresses {
			k.Addresses = append(k.Addresses, goroutine.Count{Name: "0x" + strconv.FormatUint(a, 16), N: n})
		}
		slices.SortFunc(k.Addresses, compareCounts)
		k.Addresses = slices.Clip(k.Addresses[:min(len(k.Addresses), toldAddress)])
	}
}

// dump finishes the dump: parses one text per stack and sorts the buckets,
// largest first, then by id.
func (b *builder) dump() goroutine.Dump {
	if b.counts != nil {
		d := b.counts.end()
		d.Line, d.Offset, d.TakenAt = b.line, b.offset, b.takenAt
		d.Problems = append(d.Problems, b.problems...)
		return d
	}
	d := b.head()
	if b.dropped > 0 {
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("%d more problems, which are not listed", b.dropped)})
	}
	var c collector
	for i, e := range b.entries {
		if e.count > 0 {
			c.add(e, c.in.stack(e.text))
		}
		e.text, b.entries[i] = nil, nil
	}
	c.finish(&d)
	return d
}

// head is the dump without its buckets.
func (b *builder) head() goroutine.Dump {
	d := goroutine.Dump{
		Level: goroutine.Debug2, Reason: b.reason, TakenAt: b.takenAt, Line: b.line, Offset: b.offset,
		Goroutines: b.total, Truncated: b.truncated, Problems: b.problems,
	}
	if b.crash || b.reason != "" {
		d.Level = goroutine.Crash
	}
	return d
}

// snapshot is the dump as far as it was read. It shares nothing that reading on
// changes.
func (b *builder) snapshot() goroutine.Dump {
	d := b.head()
	d.Problems = slices.Clone(d.Problems)
	var c collector
	for _, e := range b.entries {
		if e.count == 0 {
			continue
		}
		if len(e.labels.texts) > 0 {
			e.labels.read()
		}
		own := *e
		own.states = counter{list: slices.Clone(e.states.list)}
		stack := c.in.stack(e.text)
		if i, ok := c.index[stack.ID()]; ok {
			c.entries[i].count += e.count
			continue
		}
		c.add(&own, stack)
	}
	c.finish(&d)
	return d
}

// collector gathers the buckets of a dump. Texts that differ in what is no part
// of a stack, such as two calls on one line, come together here.
type collector struct {
	in      interner
	entries []*entry
	buckets []goroutine.Bucket
	index   map[goroutine.ID]int
}

// add puts a stack with what was counted of it into the dump. It returns the
// entry that counts it from now on.
func (c *collector) add(e *entry, s goroutine.Stack) *entry {
	id := s.ID()
	if i, ok := c.index[id]; ok {
		c.entries[i].merge(e)
		return c.entries[i]
	}
	if c.index == nil {
		c.index = map[goroutine.ID]int{}
	}
	c.index[id] = len(c.buckets)
	c.buckets = append(c.buckets, goroutine.Bucket{ID: id, Stack: s})
	c.entries = append(c.entries, e)
	return e
}

// finish gives the dump its buckets, and their frames an origin.
func (c *collector) finish(d *goroutine.Dump) {
	lost := false
	for i, e := range c.entries {
		e.fill(&c.buckets[i])
		lost = lost || e.labels.lost
		c.entries[i] = nil
	}
	if lost {
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("a bucket has more than %d labels or values of one: the rest is not kept", maxValues)})
	}
	d.Buckets = c.buckets
	classify(d)
	slices.SortFunc(d.Buckets, func(a, b goroutine.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
}
