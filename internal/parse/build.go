package parse

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"

	"github.com/zeebo/xxh3"
)

// Limits on what one dump may make gdump remember.
const (
	maxProblems = 1000
	maxSampled  = 1 << 17 // buckets with argument lists
)

// builder counts the goroutines of one dump.
type builder struct {
	in         interner
	buckets    table
	entries    []*entry // in the order of their first goroutines
	seen       idSet
	bare       map[uint64]bareRecord // goroutines without frames: a crash dump may show them again with
	total      int
	sampled    int // buckets with arguments
	members    members
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
	b.members.add(e, r, text)
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
	if len(t.args) < maxSamples && e.count <= maxLooks && !r.args.empty() && b.sampled <= maxSampled {
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
	b.members.add(e, r, text)
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

// keepBare remembers a goroutine without frames.
func (b *builder) keepBare(r *record, text []byte) {
	if b.bare == nil {
		b.bare = map[uint64]bareRecord{}
	}
	b.bare[r.id] = bareRecord{*r, bytes.Clone(firstLine(text))}
}

// lacks reports whether a running goroutine was seen before, without frames,
// as where two threads end the process at once: the first prints all, and of
// the other only that it runs; then the other prints itself.
func (b *builder) lacks(r *record) bool {
	_, bare := b.bare[r.id]
	return bare && b.reason != "" && r.is(running) && r.frames > 0
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
		b.members.remove(e, r.id)
	}
	b.add(r, text, at)
}

func (b *builder) problem(line int, message string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, goroutine.Problem{Line: line, Message: message})
	} else {
		b.dropped++
	}
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
	finish(&d, b.entries, b.members.of)
	return d
}

// head is the dump without its buckets.
func (b *builder) head() goroutine.Dump {
	d := goroutine.Dump{
		Level: goroutine.Debug2, Reason: b.reason, TakenAt: b.takenAt, Line: b.line, Offset: b.offset,
		Goroutines: b.total, Truncated: b.truncated, Problems: b.problems,
	}
	if b.crash || b.reason != "" && !strings.HasPrefix(b.reason, served) {
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
	finish(&d, entries, nil)
	return d
}

// finish makes the buckets of a dump. Texts that differ in what is no part of a
// stack's identity, such as folders or two calls on one line, come together.
func finish(d *goroutine.Dump, entries []*entry, members map[*entry][]goroutine.Member) {
	index := newTable(len(entries))
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
			members[all[i]] = mergeMembers(members[all[i]], members[e])
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
		buckets[i].Members = members[e]
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
