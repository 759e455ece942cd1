package trend

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPermute holds it against a copy.
func TestPermute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 9).Draw(t, "series")
		given, order := make([]Series, n), make([]int, n)
		for i := range order {
			given[i].Gain, order[i] = i, i
		}
		order = rapid.Permutation(order).Draw(t, "order")
		want := slices.Clone(order)
		permute(given, order)
		for i := range given {
			if given[i].Gain != want[i] {
				t.Fatalf("place %d has series %d, want %d", i, given[i].Gain, want[i])
			}
		}
	})
}
