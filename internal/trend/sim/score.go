package sim

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"gdump/internal/trend"
)

// Score counts verdicts by kind.
type Score map[string]*Row

// Row is what was said of a kind.
type Row struct {
	Leak     bool
	Verdicts map[trend.Verdict]int
	Unseen   int // leaks that the dumps do not show: not counted
}

// Add runs a server's life and counts what trend says of each of its kinds. It
// returns what trend says, and before which dumps the server restarted.
func (s Score) Add(o Options) (trend.Trend, []int) {
	dumps, truth, restarts := Run(o)
	t := trend.Compare(dumps)
	for _, k := range truth {
		row := s[k.Name]
		if row == nil {
			row = &Row{Leak: k.Leak, Verdicts: map[trend.Verdict]int{}}
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

// Said is the verdict on a kind: accumulating if any of its series is, else
// that of its largest.
func Said(t *trend.Trend, k Kind) trend.Verdict {
	best := trend.Verdict("nothing")
	top := -1
	for i := range t.Series {
		s := &t.Series[i]
		if s.Bucket.Stack.CreatedBy().Package != k.Package() && s.Bucket.Stack.Frames()[0].Package != k.Package() {
			continue
		}
		if s.Verdict == trend.Accumulating {
			return s.Verdict
		}
		if n := slices.Max(s.Counts); n > top {
			best, top = s.Verdict, n
		}
	}
	return best
}

// Recall is the share of leaks that were called accumulating; false alarms are
// the noise that was.
func (s Score) Recall() (recall, precision float64, falseAlarms int) {
	found, leaks := 0, 0
	for _, r := range s {
		n := 0
		for _, k := range r.Verdicts {
			n += k
		}
		if r.Leak {
			leaks += n
			found += r.Verdicts[trend.Accumulating]
		} else {
			falseAlarms += r.Verdicts[trend.Accumulating]
		}
	}
	return float64(found) / float64(max(1, leaks)), float64(found) / float64(max(1, found+falseAlarms)), falseAlarms
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
		truth, all := "noise", 0
		if r.Leak {
			truth = "leak"
		}
		fmt.Fprintf(w, "%-20s %-5s", k.Name, truth)
		for _, v := range columns {
			all += r.Verdicts[v]
			fmt.Fprintf(w, " %9s", strconv.Itoa(r.Verdicts[v]))
		}
		right := r.Verdicts[trend.Accumulating]
		if !r.Leak {
			right = all - right
		}
		fmt.Fprintf(w, " %9d %6.1f%%\n", r.Unseen, 100*float64(right)/float64(max(1, all)))
	}
	recall, precision, alarms := s.Recall()
	fmt.Fprintf(w, "recall %.2f %%, precision %.2f %%, %d false alarms\n", 100*recall, 100*precision, alarms)
}
