package trend_test

import (
	"testing"

	"gdump/internal/trend"
)

// up lets a server run for so many rounds before its first dump, each of which
// starts so many of a group, and then takes the dumps of as many more rounds.
func up(before []int, between ...int) *server {
	s := newServer()
	for _, n := range before {
		s.ids += 100
		s.start("pool", n)
	}
	s.dump()
	for _, n := range between {
		s.start("pool", n)
		s.dump()
	}
	return s
}

// TestPast: ids say when goroutines were started that the first dump shows.
func TestPast(t *testing.T) {
	tests := map[string]struct {
		server *server
		want   trend.Verdict
		why    trend.ReasonKind
	}{
		"filled before":            {up([]int{12, 10, 9, 7, 6, 5, 4, 3}, 2, 2, 2), trend.Growing, trend.Slows},
		"as many before":           {up([]int{2, 2, 2, 2, 2, 2, 2, 2}, 2, 2, 2), trend.Accumulating, ""},
		"more slowly before":       {up([]int{1, 0, 0, 0, 0, 0, 0, 0}, 7, 8, 7), trend.Accumulating, ""},
		"slow by chance":           {up([]int{3, 2, 3, 2, 3, 3, 2, 3}, 5, 2, 1), trend.Accumulating, ""},
		"slow":                     {up(nil, 50, 20, 10), trend.Growing, trend.Slows},
		"few of many":              {up([]int{2, 3, 2, 3, 2, 3, 2, 2}, 2, 0, 3), trend.Accumulating, ""},
		"few of many at once":      {up([]int{19, 0, 0, 0, 0, 0, 0, 0}, 2, 0, 3), trend.Growing, trend.FewRounds},
		"a step":                   {up([]int{2, 3, 2, 3, 2, 3, 2, 2}, 0, 0, 5), trend.Growing, trend.FewRounds},
		"few":                      {up([]int{1, 1, 1, 1, 1, 1, 1, 1}, 1, 2, 1), trend.Accumulating, ""},
		"few, of which some began": {up([]int{4, 0, 0, 0, 0, 0, 0, 0}, 1, 2, 1), trend.Growing, trend.FewMore},
	}
	for name, tt := range tests {
		tr := trend.Compare(tt.server.dumps)
		s := series(&tr, "pool")
		if s.Verdict != tt.want || tt.why != "" && !has(s.Reasons, tt.why) {
			t.Errorf("%s: %v is %s, want %s: %v", name, s.Counts, s.Verdict, tt.want, s.Reasons)
		}
	}
}
