package trend

import (
	"math"
	"testing"
)

// TestChance: against sums of the terms themselves, and for so many goroutines
// that the chance that none of them ends is no number any more.
func TestChance(t *testing.T) {
	tests := []struct {
		exposed, ended int
		ends, want     float64
	}{
		{10, 0, 0.5, 1.0 / 1024},
		{10, 2, 0.5, 56.0 / 1024},
		{10, 5, 0.5, 1},
		{10, 0, 0, 1},
		{10, 9, 1, 0},
		{67, 5, 0.15, 0.0512},
		{100_000, 4900, 0.05, 0.0744}, // 1.45 deviations below what is expected
		{100_000, 4000, 0.05, 0},
	}
	for _, tt := range tests {
		r := residents{exposed: tt.exposed, ended: tt.ended}
		if got := r.chance(tt.ends); math.Abs(got-tt.want) > 1e-3 {
			t.Errorf("%d of %d ended, %v expected: %v, want %v", tt.ended, tt.exposed, tt.ends, got, tt.want)
		}
	}
}

// TestAges: of traffic of which each goroutine lives for three dumps, with ten
// new ones a dump that stay, residents are those past an age of three. They are
// watched for at least as many dumps as they are old.
func TestAges(t *testing.T) {
	const n = 11
	track := track{counts: make([]int, n), since: newCohorts(n)}
	for i := range n {
		for b := range i + 1 {
			track.since[i][b] = 10
			if i-b < 3 {
				track.since[i][b] += 50
			}
			track.counts[i] += int(track.since[i][b])
		}
	}
	all := track.ages(defaultLimits())
	if len(all) == 0 || all[0].age != 3 || all[len(all)-1].age > n/2 {
		t.Fatalf("%d ages, %+v", len(all), all)
	}
	r := all[0]
	if r.ended != 0 || r.level[0] != 10 || r.rise() != 70 || sum(r.came) != 70 || positive(r.flow) != len(r.flow) || r.youngEnded != 350 || r.younger != 420 {
		t.Errorf("%+v", r)
	}
}

// TestLateness: rounds that bring the same lie neither late nor early.
func TestLateness(t *testing.T) {
	for _, tt := range []struct {
		flow []int
		want float64
	}{{[]int{3, 3, 3, 3}, 0}, {[]int{12, 0, 0, 0}, -4.648}, {[]int{0, 0, 0, 12}, 4.648}, {[]int{0, 0}, 0}, {[]int{5}, 0}} {
		if got := lateness(tt.flow); math.Abs(got-tt.want) > 1e-3 {
			t.Errorf("%v: got %v, want %v", tt.flow, got, tt.want)
		}
	}
}
