package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Headline is what a trend comes to, in one to three plain lines: what
// accumulates, whose code it is and where it was started; or that nothing does.
func Headline(t *trend.Trend) []string {
	switch {
	case len(t.Dumps) == 0:
		return []string{"no dump"}
	case len(t.Dumps) == 1:
		return []string{oneDump(t)}
	case len(t.Series) > 0 && t.Series[0].Verdict == trend.Accumulating:
		return accumulating(t)
	}
	return nothingAccumulates(t)
}

func accumulating(t *trend.Trend) []string {
	s := &t.Series[0]
	first := s.Counts[0]
	line := fmt.Sprintf("accumulating: %s %s (%s → %s)", SiteName(s.Bucket), signed(s.Change()), group(first), group(s.Now()))
	if s.PerHour > 0 {
		line += ", " + rate(s.PerHour)
	}
	if s.HasIDs {
		line += ", " + ended(s.Ended)
	}
	if state := s.Bucket.State(); state != "" {
		line += ", parked in " + goroutine.Clean(state)
	}
	lines := []string{line}
	if where := whose(s.Bucket); where != "" {
		if f := forecast(s); f != "" {
			where += "; " + f
		}
		lines = append(lines, where)
	}
	also := 0
	for i := range t.Series {
		if t.Series[i].Verdict == trend.Accumulating {
			also++
		}
	}
	var notes []string
	if also > 1 {
		notes = append(notes, fmt.Sprintf("%d more %s", also-1, plural(also-1, "bucket accumulates", "buckets accumulate")))
	}
	if len(t.Dumps) == 2 {
		notes = append(notes, "two dumps cannot tell a leak from a pool that warmed up: a third makes it sure")
	}
	if len(notes) > 0 {
		lines = append(lines, strings.Join(notes, "; "))
	}
	return lines
}

// whose says which module's code the bucket is parked in and what started it.
func whose(b *goroutine.Bucket) string {
	var parts []string
	if f, ok := b.Stack.Owner(); ok && f.Module != "" {
		parts = append(parts, "in "+Module(f.Module))
	} else if ok {
		parts = append(parts, "in your "+goroutine.Clean(f.Package))
	}
	if c := b.Stack.CreatedBy; c.Function != "" {
		parts = append(parts, fmt.Sprintf("started at %s by %s", goroutine.Clean(c.Place()), goroutine.Clean(c.Name())))
	}
	return strings.Join(parts, ", ")
}

// Module shows a module with a blank before its version.
func Module(m string) string { return goroutine.Clean(strings.Replace(m, "@", " ", 1)) }

// SiteName is the short name of a bucket's call site.
func SiteName(b *goroutine.Bucket) string {
	if n := b.Stack.Site().Name(); n != "" {
		return goroutine.Clean(n)
	}
	return "goroutines not started yet"
}

func ended(n int) string {
	if n == 0 {
		return "none ended"
	}
	return group(n) + " ended"
}

// rate is a change per hour, in the unit that reads best.
func rate(perHour float64) string {
	switch {
	case perHour >= 600:
		return group(int(math.Round(perHour/60))) + " a minute"
	case perHour >= 1:
		return group(int(math.Round(perHour))) + " an hour"
	}
	return fmt.Sprintf("%.1f a day", perHour*24)
}

// forecast says when a series passes the next of 100 000 and 1 000 000.
func forecast(s *trend.Series) string {
	if s.PerHour <= 0 {
		return ""
	}
	for _, mark := range []int{100_000, 1_000_000} {
		if s.Now() < mark {
			hours := float64(mark-s.Now()) / s.PerHour
			if hours > 24*365*10 {
				return ""
			}
			return fmt.Sprintf("passes %s in %s at this rate", group(mark), span(time.Duration(hours*float64(time.Hour))))
		}
	}
	return ""
}

func nothingAccumulates(t *trend.Trend) []string {
	first, last := &t.Dumps[0], &t.Dumps[len(t.Dumps)-1]
	line := fmt.Sprintf("nothing accumulates: %s → %s goroutines", group(first.Goroutines), group(last.Goroutines))
	for i := range t.Series {
		s := &t.Series[i]
		if s.Change() > 0 {
			line += fmt.Sprintf("; the largest growth is %s in %s (%s)", signed(s.Change()), SiteName(s.Bucket), s.Verdict)
			break
		}
	}
	return []string{line}
}

func oneDump(t *trend.Trend) string {
	if len(t.Series) == 0 {
		return "no goroutines"
	}
	longest, at := 0, -1
	for i := range t.Series {
		if m := t.Series[i].Bucket.Waits.Max(); m > longest {
			longest, at = m, i
		}
	}
	top := &t.Series[0]
	line := fmt.Sprintf("the largest bucket is %s in %s", group(top.Now()), SiteName(top.Bucket))
	if state := top.Bucket.State(); state != "" {
		line += " (" + goroutine.Clean(state) + ")"
	}
	if at >= 0 {
		line += fmt.Sprintf("; the longest wait is %s in %s", Minutes(longest), SiteName(t.Series[at].Bucket))
	}
	return line
}

// Sign is the mark of a verdict, which says the same as its word.
func Sign(v trend.Verdict) string {
	switch v {
	case trend.Accumulating:
		return "▲"
	case trend.Grown:
		return "="
	case trend.New:
		return "+"
	case trend.Turnover:
		return "~"
	case trend.Shrunk, trend.Gone:
		return "–"
	}
	return " "
}
