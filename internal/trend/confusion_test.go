package trend_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"gdump/internal/trend"
	"gdump/internal/trend/sim"
)

// TestConfusion simulates servers whose truth is known: at least 97 of 100
// leaks are reported, no noise accumulates, and restarts are found.
func TestConfusion(t *testing.T) {
	for _, o := range []struct {
		sim.Options
		accumulating float64 // share of the leaks that are more than growing
	}{
		{sim.Options{Dumps: 3}, 0.75},
		{sim.Options{Dumps: 4}, 0.6},
		{sim.Options{Dumps: 5}, 0.7},
		{sim.Options{Dumps: 8}, 0.65},
		{sim.Options{Dumps: 20}, 0.75},
		{sim.Options{Dumps: 11, Restarts: 2}, 0.55},
		{sim.Options{Dumps: 15, Restarts: 2}, 0.65},
		{sim.Options{Dumps: 20, Restarts: 1, Quiet: true}, 0.68},
	} {
		t.Run(fmt.Sprintf("%d dumps, %d restarts", o.Dumps, o.Restarts), func(t *testing.T) {
			t.Parallel()
			score := sim.Score{}
			for seed := range 16 {
				o.Seed = uint64(seed)
				tr, restarts := score.Add(o.Options)
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
			reported, sure, alarms := score.Recall()
			if reported < 0.97 || sure < o.accumulating || alarms > 0 {
				var table bytes.Buffer
				score.Print(&table)
				t.Errorf("%.3f of the leaks reported, %.3f accumulating, %d false alarms\n%s", reported, sure, alarms, &table)
			}
		})
	}
}

// TestTruths asks for the right verdict on every kind: a pool that is full has
// grown, connections kept alive are turnover, workers are stable.
func TestTruths(t *testing.T) {
	for dumps, less := range map[int][]string{
		8:  {"stepwise-pool", "leak-slow", "leak-seldom", "leak-late", "leak-bursts"}, // too few dumps for these
		20: {"leak-late", "leak-seldom", "leak-slow"},
	} {
		score := sim.Score{}
		for seed := range 24 {
			score.Add(sim.Options{Seed: uint64(seed), Dumps: dumps})
		}
		for name, row := range score {
			if len(row.Verdicts) > 0 && row.Right() < 0.85 && !slices.Contains(less, name) {
				t.Errorf("%d dumps: %s is called %v, want %v", dumps, name, row.Verdicts, row.Want)
			}
		}
	}
}

// TestWithoutIDs holds counts alone to less: most plain leaks are found in
// enough dumps, and no noise passes for a leak.
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
	if _, _, alarms := score.Recall(); alarms > 0 {
		t.Errorf("%d false alarms of 760 kinds of noise\n%s", alarms, &table)
	}
}
