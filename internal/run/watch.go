package run

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

const (
	defaultEvery = 10 * time.Second
	leastEvery   = time.Second
	restFor      = 10 // times as long as a sample took the target
	inARow       = 3  // samples that must show a growth before it counts
	keptDumps    = 8  // full dumps of a process lifetime that are compared
)

// WatchOptions say whom to watch, and how often. Counts and Full are needed.
type WatchOptions struct {
	Every   time.Duration // 0 means 10 s; never under 1 s
	Samples int           // stop after so many; 0 never stops
	Counts  func(context.Context) (*goroutine.Dump, error)
	Full    func(context.Context) (*goroutine.Dump, error)
	Memory  func(context.Context) (*source.Memory, error) // nil does not ask
	Ask     <-chan struct{}                               // a full dump is wanted now; may be nil
}

// Sample is a look at a process.
type Sample struct {
	At         time.Time
	Next       time.Time // when the process is looked at again
	Goroutines int
	Delta      int  // since the sample before
	HasDelta   bool // false for the first one of a process lifetime
	Buckets    int
	Top        *goroutine.Bucket // the largest
	Memory     *source.Memory    // nil if the target serves none
	Err        error             // why there are no figures
	Counts     *goroutine.Dump   // the figures, as a dump

	Restarted bool            // it is another process than before
	Dump      *goroutine.Dump // a full dump that was taken
	DumpErr   error           // why one was not, although it should
	Grew      []goroutine.ID  // the buckets that made it be taken, largest growth first
	Trend     *trend.Trend    // of the full dumps of this process lifetime, if Dump is not the first
}

// Watch samples a process until ctx ends or Samples are done, and hands each
// sample to emit, which is not called again before it returns. It keeps to
// Every, but gives the process ten times as long a rest as a sample took. A
// full dump is taken at the start, after a restart, when asked for, and when a
// bucket has grown by a quarter and ten and stays so. If none of the Samples
// brought figures it returns the error of the last.
func Watch(ctx context.Context, o WatchOptions, emit func(Sample)) error {
	w := &watcher{o: o}
	every := max(cmp.Or(o.Every, defaultEvery), leastEvery)
	wanted := true // the first dump of a lifetime
	worked := false
	for n := 1; ; n++ {
		start := time.Now()
		s := w.sample(ctx, wanted)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wanted = wanted && s.Dump == nil
		worked = worked || s.Err == nil
		s.Next = start.Add(max(every, restFor*time.Since(start)))
		emit(s)
		if n == o.Samples {
			if !worked {
				return s.Err
			}
			return nil
		}
		next := time.NewTimer(time.Until(s.Next))
		select {
		case <-next.C:
		case <-o.Ask:
			next.Stop()
			wanted = true
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		}
	}
}

// watcher is what is known of the process from sample to sample.
type watcher struct {
	o        WatchOptions
	last     *goroutine.Dump // counts
	memory   *source.Memory
	noMemory bool
	failed   bool              // the sample before did not come: it may have restarted
	recent   []*goroutine.Dump // counts since the last full dump, at most inARow
	least    int               // goroutines at any time of this process lifetime: far fewer may be another one
	base     map[goroutine.ID]int
	dumps    []goroutine.Dump // full, of this process lifetime
}

func (w *watcher) sample(ctx context.Context, wanted bool) Sample {
	s := Sample{At: time.Now()}
	counts, err := w.o.Counts(ctx)
	if err != nil {
		s.Err = err
		w.failed = true
		return s
	}
	s.Counts, s.Goroutines, s.Buckets = counts, counts.Goroutines, len(counts.Buckets)
	for i := range counts.Buckets {
		if b := &counts.Buckets[i]; s.Top == nil || b.Count > s.Top.Count {
			s.Top = b
		}
	}
	s.Restarted = w.remember(ctx, &s)
	suspect := len(w.dumps) > 0 && s.Memory == nil && (w.failed || s.Goroutines < w.least/2)
	w.failed = false
	if s.Restarted {
		w.forget()
	}
	if w.last == nil || s.Goroutines < w.least {
		w.least = s.Goroutines
	}
	if w.last != nil {
		s.Delta, s.HasDelta = s.Goroutines-w.last.Goroutines, true
	}
	if !again(w.last, counts) {
		w.recent = append(w.recent, counts)
	}
	w.last = counts
	if len(w.recent) > inARow {
		w.recent = w.recent[1:]
	}
	s.Grew = w.grown()
	if wanted || suspect || s.Restarted || len(s.Grew) > 0 {
		w.full(ctx, &s)
	}
	return s
}

// again reports whether a store gave the profiles of a fleet that it gave
// before: none is newer, so they show no more than they did.
func again(before, now *goroutine.Dump) bool {
	if before == nil || before.Fleet == nil || now.Fleet == nil {
		return false
	}
	return slices.EqualFunc(before.Fleet.Instances, now.Fleet.Instances, func(x, y goroutine.Instance) bool {
		return x.Name == y.Name && !x.TakenAt.IsZero() && x.TakenAt.Equal(y.TakenAt)
	})
}

// remember asks for the memory, whose figures only ever rise within a process,
// and reports whether they fell.
func (w *watcher) remember(ctx context.Context, s *Sample) (restarted bool) {
	if w.o.Memory == nil || w.noMemory {
		return false
	}
	m, err := w.o.Memory(ctx)
	if err != nil {
		w.noMemory = errors.Is(err, source.ErrNoMemory)
		return false
	}
	restarted = w.memory != nil && (m.TotalAlloc < w.memory.TotalAlloc || m.NumGC < w.memory.NumGC)
	w.memory, s.Memory = m, m
	return restarted
}

// forget begins another process lifetime.
func (w *watcher) forget() {
	w.last, w.recent, w.base, w.dumps = nil, nil, nil, nil
}

// grown are the buckets that have been well above what they were at the last
// full dump for some samples.
func (w *watcher) grown() []goroutine.ID {
	if len(w.recent) < inARow || w.base == nil {
		return nil
	}
	var ids []goroutine.ID
	least := map[goroutine.ID]int{}
	for i := range w.recent[0].Buckets {
		id := w.recent[0].Buckets[i].ID
		least[id] = countOf(w.recent[0], id)
		for _, d := range w.recent[1:] {
			least[id] = min(least[id], countOf(d, id))
		}
		if base := w.base[id]; least[id] >= base+max(10, base/4) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b goroutine.ID) int {
		return cmp.Or(cmp.Compare(least[b]-w.base[b], least[a]-w.base[a]), cmp.Compare(a, b))
	})
	return ids
}

// countOf adds up a stack's buckets: those of other labels are records of
// their own.
func countOf(d *goroutine.Dump, id goroutine.ID) int {
	n := 0
	for i := range d.Buckets {
		if d.Buckets[i].ID == id {
			n += d.Buckets[i].Count
		}
	}
	return n
}

// full takes a full dump. One that fails is not tried again before the growth
// has shown for some samples more.
func (w *watcher) full(ctx context.Context, s *Sample) {
	w.recent = nil
	d, err := w.o.Full(ctx)
	if err != nil {
		s.DumpErr = err
	}
	if d == nil {
		return
	}
	s.Dump = d
	if n := len(w.dumps); n > 0 {
		if t := trend.Compare([]goroutine.Dump{w.dumps[n-1], *d}); len(t.Restarted) == 2 && t.Restarted[1] {
			s.Restarted, s.HasDelta = true, false
			w.dumps = nil
		}
	}
	w.base = map[goroutine.ID]int{}
	for i := range s.Counts.Buckets {
		w.base[s.Counts.Buckets[i].ID] = countOf(s.Counts, s.Counts.Buckets[i].ID)
	}
	if w.dumps = append(w.dumps, *d); len(w.dumps) > keptDumps {
		w.dumps = slices.Delete(w.dumps, 1, 2) // the first shows how it began
	}
	if len(w.dumps) > 1 {
		t := trend.Compare(w.dumps)
		s.Trend = &t
	}
}
