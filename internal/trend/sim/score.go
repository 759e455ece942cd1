package sim

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"gdump/internal/trend"
)

// Score counts verdicts by kind.
type Score map[string]*Row

// Row is what was said of a kind.
type Row struct {
	Kind
	Verdicts map[trend.Verdict]int
	Unseen   int // leaks that the dumps do not show: not counted
}

// Add simulates a server and counts what trend says of each of its kinds. It
// returns what trend says, and before which dumps the server restarted.
func (s Score) Add(o Options) (trend.Trend, []int) {
	dumps, truth, restarts := Run(o)
	t := trend.Compare(dumps)
	for _, k := range truth {
		row := s[k.Name]
		if row == nil {
			row = &Row{Kind: k.Kind, Verdicts: map[trend.Verdict]int{}}
			s[k.Name] = row
		}
		if k.Leak && !k.Shown(o.Dumps/(o.Restarts+1)) {
			row.Unseen++
			continue
		}
		row.Verdicts[Said(&t, k.Kind)]++
	}
	return t, restarts
}

// Said is the verdict on a kind: the worst if any of its series accumulates or
// grows, else that of its largest.
func Said(t *trend.Trend, k Kind) trend.Verdict {
	best := trend.Verdict("nothing")
	top := -1
	for i := range t.Series {
		s := &t.Series[i]
		if s.Bucket.Stack.CreatedBy().Package != k.Package() && s.Bucket.Stack.Frames()[0].Package != k.Package() {
			continue
		}
		switch {
		case s.Verdict == trend.Accumulating:
			return s.Verdict
		case s.Verdict == trend.Growing:
			best, top = s.Verdict, math.MaxInt
		}
		if n := slices.Max(s.Counts); n > top {
			best, top = s.Verdict, n
		}
	}
	return best
}

// Right is the share of a kind that has one of the verdicts that are right.
func (r *Row) Right() float64 {
	right, all := 0, 0
	for v, n := range r.Verdicts {
		all += n
		if slices.Contains(r.Want, v) {
			right += n
		}
	}
	return float64(right) / float64(max(1, all))
}

// Recall is the share of leaks that are reported, as accumulating or growing,
// and of those that accumulate; false alarms are the noise that does.
func (s Score) Recall() (reported, accumulating float64, falseAlarms int) {
	found, sure, leaks := 0, 0, 0
	for _, r := range s {
		n := 0
		for _, k := range r.Verdicts {
			n += k
		}
		if r.Leak {
			leaks += n
			sure += r.Verdicts[trend.Accumulating]
			found += r.Verdicts[trend.Accumulating] + r.Verdicts[trend.Growing]
		} else {
			falseAlarms += r.Verdicts[trend.Accumulating]
		}
	}
	return float64(found) / float64(max(1, leaks)), float64(sure) / float64(max(1, leaks)), falseAlarms
}

// Print writes the confusion table.
func (s Score) Print(w io.Writer) {
	columns := []trend.Verdict{trend.Accumulating, trend.Growing, trend.Grown, trend.New, trend.Turnover, trend.Stable, trend.Shrunk, trend.Gone, "nothing"}
	fmt.Fprintf(w, "%-20s %-5s", "kind", "truth")
	for _, v := range columns {
		fmt.Fprintf(w, " %9.9s", v)
	}
	fmt.Fprintf(w, " %9s %7s\n", "unseen", "right")
	for _, k := range Kinds() {
		r := s[k.Name]
		if r == nil {
			continue
		}
		truth := "noise"
		if r.Leak {
			truth = "leak"
		}
		fmt.Fprintf(w, "%-20s %-5s", k.Name, truth)
		for _, v := range columns {
			fmt.Fprintf(w, " %9s", strconv.Itoa(r.Verdicts[v]))
		}
		fmt.Fprintf(w, " %9d %6.1f%%\n", r.Unseen, 100*r.Right())
	}
	reported, sure, alarms := s.Recall()
	fmt.Fprintf(w, "leaks reported %.2f %%, accumulating %.2f %%, %d false alarms\n", 100*reported, 100*sure, alarms)
}
