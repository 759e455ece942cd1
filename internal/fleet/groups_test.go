package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// TestGroupings has a service of two versions, of which the second leaks on
// three of five instances: each grouping keeps what is known of them.
func TestGroupings(t *testing.T) {
	t.Parallel()
	w := world{instances: 5, leaking: 3, steps: 24, every: time.Hour, rate: 10, leakFrom: 6, swing: 0.3}
	h := w.history(1)
	if got := fmt.Sprint(h.Groupings()); got != "[function package module instance target:version]" {
		t.Error(got)
	}
	of := func(b *goroutine.Bucket) []goroutine.Count {
		return []goroutine.Count{{Name: b.Stack.Site().Package, N: b.Count}}
	}
	plain := h.Trend()
	total := func(tr trend.Trend, k int) int {
		n := 0
		for _, s := range tr.Series {
			n += s.Counts[k]
		}
		return n
	}
	for by, want := range map[string][]string{
		"package":        {"main accumulating 3 of 5"},
		"instance":       {"web-1 accumulating 1 of 1", "web-2 accumulating 1 of 1", "web-3 accumulating 1 of 1", "web-4", "web-5"},
		"target:version": {"v2 accumulating 3 of 5 since version v2", "v1"},
		"target:none":    {"(none) accumulating 3 of 5"},
	} {
		tr, err := h.By(by, of)
		if err != nil || tr.By != by || len(tr.Series) != len(want) || tr.Outcome.Kind != trend.Leaking {
			t.Errorf("%s: %v, by %s, %d series, %v", by, err, tr.By, len(tr.Series), tr.Outcome)
			continue
		}
		var names []string
		for _, s := range tr.Series {
			name := s.Name
			if s.Verdict == trend.Accumulating {
				name += fmt.Sprintf(" %s %d of %d", s.Verdict, s.Instances.N, s.Instances.Of)
				if s.Instances.PerHour < 10 || s.Instances.Since.IsZero() || s.Instances.Most == 0 || s.Instances.Worst == "" {
					t.Errorf("%s: %+v", by, s.Instances)
				}
			}
			if by == "target:version" && s.Instances.Version != "" {
				name += " since " + s.Instances.Version
			}
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", by, names, want)
		}
		for _, k := range []int{0, 23} {
			if got, want := total(tr, k), plain.Dumps[k].Goroutines; got != want {
				t.Errorf("%s: %d goroutines in step %d, want %d", by, got, k, want)
			}
		}
	}
	_, err := h.By("created-by", of)
	if err == nil || !strings.Contains(err.Error(), "kept by call site") || !strings.Contains(err.(*source.Error).Hint, "package") {
		t.Error(err)
	}
}

// TestSomeMoments judges a part of a history: the hours before the leak show
// none.
func TestSomeMoments(t *testing.T) {
	t.Parallel()
	w := world{instances: 5, leaking: 5, steps: 24, every: time.Hour, rate: 10, leakFrom: 12, swing: 0.3}
	h := w.history(1)
	for from, leaks := range map[int]bool{0: false, 12: true} {
		var dumps []int
		for i := range 12 {
			dumps = append(dumps, from+i)
		}
		tr := h.Of(dumps).Trend()
		if len(tr.Dumps) != 12 || !tr.Dumps[0].TakenAt.Equal(h.From.Add(time.Duration(from)*time.Hour)) || (tr.Outcome.Kind == trend.Leaking) != leaks {
			t.Errorf("from %d: %d dumps from %s, %v", from, len(tr.Dumps), tr.Dumps[0].TakenAt, tr.Outcome)
		}
	}
	if h.Of([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}) != h {
		t.Error("all moments are the history itself")
	}
}
