package view

import (
	"cmp"
	"fmt"
	"slices"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view/number"
)

// DumpStates adds up the states of all buckets, most frequent first.
func DumpStates(d *goroutine.Dump) []goroutine.Count {
	sum := map[string]int{}
	for i := range d.Buckets {
		for _, s := range d.Buckets[i].States {
			sum[s.Name] += s.N
		}
	}
	return goroutine.CountsOf(sum)
}

// Trouble says in lines what of the dumps could not be read, at most n
// problems of each dump.
func Trouble(t *trend.Trend, n int) []string {
	var lines []string
	for i := range t.Dumps {
		d := &t.Dumps[i]
		source := Source(d)
		if d.Truncated {
			lines = append(lines, fmt.Sprintf("! %s is cut off: not all of its goroutines are described", source))
		}
		for j, x := range d.Problems {
			if j == n {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, number.Plural(len(d.Problems)-n, "more problem", "more problems")))
				break
			}
			if x.Line > 0 {
				lines = append(lines, fmt.Sprintf("! %s: line %d: %s", source, x.Line, goroutine.Clean(x.Message)))
			} else {
				lines = append(lines, fmt.Sprintf("! %s: %s", source, goroutine.Clean(x.Message)))
			}
		}
	}
	return lines
}

// Happened says in a line why a dump was written, or that somebody asked.
func Happened(d *goroutine.Dump) string {
	if d.Reason == "" {
		return "goroutine dump"
	}
	return Reason(d)
}

// Lead is the bucket that a dump is about: of the goroutine that ended the
// process, else the largest; nil if there is none.
func Lead(d *goroutine.Dump) (b *goroutine.Bucket, ended bool) {
	if b := diagnose.EndedBy(d); b != nil {
		return b, true
	}
	if all := Largest(d, 1); len(all) > 0 {
		return all[0], false
	}
	return nil, false
}

// Scene says where a dump is about: the call site of its lead.
func Scene(d *goroutine.Dump) string {
	b, ended := Lead(d)
	switch {
	case b == nil:
		return ""
	case !ended && len(d.Buckets) > 1:
		return "mostly " + SiteName(b)
	}
	if at := Show(b.Stack.Site()).Place; at != "" {
		return SiteName(b) + " " + at
	}
	return SiteName(b)
}

// Largest are the n largest buckets of a dump, noise left out unless there is
// nothing else.
func Largest(d *goroutine.Dump, n int) []*goroutine.Bucket {
	var all, quiet []*goroutine.Bucket
	for i := range d.Buckets {
		b := &d.Buckets[i]
		to := &all
		if diagnose.Noise(b.Stack) != "" {
			to = &quiet
		}
		at, _ := slices.BinarySearchFunc(*to, b, func(x, y *goroutine.Bucket) int { return cmp.Or(cmp.Compare(y.Count, x.Count), -1) })
		if at < n {
			*to = slices.Insert(*to, at, b)
			*to = (*to)[:min(n, len(*to))]
		}
	}
	if all == nil {
		return quiet
	}
	return all
}
