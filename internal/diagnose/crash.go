package diagnose

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// ShownReason is how much of a reason leads a report, in bytes.
const ShownReason = 240

// reasonOf is why the process wrote a dump, cut to what a headline can hold.
func reasonOf(d *goroutine.Dump) string {
	s := goroutine.Clean(d.Reason)
	if len(s) <= ShownReason {
		return s
	}
	s = s[:ShownReason-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

// asked reports whether somebody asked for the dump, by a signal that Go answers
// with one.
func asked(d *goroutine.Dump) bool {
	return strings.HasPrefix(d.Reason, "SIGQUIT") || strings.HasPrefix(d.Reason, "SIGUSR")
}

// crashed says why the process wrote a dump, and which goroutine ended it; of
// dumps that show what crashed and nothing else, what most of them show.
func crashed(d *Diagnosis) []Finding {
	switch {
	case d.Newest() == nil:
		return nil
	case d.one():
		if f, ok := crash(d.Newest()); ok {
			return []Finding{f}
		}
		return nil
	case d.Trend.Apart() || onlyCrashes(d.Trend):
		return crashes(d.Trend)
	case d.Trend.Mismatch != nil:
		return nil
	}
	return crashLog(d.Trend)
}

// crash is the finding of a dump that says why it was written, or that shows a
// panic that was caught.
func crash(d *goroutine.Dump) (Finding, bool) {
	caught := d.Reason == "" && d.Alone && len(d.Buckets) == 1 && panics(d.Buckets[0].Stack)
	if d.Reason == "" && !caught || asked(d) {
		return Finding{}, false
	}
	f := Finding{Kind: Crash, Says: reasonOf(d), Confidence: 1}
	switch {
	case caught:
		f.Says = "a panic that was recovered; its message is not next to its stack"
	case d.Alone && d.Level != goroutine.Crash && len(d.Buckets) == 1 && panics(d.Buckets[0].Stack) && !saysPanic(d.Reason):
		f.Says = "recovered panic: " + f.Says
	}
	b := culprit(d)
	switch {
	case timedOut(d):
		f.timedOut(d)
	case b != nil:
		f.Goroutines = 1
		f.of(b)
		f.Site = began(b.Stack)
		f.Owner = ownerBelow(b.Stack, f.Site)
		f.Where = crashedIn(b, f.Site, strings.HasPrefix(d.Reason, "SIG"))
	case gaveUp(d):
		f.asleep(d)
	}
	return f, true
}

// saysPanic reports whether a reason says by itself that it is one of a panic.
func saysPanic(reason string) bool {
	reason = strings.ToLower(reason)
	return strings.Contains(reason, "panic") || strings.HasPrefix(reason, "recovered") || strings.HasPrefix(reason, "fatal error")
}

// crashedIn says where a goroutine panicked, or was when a signal arrived, whose code that is, and who started
// the goroutine.
func crashedIn(b *goroutine.Bucket, site goroutine.Frame, signal bool) string {
	text := "in " + SiteName(b)
	if site.Function != "" {
		text = "in " + at(site)
	}
	if isC(site) {
		text = "in C code"
		if _, c, ok := strings.Cut(name(site), "._Cfunc_"); ok {
			text += ", " + c
		} else if site.Function != "non-Go function" {
			text += ", " + at(site)
		}
	} else if signal {
		text = "the signal arrived " + text // where, by chance, if it came from outside
	}
	if w := whoseFrom(b, site); w != "" {
		text += ", " + w
	}
	return text
}

// asleep adds what the goroutines do that cannot go on, where no one of them is to
// blame: the program's own first.
func (f *Finding) asleep(d *goroutine.Dump) {
	var own []*goroutine.Bucket
	for i := range d.Buckets {
		if o, ok := d.Buckets[i].Stack.Owner(); ok && o.Origin == goroutine.Main {
			own = append(own, &d.Buckets[i])
		}
	}
	slices.SortStableFunc(own, func(a, b *goroutine.Bucket) int { return b.Count - a.Count })
	for i, b := range own {
		if i == 3 {
			f.Evidence = append(f.Evidence, number.Plural(len(own)-i, "more stack", "more stacks")+" of your code")
			break
		}
		f.of(b)
		line := number.Plural(b.Count, "goroutine", "goroutines") + " in " + callSite(b)
		if p := place(b.Stack.Site()); p != "" && b.Stack.Site().Origin == goroutine.Main {
			line += " at " + p
		}
		f.Evidence = append(f.Evidence, line+", "+doing(b.State()))
	}
}

// culprit is the bucket of the goroutine that ended the process: a panic or a
// fatal error prints it first, as does a signal in C code. It is nil if nothing
// says which that is.
func culprit(d *goroutine.Dump) *goroutine.Bucket {
	if d.Alone && len(d.Buckets) == 1 && panics(d.Buckets[0].Stack) {
		return &d.Buckets[0]
	}
	if d.Reason == "" || timedOut(d) || asked(d) {
		return nil
	}
	i := slices.IndexFunc(d.Buckets, func(b goroutine.Bucket) bool {
		return b.Line == d.Line && (b.State() == "running" || b.State() == "syscall" && strings.HasPrefix(d.Reason, "SIG"))
	})
	if i < 0 {
		return nil
	}
	return &d.Buckets[i]
}

// EndedBy is the bucket of the goroutine that ended the process; nil if the dump
// does not say which that is.
func EndedBy(d *goroutine.Dump) *goroutine.Bucket { return culprit(d) }

// Culprit is the series of the goroutine that ended the process, -1 if the
// trend is no crash, or does not say.
func (d *Diagnosis) Culprit() int {
	if !d.one() {
		return -1
	}
	b := culprit(d.Newest())
	if timedOut(d.Newest()) {
		if hung := running(d.Newest()); len(hung) > 0 {
			b = hung[0]
		}
	}
	return slices.IndexFunc(d.Trend.Series, func(s trend.Series) bool { return b != nil && s.Name == "" && s.Bucket.ID == b.ID })
}
