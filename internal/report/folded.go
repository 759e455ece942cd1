package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// Folded writes a line for each stack, as flame graph tools read it: functions
// from the root to the leaf with ";" between, a blank, the count. A comparison
// has two counts, of the first dump and of the last, which is what
// flamegraph.pl takes for a differential flame graph.
func Folded(w io.Writer, t *trend.Trend, _ Options) error {
	counts := map[string][2]int{}
	for i := range t.Series {
		s := &t.Series[i]
		name := foldedStack(s.Bucket.Stack)
		n := counts[name]
		counts[name] = [2]int{n[0] + s.Counts[0], n[1] + s.Now()}
	}
	out := bufio.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		n := counts[name]
		if len(t.Dumps) == 1 {
			fmt.Fprintf(out, "%s %d\n", name, n[1])
		} else {
			fmt.Fprintf(out, "%s %d %d\n", name, n[0], n[1])
		}
	}
	return out.Flush()
}

func foldedStack(s goroutine.Stack) string {
	var names []string
	for _, r := range slices.Backward(view.StackRows(s)) {
		switch {
		case r.Prefix != "": // created by and ancestors are no frames of this stack
		case r.Frame == nil:
			names = append(names, foldedName(r.Remark))
		default:
			names = append(names, foldedName(r.Frame.Function))
		}
	}
	return strings.Join(names, ";")
}

// foldedName keeps what separates frames and counts out of a name, such as
// that of "struct { a int; b int }".
func foldedName(s string) string {
	if s == "" {
		return "?"
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, ";", ","), " ", "_")
}
