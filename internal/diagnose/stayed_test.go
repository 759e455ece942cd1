package diagnose

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestStayed compares two dumps of a process: the same goroutines wait for a lock
// behind the same holder, behind another one, and others wait.
func TestStayed(t *testing.T) {
	text, err := os.ReadFile("../blocked/testdata/holder-begin-end/debug2.txt")
	if err != nil {
		t.Fatal(err)
	}
	const pile, busy = "8 goroutines wait for the mutex of a knots.Slot; goroutine ", "nothing accumulates: "
	waiter := regexp.MustCompile(`goroutine (\d+) \[sync\.Mutex`)
	others := func(s string) string { return waiter.ReplaceAllString(s, "goroutine 77$1 [sync.Mutex") }
	for _, tt := range []struct {
		name   string
		change func(string) string
		apart  time.Duration
		first  string
		says   string
	}{
		{"nothing moved", nil, time.Minute, pile, "8 of them waited for it in the dump before, too"},
		{"at an unknown time", nil, 0, pile, "8 of them waited for it in the dump before, too"},
		{"long ago, waits have begun since", nil, time.Hour, busy, ""},
		{"another holder", func(s string) string { return strings.ReplaceAll(s, "goroutine 9 [", "goroutine 999 [") }, time.Minute, busy, ""},
		{"all are others", others, time.Minute, busy, ""},
	} {
		before, after := parsed(t, text)[0], text
		if tt.change != nil {
			after = []byte(tt.change(string(text)))
		}
		now := parsed(t, after)[0]
		before.Source, now.Source = "before", "now"
		if tt.apart > 0 {
			before.TakenAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			now.TakenAt = before.TakenAt.Add(tt.apart)
		}
		tr := trend.Compare([]goroutine.Dump{before, now})
		lines := Of(&tr, nil).Headline()
		if !strings.HasPrefix(lines[0], tt.first) || !strings.Contains(strings.Join(lines, "\n"), tt.says) {
			t.Errorf("%s: %s", tt.name, strings.Join(lines, "\n"))
		}
	}
}
