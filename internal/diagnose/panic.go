package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// isPanic reports whether a frame is the runtime's, of a panic.
func isPanic(f *goroutine.Frame) bool {
	return f.Function == "panic" || f.Function == "runtime.gopanic"
}

// panics reports whether a stack is, or was, in a panic.
func panics(s goroutine.Stack) bool {
	for f := range s.All() {
		if isPanic(&f) {
			return true
		}
	}
	return false
}

// began is where the panic of a stack began: the first frame below the last panic,
// so that neither a deferred function that panics again nor one that catches and
// logs a panic is named. A logger's function that panics for its caller is not
// named either. Where no frame is of a panic it is where the stack ends.
func began(s goroutine.Stack) goroutine.Frame {
	frames := slices.Collect(s.All())
	from := 0
	for i := range frames {
		if isPanic(&frames[i]) {
			from = i + 1
		}
	}
	logs := from
	for logs < len(frames) && (frames[logs].Origin == goroutine.Runtime || logger(&frames[logs])) {
		logs++
	}
	switch {
	case logs == len(frames):
		return s.Site()
	case from > 0 || logger(&frames[max(logs-1, 0)]):
		return frames[logs]
	}
	return s.Site()
}

// logger reports whether a function belongs to a package that logs.
func logger(f *goroutine.Frame) bool {
	switch f.Package {
	case "log", "log/slog", "go.uber.org/zap", "go.uber.org/zap/zapcore", "github.com/sirupsen/logrus", "github.com/rs/zerolog", "github.com/rs/zerolog/log",
		"k8s.io/klog", "k8s.io/klog/v2", "github.com/golang/glog", "github.com/hashicorp/go-hclog", "github.com/go-kit/log":
		return true
	}
	return false
}

// unprintedPanic names a panic that a deferred call keeps from being printed.
const unprintedPanic = "panic-not-printed"

// unprinted says which panics there are that a deferred call keeps from being printed.
func unprinted(d *Diagnosis) []Finding {
	if d.apart() || d.Newest() == nil || d.Newest().Alone {
		return nil
	}
	dump := d.Newest()
	var found []Finding
	for i := range dump.Buckets {
		b := &dump.Buckets[i]
		if !parked(b.State()) || !panics(b.Stack) {
			continue
		}
		first := began(b.Stack)
		who := number.Plural(b.Count, "goroutine", "goroutines")
		if one := b.IDs.First(1); b.Count == 1 && len(one) == 1 {
			who = fmt.Sprintf("goroutine %d", one[0])
		}
		f := Finding{
			Kind: Crash, Name: unprintedPanic, Goroutines: b.Count, Confidence: 0.99,
			Says: fmt.Sprintf("%s panicked in %s and %s in a deferred call, %s: what the panic says is not printed before that returns",
				who, at(first), waits(b), SiteName(b)),
			Where: whoseFrom(b, first),
		}
		f.of(b)
		f.Site, f.Owner = first, ownerBelow(b.Stack, first)
		found = append(found, f)
	}
	return found
}

// waits says that a bucket's goroutines wait, and for how long.
func waits(b *goroutine.Bucket) string {
	text := number.Word(b.Count, "waits", "wait")
	if m := b.Waits.Max(); m >= 1 {
		text += " for " + number.Minutes(m)
	}
	return text
}

// parked reports whether a goroutine in this state waits.
func parked(state string) bool {
	plain, _, _ := strings.Cut(state, " (")
	switch plain {
	case "", "running", "runnable", "syscall", "preempted", "copystack", "dead":
		return false
	}
	return true
}
