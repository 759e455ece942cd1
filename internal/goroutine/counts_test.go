package goroutine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCounts adds counts and waits: names that are there already grow, the most
// frequent comes first, of equals the first by name.
func TestCounts(t *testing.T) {
	sum := AddCounts(nil, []Count{{"b", 1}, {"a", 1}})
	sum = AddCounts(sum, []Count{{"c", 3}, {"b", 1}})
	want := []Count{{"c", 3}, {"b", 2}, {"a", 1}}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("AddCounts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, CountsOf(map[string]int{"a": 1, "b": 2, "c": 3})); diff != "" {
		t.Errorf("CountsOf (-want +got):\n%s", diff)
	}
	if got := CountsOf(nil); got != nil {
		t.Errorf("CountsOf(nil) is %v", got)
	}
	waits := Waits{{2, 1}}.Add(Waits{{5, 1}, {2, 3}}).Add(Waits{{0, 7}})
	if diff := cmp.Diff(Waits{{0, 7}, {2, 4}, {5, 1}}, waits); diff != "" {
		t.Errorf("Add (-want +got):\n%s", diff)
	}
}
