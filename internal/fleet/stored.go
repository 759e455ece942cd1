package fleet

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// typeSuffix is what the types of goroutine profiles end in: Alloy and a push
// call them goroutine, the SDK goroutines.
const typeSuffix = ":goroutine:count:goroutine:count"

var usualTypes = []string{"goroutine" + typeSuffix, "goroutines" + typeSuffix}

// identifying are the labels by which processes are told from each other, the
// first that there is.
var identifying = []string{"instance", "pod", "service_instance_id", "hostname", "host", "node"}

// latest is how far back the newest profile of a process may be.
const latest = 10 * time.Minute

// store is what a Pyroscope server has of the instances of a selector.
type store struct {
	*engine
	s      *Selector
	types  []string
	labels []string // of the series
	id     string   // the one that identifies an instance
	from   time.Time
	to     time.Time
}

// openStore finds out which profiles there are, and what identifies a process.
func openStore(ctx context.Context, s *Selector, o Options) (*store, error) {
	e, err := newEngine(s.where, o)
	if err != nil {
		return nil, err
	}
	st := &store{engine: e, s: s, from: o.From, to: o.To}
	sets, err := e.series(ctx, promQL(s.matchers), st.from, st.to)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, labels := range sets {
		t := labels["__profile_type__"]
		if !strings.HasSuffix(t, typeSuffix) {
			continue
		}
		if !slices.Contains(st.types, t) {
			st.types = append(st.types, t)
		}
		for name := range labels {
			if !strings.HasPrefix(name, "__") {
				names[name] = true
			}
		}
	}
	if st.types == nil {
		st.types = usualTypes
		for _, name := range append([]string{"service_name", "version", "service_version", "namespace", "zone"}, identifying...) {
			names[name] = true
		}
	}
	st.labels = slices.Sorted(maps.Keys(names))
	for _, name := range identifying {
		if names[name] && st.id == "" {
			st.id = name
		}
	}
	return st, nil
}

// member is an instance in the store: its points are those of all its label
// sets, which a new version changes.
type member struct {
	name   string
	points []moment
}

// moment is a profile that the store has.
type moment struct {
	point
	step   int    // of a history
	kind   string // type of the profile
	labels map[string]string
}

// name is what identifies the instance of a label set.
func (st *store) name(labels map[string]string) string {
	if v := labels[st.id]; v != "" {
		return v
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if k != "service_name" && labels[k] != "" && !strings.HasPrefix(k, "__") {
			parts = append(parts, k+"="+labels[k])
		}
	}
	return cmp.Or(strings.Join(parts, ","), "(all)")
}

// look adds the points of a time to the members.
func (st *store) look(ctx context.Context, members map[string]*member, selector string, b between) error {
	for _, kind := range st.types {
		groups, err := st.points(ctx, kind, selector, st.labels, b)
		if err != nil {
			return err
		}
		for _, g := range groups {
			name := st.name(g.labels)
			m := members[name]
			if m == nil {
				m = &member{name: name}
				members[name] = m
			}
			for _, p := range g.points {
				m.points = append(m.points, moment{point: p, kind: kind, labels: g.labels})
			}
		}
	}
	return nil
}

// findStored finds the instances that have a profile in the last minutes.
func findStored(ctx context.Context, s *Selector, f *Fleet) error {
	o := f.o
	if o.To.IsZero() {
		o.To = now(o)
	}
	if o.From.IsZero() {
		o.From = o.To.Add(-latest)
	}
	o.From, o.To = o.From.Truncate(resolution), o.To.Truncate(resolution)
	st, err := openStore(ctx, s, o)
	if err != nil {
		return err
	}
	members := map[string]*member{}
	for _, b := range days(o.From, o.To) {
		if err := st.look(ctx, members, promQL(s.matchers), b); err != nil {
			return err
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(members), naturally) {
		m := members[name]
		if len(m.points) == 0 {
			continue
		}
		last := slices.MaxFunc(m.points, func(a, b moment) int { return a.at.Compare(b.at) })
		x := Instance{Name: goroutine.Clean(m.name), Labels: targetLabels(last.labels), Shown: last.at.Format(time.RFC3339)}
		x.take = func(ctx context.Context) (*goroutine.Dump, error) { return st.read(ctx, m.name, last) }
		f.Instances = append(f.Instances, x)
	}
	f.looked = "no profiles matched from " + o.From.Format(time.RFC3339) + " to " + o.To.Format(time.RFC3339)
	return nil
}

func now(o Options) time.Time {
	if o.Source.Now != nil {
		return o.Source.Now()
	}
	return time.Now()
}

// only is the selector of one label set: a merged profile has no labels, so
// each instance is asked for by itself.
func (st *store) only(labels map[string]string) string {
	parts := slices.Clone(st.s.matchers)
	for _, name := range st.labels {
		if v := labels[name]; v != "" {
			parts = append(parts, matcher{name: name, op: "=", value: v})
		}
	}
	return promQL(parts)
}

// read reads the profile of a moment.
func (st *store) read(ctx context.Context, name string, m moment) (*goroutine.Dump, error) {
	b, err := st.profile(ctx, m.kind, st.only(m.labels), m.at)
	if err != nil {
		return nil, err
	}
	shown := goroutine.Clean(name)
	dumps, err := parse.Read(ctx, bytes.NewReader(b), parse.Options{})
	if err != nil || len(dumps) != 1 {
		return nil, &source.Error{Kind: source.NotDump, Name: shown, What: "the server gave no profile for " + m.at.Format(time.RFC3339)}
	}
	d := &dumps[0]
	correct(d, int(math.Round(m.n)))
	// The time in the profile is the end of the query.
	d.Source, d.TakenAt, d.Level = shown+" "+m.at.Format(time.RFC3339), m.at, goroutine.Debug0
	derive(d)
	return d, nil
}

// correct makes the counts of a dump those that the series tells. Profiles that
// came late can be in an answer more than once; goroutines without a frame,
// which have not started, are in the series alone.
func correct(d *goroutine.Dump, n int) {
	times := 1
	if n > 0 {
		times = (d.Goroutines + n - 1) / n
	}
	if times > 1 && !slices.ContainsFunc(d.Buckets, func(b goroutine.Bucket) bool { return b.Count%times != 0 }) {
		d.Goroutines /= times
		for i := range d.Buckets {
			d.Buckets[i].Count /= times
		}
	}
	switch missing := n - d.Goroutines; {
	case missing < 0:
		d.Problems = append(d.Problems, goroutine.Problem{Message: fmt.Sprintf("the profile has %s goroutines, its series %s", number.Group(d.Goroutines), number.Group(n))})
	case missing > 0:
		var none goroutine.Stack
		d.Buckets = append(d.Buckets, goroutine.Bucket{ID: none.ID(), Stack: none, Count: missing})
		d.Goroutines = n
	}
}

// derived are the states that the leaf of a stack implies. A profile has no
// states: these are called derived.
var derived = []struct{ function, state string }{
	{"runtime.chanrecv", "chan receive"},
	{"runtime.chansend", "chan send"},
	{"runtime.selectgo", "select"},
	{"runtime.block", "select (no cases)"},
	{"runtime.netpollblock", "IO wait"},
	{"runtime.semacquire", "semacquire"},
	{"sync.runtime_Semacquire", "semacquire"},
	{"sync.runtime_notifyListWait", "sync.Cond.Wait"},
	{"internal/sync.runtime_SemacquireMutex", "sync.Mutex.Lock"},
	{"sync.runtime_SemacquireMutex", "sync.Mutex.Lock"},
	{"time.Sleep", "sleep"},
	{"internal/poll.runtime_pollWait", "IO wait"},
	{"syscall.Syscall", "syscall"},
}

var statesDerived = goroutine.Problem{Message: "states are derived from the stacks: a profile has none", Note: true}

// derive gives buckets without states those that their stacks imply.
func derive(d *goroutine.Dump) {
	some := false
	for i := range d.Buckets {
		b := &d.Buckets[i]
		if len(b.States) > 0 {
			continue
		}
		if state := derivedState(b.Stack); state != "" {
			b.States, some = []goroutine.Count{{Name: state, N: b.Count}}, true
		}
	}
	if some {
		d.Problems = append(d.Problems, statesDerived)
	}
}

func derivedState(s goroutine.Stack) string {
	n := 0
	for f := range s.All() {
		for _, x := range derived {
			if rest, ok := strings.CutPrefix(f.Function, x.function); ok && !strings.ContainsAny(rest, ".") && (rest == "" || '0' <= rest[0] && rest[0] <= '9' || strings.HasPrefix(x.function, "runtime.sema") || strings.HasPrefix(x.function, "syscall.")) {
				return x.state
			}
		}
		if n++; n == 4 || f.Origin != goroutine.Runtime && f.Origin != goroutine.Stdlib {
			break
		}
	}
	return ""
}
