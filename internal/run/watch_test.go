package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/run"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// fake is a process of a few stacks, asked without a network.
type fake struct {
	leaked, passing int
	born            int // ids begin here
	took            time.Duration
	memory          *source.Memory
	err             error
	asked           []time.Time
	full            int
}

func (f *fake) dump(ctx context.Context, text string) (*goroutine.Dump, error) {
	time.Sleep(f.took)
	if f.err != nil {
		return nil, f.err
	}
	dumps, err := parse.Read(ctx, strings.NewReader(text), parse.Options{})
	if err != nil {
		return nil, err
	}
	dumps[0].Source, dumps[0].TakenAt = fmt.Sprintf("%d.dump", f.full), time.Now()
	return &dumps[0], nil
}

func (f *fake) counts(ctx context.Context) (*goroutine.Dump, error) {
	f.asked = append(f.asked, time.Now())
	var text strings.Builder
	text.WriteString(fmt.Sprintf("goroutine profile: total %d\n", 1+f.leaked+f.passing))
	for name, n := range map[string]int{"main": 1, "leak": f.leaked, "pass": f.passing} {
		if n > 0 {
			text.WriteString(fmt.Sprintf("%d @ 0x4d\n#\t0x4d\tmain.%s+0x1d\t/app/main.go:9\n\n", n, name))
		}
	}
	return f.dump(ctx, text.String())
}

func (f *fake) fullDump(ctx context.Context) (*goroutine.Dump, error) {
	f.full++
	var text strings.Builder
	text.WriteString("goroutine 1 [select]:\nmain.main()\n\t/app/main.go:9 +0x1d\n")
	for i := range f.leaked {
		text.WriteString(fmt.Sprintf("\ngoroutine %d [chan receive]:\nmain.leak()\n\t/app/main.go:9 +0x1d\ncreated by main.main in goroutine 1\n\t/app/main.go:3 +0x1d\n", f.born+i))
	}
	return f.dump(ctx, text.String())
}

// watch runs a watch in fake time; step is called before each sample but the
// first.
func watch(t *testing.T, f *fake, o run.WatchOptions, step func(n int)) []run.Sample {
	t.Helper()
	var samples []run.Sample
	synctest.Test(t, func(t *testing.T) {
		o.Counts, o.Full = f.counts, f.fullDump
		if f.memory != nil {
			o.Memory = func(context.Context) (*source.Memory, error) { m := *f.memory; return &m, nil }
		}
		err := run.Watch(t.Context(), o, func(s run.Sample) {
			samples = append(samples, s)
			step(len(samples))
		})
		if err != nil {
			t.Error(err)
		}
	})
	return samples
}

func TestWatchGrowth(t *testing.T) {
	f := &fake{leaked: 9, born: 100}
	samples := watch(t, f, run.WatchOptions{Samples: 8}, func(n int) {
		if n == 2 {
			f.leaked = 250
		}
	})
	if f.full != 2 {
		t.Fatalf("%d full dumps, want one at the start and one of the growth", f.full)
	}
	s := samples[4] // the third that is up
	if s.Dump == nil || len(s.Grew) != 1 || s.Trend == nil || s.Trend.Series[0].Verdict != trend.Growing {
		t.Fatalf("no growth in sample 5: %s", s.Line())
	}
	if samples[2].Delta != 241 || !samples[2].HasDelta || samples[0].HasDelta {
		t.Errorf("deltas: %s / %s", samples[0].Line(), samples[2].Line())
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "2.dump"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := run.Evidence(dir, s.At, diagnose.Of(s.Trend, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.txt", "verdict.json", "2.dump"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := os.ReadFile(filepath.Join(folder, "verdict.json"))
	var document struct{ Kind string }
	if err != nil || json.Unmarshal(b, &document) != nil || document.Kind != "diff" {
		t.Errorf("verdict %s, %v", b, err)
	}
}

// TestWatchStored has a store of profiles that is asked more often than it gets
// one: a profile that it gives again confirms no growth.
func TestWatchStored(t *testing.T) {
	for _, tt := range []struct{ each, grew int }{{1, 5}, {2, 7}} { // looks for a profile, and the look that shows the growth
		grew := 0
		synctest.Test(t, func(t *testing.T) {
			f := &fake{leaked: 9, born: 100}
			looks := 0
			start := time.Now()
			o := run.WatchOptions{Samples: 10, Full: f.fullDump, Counts: func(ctx context.Context) (*goroutine.Dump, error) {
				if looks++; looks > 2 {
					f.leaked = 250
				}
				d, err := f.counts(ctx)
				if err == nil {
					at := start.Add(time.Duration((looks-1)/tt.each) * time.Minute)
					d.Fleet = &goroutine.Fleet{Asked: 1, Instances: []goroutine.Instance{{Name: "web-1", TakenAt: at}}}
				}
				return d, err
			}}
			if err := run.Watch(t.Context(), o, func(s run.Sample) {
				if len(s.Grew) > 0 && grew == 0 {
					grew = looks
				}
			}); err != nil {
				t.Error(err)
			}
		})
		if grew != tt.grew {
			t.Errorf("%d looks a profile: growth shown by look %d, want %d", tt.each, grew, tt.grew)
		}
	}
}

// TestWatchPassing has traffic that comes and goes: no reason for a full dump.
func TestWatchPassing(t *testing.T) {
	f := &fake{leaked: 9, born: 100}
	watch(t, f, run.WatchOptions{Samples: 20}, func(n int) { f.passing = n % 3 * 50 })
	if f.full != 1 {
		t.Errorf("%d full dumps, want the first one only", f.full)
	}
}

func TestWatchPace(t *testing.T) {
	for _, tt := range []struct {
		every, took, want time.Duration
	}{
		{0, 0, 10 * time.Second},
		{time.Millisecond, 0, time.Second},
		{2 * time.Second, 10 * time.Millisecond, 2 * time.Second},
		{2 * time.Second, 700 * time.Millisecond, 7 * time.Second}, // ten times what it took
	} {
		f := &fake{took: tt.took}
		watch(t, f, run.WatchOptions{Every: tt.every, Samples: 4}, func(int) {})
		if got := f.asked[3].Sub(f.asked[2]); got != tt.want {
			t.Errorf("every %s, took %s: asked again after %s, want %s", tt.every, tt.took, got, tt.want)
		}
	}
}

func TestWatchFailure(t *testing.T) {
	f := &fake{leaked: 9, born: 100}
	samples := watch(t, f, run.WatchOptions{Samples: 4}, func(n int) {
		f.err = map[int]error{1: errors.New("http://x: connection \"refused\"")}[n]
	})
	want := `2000-01-01T00:00:10Z error="http://x: connection 'refused'"`
	if got := samples[1].Line(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if samples[2].Err != nil || samples[2].Restarted || samples[2].Delta != 0 {
		t.Errorf("after the failure: %s", samples[2].Line())
	}
}

// TestWatchRestart restarts the process: with memory figures, which fall, and
// without, where the IDs of a full dump show it.
func TestWatchRestart(t *testing.T) {
	for _, memory := range []*source.Memory{nil, {TotalAlloc: 1000, NumGC: 7}} {
		f := &fake{leaked: 300, born: 1000, memory: memory}
		samples := watch(t, f, run.WatchOptions{Samples: 5}, func(n int) {
			switch n {
			case 2:
				f.leaked, f.born = 5, 10
				if memory != nil {
					f.memory = &source.Memory{TotalAlloc: 10}
				}
			}
		})
		for i, s := range samples {
			if want := i == 2; s.Restarted != want {
				t.Errorf("memory %v, sample %d: restarted %v, want %v", memory != nil, i+1, s.Restarted, want)
			}
		}
		if samples[2].Dump == nil || samples[2].HasDelta {
			t.Errorf("no dump of the new life, or a delta to the old one: %s", samples[2].Line())
		}
	}
}

func TestWatchAsked(t *testing.T) {
	f := &fake{leaked: 1, born: 100}
	synctest.Test(t, func(t *testing.T) {
		ask := make(chan struct{}, 1)
		var samples []run.Sample
		err := run.Watch(t.Context(), run.WatchOptions{Samples: 3, Ask: ask, Counts: f.counts, Full: f.fullDump}, func(s run.Sample) {
			if samples = append(samples, s); len(samples) == 1 {
				ask <- struct{}{}
			}
		})
		if err != nil || samples[1].Dump == nil || !samples[1].At.Equal(samples[0].At) {
			t.Errorf("asked for, but got %s, %v", samples[1].Line(), err)
		}
	})
}

func TestLine(t *testing.T) {
	d := goroutine.Dump{}
	s := run.Sample{
		At: time.Date(2014, 6, 24, 19, 50, 53, 0, time.UTC), Goroutines: 250, Delta: 241, HasDelta: true, Buckets: 17, Counts: &d,
		Top: &goroutine.Bucket{Count: 241, Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: "main.\x1bleak", File: "/app/main.go", Line: 9}}})},
	}
	want := `2014-06-24T19:50:53Z goroutines=250 delta=+241 buckets=17 top="241 main.\x1bleak main.go:9"`
	if got := s.Line(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.Memory = &source.Memory{Alloc: 1, TotalAlloc: 2, HeapAlloc: 3, Sys: 4, NumGC: 5}
	if got := s.Line(); got != want+" alloc=1 totalAlloc=2 heapAlloc=3 sys=4 numGC=5" {
		t.Error(got)
	}
}

// TestWatchThreshold holds what counts as growth: a quarter more, and ten
// more, for three looks in a row.
func TestWatchThreshold(t *testing.T) {
	for _, tt := range []struct {
		from  int
		then  []int // at the looks after the first
		dumps int
	}{
		{9, []int{18, 18, 18, 18}, 1},
		{9, []int{19, 19, 19, 9}, 2},
		{100, []int{124, 124, 124, 124}, 1},
		{100, []int{125, 125, 125, 100}, 2},
		{100, []int{200, 200, 100, 200, 200, 100}, 1}, // never three in a row
		{100, []int{200, 200, 124, 200}, 1},
		{100, []int{200, 125, 125, 100}, 2},
		{100, []int{50, 50, 50, 100}, 1},
	} {
		f := &fake{leaked: tt.from, born: 100, memory: &source.Memory{TotalAlloc: 1}} // it is known not to restart
		watch(t, f, run.WatchOptions{Samples: 1 + len(tt.then)}, func(n int) {
			if n <= len(tt.then) {
				f.leaked = tt.then[n-1]
			}
		})
		if f.full != tt.dumps {
			t.Errorf("%d, then %v: %d full dumps, want %d", tt.from, tt.then, f.full, tt.dumps)
		}
	}
}

// TestWatchUnreachable ends with the error if no look worked, and takes the
// first dump as soon as one can be had.
func TestWatchUnreachable(t *testing.T) {
	down := errors.New("down")
	never := func(context.Context) (*goroutine.Dump, error) { return nil, down }
	synctest.Test(t, func(t *testing.T) {
		if err := run.Watch(t.Context(), run.WatchOptions{Samples: 3, Counts: never, Full: never}, func(run.Sample) {}); !errors.Is(err, down) {
			t.Errorf("no look worked: %v", err)
		}
	})
	f := &fake{leaked: 9, err: down}
	samples := watch(t, f, run.WatchOptions{Samples: 5, Every: time.Minute}, func(n int) {
		if n == 2 {
			f.err = nil
		}
	})
	if samples[1].Err == nil || samples[2].Dump == nil || samples[3].Dump != nil {
		t.Errorf("%s / %s / %s", samples[1].Line(), samples[2].Line(), samples[3].Line())
	}
	for i, s := range samples[1:] {
		if !s.At.Equal(samples[i].Next) {
			t.Errorf("look %d at %s, announced for %s", i+1, s.At, samples[i].Next)
		}
	}
	// Where only the full dump fails, it is asked for again.
	fails := 2
	f = &fake{leaked: 9}
	synctest.Test(t, func(t *testing.T) {
		full := func(ctx context.Context) (*goroutine.Dump, error) {
			if fails--; fails >= 0 {
				return nil, down
			}
			return f.fullDump(ctx)
		}
		var got []run.Sample
		err := run.Watch(t.Context(), run.WatchOptions{Samples: 4, Counts: f.counts, Full: full}, func(s run.Sample) { got = append(got, s) })
		if err != nil || got[0].DumpErr == nil || got[2].Dump == nil || got[3].Dump != nil {
			t.Errorf("%v; %s / %s", err, got[0].Line(), got[2].Line())
		}
	})
}
