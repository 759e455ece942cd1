package ui

import (
	"errors"
	"slices"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestWorst takes the full dump of the instance that has most, once the user
// knows what it costs.
func TestWorst(t *testing.T) {
	f := &goroutine.Fleet{Asked: 2, Instances: []goroutine.Instance{{Name: "web-1", Goroutines: 3}, {Name: "web-\x1b2", Goroutines: 1300}}}
	stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: "main.leak", File: "/app/leak.go", Line: 7, Package: "main", Origin: goroutine.Main}}})
	b := goroutine.Bucket{ID: stack.ID(), Stack: stack, Count: 1204, Spread: &goroutine.Spread{Fleet: f, Shares: []goroutine.Share{{Instance: 0, N: 3}, {Instance: 1, N: 1201}}}}
	one := trend.One(goroutine.Dump{Source: "k8s:shop/app=web", Level: goroutine.Debug1, Goroutines: 1303, Fleet: f, Buckets: []goroutine.Bucket{b}})
	s := at(t, 120, 36, one, "D")
	s.shows("works only for the processes of a fleet")
	var from, to string
	broken := error(nil)
	s.m.config.Worst = &Worst{
		Cost: func(n int) string {
			if n != 1300 {
				t.Errorf("cost of %d goroutines", n)
			}
			return "80ms"
		},
		Take: func(instance, folder string) (string, error) {
			from, to = instance, folder
			return folder + "/web-2.dump", broken
		},
	}
	s.press("D")
	s.shows(`full dump of web-\x1b2 (1 201 here): stops it for about 80ms; to folder: .`)
	if s.press("esc"); from != "" {
		t.Error("taken although nobody agreed")
	}
	if s.press("D", "enter"); from != "web-\x1b2" || to != "." {
		t.Errorf("took %q to %q", from, to)
	}
	s.shows("is in ./web-2.dump")
	broken = errors.New("disk full")
	s.press("D", "enter")
	s.shows("error: disk full")
}

// TestWorstOfGroups takes the full dump of an instance, or of the largest with a
// label, from the rows that group by these.
func TestWorstOfGroups(t *testing.T) {
	d := fleetOf(5)
	d.Fleet.Instances[1].Goroutines = 99 // of the two of one version
	s := at(t, 120, 36, trend.One(d))
	var from []string
	s.m.config.Worst = &Worst{
		Cost: func(int) string { return "80ms" },
		Take: func(instance, _ string) (string, error) { from = append(from, instance); return "x.dump", nil },
	}
	for range 9 {
		s.press("b")
		if s.m.by == "instance" || s.m.by == "target:version" {
			s.press("D", "enter", "down", "D", "enter")
		}
	}
	if want := []string{"web-3", "web-2", "web-3", "web-2"}; !slices.Equal(from, want) {
		t.Errorf("took %q, want %q", from, want)
	}
}

// TestLongPrompt: what is typed and what for stay in sight on a narrow screen.
func TestLongPrompt(t *testing.T) {
	d := fleetOf(5)
	d.Fleet.Instances[2].Name = "shop/web-7d9f6c5b8-x2x4q:6060"
	s := at(t, 80, 24, trend.One(d))
	s.m.config.Worst = &Worst{Cost: func(int) string { return "80ms" }}
	s.press("D")
	s.shows("full dump of shop/web-7d9…60 (100 here): stops it for about 80ms")
	s.shows("to folder: .▏")
	for range 30 {
		s.press("a", "/", "z")
	}
	s.shows("to folder: …")
	s.shows("a/za/z▏")
}
