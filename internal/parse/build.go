package parse

import (
	"cmp"
	"slices"
	"time"

	"gdump/internal/goroutine"

	"github.com/zeebo/xxh3"
)

// Limits on what one dump may make gdump remember.
const (
	maxProblems  = 1000
	maxAddresses = 64   // distinct lock addresses a bucket
	maxSamples   = 3    // argument lists a bucket
	maxValues    = 1000 // distinct values of a label a bucket
)

// entry is a bucket under construction.
type entry struct {
	text      []byte // of its first goroutine, for the frames
	count     int
	states    counter
	waits     []int // by minutes, up to maxDense
	longWaits map[int]int
	locked    int
	leaked    int
	labels    map[string]map[string]int
	addresses counter
	args      []string
	ids       goroutine.IDs
	line      int
}

const maxDense = 4096

// counter counts few distinct names without hashing.
type counter []goroutine.Count

func (c *counter) add(name []byte, n, limit int) {
	for i := range *c {
		if (*c)[i].Name == string(name) {
			(*c)[i].N += n
			return
		}
	}
	if len(*c) < limit {
		*c = append(*c, goroutine.Count{Name: string(name), N: n})
	}
}

func (c counter) sorted() []goroutine.Count {
	c = slices.DeleteFunc(c, func(x goroutine.Count) bool { return x.N <= 0 })
	slices.SortFunc(c, compareCounts)
	if len(c) == 0 {
		return nil
	}
	return c
}

func compareCounts(a, b goroutine.Count) int {
	return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
}

// builder counts the goroutines of one dump.
type builder struct {
	entries   map[xxh3.Uint128]*entry
	order     []*entry
	seen      idSet
	bare      map[uint64]record // goroutines without frames: a crash dump may show them again with
	total     int
	crash     bool
	reason    string
	takenAt   time.Time
	line      int
	offset    int64
	truncated bool
	problems  []goroutine.Problem
	dropped   int // problems past the limit
}

func newBuilder() *builder {
	return &builder{entries: map[xxh3.Uint128]*entry{}}
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
	e := b.entries[r.key]
	if e == nil {
		e = &entry{text: slices.Clone(text), line: at.line}
		b.entries[r.key] = e
		b.order = append(b.order, e)
	}
	b.total++
	b.crash = b.crash || r.crash
	e.count++
	e.states.add(r.state, 1, maxValues)
	e.wait(r.minutes, 1)
	if r.locked {
		e.locked++
	}
	if r.leaked {
		e.leaked++
	}
	if r.address != nil {
		e.addresses.add(r.address, 1, maxAddresses)
	}
	if len(e.args) < maxSamples && len(r.args) > 0 && !slices.Contains(e.args, string(r.args)) {
		e.args = append(e.args, string(r.args))
	}
	for _, l := range r.labels {
		e.label(l.key, l.value, 1)
	}
	e.ids.Add(r.id)
	if r.frames == 0 {
		if b.bare == nil {
			b.bare = map[uint64]record{}
		}
		c := *r
		c.state = slices.Clone(r.state)
		b.bare[r.id] = c
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
	e := b.entries[old.key]
	e.count--
	b.total--
	e.states.add(old.state, -1, maxValues)
	e.wait(old.minutes, -1)
	if old.locked {
		e.locked--
	}
	if old.leaked {
		e.leaked--
	}
	for _, l := range old.labels {
		e.label(l.key, l.value, -1)
	}
	var ids goroutine.IDs
	for id := range e.ids.All() {
		if id != r.id {
			ids.Add(id)
		}
	}
	e.ids = ids
	b.add(r, text, at)
}

func (e *entry) wait(minutes, n int) {
	if minutes >= maxDense {
		if e.longWaits == nil {
			e.longWaits = map[int]int{}
		}
		e.longWaits[minutes] += n
		return
	}
	if minutes >= len(e.waits) {
		e.waits = append(e.waits, make([]int, minutes+1-len(e.waits))...)
	}
	e.waits[minutes] += n
}

func (e *entry) label(key, value string, n int) {
	if e.labels == nil {
		e.labels = map[string]map[string]int{}
	}
	values := e.labels[key]
	if values == nil {
		values = map[string]int{}
		e.labels[key] = values
	}
	if _, known := values[value]; known || len(values) < maxValues {
		values[value] += n
	}
}

func (b *builder) problem(line int, message string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, goroutine.Problem{Line: line, Message: message})
	} else {
		b.dropped++
	}
}

func (e *entry) bucket(s goroutine.Stack) goroutine.Bucket {
	k := goroutine.Bucket{
		ID: s.ID(), Stack: s, Count: e.count, States: e.states.sorted(), Locked: e.locked, Leaked: e.leaked,
		IDs: e.ids, Args: e.args, Addresses: e.addresses.sorted(), Line: e.line,
	}
	for m, n := range e.waits {
		if n > 0 {
			k.Waits = append(k.Waits, goroutine.Wait{Minutes: m, N: n})
		}
	}
	for m, n := range e.longWaits {
		if n > 0 {
			k.Waits = append(k.Waits, goroutine.Wait{Minutes: m, N: n})
		}
	}
	k.Waits.Sort()
	k.Labels = sortLabels(e.labels)
	return k
}

func sortLabels(labels map[string]map[string]int) []goroutine.Label {
	var out []goroutine.Label
	for key, values := range labels {
		l := goroutine.Label{Key: key}
		for v, n := range values {
			if n > 0 {
				l.Values = append(l.Values, goroutine.Count{Name: v, N: n})
			}
		}
		if len(l.Values) == 0 {
			continue
		}
		slices.SortFunc(l.Values, compareCounts)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b goroutine.Label) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// dump finishes the dump: parses one text per stack and sorts the buckets,
// largest first, then by id.
func (b *builder) dump() goroutine.Dump {
	d := goroutine.Dump{
		Level: goroutine.Debug2, Reason: b.reason, TakenAt: b.takenAt, Line: b.line, Offset: b.offset,
		Goroutines: b.total, Truncated: b.truncated, Problems: b.problems,
	}
	if b.crash || b.reason != "" {
		d.Level = goroutine.Crash
	}
	if b.dropped > 0 {
		d.Problems = append(d.Problems, goroutine.Problem{Message: "more problems than are kept"})
	}
	in := interner{}
	for _, e := range b.order {
		if e.count > 0 {
			d.Buckets = append(d.Buckets, e.bucket(in.stack(e.text)))
		}
	}
	finish(&d)
	return d
}

// finish gives frames their origin and sorts the buckets.
func finish(d *goroutine.Dump) {
	classify(d)
	slices.SortFunc(d.Buckets, func(a, b goroutine.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
}

// idSet is a set of goroutine ids: a bit for each, in words of 64 ids. Ids of
// a dump are near each other, so few words hold many.
type idSet struct {
	words map[uint64]uint64
	at    uint64 // the word used last, kept outside the map
	word  uint64
	some  bool
}

// add puts id into the set and reports whether it was there before.
func (s *idSet) add(id uint64) bool {
	if !s.some || id>>6 != s.at {
		if s.words == nil {
			s.words = map[uint64]uint64{}
		}
		if s.some {
			s.words[s.at] = s.word
		}
		s.at, s.word, s.some = id>>6, s.words[id>>6], true
	}
	bit := uint64(1) << (id & 63)
	had := s.word&bit != 0
	s.word |= bit
	return had
}
