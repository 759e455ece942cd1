package trend_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestNeeds: of dumps without their buckets, those that are needed suffice to
// come to the same result.
func TestNeeds(t *testing.T) {
	s := newServer()
	s.levels("old", 1, 2, 3)
	s.restart()
	s.ids = 300
	s.groups = nil
	for n := range 2 * trend.MaxDumps {
		s.levels("leak", 10+n)
	}
	mixed := slices.Clone(s.dumps)
	slices.Reverse(mixed) // only their times show the order
	proof, alone := s.dumps[len(s.dumps)-1], s.dumps[7]
	proof.LeaksOnly, alone.Alone = true, true
	mixed = append(mixed, proof, alone)
	for name, dumps := range map[string][]goroutine.Dump{"few": s.dumps[:9], "many": s.dumps, "mixed": mixed} {
		outlines := slices.Clone(dumps)
		for i := range outlines {
			outlines[i].Abridge()
		}
		needed := trend.Needs(outlines)
		for i := range outlines {
			if slices.Contains(needed, outlines[i].Outline) {
				outlines[i] = dumps[i]
			}
		}
		if n := len(needed); n > min(len(dumps), trend.MaxDumps+1) {
			t.Errorf("%s: %d are needed", name, n)
		}
		got, want := trend.Compare(outlines), trend.Compare(dumps)
		if diff := cmp.Diff(summary(&want), summary(&got)); diff != "" {
			t.Errorf("%s (-all +needed):\n%s", name, diff)
		}
	}
}

// summary is what a trend says.
func summary(t *trend.Trend) []string {
	lines := []string{fmt.Sprint(t.Restarted, t.Lives, t.Warnings, len(t.Given))}
	for i := range t.Dumps {
		lines = append(lines, t.Dumps[i].Source)
	}
	for i := range t.Series {
		s := &t.Series[i]
		lines = append(lines, fmt.Sprint(s.Bucket.ID, s.Verdict, s.Counts, s.Steps, s.Leaked, s.Confidence))
	}
	return lines
}
