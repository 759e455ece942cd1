package diagnose

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// Idle counts the goroutines of the newest dump that are known to be idle, by what
// they are for, the most first.
func (d *Diagnosis) Idle() []goroutine.Count {
	dump := d.Newest()
	if dump == nil {
		return nil
	}
	sum := map[string]int{}
	for i, why := range d.Blocked().Idle {
		if why != "" {
			sum[why] += dump.Buckets[i].Count
		}
	}
	return goroutine.CountsOf(sum)
}

// Rest says how many goroutines are known to be idle, and what for; "" if none is.
func (d *Diagnosis) Rest() string {
	const most = 3
	n := 0
	var parts []string
	counts := d.Idle()
	for i, c := range counts {
		n += c.N
		if i < most {
			parts = append(parts, c.Name+" "+number.Group(c.N))
		}
	}
	if n == 0 {
		return ""
	}
	if len(counts) > most {
		parts = append(parts, "…")
	}
	return fmt.Sprintf("the rest looks idle: %s (%s)", number.Group(n), strings.Join(parts, ", "))
}
