package run

import (
	"fmt"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Line is a sample in one line, as a log has it. What is not known is left
// out.
func (s Sample) Line() string {
	var b strings.Builder
	b.WriteString(s.At.UTC().Format(time.RFC3339))
	if s.Err != nil {
		fmt.Fprintf(&b, " error=%s", quoted(s.Err.Error()))
		return b.String()
	}
	fmt.Fprintf(&b, " goroutines=%d", s.Goroutines)
	if s.HasDelta {
		fmt.Fprintf(&b, " delta=%+d", s.Delta)
	}
	fmt.Fprintf(&b, " buckets=%d", s.Buckets)
	if s.Top != nil {
		site := s.Top.Stack.Site()
		fmt.Fprintf(&b, " top=%s", quoted(strings.TrimSpace(fmt.Sprintf("%d %s %s", s.Top.Count, site.Name(), site.Place()))))
	}
	if m := s.Memory; m != nil {
		fmt.Fprintf(&b, " alloc=%d totalAlloc=%d heapAlloc=%d sys=%d numGC=%d", m.Alloc, m.TotalAlloc, m.HeapAlloc, m.Sys, m.NumGC)
	}
	if s.Restarted {
		b.WriteString(" restarted=true")
	}
	if s.Dump != nil {
		fmt.Fprintf(&b, " dump=%s", quoted(s.Dump.Source))
	}
	if s.DumpErr != nil {
		fmt.Fprintf(&b, " dumpError=%s", quoted(s.DumpErr.Error()))
	}
	return b.String()
}

func quoted(s string) string {
	return `"` + strings.ReplaceAll(goroutine.Clean(strings.Join(strings.Fields(s), " ")), `"`, "'") + `"`
}
