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
		s := settled{exposed: tt.exposed, ended: tt.ended}
		if got := s.chance(tt.ends); math.Abs(got-tt.want) > 1e-3 {
			t.Errorf("%d of %d ended, %v expected: %v, want %v", tt.ended, tt.exposed, tt.ends, got, tt.want)
		}
	}
}
