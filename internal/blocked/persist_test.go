package blocked_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gdump/internal/blocked"
)

// TestPersist: two goroutines wait for a lock behind a third, which sleeps.
func TestPersist(t *testing.T) {
	text, err := os.ReadFile("testdata/pattern/lock-across-sleep.txt")
	if err != nil {
		t.Fatal(err)
	}
	report := func(change ...string) *blocked.Report {
		return blocked.Analyze(read(t, []byte(strings.NewReplacer(change...).Replace(string(text)))), blocked.Options{})
	}
	before := report()
	r := &before.Resources[0]
	if len(r.Known) != 2 || len(r.Suspects) != 1 {
		t.Fatalf("%+v", r)
	}
	one, other := fmt.Sprintf("goroutine %d [", r.Known[0].ID), fmt.Sprintf("goroutine %d [", r.Known[1].ID)
	holder := fmt.Sprintf("goroutine %d [", r.Suspects[0].ID)
	for _, x := range []struct {
		name   string
		change []string
		apart  time.Duration
		want   string
		stuck  bool
	}{
		{"nothing moved", nil, time.Minute, "same 2, again 0, held true, changed false", true},
		{"one got it", []string{one, "goroutine 991 ["}, time.Minute, "same 1, again 0, held true, changed false", true},
		{"waits of another time", nil, time.Hour, "same 2, again 2, held true, changed false", false},
		{"just as long as the waits", nil, 4 * time.Minute, "same 2, again 0, held true, changed false", true},
		{"another holder", []string{holder, "goroutine 991 ["}, time.Minute, "same 2, again 0, held false, changed true", false},
		{"other waiters", []string{one, "goroutine 991 [", other, "goroutine 992 ["}, time.Minute, "same 0, again 0, held true, changed false", false},
		{"another lock", []string{"lockSlow(0x", "lockSlow(0x1"}, time.Minute, "", false},
		{"the address is not known", []string{"lockSlow(0x", "lockSlow(0x0?, 0x"}, time.Minute, "same 2, again 0, held true, changed false", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			var got strings.Builder
			stays := blocked.Persist(before, report(x.change...), x.apart)
			for _, s := range stays {
				got.WriteString(fmt.Sprintf("same %d, again %d, held %v, changed %v", len(s.Same), s.Again, s.Held, s.Changed))
				if s.Stuck() != x.stuck {
					t.Errorf("stuck: %v", s.Stuck())
				}
			}
			if got.String() != x.want {
				t.Errorf("got %q, want %q", got.String(), x.want)
			}
		})
	}
}
