package report

import (
	"testing"

	"gdump/internal/trend"
	"gdump/internal/view"
)

// TestFirst: the noise follows the first rows, and takes no row's place in the
// list of all.
func TestFirst(t *testing.T) {
	a, b := &trend.Series{Name: "a"}, &trend.Series{Name: "b"}
	r := rows{series: []*trend.Series{a, b}, noise: &view.Noise{}}
	shown, more := r.first(1)
	if len(shown) != 2 || shown[0] != a || shown[1] != &r.noise.Row || more != 1 || r.series[1] != b {
		t.Errorf("got %v, %d more, of %v", shown, more, r.series)
	}
}
