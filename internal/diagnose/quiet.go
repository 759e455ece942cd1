package diagnose

import (
	"fmt"

	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// quiet says what there is to see where nothing is wrong.
func quiet(d *Diagnosis) []Finding {
	switch {
	case len(d.Trend.Dumps) == 0:
		return []Finding{{Kind: Quiet, Says: "no dump"}}
	case !d.one(), d.Newest().Goroutines == 1 && (d.Newest().Reason != "" && !asked(d.Newest()) || len(leaked(d)) > 0):
		return nil // what was found says all of the one there is
	}
	return []Finding{oneDump(d.Trend)}
}

// oneDump says where most goroutines of a single dump are.
func oneDump(t *trend.Trend) Finding {
	switch {
	case len(t.Series) == 0 && t.Dumps[0].LeaksOnly:
		return Finding{Kind: Quiet, Says: "the garbage collector proved no goroutine leaked; it cannot where a global, a timer or a live stack holds what they wait for"}
	case len(t.Series) == 0:
		return Finding{Kind: Quiet, Says: "no goroutines"}
	}
	longest, at := 0, -1
	for i := range t.Series {
		if m := t.Series[i].Bucket.Waits.Max(); m > longest {
			longest, at = m, i
		}
	}
	top := &t.Series[0]
	var line string
	switch all := t.Dumps[0].Goroutines; {
	case top.Now() > 1:
		line = fmt.Sprintf("most goroutines (%s) are in %s", number.Group(top.Now()), seriesName(top))
	case all == 1:
		line = "the only goroutine is in " + seriesName(top)
	default:
		line = fmt.Sprintf("%s, each with its own stack; the first is in %s", number.Plural(all, "goroutine", "goroutines"), seriesName(top))
	}
	if state := top.Bucket.State(); state != "" {
		line += ", " + doing(state)
	}
	if at >= 0 {
		line += fmt.Sprintf("; the longest wait is %s in %s", number.Minutes(longest), siteName(t.Series[at].Bucket))
	}
	return Finding{Kind: Quiet, Says: line, Goroutines: top.Now()}
}
