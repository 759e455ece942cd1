package diagnose

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
)

// read reads dumps of the corpus, ten minutes apart if they tell no time.
func read(t *testing.T, names ...string) []goroutine.Dump {
	t.Helper()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var dumps []goroutine.Dump
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		for j := range d {
			d[j].Source = name
			d[j].TakenAt = start.Add(time.Duration(i) * 10 * time.Minute)
		}
		dumps = append(dumps, d...)
	}
	return dumps
}

func TestHeadline(t *testing.T) {
	leak := read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v1.t2.debug2.txt")
	all := map[string]trend.Trend{
		"one":     trend.One(read(t, "server/nats.b.debug2.txt")[0]),
		"leaked":  trend.One(read(t, "gen126/leak_goroutineleak.debug2.txt")[0]),
		"leak3":   trend.Compare(leak),
		"leak2":   trend.Compare(leak[:2]),
		"levels":  trend.Compare(read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug1.txt", "leakpair/v1.t2.debug0.pb.gz")),
		"builds":  trend.Compare(read(t, "leakpair/v1.t1.debug2.txt", "leakpair/v2.t1.debug2.txt")),
		"restart": trend.Compare(read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v2.t0.debug2.txt", "leakpair/v2.t1.debug2.txt", "leakpair/v2.t2.debug2.txt")),
		"healthy": trend.Compare(read(t, "server/prometheus.a.debug2.txt", "server/prometheus.b.debug2.txt")),
	}
	all["proved"] = trend.One(read(t, "gen126/leak_goroutineleak.debug1.txt")[0])
	all["panic"] = trend.One(read(t, "gen126/zoo126_recovered_single.txt")[0])
	all["served"] = trend.Compare(read(t, "gen126/nethttp_panic_serving.log"))
	all["deadlock"] = trend.One(read(t, "gen126/misc_deadlock.txt")[0])
	all["timeout"] = trend.One(read(t, "gen126/gotest_timeout.txt")[0])
	all["steady"] = trend.Compare(read(t, "gen126/leak_goroutineleak.debug2.txt", "gen126/leak_goroutineleak.debug1.txt", "gen126/leak_goroutineleak.debug2.txt"))
	tests := []struct {
		name string
		want []string // parts, in order
	}{
		{"leak3", []string{"accumulating: main.(*Server).query.func1 +1 450 (50 → 1 500)", "; 73 a minute, none finished, blocked sending to a channel\nyour code (package main), started by main.(*Server).query at main.go:31; ", "passes 100 000 in", "and 1 000 000 in", "1 more place accumulates; 5 more places grow"}},
		{"leak2", []string{"+450 (50 → 500)", "only two dumps: could be a pool warming up; take a third"}},
		{"levels", []string{"+1 450 (50 → 1 500)", "what would decide: dumps with goroutine IDs (debug=2)"}},
		{"restart", []string{"main.(*Server).locked", "2 process lifetimes; each gains about", " a minute; the restarts keep it under 300"}},
		{"healthy", []string{"nothing accumulates: 24 → 41 goroutines; the largest growth is +2 in scrape.(*scrapeLoop).run (new)"}}, // not idle connections
		{"builds", []string{"gone: main.(*Server).query.func1 500 → 0; another build; 750 → 250 goroutines in all\nyour code (package main), started by main.(*Server).query at main.go:31"}},
		{"one", []string{"most goroutines (12) are in server.(*client).readLoop, waiting for I/O"}},
		{"leaked", []string{"leaked: 5 goroutines in 2 places, most (3) in main.leakMutex.func1, proven leaked by the garbage collector", "your code (package main)", "most goroutines (7) are in"}},
		{"panic", []string{"panic: first [recovered]; panic: second first; panic: third\n", "in main.main at main.go:342, your code (package main)"}},
		{"served", []string{"panic serving 127.0.0.1:39020: assignment to entry in nil map\n", "in main.main.func2 at main.go:309, your code (package main)", "the last of 2 dumps that show one goroutine each, all in main.main.func2"}},
		{"deadlock", []string{"fatal error: all goroutines are asleep - deadlock!\n1 goroutine in main.main at main.go:32, waiting for a wait group; 1 goroutine in main.main.func2 at main.go:29, blocked receiving from a channel; 1 goroutine in main.main.func1 at main.go:28, waiting for a mutex"}},
		{"timeout", []string{"panic: test timed out after 1s; running tests: TestHang/sub/x (1s), TestHang/sub/y (1s)\nTestHang.func1 is sleeping in ttimeout.TestHang.func1 at a_test.go:6; TestHang.func2 is blocked receiving from a channel in ttimeout.TestHang.func2 at a_test.go:7"}},
		{"proved", []string{"3 goroutines wait for a mutex at main.go:26 and no goroutine holds it (proven)", "leaked: 5 goroutines in 2 places", "your code (package main)"}},
		{"steady", []string{"leaked: 5 goroutines in 2 places", "nothing accumulates: 20 → 20 goroutines"}},
	}
	for _, tt := range tests {
		tr := all[tt.name]
		rest := strings.Join(Of(&tr, nil).Headline(), "\n")
		for _, part := range tt.want {
			_, after, ok := strings.Cut(rest, part)
			if !ok {
				t.Errorf("%s: no %q in\n%s", tt.name, part, strings.Join(Of(&tr, nil).Headline(), "\n"))
				break
			}
			rest = after
		}
	}
}

// TestLoneCrash: of one goroutine there is no largest bucket to tell.
func TestLoneCrash(t *testing.T) {
	tr := trend.One(read(t, "gen126/nethttp_panic_serving.log")[1])
	want := []string{
		"panic serving 127.0.0.1:39020: assignment to entry in nil map",
		"in main.main.func2 at main.go:309, your code (package main), started by http.(*Server).Serve at server.go:3464",
	}
	if diff := cmp.Diff(want, Of(&tr, nil).Headline()); diff != "" {
		t.Error(diff)
	}
}

// TestCrashLog: crashes that show one goroutine count, though nothing is compared
// with them.
func TestCrashLog(t *testing.T) {
	tr := trend.Compare(read(t, "gen126/misc_deadlock.txt", "gen127/zoo127_panic.txt", "gen126/misc_deadlock.txt", "gen127/zoo127_panic.txt", "gen127/zoo127_panic.txt"))
	const want = "5 crashes of 2 kinds, the last and most frequent (3): panic: "
	if got := Of(&tr, nil).Headline(); !strings.HasPrefix(got[0], want) {
		t.Errorf("got %s, want %s…", got[0], want)
	}
}

// TestEnded: one that came after the first dump and went before the last has
// ended, though neither shows it.
func TestEnded(t *testing.T) {
	var dumps []goroutine.Dump
	for _, ids := range [][]int{{0, 0}, {100, 130}, {101, 160}, {101, 190}} {
		text := bytes.NewBufferString("goroutine 1 [sleep]:\nmain.main()\n\t/app/main.go:9 +0x1d\n")
		for id := ids[0]; id < ids[1]; id++ {
			fmt.Fprintf(text, "\ngoroutine %d [chan send]:\nmain.leak()\n\t/app/main.go:20 +0x2a\ncreated by main.main in goroutine 1\n\t/app/main.go:8 +0x1b\n", id)
		}
		d, err := parse.Read(t.Context(), text, parse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, d...)
	}
	tr := trend.Compare(dumps)
	if got := strings.Join(Of(&tr, nil).Headline(), "\n"); !strings.HasPrefix(got, "accumulating: main.leak +89 (0 → 89); ") || !strings.Contains(got, ", 1 finished, ") {
		t.Error(got)
	}
}

// TestOwner: code of a dependency is told with its version and with the place
// in the program that called it.
func TestOwner(t *testing.T) {
	b := goroutine.Bucket{Stack: goroutine.NewStack(goroutine.Parts{
		Frames: []goroutine.Frame{
			{Function: "github.com/x/y.(*Conn).deliver", File: "/m/conn.go", Line: 88, Package: "github.com/x/y", Module: "github.com/x/y@v1.2.3", Origin: goroutine.Dependency},
			{Function: "main.(*Hub).connect", File: "/app/pool.go", Line: 41, Package: "main", Origin: goroutine.Main},
		},
		CreatedBy: goroutine.Frame{Function: "main.main", File: "/app/main.go", Line: 9, Package: "main", Origin: goroutine.Main},
	})}
	want := "in github.com/x/y v1.2.3, called from your pool.go:41, started by your main.main at main.go:9"
	if got := whose(&b); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
