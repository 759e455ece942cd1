package diagnose

import (
	"fmt"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// leaked says what the garbage collector or a leak checker proved leaked, where
// nothing grew.
func leaked(d *Diagnosis) []Finding {
	t := d.Trend
	if len(t.Leaks) > 0 || d.apart() {
		return nil
	}
	all, places := 0, 0
	var most *trend.Series
	for i := range t.Series {
		s := &t.Series[i]
		if s.Leaked == 0 {
			continue
		}
		all += s.Leaked
		places++
		if most == nil || s.Leaked > most.Leaked {
			most = s
		}
	}
	if most == nil {
		return nil
	}
	goroutines := number.Plural(all, "goroutine", "goroutines")
	line := fmt.Sprintf("leaked: %s in %s, %s", goroutines, seriesName(most), Proven(most.Checked))
	switch {
	case places > 1 && most.Leaked == 1:
		line = fmt.Sprintf("leaked: %s in %d places, such as %s, %s", goroutines, places, seriesName(most), Proven(most.Checked))
	case places > 1:
		line = fmt.Sprintf("leaked: %s in %d places, most (%s) in %s, %s", goroutines, places, number.Group(most.Leaked), seriesName(most), Proven(most.Checked))
	}
	f := Finding{Kind: Leaked, Says: line, Where: whose(most.Bucket), Goroutines: all, Confidence: 1}
	f.of(most.Bucket)
	for i := range t.Series {
		if t.Series[i].Leaked > 0 {
			f.of(t.Series[i].Bucket)
		}
	}
	return []Finding{f}
}

// Proven says that a leak is proven, and by whom.
func Proven(checked bool) string {
	if checked {
		return "reported by a leak checker"
	}
	return "proven leaked by the garbage collector"
}

// seriesName is the short name of a series: of its group, or its call site.
func seriesName(s *trend.Series) string {
	if s.Name != "" {
		return goroutine.Clean(s.Name)
	}
	return SiteName(s.Bucket)
}
