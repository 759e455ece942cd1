package trend_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"gdump/internal/trend"
	"gdump/internal/trend/sim"
)

// TestConfusion lives through servers whose truth is known: at least 98 of 100
// leaks are called accumulating, and no noise is.
func TestConfusion(t *testing.T) {
	for _, o := range []sim.Options{
		{Dumps: 3},
		{Dumps: 4},
		{Dumps: 5},
		{Dumps: 8},
		{Dumps: 20},
		{Dumps: 11, Restarts: 2},
		{Dumps: 15, Restarts: 2},
		{Dumps: 20, Restarts: 1, Quiet: true},
	} {
		t.Run(fmt.Sprintf("%d dumps, %d restarts", o.Dumps, o.Restarts), func(t *testing.T) {
			t.Parallel()
			score := sim.Score{}
			for seed := range 16 {
				o.Seed = uint64(seed)
				tr, restarts := score.Add(o)
				var found []int
				for i, r := range tr.Restarted {
					if r {
						found = append(found, i)
					}
				}
				if !slices.Equal(found, restarts) {
					t.Errorf("seed %d: restarts found at %v, want %v", seed, found, restarts)
				}
			}
			recall, precision, alarms := score.Recall()
			if recall < 0.98 || alarms > 0 {
				var table bytes.Buffer
				score.Print(&table)
				t.Errorf("recall %.3f, precision %.3f, %d false alarms\n%s", recall, precision, alarms, &table)
			}
		})
	}
}

// TestWithoutIDs holds counts alone to less: most plain leaks are found in
// enough dumps, and what passes for a leak by chance stays rare.
func TestWithoutIDs(t *testing.T) {
	score := sim.Score{}
	for seed := range 40 {
		score.Add(sim.Options{Seed: uint64(seed), Dumps: 12, NoIDs: true})
	}
	var table bytes.Buffer
	score.Print(&table)
	for _, kind := range []string{"leak-steady", "leak-one", "leak-mutex", "leak-connections"} {
		if got := score[kind].Verdicts[trend.Accumulating]; got < 39 {
			t.Errorf("%s: %d of 40 found\n%s", kind, got, &table)
		}
	}
	if _, _, alarms := score.Recall(); alarms > 10 {
		t.Errorf("%d false alarms of 760 kinds of noise\n%s", alarms, &table)
	}
}
