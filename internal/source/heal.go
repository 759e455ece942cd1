package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"
)

const (
	// runtimeLimit is where net/http/pprof cuts off a debug=2 dump, in the
	// middle of a line and without a mark.
	runtimeLimit = 64 << 20
	countsSuffix = ".counts" // of the profile that heals a dump that was cut off
)

// heal asks for the counts that a dump cut off at 64 MiB lacks.
func (t *Process) heal(ctx context.Context, taken *Taken) {
	t.o.say("the Go runtime cut the dump off at 64 MiB; asking for debug=1, which has the true counts")
	in, err := t.OpenCounts(ctx)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(in)
		in.Close()
		taken.Counts = b
	}
	if err == nil {
		err = healWith(ctx, &taken.Dumps[0], bytes.NewReader(taken.Counts))
	}
	if err != nil {
		t.o.say("the true counts could not be had: " + t.hide(err.Error()))
		taken.Counts = nil
	}
}

// healWith gives a dump that was cut off the counts of a debug=1 profile taken
// right after it. States, waits and ids stay those of the goroutines that came.
func healWith(ctx context.Context, cut *goroutine.Dump, r io.Reader) error {
	dumps, err := parse.Read(ctx, r, parse.Options{MaxBytes: defaultMaxBytes})
	if err != nil {
		return err
	}
	if len(dumps) != 1 || dumps[0].Level != goroutine.Debug1 {
		return fmt.Errorf("the counts are no debug=1 profile")
	}
	came := cut.Goroutines
	healCounts(cut, &dumps[0])
	cut.Problems = append(cut.Problems, goroutine.Problem{Message: fmt.Sprintf(
		"counts come from the debug=1 profile taken right after: %s goroutines; states, waits and ids are known of %s", report.Group(cut.Goroutines), report.Group(came))})
	return nil
}

// healCounts raises the counts of a dump to those of another. One stack of a
// counting profile can be several buckets of a full dump, which knows created
// by: they share what is missing by what they have.
func healCounts(cut, counts *goroutine.Dump) {
	before, after := *counts, *cut
	before.TakenAt, after.TakenAt = time.Time{}, time.Time{} // in this order
	t := trend.Compare([]goroutine.Dump{before, after})
	at := map[uint64]int{} // series by one goroutine id of each bucket
	for i := range t.Series {
		if b := t.Series[i].At[1]; b != nil {
			for id := range b.IDs.All() {
				at[id] = i
			}
		}
	}
	parts := make([][]int, len(t.Series))
	var known []goroutine.Bucket // the goroutine in which the text breaks off is not
	for j := range cut.Buckets {
		if ids := cut.Buckets[j].IDs.First(1); len(ids) == 1 {
			if i, ok := at[ids[0]]; ok && t.Series[i].Counts[0] > 0 {
				parts[i] = append(parts[i], len(known))
				known = append(known, cut.Buckets[j])
			}
		}
	}
	cut.Buckets = known
	for i := range t.Series {
		s := &t.Series[i]
		missing := s.Counts[0] - s.Counts[1]
		switch {
		case missing <= 0:
		case len(parts[i]) == 0:
			b := *s.At[0]
			cut.Buckets = append(cut.Buckets, b)
		default:
			have := s.Counts[1]
			for _, j := range parts[i] {
				b := &cut.Buckets[j]
				share := missing * b.Count / have
				have -= b.Count
				missing -= share
				b.Count += share
			}
		}
	}
	cut.Goroutines = 0
	for j := range cut.Buckets {
		cut.Goroutines += cut.Buckets[j].Count
	}
}
