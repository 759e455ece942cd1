package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
)

// fleetOf is a dump of three processes of two versions, with two call sites.
func fleetOf(n int) goroutine.Dump {
	f := &goroutine.Fleet{Asked: 3}
	for i, version := range []string{"v1", "v1", "v2"} {
		f.Instances = append(f.Instances, goroutine.Instance{Name: fmt.Sprintf("web-%d", i+1), Goroutines: 10 + n, Labels: []goroutine.Pair{{Key: "instance", Value: fmt.Sprintf("web-%d", i+1)}, {Key: "job", Value: "shop"}, {Key: "version", Value: version}}})
	}
	d := goroutine.Dump{Source: "sd:shop.json", Level: goroutine.Debug1, Fleet: f}
	for function, counts := range map[string][]int{"main.leak": {0, 1, 20 * n}, "main.serve": {9, 9, 9}} {
		stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/app/x.go", Line: 7, Package: "main", Origin: goroutine.Main}}})
		b := goroutine.Bucket{ID: stack.ID(), Stack: stack, Spread: &goroutine.Spread{Fleet: f}}
		for i, n := range counts {
			b.Count += n
			b.Spread.Shares = append(b.Spread.Shares, goroutine.Share{Instance: i, N: n})
		}
		d.Goroutines += b.Count
		d.Buckets = append(d.Buckets, b)
	}
	slices.SortFunc(d.Buckets, func(a, b goroutine.Bucket) int { return b.Count - a.Count })
	return d
}

// TestFleetGroupings groups a fleet by its instances, and by the label that
// makes a difference.
func TestFleetGroupings(t *testing.T) {
	s := at(t, 120, 36, trend.One(fleetOf(5)))
	seen := map[string]bool{}
	for range 9 {
		seen[s.m.by] = true
		s.press("b")
		if s.m.by == "instance" {
			s.shows("3 groups by instance")
			s.shows("│ 100 goroutines ") // of main.leak, on web-3 alone
		}
	}
	if s.m.by != "stack" || !seen["instance"] || !seen["target:version"] || seen["target:job"] || seen["target:instance"] {
		t.Errorf("back at %s after %v", s.m.by, seen)
	}
}

// TestOver regroups a fleet over time by what its history knows, and says that
// it is no grouping of all.
func TestOver(t *testing.T) {
	dumps := []goroutine.Dump{fleetOf(1), fleetOf(2), fleetOf(3)}
	for i := range dumps {
		dumps[i].Source = fmt.Sprintf("pyroscope:http://h:4040 %d:00", i)
	}
	tr := trend.Compare(dumps)
	tr.By = "function"
	s := at(t, 80, 24, tr)
	var asked []string
	broken := error(nil)
	s.m.config.Over = &Over{
		Groupings: func() []string { return []string{"function", "package", "instance"} },
		Trend: func(by string, dumps []int) (trend.Trend, error) {
			asked = append(asked, fmt.Sprint(by, dumps))
			again := tr
			again.By = by
			return again, broken
		},
	}
	s.press("b")
	s.shows("pyroscope:http://h:4040 0:00 → 2:00 (+1 between)", "by package; over time not by stack, line, state or go statement")
	s.press("b", "b")
	if got := fmt.Sprint(asked); got != "[package[0 1 2] instance[0 1 2] function[0 1 2]]" || s.m.by != "function" {
		t.Errorf("asked for %s, by %s", got, s.m.by)
	}
	broken = errors.New("out of order")
	s.press("B")
	s.shows("out of order")
	if s.press("]"); len(s.m.looking) != 1 || len(asked) != 4 {
		t.Errorf("of one dump asked for %s", asked)
	}
}

// TestAsked shows how far the asking of a fleet is.
func TestAsked(t *testing.T) {
	m := newModel(t.Context(), Config{Names: []string{"sd:shop.json"}}, plain())
	s := &screen{t, m}
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	s.m.slow = true
	s.m.stepped(steppedMsg{asked: Asked{Done: 1200, Failed: 3, Of: 2400, What: "instances"}})
	for _, text := range []string{"asked 1 200 of 2 400 instances · 3 failed", " 50%"} {
		if !strings.Contains(s.m.View(), text) {
			t.Errorf("no %q in\n%s", text, s.m.View())
		}
	}
	if strings.Contains(s.m.View(), "MiB") {
		t.Error(s.m.View())
	}
}
