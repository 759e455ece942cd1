package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// track is what one instance did: how many goroutines it had at each call site
// at each moment. Of the dumps themselves nothing is kept.
type track struct {
	name   string
	steps  []int // the step that each moment is in
	times  []time.Time
	labels []map[string]string
	totals []int
	sites  map[string][]int // by call site, a count for each moment
	lives  []span           // process lifetimes
}

// span is a run of moments, both ends included.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from + 1 }

// History is what the instances of a service did over time.
type History struct {
	Name   string
	From   time.Time
	Step   time.Duration
	Steps  int
	Failed []Failure

	tracks []*track
	// bucket represents a call site: the largest stack seen there.
	bucket map[string]*goroutine.Bucket
}

// maxSteps bounds what is asked of a server.
const maxSteps = 2000

// usualSteps is into how many steps a time is divided if nobody said.
const usualSteps = 100

// glance is how much of a step is looked at first: processes are scraped more
// often than that.
const glance = 2 * time.Minute

// History reads what a server has of the processes of a selector, a profile of
// each in each step.
func (s *Selector) History(ctx context.Context, o Options) (*History, error) {
	if o.To.IsZero() {
		o.To = now(o)
	}
	o.From, o.To = o.From.UTC().Truncate(resolution), o.To.UTC().Truncate(resolution)
	if o.Step == 0 {
		o.Step = max(o.To.Sub(o.From)/usualSteps, time.Minute).Round(time.Minute)
	}
	o.Step = o.Step.Truncate(resolution)
	h := &History{Name: s.Name(), From: o.From, Step: o.Step, Steps: int((o.To.Sub(o.From) + o.Step - 1) / o.Step), bucket: map[string]*goroutine.Bucket{}}
	usage := func(what, hint string) error {
		return &source.Error{Kind: source.Usage, Name: h.Name, What: what, Hint: hint}
	}
	switch {
	case !o.From.Before(o.To):
		return nil, usage("the time begins at its end or behind it", "--from -7d is a week ago")
	case h.Steps > maxSteps:
		return nil, usage(fmt.Sprintf("%d steps of %s, more than %d", h.Steps, o.Step, maxSteps), "a longer --step")
	}
	st, err := openStore(ctx, s, o)
	if err != nil {
		return nil, err
	}
	defer st.server.Close()
	members, err := st.moments(ctx, h, o)
	if err != nil {
		return nil, err
	}
	switch {
	case len(members) == 0:
		return nil, &source.Error{
			Kind: source.NotDump, Name: h.Name, What: fmt.Sprintf("no profiles matched from %s to %s", o.From.Format(time.RFC3339), o.To.Format(time.RFC3339)),
			Hint: "a wider --from, or fewer matchers; gdump asks for profiles of the types goroutine and goroutines",
		}
	case len(members) > o.maxTargets():
		return nil, usage(fmt.Sprintf("selects %d instances, more than --max-targets %d", len(members), o.maxTargets()), "")
	}
	if err := h.read(ctx, st, members, o); err != nil {
		return nil, err
	}
	return h, nil
}

// moments finds for each instance one profile in each step.
func (st *store) moments(ctx context.Context, h *History, o Options) ([]*member, error) {
	chosen := map[string]*member{}
	selector := promQL(st.s.matchers)
	before := map[string]bool{} // had one in the step before
	for i := range h.Steps {
		start := h.From.Add(time.Duration(i) * h.Step)
		end := start.Add(h.Step)
		if end.After(o.To) {
			end = o.To
		}
		seen := map[string]*member{}
		looks := []time.Time{end}
		if end.Sub(start) > 2*glance {
			looks = []time.Time{start.Add(glance), end}
		}
		from := start
		for _, to := range looks {
			for _, b := range days(from, to) {
				if err := st.look(ctx, seen, selector, b); err != nil {
					return nil, err
				}
			}
			from = to
			if missing := slices.ContainsFunc(slices.Collect(maps.Keys(before)), func(name string) bool { return seen[name] == nil }); len(seen) > 0 && len(before) > 0 && !missing {
				break // all that were there before
			}
		}
		o.progress(Progress{Done: i + 1, Of: h.Steps, What: "steps"})
		clear(before)
		for name, m := range seen {
			if len(m.points) == 0 {
				continue
			}
			first := slices.MinFunc(m.points, func(a, b moment) int { return a.at.Compare(b.at) })
			first.step = i
			if chosen[name] == nil {
				chosen[name] = &member{name: name}
			}
			chosen[name].points = append(chosen[name].points, first)
			before[name] = true
		}
	}
	members := slices.Collect(maps.Values(chosen))
	slices.SortFunc(members, func(a, b *member) int { return naturally(a.name, b.name) })
	return members, nil
}

// read reads the profiles of all instances, some instances at the same time.
func (h *History) read(ctx context.Context, st *store, members []*member, o Options) error {
	h.tracks = make([]*track, len(members))
	errs := make([]error, len(members))
	var mu sync.Mutex
	done := Progress{Of: len(members), What: "instances"}
	home := &goroutine.Stacks{}
	var g errgroup.Group
	g.SetLimit(o.parallel())
	for i, m := range members {
		h.tracks[i] = &track{name: goroutine.Clean(m.name), sites: map[string][]int{}}
		g.Go(func() error {
			for _, p := range m.points {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				d, err := st.read(ctx, m.name, p)
				if err != nil {
					errs[i] = err
					continue // the others still say something
				}
				mu.Lock()
				h.keep(home, d)
				mu.Unlock()
				h.tracks[i].add(d, p)
			}
			mu.Lock()
			defer mu.Unlock()
			if done.Done++; errs[i] != nil {
				done.Failed++
			}
			o.progress(done)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return &source.Error{Kind: source.Target, Name: h.Name, What: "interrupted", Err: err}
	}
	some := false
	h.findLives()
	for i, t := range h.tracks {
		some = some || len(t.times) > 0
		if errs[i] != nil {
			h.Failed = append(h.Failed, Failure{&Instance{Name: t.name}, errs[i]})
		}
	}
	if !some {
		return errs[slices.IndexFunc(errs, func(err error) bool { return err != nil })]
	}
	return nil
}

// keep remembers a stack for each call site.
func (h *History) keep(home *goroutine.Stacks, d *goroutine.Dump) {
	for i := range d.Buckets {
		b := &d.Buckets[i]
		site := siteOf(b)
		if known := h.bucket[site]; known == nil || b.Count > known.Count {
			h.bucket[site] = &goroutine.Bucket{
				ID: b.ID, Count: b.Count, States: b.States,
				Stack: b.Stack.Map(home, func(f goroutine.Frame) goroutine.Frame { return f }),
			}
		}
	}
}

// siteOf is the call site of a bucket without its line, so that builds can be
// compared.
func siteOf(b *goroutine.Bucket) string {
	if f := b.Stack.Site().Function; f != "" {
		return f
	}
	return notStarted
}

const notStarted = "(not started)"

// add adds a moment to a track.
func (t *track) add(d *goroutine.Dump, m moment) {
	n := len(t.times)
	t.times = append(t.times, m.at)
	t.steps = append(t.steps, m.step)
	t.labels = append(t.labels, m.labels)
	t.totals = append(t.totals, d.Goroutines)
	for i := range d.Buckets {
		site := siteOf(&d.Buckets[i])
		counts := t.sites[site]
		if counts == nil {
			counts = make([]int, n)
		}
		if len(counts) == n {
			counts = append(counts, 0)
		}
		counts[n] += d.Buckets[i].Count
		t.sites[site] = counts
	}
	for site, counts := range t.sites {
		if len(counts) == n {
			t.sites[site] = append(counts, 0)
		}
	}
}

// What a restart looks like in counts: all that has climbed since the process
// started is back to about what it began with, from one moment to the next.
const (
	climbed      = 6   // goroutines that a call site must have gained
	climbSteps   = 3   // in so many moments
	fromLittle   = 0.3 // of what it came to it may have begun with
	goesOn       = 0.9 // of what it came to is there still: no restart
	oneStep      = 0.6 // of it at most in one of them: a burst is no climb
	backToStart  = 0.3 // of it may be left
	resetsFall   = 0.3 // of what it climbs falls between restarts that are plain to see
	halfBack     = 0.4 // of what restarts end is left, where one is not plain
	restartShare = 0.7 // of all that had climbed is back
)

// findLives divides the tracks into process lifetimes, by their counts alone.
// What goes back at restarts that are plain to see, on any instance, shows those
// that are not, such as one soon after another.
func (h *History) findLives() {
	resets := map[string]int{}
	starts := make([]map[int]bool, len(h.tracks))
	for i, t := range h.tracks {
		starts[i] = map[int]bool{}
		from := 0
		for j := 1; j < len(t.times); j++ {
			sites, restarted := t.restarted(from, j)
			if !restarted {
				continue
			}
			starts[i][j], from = true, j
			for _, site := range sites {
				resets[site]++
			}
		}
	}
	// One that falls on some instances only, or at other times as well, shows
	// nothing of the others.
	maps.DeleteFunc(resets, func(site string, n int) bool {
		up, down := 0, 0
		for i, t := range h.tracks {
			counts := t.sites[site]
			for j := 1; j < len(counts); j++ {
				up += max(0, counts[j]-counts[j-1])
				if !starts[i][j] {
					down += max(0, counts[j-1]-counts[j])
				}
			}
		}
		return float64(down) > resetsFall*float64(up)
	})
	for i, t := range h.tracks {
		from := 0
		for j := 1; j <= len(t.times); j++ {
			if j < len(t.times) && !starts[i][j] {
				before, after := t.above(resets, j-1), t.above(resets, j)
				if before < climbed || float64(after) > halfBack*float64(before) {
					continue
				}
			}
			t.lives = append(t.lives, span{from, j - 1})
			from = j
		}
	}
}

// above is how many goroutines more some call sites have than they ever have at
// least.
func (t *track) above(sites map[string]int, at int) int {
	n := 0
	for site := range sites {
		if counts := t.sites[site]; counts != nil {
			n += counts[at] - slices.Min(counts)
		}
	}
	return n
}

// restarted reports whether the process of the moments from one on has ended
// before another, and which call sites began anew. Labels that change, as with
// a new version, are enough.
func (t *track) restarted(from, at int) (sites []string, restarted bool) {
	came, back := 0, 0
	for site, counts := range t.sites {
		life := counts[from:at]
		lowest := slices.Min(life)
		life = life[slices.Index(life, lowest):]
		more := life[len(life)-1] - lowest
		largest, down := stepsOf(life)
		if len(life) < climbSteps || more < climbed || float64(largest) > oneStep*float64(more) || float64(down) > mayFall*float64(more) {
			continue
		}
		switch isBack := float64(counts[at]-lowest) <= backToStart*float64(more); {
		case isBack:
			came, back = came+more, back+more
			sites = append(sites, site)
		case float64(lowest) <= fromLittle*float64(life[len(life)-1]) && float64(counts[at]) >= goesOn*float64(life[len(life)-1]):
			came += more // what began higher may be traffic, which goes on after a restart, and what fell a part may have climbed again
		}
	}
	return sites, came > 0 && float64(back) >= restartShare*float64(came) || !maps.Equal(t.labels[at-1], t.labels[at])
}

// stepsOf is the largest step up, and all steps down.
func stepsOf(counts []int) (largest, down int) {
	for i := 1; i < len(counts); i++ {
		step := counts[i] - counts[i-1]
		largest, down = max(largest, step), down+max(0, -step)
	}
	return largest, down
}

// Instances is how many there are.
func (h *History) Instances() int { return len(h.tracks) }
