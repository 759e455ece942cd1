package trend_test

import (
	"testing"

	"gdump/internal/trend"
)

// TestDries: rounds that bring less and less are a pool that fills, however
// small the numbers; an inflow that falls now and then is not.
func TestDries(t *testing.T) {
	for _, tt := range []struct {
		levels []int
		slows  bool
	}{
		{[]int{10, 19, 26, 31, 35}, true},  // +9 +7 +5 +4
		{[]int{10, 19, 25, 32, 36}, false}, // +9 +6 +7 +4
		{[]int{10, 19, 27, 34, 40}, false}, // +9 +8 +7 +6
		{[]int{10, 22, 33, 39}, false},     // +12 +11 +6: three rounds may fall by chance
	} {
		tr := trend.Compare(newServer().levels("pool", tt.levels...).dumps)
		if s := series(&tr, "pool"); has(s.Reasons, trend.Slows) != tt.slows {
			t.Errorf("%v is %s: %v", tt.levels, s.Verdict, s.Reasons)
		}
	}
}
