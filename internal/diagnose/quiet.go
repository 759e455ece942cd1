package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// quiet says what there is to see where nothing is wrong.
func quiet(d *Diagnosis) []Finding {
	dump := d.Newest()
	switch {
	case dump == nil:
		return []Finding{{Kind: Quiet, Says: "no dump"}}
	case dump.LeaksOnly && dump.Goroutines == 0:
		return []Finding{{Kind: Quiet, Says: "the garbage collector proved no goroutine leaked; it cannot where a global, a timer or a live stack holds what they wait for"}}
	case dump.Goroutines == 0:
		return []Finding{{Kind: Quiet, Says: "no goroutines"}}
	case dump.Goroutines == 1:
		return []Finding{{Kind: Quiet, Says: d.most(), Goroutines: 1}}
	}
	f := Finding{Kind: Quiet, Goroutines: dump.Goroutines}
	c := d.knots().calm()
	c.crowd = d.dominated(&c) && (c.longest == nil || c.longest.ID != d.leading().Bucket.ID)
	if c.longest != nil && c.queue == 0 && !c.crowd {
		f.Kind, f.Goroutines = Largest, c.longest.Count
		f.of(c.longest)
	}
	if (c.waits || c.queue >= max(crowd, d.leading().Now())) && !c.crowd {
		f.Says = c.says(dump)
		f.Evidence = append(f.Evidence, d.most())
	} else {
		f.Says = d.most()
		f.Evidence = append(f.Evidence, c.says(dump))
	}
	if c.queue > 0 {
		f.Limits = append(f.Limits, c.doubt())
	}
	if asked(dump) {
		f.Evidence = append(f.Evidence, "written on "+goroutine.Clean(dump.Reason))
	}
	if c.crowd {
		f.of(d.leading().Bucket)
	}
	return []Finding{f}
}

// dominated reports whether one place has so many of the goroutines that are not
// idle that it says more than anything else. A queue at a lock says more.
func (d *Diagnosis) dominated(c *calm) bool {
	const many, percent = 100, 40
	n := d.leading().Now()
	return c.queue == 0 && n >= many && 100*n >= percent*c.awake
}

// patience is how many minutes a channel operation may take until it is worth a
// word.
const patience = 2

// calm is what a dump shows in which nothing is known to be wrong.
type calm struct {
	waits   bool              // the dump says how long goroutines wait
	oldest  int               // the longest wait, also of those that are idle
	crowd   bool              // most of them are at one place, which may be what is wrong
	server  bool              // main may wait for its end
	awake   int               // goroutines that are not known to be idle
	locks   int               // goroutines whose state says that they wait for a lock
	queue   int               // goroutines that wait for locks
	queued  string            // for which, and what may be wrong with that
	lock    int               // the resource that most of those wait for; -1 if there is none
	longest *goroutine.Bucket // the most, of sends, receives and waits for others that take long; nil if none does
	what    []string          // what goroutines do, the most frequent first
}

func (k *knots) calm() calm {
	c := calm{waits: k.dump.Level.HasIDs(), lock: -1}
	for i := range k.report.Resources {
		if kind := k.kind(i); kind != Blocked && kind != Exhausted {
			continue
		}
		r := &k.report.Resources[i]
		c.queue += r.Waiters
		if c.lock < 0 || r.Waiters > k.report.Resources[c.lock].Waiters {
			c.lock = i
		}
	}
	if c.lock >= 0 {
		c.queued = k.contention(&c, c.lock)
	}
	states := map[string]int{}
	c.server = k.serves()
	for i := range k.dump.Buckets {
		b := &k.dump.Buckets[i]
		c.oldest = max(c.oldest, b.Waits.Max())
		if k.idle(i) {
			continue
		}
		c.awake += b.Count
		for _, s := range b.States {
			states[activity(s.Name)] += s.N
			if strings.HasPrefix(s.Name, "sync.Mutex") || strings.HasPrefix(s.Name, "sync.RWMutex") {
				c.locks += s.N
			}
		}
		if slow(b, c.server) && (c.longest == nil || tellsMore(b, c.longest)) {
			c.longest = b
		}
	}
	c.what = busiest(states)
	return c
}

// slow reports whether a bucket waits longer than work takes as a rule: for other
// goroutines, or as no more than one or two do for a file, a peer or a child. Main
// waits for the end, in a server.
func slow(b *goroutine.Bucket, server bool) bool {
	if b.Waits.Max() <= patience {
		return false
	}
	state := b.State()
	switch {
	case strings.HasPrefix(state, "chan "), strings.HasPrefix(state, "sync."), strings.HasPrefix(state, "semacquire"):
		entry, _ := b.Stack.Entry()
		return !server || entry.Function != "main.main"
	case strings.HasPrefix(state, "IO wait"), strings.HasPrefix(state, "syscall"):
		_, own := b.Stack.Owner()
		return own && b.Count < 3
	}
	return false
}

// tellsMore reports whether one of two buckets that take long says more of what is
// wrong: workers wait for jobs, but nobody sends for long on purpose.
func tellsMore(a, b *goroutine.Bucket) bool {
	odd := func(b *goroutine.Bucket) int {
		if s := b.State(); strings.HasPrefix(s, "chan receive") || strings.HasPrefix(s, "sync.Cond") {
			return 0
		}
		return 1
	}
	return cmp.Or(odd(a)-odd(b), a.Count-b.Count, a.Waits.Max()-b.Waits.Max()) > 0
}

// serves reports whether the process accepts connections, or waits for signals.
func (k *knots) serves() bool {
	return slices.ContainsFunc(k.report.Idle, func(why string) bool { return why == "accepts connections" || why == "signals" })
}

// contention says what is queued for, where nothing shows that it lasts.
func (k *knots) contention(c *calm, i int) string {
	r := &k.report.Resources[i]
	text := waitsFor(r)
	if n := c.queue - r.Waiters; n > 0 {
		text += fmt.Sprintf(" (%s more for other locks)", number.Group(n))
	}
	switch {
	case !k.dump.Level.HasIDs():
		text += ", the dump does not say for how long"
	case r.Longest < 1:
		text += ", " + number.Word(r.Waiters, "not", "none") + " for a minute yet"
	}
	if h := holder(r); h != nil {
		text += "; " + k.who(h) + " " + holds(r, h) + " it"
		if does := k.does(h); does != "" {
			text += " and " + does
		}
	}
	return text
}

// doubt is what a dump leaves open of a queue, and what would decide it.
func (c *calm) doubt() string {
	if c.waits {
		return "contention, unless a second dump shows the same goroutines waiting"
	}
	return "debug=2 would show for how long, and for which lock"
}

// long is what is known of those that take long.
func (c *calm) long() string {
	b := c.longest
	where := in(b)
	if p := place(b.Stack.Site()); p != "" {
		where += " at " + p
	}
	for_ := " for " + number.Minutes(b.Waits.Max())
	if b.Count > 1 {
		for_ = ", the longest" + for_
	}
	return fmt.Sprintf("%s %s %s %s%s", number.Plural(b.Count, "goroutine", "goroutines"), number.Word(b.Count, "is", "are"), doing(b.State()), where, for_)
}

// says is the sentence about a calm dump.
func (c *calm) says(d *goroutine.Dump) string {
	var parts []string
	stuck := "nothing looks stuck: "
	if d.Incomplete() {
		stuck = "nothing looks stuck in what could be read: "
	}
	switch {
	case c.queue == 0 && c.locks == 0:
		parts = append(parts, "no queue at a lock")
	case c.queue == 0:
		parts = append(parts, number.Plural(c.locks, "goroutine waits for a lock", "goroutines wait for locks"))
	default:
		stuck = ""
		parts = append(parts, c.queued)
	}
	switch {
	case !c.waits, c.queue > 0:
		stuck = ""
	case c.longest != nil:
		stuck = c.long() + "; "
		parts = append(parts, "no nil channel")
	case c.oldest <= patience:
		// Where nothing is old, that nothing has waited for long says little.
		stuck = "nothing has waited for a minute yet: "
		if c.oldest > 0 {
			stuck = fmt.Sprintf("nothing has waited for more than %s yet: ", number.Minutes(c.oldest))
		}
		parts = append(parts, "no nil channel")
	default:
		but := ""
		if c.server {
			but = " outside of main"
		}
		parts = append(parts, "no nil channel", fmt.Sprintf("no send or receive beyond %s"+but, number.Minutes(patience)))
	}
	if c.crowd {
		stuck = ""
	}
	text := stuck + strings.Join(parts, ", ")
	if len(c.what) > 0 && c.queue == 0 {
		text += "; " + strings.Join(c.what, ", ")
	}
	return text
}

// activity is a state as it is counted: "in select", "network reads".
func activity(state string) string {
	plain, _, _ := strings.Cut(state, " (")
	switch plain {
	case "select":
		return "in select"
	case "IO wait":
		return "waiting for I/O"
	case "chan receive":
		return "receiving from channels"
	case "chan send":
		return "sending to channels"
	case "sleep":
		return "sleeping"
	case "running", "runnable":
		return "running"
	case "syscall":
		return "in system calls"
	}
	return ""
}

// busiest lists the most frequent of what goroutines do, at most three.
func busiest(states map[string]int) []string {
	var names []string
	for s := range states {
		if s != "" {
			names = append(names, s)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if states[a] != states[b] {
			return states[b] - states[a]
		}
		return strings.Compare(a, b)
	})
	for i, s := range names {
		names[i] = number.Group(states[s]) + " " + s
	}
	return names[:min(len(names), 3)]
}

// crowd is how many goroutines at one place are worth a word beside a finding.
const crowd = 5

// crowded says where most goroutines of a dump are, where no finding is about them:
// of those that wait for a lock, for which.
func crowded(d *Diagnosis, found []Finding) []Finding {
	if !d.one() || len(d.Trend.Series) == 0 || culprit(d.Newest()) != nil {
		return nil
	}
	k, top := d.knots(), d.leading()
	c := k.calm()
	said := func(b *goroutine.Bucket) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return slices.Contains(f.Buckets, b.ID) })
	}
	var more []Finding
	if c.lock >= 0 && k.report.Resources[c.lock].Waiters >= crowd && !k.lasts(c.lock) {
		r := &k.report.Resources[c.lock]
		f := Finding{Kind: Largest, Says: c.queued, Goroutines: c.queue, Resources: []int{c.lock}, Limits: []string{c.doubt()}, leads: true}
		for _, b := range r.Buckets {
			f.of(k.bucket(b))
		}
		if !slices.ContainsFunc(r.Buckets, func(b int) bool { return said(k.bucket(b)) }) {
			more = append(more, f)
			found = append(slices.Clone(found), f)
		}
	}
	if top.Now() < crowd || said(top.Bucket) {
		return more
	}
	f := Finding{Kind: Largest, Says: d.most(), Goroutines: top.Now(), leads: d.dominated(&c)}
	f.of(top.Bucket)
	return append(more, f)
}

// idle reports whether the goroutines of a bucket are known to be idle.
func (k *knots) idle(i int) bool { return i < len(k.report.Idle) && k.report.Idle[i] != "" }

// leading is the largest series of which not all is known to be idle, else the
// largest.
func (d *Diagnosis) leading() *trend.Series {
	t := d.Trend
	k := d.knots()
	idle := map[goroutine.ID]bool{}
	for i := range k.dump.Buckets {
		if k.idle(i) {
			idle[k.dump.Buckets[i].ID] = true
		}
	}
	for i := range t.Series {
		if s := &t.Series[i]; s.Name != "" || !idle[s.Bucket.ID] {
			return s
		}
	}
	return &t.Series[0]
}

// most says where most goroutines of a single dump are, but for those that are
// known to be idle.
func (d *Diagnosis) most() string {
	t := d.Trend
	if len(t.Series) == 0 {
		return ""
	}
	longest, at := 0, -1
	for i := range t.Series {
		if m := t.Series[i].Bucket.Waits.Max(); m > longest {
			longest, at = m, i
		}
	}
	top := d.leading()
	var line string
	switch all := t.Dumps[0].Goroutines; {
	case top.Now() > 1 && top.Name == "" && top.Bucket.Stack.Missing():
		line = fmt.Sprintf("the stacks of %s goroutines are not in the dump", number.Group(top.Now()))
	case top.Now() > 1 && top == &t.Series[0]:
		line = fmt.Sprintf("most goroutines (%s) are in %s", number.Group(top.Now()), seriesName(top))
	case top.Now() > 1:
		line = fmt.Sprintf("most goroutines that are not idle (%s) are in %s", number.Group(top.Now()), seriesName(top))
	case all == 1:
		line = "the only goroutine is in " + seriesName(top)
	case t.Series[0].Now() > 1:
		line = "goroutines that are not idle each have their own stack; the first is in " + seriesName(top)
	default:
		line = fmt.Sprintf("%s, each with its own stack; the first is in %s", number.Plural(all, "goroutine", "goroutines"), seriesName(top))
	}
	if state := top.Bucket.State(); state != "" {
		line += ", " + doing(state)
	}
	if at >= 0 {
		line += fmt.Sprintf("; the longest wait is %s %s", number.Minutes(longest), in(t.Series[at].Bucket))
	}
	return line
}
