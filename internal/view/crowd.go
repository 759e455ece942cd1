package view

import (
	"fmt"

	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/view/number"
)

// crowd is how many buckets a list can have before it matters that each holds
// one goroutine.
const crowd = 200

// StartBy is the grouping with which a list of the dumps starts, and why, where
// that is not the stack: of a dump in which nearly every stack is there once, a
// list of stacks shows nothing.
func StartBy(dumps []goroutine.Dump) (by, why string) {
	var d *goroutine.Dump
	for i := range dumps {
		if d == nil || len(dumps[i].Buckets) > len(d.Buckets) {
			d = &dumps[i]
		}
	}
	if d == nil || len(d.Buckets) < crowd {
		return "stack", ""
	}
	buckets := sample(d)
	if 10*singles(buckets) < 9*len(buckets) {
		return "stack", ""
	}
	for _, by := range []struct{ name, says string }{{"site", "call site"}, {"function", "function of the call site"}} {
		if g, err := query.ParseGrouping(by.name); err == nil && 2*groups(buckets, g) <= len(buckets) {
			return by.name, fmt.Sprintf("%s in %s: grouped by %s, --by stack lists the stacks",
				number.Plural(d.Goroutines, "goroutine", "goroutines"), number.Plural(len(d.Buckets), "stack", "different stacks"), by.says)
		}
	}
	return "stack", ""
}

// sample is buckets from all over a dump, a few thousand at most.
func sample(d *goroutine.Dump) []*goroutine.Bucket {
	const most = 4000
	step := len(d.Buckets)/most + 1
	var buckets []*goroutine.Bucket
	for i := 0; i < len(d.Buckets); i += step {
		buckets = append(buckets, &d.Buckets[i])
	}
	return buckets
}

// singles is how many buckets hold one goroutine.
func singles(buckets []*goroutine.Bucket) int {
	n := 0
	for _, b := range buckets {
		if b.Count == 1 {
			n++
		}
	}
	return n
}

// groups is how many groups buckets are in.
func groups(buckets []*goroutine.Bucket, g query.Grouping) int {
	names := map[string]bool{}
	for _, b := range buckets {
		for _, c := range g.Of(b) {
			names[c.Name] = true
		}
	}
	return len(names)
}
