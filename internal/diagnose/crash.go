package diagnose

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
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
	}
	return nil
}

// crash is the finding of a dump that says why it was written.
func crash(d *goroutine.Dump) (Finding, bool) {
	if d.Reason == "" || asked(d) {
		return Finding{}, false
	}
	f := Finding{Kind: Crash, Says: reasonOf(d), Confidence: 1}
	if b := culprit(d); b != nil {
		f.Goroutines = 1
		f.of(b)
		f.Where = "in " + siteName(b)
		if at := place(b.Stack.Site()); at != "" {
			f.Where += " at " + at
		}
		if w := whose(b); w != "" {
			f.Where += ", " + w
		}
	}
	return f, true
}

// culprit is the bucket of the goroutine that ended the process: a panic or a
// fatal error prints it first. It is nil if nothing says which that is.
func culprit(d *goroutine.Dump) *goroutine.Bucket {
	if d.Reason == "" || strings.HasPrefix(d.Reason, "panic: test timed out") {
		return nil
	}
	i := slices.IndexFunc(d.Buckets, func(b goroutine.Bucket) bool { return b.Line == d.Line && b.State() == "running" })
	if i < 0 {
		return nil
	}
	return &d.Buckets[i]
}

// Culprit is the series of the goroutine that ended the process, -1 if the
// trend is no crash, or does not say.
func (d *Diagnosis) Culprit() int {
	if !d.one() {
		return -1
	}
	b := culprit(d.Newest())
	return slices.IndexFunc(d.Trend.Series, func(s trend.Series) bool { return b != nil && s.Name == "" && s.Bucket.ID == b.ID })
}
