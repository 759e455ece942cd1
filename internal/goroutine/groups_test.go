package goroutine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroups(t *testing.T) {
	tests := []struct {
		name   string
		bucket Bucket
		want   []Group
	}{
		{"nothing known", Bucket{Count: 3}, []Group{{N: 3}}},
		{"none", Bucket{}, nil},
		{
			"runnable ones have no wait",
			Bucket{Count: 5, States: []Count{{"select", 3}, {"runnable", 2}}, Waits: Waits{{0, 2}, {7, 3}}},
			[]Group{{N: 2, State: "runnable"}, {N: 3, State: "select", Wait: 7}},
		},
		{
			"labels that only some carry",
			Bucket{Count: 4, States: []Count{{"select", 4}}, Labels: []Label{{"a", []Count{{"x", 2}, {"y", 1}}}, {"b", []Count{{"z", 4}}}}},
			[]Group{
				{N: 2, State: "select", Labels: []Pair{{"a", "x"}, {"b", "z"}}},
				{N: 1, State: "select", Labels: []Pair{{"a", "y"}, {"b", "z"}}},
				{N: 1, State: "select", Labels: []Pair{{"b", "z"}}},
			},
		},
		{
			"locked and leaked",
			Bucket{Count: 2, Locked: 1, Leaked: 2},
			[]Group{{N: 1, Locked: true, Leaked: true}, {N: 1, Leaked: true}},
		},
		{
			"more values than goroutines",
			Bucket{Count: 1, Labels: []Label{{"a", []Count{{"x", 1}, {"y", 1}}}}},
			[]Group{{N: 1, Labels: []Pair{{"a", "x"}}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.bucket.Groups()); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}
