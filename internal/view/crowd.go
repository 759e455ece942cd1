package view

import (
	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
)

// crowd is how many buckets a list can have before it matters that each holds
// one goroutine.
const crowd = 200

// StartBy is the grouping with which a list of the dumps starts, and why, where
// that is not the stack: of a dump in which nearly every stack is there once, a
// list of stacks shows nothing.
func StartBy(dumps []goroutine.Dump) (by string, why []trend.Warning) {
	var d *goroutine.Dump
	for i := range dumps {
		if d == nil || len(dumps[i].Buckets) > len(d.Buckets) {
			d = &dumps[i]
		}
	}
	if d == nil || len(d.Buckets) < crowd {
		return "stack", nil
	}
	buckets := sample(d)
	if 10*singles(buckets) < 9*len(buckets) {
		return "stack", nil
	}
	for _, by := range []string{"site", "function"} {
		if g, err := query.ParseGrouping(by); err == nil && 2*groups(buckets, g) <= len(buckets) {
			return by, []trend.Warning{{Kind: trend.Regrouped, Names: []string{by}, N: d.Goroutines, Of: len(d.Buckets)}}
		}
	}
	return "stack", nil
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
