package parse

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"gdump/internal/goroutine"

	"github.com/zeebo/xxh3"
)

// Limits on what one dump may make gdump remember.
const (
	maxProblems  = 1000
	maxAddresses = 1024 // distinct lock addresses a bucket, of which the commonest are told
	toldAddress  = 64
	maxSamples   = 3       // argument lists a bucket
	maxSampled   = 1 << 17 // buckets with argument lists
	maxDense     = 1 << 10
)

// entry is a bucket under construction. A bucket of one goroutine, of which
// there can be a million, has no tally.
type entry struct {
	stack goroutine.Stack
	count int
	line  int
	one   single
	all   *tally
}

// single is what the first goroutine of a bucket tells.
type single struct {
	id, lock uint64
	args     string
	minutes  uint32
	code     uint8
	flags    flags
}

// tally is what the goroutines of a bucket tell.
type tally struct {
	states    counter
	waits     waits
	locked    int
	leaked    int
	labels    labels
	addresses map[uint64]int
	args      []string
	ids       goroutine.IDs
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
	in         interner
	buckets    table
	entries    []*entry // in the order of their first goroutines
	seen       idSet
	bare       map[uint64]bareRecord // goroutines without frames: a crash dump may show them again with
	total      int
	sampled    int // buckets with arguments
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
	b.total++
	i := b.buckets.find(&r.key)
	if i < 0 {
		e := &entry{stack: b.in.stack(text[:r.size]), count: 1, line: at.line}
		b.buckets.put(&r.key)
		b.entries = append(b.entries, e)
		if !b.countsOnly {
			b.first(e, r, text)
		}
		return
	}
	e := b.entries[i]
	e.count++
	if b.countsOnly {
		return
	}
	t := e.tally()
	t.ids.Add(r.id)
	if r.code == 0 || !t.states.addCode(r.code) {
		t.states.add(r.state.of(text), 1)
	}
	t.waits.add(r.minutes, 1)
	if r.flags&(locked|leaked) != 0 {
		t.flag(r.flags, 1)
	}
	if r.lock != 0 {
		t.address(r.lock, 1)
	}
	if len(t.args) < maxSamples && !r.args.empty() && b.sampled <= maxSampled {
		if args := r.args.of(text); !slices.Contains(t.args, string(args)) {
			t.args = append(t.args, string(args))
		}
	}
	if !r.labels.empty() {
		t.labels.addText(r.labels.of(text), 1)
	}
	if r.frames == 0 {
		b.keepBare(r, text)
	}
}

// first notes the first goroutine of a bucket.
func (b *builder) first(e *entry, r *record, text []byte) {
	e.one = single{id: r.id, lock: r.lock, minutes: r.minutes, code: r.code, flags: r.flags & (locked | leaked)}
	if !r.args.empty() {
		if b.sampled++; b.sampled <= maxSampled {
			e.one.args = string(r.args.of(text))
		}
	}
	if r.code == 0 {
		e.tally().states.add(r.state.of(text), 1)
	}
	if !r.labels.empty() {
		e.tally().labels.addText(r.labels.of(text), 1)
	}
	if r.frames == 0 {
		b.keepBare(r, text)
	}
}

// tally is where the goroutines of a bucket are counted, once one of them does
// not tell all.
func (e *entry) tally() *tally {
	if t := e.all; t != nil {
		return t
	}
	t, one := &tally{}, &e.one
	e.all = t
	if one.id == 0 {
		return t // of a dump that tells counts only
	}
	t.ids.Add(one.id)
	if one.code != 0 {
		t.states.add([]byte(commonStates[one.code]), 1)
	}
	t.waits.add(one.minutes, 1)
	t.flag(one.flags, 1)
	if one.lock != 0 {
		t.address(one.lock, 1)
	}
	if one.args != "" {
		t.args = []string{one.args}
	}
	return t
}

// keepBare remembers a goroutine without frames.
func (b *builder) keepBare(r *record, text []byte) {
	if b.bare == nil {
		b.bare = map[uint64]bareRecord{}
	}
	b.bare[r.id] = bareRecord{*r, bytes.Clone(firstLine(text))}
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
		t := e.tally()
		t.states.add(old.state.of(old.header), -1)
		t.waits.add(old.minutes, -1)
		t.flag(old.flags, -1)
		t.labels.addText(old.labels.of(old.header), -1)
		var ids goroutine.IDs
		for id := range t.ids.All() {
			if id != r.id {
				ids.Add(id)
			}
		}
		t.ids = ids
	}
	b.add(r, text, at)
}

func (t *tally) flag(f flags, n int) {
	if f&locked != 0 {
		t.locked += n
	}
	if f&leaked != 0 {
		t.leaked += n
	}
}

func (t *tally) address(a uint64, n int) {
	if _, ok := t.addresses[a]; !ok {
		if len(t.addresses) >= maxAddresses {
			return
		}
		if t.addresses == nil {
			t.addresses = map[uint64]int{}
		}
	}
	t.addresses[a] += n
}

func (b *builder) problem(line int, message string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, goroutine.Problem{Line: line, Message: message})
	} else {
		b.dropped++
	}
}

// merge adds what another bucket counted, whose first goroutine comes later.
func (e *entry) merge(o *entry) {
	if e.one.id != 0 || e.all != nil || o.one.id != 0 || o.all != nil {
		e.tally().merge(o.tally())
	}
	e.count += o.count
}

func (t *tally) merge(o *tally) {
	for _, s := range o.states.list {
		t.states.add([]byte(s.Name), s.N)
	}
	t.waits.merge(&o.waits)
	t.locked += o.locked
	t.leaked += o.leaked
	t.labels.merge(&o.labels)
	for a, n := range o.addresses {
		if t.addresses == nil {
			t.addresses = map[uint64]int{}
		}
		t.addresses[a] += n
	}
	for _, a := range o.args {
		if len(t.args) < maxSamples && !slices.Contains(t.args, a) {
			t.args = append(t.args, a)
		}
	}
	for id := range o.ids.All() {
		t.ids.Add(id)
	}
}

// fill puts what was counted into a bucket, which has its stack.
func (e *entry) fill(k *goroutine.Bucket, shared *singles) {
	k.Count, k.Line = e.count, e.line
	if one := &e.one; e.all == nil && one.id != 0 {
		k.States, k.Waits = shared.state(one.code), shared.wait(one.minutes)
		k.Locked, k.Leaked = int(one.flags&locked)/int(locked), int(one.flags&leaked)/int(leaked)
		k.IDs.Add(one.id)
		if one.args != "" {
			k.Args = []string{one.args}
		}
		if one.lock != 0 {
			k.Addresses = []goroutine.Count{addressCount(one.lock, 1)}
		}
		return
	}
	t := e.all
	if t == nil {
		return
	}
	k.Locked, k.Leaked = t.locked, t.leaked
	k.States, k.Waits, k.Labels = t.states.sorted(), t.waits.sorted(), t.labels.sorted()
	k.IDs, k.Args = t.ids, t.args
	if len(t.addresses) > 0 {
		k.Addresses = make([]goroutine.Count, 0, len(t.addresses))
		for a, n := range t.addresses {
			k.Addresses = append(k.Addresses, addressCount(a, n))
		}
		slices.SortFunc(k.Addresses, compareCounts)
		k.Addresses = slices.Clip(k.Addresses[:min(len(k.Addresses), toldAddress)])
	}
}

func addressCount(a uint64, n int) goroutine.Count {
	return goroutine.Count{Name: "0x" + strconv.FormatUint(a, 16), N: n}
}

// singles are the counts of buckets of one goroutine, which share them.
type singles struct {
	states [len(commonStates)][]goroutine.Count
	waits  map[uint32]goroutine.Waits
}

func (s *singles) state(code uint8) []goroutine.Count {
	if s.states[code] == nil {
		s.states[code] = []goroutine.Count{{Name: commonStates[code], N: 1}}
	}
	return s.states[code]
}

func (s *singles) wait(minutes uint32) goroutine.Waits {
	w, ok := s.waits[minutes]
	if !ok {
		if s.waits == nil {
			s.waits = map[uint32]goroutine.Waits{}
		}
		w = goroutine.Waits{{Minutes: int(minutes), N: 1}}
		s.waits[minutes] = w
	}
	return w
}

// dump finishes the dump: its buckets are sorted, largest first, then by id.
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
	b.buckets, b.seen = table{}, idSet{}
	finish(&d, b.entries)
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
	var in goroutine.Stacks
	entries := make([]*entry, 0, len(b.entries))
	for _, e := range b.entries {
		own := *e
		own.stack = in.Add(e.stack.Parts())
		if e.all != nil {
			e.all.labels.read()
			t := *e.all
			t.states = counter{list: slices.Clone(t.states.list)}
			// What two buckets of one stack count may be added up.
			t.labels, t.addresses = t.labels.clone(), maps.Clone(t.addresses)
			t.waits.dense, t.waits.long = slices.Clone(t.waits.dense), maps.Clone(t.waits.long)
			t.args, t.ids = slices.Clip(t.args), t.ids.Clip()
			own.all = &t
		}
		entries = append(entries, &own)
	}
	finish(&d, entries)
	return d
}

// finish makes the buckets of a dump. Texts that differ in what is no part of a
// stack's identity, such as folders or two calls on one line, come together.
func finish(d *goroutine.Dump, entries []*entry) {
	var index table
	var shared singles
	buckets := make([]goroutine.Bucket, 0, len(entries))
	all := entries[:0]
	for _, e := range entries {
		if e.count <= 0 {
			continue
		}
		id := e.stack.ID()
		k := key{xxh3.HashString(string(id))}
		if i := index.find(&k); i >= 0 {
			all[i].merge(e)
			continue
		}
		index.put(&k)
		all = append(all, e)
		buckets = append(buckets, goroutine.Bucket{ID: id, Stack: e.stack})
	}
	lost := false
	for i, e := range all {
		e.fill(&buckets[i], &shared)
		lost = lost || e.all != nil && e.all.labels.lost
		all[i] = nil
	}
	if lost {
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("a bucket has more than %d labels or values of one: the rest is not kept", maxValues)})
	}
	d.Buckets = buckets
	classify(d)
	slices.SortFunc(d.Buckets, func(a, b goroutine.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
}
