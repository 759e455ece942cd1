package parse

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/unwrap/wrappings"

	"github.com/google/go-cmp/cmp"
)

// same compares all that is exported, and the ids one by one.
var same = cmp.Options{cmp.Transformer("ids", func(s goroutine.IDs) []uint64 {
	var ids []uint64
	for id := range s.All() {
		ids = append(ids, id)
	}
	return ids
})}

func readBlocks(t *testing.T, data []byte, size, workers int) []goroutine.Dump {
	t.Helper()
	r := newReader(t.Context(), size, Options{Workers: workers}, &counted{})
	dumps, err := r.dumps(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return dumps
}

// TestBlocks reads the corpus with several block sizes and numbers of workers:
// the result must not tell one from another, nor from a read of the whole text
// line by line.
func TestBlocks(t *testing.T) {
	for _, row := range readTruth(t) {
		if row.kind == "pb" || row.kind == "debug1" || strings.HasSuffix(row.file, ".gz") {
			continue
		}
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(*corpus, row.file))
			if err != nil {
				t.Fatal(err)
			}
			want := readBlocks(t, data, len(data)+1, 1) // one short block: all through the machine
			for _, size := range []int{97, 1000, 4096, 65536} {
				if diff := cmp.Diff(want, readBlocks(t, data, size, 1+size%3), same); diff != "" {
					t.Fatalf("blocks of %d bytes (-line by line +blocks):\n%s", size, diff)
				}
			}
		})
	}
}

func read(t *testing.T, text string) []goroutine.Dump {
	t.Helper()
	dumps, err := Read(t.Context(), strings.NewReader(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return dumps
}

func TestBuckets(t *testing.T) {
	var b strings.Builder
	for i := 1; i <= 300; i++ {
		fmt.Fprintf(&b, "goroutine %d [chan receive, %d minutes]:\nmain.work(0x%x, {0xc000?, 0x%d})\n\t/src/app/main.go:12 +0x%x\n", i, i%9, i, i, i)
		fmt.Fprintf(&b, "created by main.start in goroutine %d\n\t/src/app/main.go:30 +0x%x\n\n", i+1000, i)
	}
	dumps := read(t, b.String())
	if len(dumps) != 1 || len(dumps[0].Buckets) != 1 {
		t.Fatalf("got %d dumps, want one dump of one bucket", len(dumps))
	}
	got := dumps[0].Buckets[0]
	if got.Count != 300 || got.Waits.Min() != 0 || got.Waits.Max() != 8 || got.IDs.Len() != 300 {
		t.Errorf("count %d, waits %d to %d, %d ids", got.Count, got.Waits.Min(), got.Waits.Max(), got.IDs.Len())
	}
	if by := got.Stack.CreatedBy(); by.Function != "main.start" || by.Line != 30 {
		t.Errorf("created by %+v", by)
	}
}

func TestDamage(t *testing.T) {
	good := "goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\n"
	tests := map[string]struct {
		text      string
		count     int
		truncated bool
		problem   string
	}{
		"whole":            {good, 1, false, ""},
		"cut in a frame":   {good + "goroutine 7 [select]:\nmain.f()\n\t/a/ma", 2, true, "ends within goroutine 7"},
		"cut in a name":    {good + "goroutine 7 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\nmain.g", 2, true, "ends within goroutine 7"},
		"cut in a header":  {good + "goroutine 7 [sel", 1, true, "line 5: the text ends within the header of a goroutine: goroutine 7 [sel"},
		"cut in a word":    {good + "gor", 1, true, "line 5: the text ends within the header of a goroutine: gor"},
		"cut in a number":  {good + "goroutine 12", 1, true, "line 5: the text ends within the header of a goroutine: goroutine 12"},
		"main's own end":   {"goroutine 7 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n\ngoroutine 1 [select]:\nmain.init.0()\n\t/a/main.go:3 +0x1\n", 2, false, ""},
		"frames in a log":  {wrappings.Before("web-1  | ")("goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\n" + oneFrame + oneFrame), 1, false, "2 frames without the header of their goroutine"},
		"panic in a stack": {"goroutine 7 [select]:\n" + oneFrame + "panic: main.f(0x1)\n\t/a/main.go:8 +0x1\n\n" + good, 1, false, ""},
		"no place":         {"goroutine 7 [select]:\nmain.g(0x1)\n" + oneFrame + "\n" + good, 2, false, "line 2: goroutine 7 has an unreadable line: main.g(0x1)"},
		"no header":        {"goroutine 7 [select]:\n" + oneFrame + "goroutine 5 is stuck\n" + oneFrame + "\n" + good, 2, false, ""},
		"no creators":      {"goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\ngoroutine 8 [select]:\nmain.g()\n\t/a/main.go:3 +0x1\n", 2, false, ""},
		"cut in its lines": {"goroutine 7 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n\ngoroutine 8 [select]:\nmain.g()\n\t/a/main.go:3 +0x1\n", 2, true, "ends within goroutine 8"},
		"another word":     {good + "goodbye", 1, false, ""},
		"after a log":      {good + "exit status 2\ngo", 1, false, ""},
		"bad header":       {good + "goroutine 7 [select:\nmain.f()\n\t/a/main.go:8 +0x1\n\n" + good[:0] + "goroutine 9 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n", 2, false, "line 5: bad goroutine header"},
		"no frames":        {good + "goroutine 7 [select]:\n\ngoroutine 9 [select]:\nmain.f()\n\t/a/main.go:8 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n", 3, false, "line 5: goroutine 7 has no frames"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := read(t, tt.text)[0]
			if d.Goroutines != tt.count || d.Truncated != tt.truncated {
				t.Errorf("got %d goroutines, truncated %v; want %d, %v", d.Goroutines, d.Truncated, tt.count, tt.truncated)
			}
			var all strings.Builder
			for _, p := range d.Problems {
				fmt.Fprintf(&all, "line %d: %s\n", p.Line, p.Message)
			}
			if !strings.Contains(all.String(), tt.problem) || tt.problem == "" && all.Len() > 0 {
				t.Errorf("problems %q, want %q", all.String(), tt.problem)
			}
		})
	}
}

// TestPrograms reads crashes of different programs from one log: what is a
// program's own is decided for each.
func TestPrograms(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"a", "b", "a", "c"} {
		fmt.Fprintf(&b, "panic: boom\n\ngoroutine 1 [running]:\nexample.com/%[1]s/x.F()\n\texample.com/%[1]s@v1.0.0/x/x.go:3 +0x1\nexample.com/other/x.F()\n\texample.com/other@v1.0.0/x/x.go:3 +0x1\nmain.main()\n\texample.com/%[1]s@v1.0.0/main.go:3 +0x1\nexit status 2\n", name)
	}
	dumps := read(t, b.String())
	if len(dumps) != 4 {
		t.Fatalf("%d dumps", len(dumps))
	}
	for i := range dumps {
		var got []goroutine.Origin
		for f := range dumps[i].Buckets[0].Stack.All() {
			got = append(got, f.Origin)
		}
		if want := []goroutine.Origin{goroutine.Main, goroutine.Dependency, goroutine.Main}; !slices.Equal(got, want) {
			t.Errorf("dump %d: %v, want %v", i, got, want)
		}
	}
}

// TestGoVersion: the runtime's files decide, and only without them another's.
func TestGoVersion(t *testing.T) {
	d := read(t, "goroutine 1 [running]:\nruntime.gopark()\n\t/usr/lib/go-1.22/src/runtime/proc.go:3 +0x1\nnet/http.F()\n\t/opt/go-1.19/src/net/http/server.go:3 +0x1\nmain.main()\n\t/a/main.go:3 +0x1\n")[0]
	if d.GoVersion != "go1.22" {
		t.Errorf("got %q", d.GoVersion)
	}
}

// TestShownAgain: a goroutine that a crash shows first without its frames
// counts once, with its labels and its address.
func TestShownAgain(t *testing.T) {
	head := "goroutine 9 gp=0xc000002380 m=nil [running] {k: v}:\n"
	d := read(t, "fatal error: bad\n\n"+head+"\tgoroutine running on other thread; stack unavailable\ncreated by main.main\n\t/a/main.go:2 +0x1\n\n-----\n\n"+
		head+"main.g()\n\t/a/main.go:9 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n")[0]
	if len(d.Buckets) != 1 || d.Goroutines != 1 || len(d.Buckets[0].Labels) != 1 || d.Buckets[0].Labels[0].Values[0].N != 1 {
		t.Errorf("%+v", d)
	}
}

// TestShownInOneStack: both are in one bucket as long as neither has frames: what counts is what is left.
func TestShownInOneStack(t *testing.T) {
	var text strings.Builder
	for _, id := range []string{"9", "10"} {
		text.WriteString("goroutine " + id + " gp=0xc000002380 m=nil [running] {k: v}:\n\tgoroutine running on other thread; stack unavailable\ncreated by main.main\n\t/a/main.go:2 +0x1\n\n")
	}
	d := read(t, "fatal error: bad\n\n"+text.String()+"-----\n\ngoroutine 9 gp=0xc000002380 m=nil [running] {k: v}:\nmain.g()\n\t/a/main.go:9 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n")[0]
	if len(d.Buckets) != 2 || d.Goroutines != 2 {
		t.Fatalf("%+v", d)
	}
	for _, k := range d.Buckets {
		if k.IDs.Len() != 1 || len(k.Labels) != 1 || k.Labels[0].Values[0].N != 1 {
			t.Errorf("%+v", k)
		}
	}
}

// TestAddresses: waiters of one lock have its address in common.
func TestAddresses(t *testing.T) {
	one := "sync.(*Mutex).lockSlow(0xc000010000, 0x1)\n\t/s/mutex.go:9 +0x1\nmain.f(0xc000020000)\n\t/a/main.go:8 +0x1\n\n"
	k := read(t, "goroutine 7 [sync.Mutex.Lock]:\n"+one+"goroutine 8 [sync.Mutex.Lock]:\n"+one+"goroutine 9 [running]:\n"+one)[0].Buckets[0]
	if want := []goroutine.Count{{Name: "0xc000010000", N: 2}}; !slices.Equal(k.Addresses, want) {
		t.Errorf("addresses %v, want %v", k.Addresses, want)
	}
}

func TestNoDump(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"empty":   {"", "it is empty"},
		"blank":   {"\n \n", "blank text"},
		"HTML":    {"<!DOCTYPE html><html><title>Sign in</title>", `HTML page ("Sign in")`},
		"program": {"\x7fELF\x02\x01\x00\x00", "an ELF program"},
		"JSON":    {`{"a": 1}`, "JSON without a dump"},
		"crash":   {"listening\npanic: assignment to entry in nil map\n", "a crash without its goroutines, as GOTRACEBACK=none"},
		"log":     {"2026/11/24 listening\n", "text without a goroutine"},
		"heap":    {"heap profile: 1: 2 [3: 4] @ heap/1048576\n", "a heap profile"},
		"mutex":   {"--- mutex:\ncycles/second=24\nsampling period=1\n100 2 @ 0x4304c0 0x42d6ba\n#\t0x4304bf\tsync.(*Mutex).Unlock+0x1\t/a.go:3\n", "a mutex profile"},
		"block":   {"--- contention:\ncycles/second=24\n100 2 @ 0x4304c0 0x42d6ba\n100 3 @ 0x4304c1 0x42d6ba\n100 4 @ 0x4304c2 0x42d6ba\n", "a block profile"},
		"pprof":   {"File: app\nType: goroutine\n      flat  flat%   sum%        cum   cum%\n        36   100%   100%         36   100%  runtime.gopark\n", "what go tool pprof prints"},
		"traces":  {"Type: goroutine\n-----------+------------------\n       34   runtime.gopark\n             main.f\n", "what go tool pprof prints"},
		"digest":  {"  3: chan send [5 minutes] [Created by main.start @ main.go:20]\n      main main.go:33 work(0x1, 0x2)\n", "what panicparse makes"},
		"delve":   {"0  0x00000000004404ae in runtime.gopark\n   at /usr/local/go/src/runtime/proc.go:402\n", "one goroutine in a debugger"},
		"failure": {"[FAILED] in [It] - x_test.go:9\n", "text without a goroutine"},
		"threads": {"threadcreate profile: total 9\n8 @ 0x4304c0\n#\t0x4304bf\tmain.f+0x1\t/a.go:3\n", "a threadcreate profile"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(t.Context(), strings.NewReader(tt.text), Options{})
			if !errors.Is(err, ErrNoDump) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want ErrNoDump with %q", err, tt.want)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	big := strings.Repeat("goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\n", 1000000)
	_, err := Read(ctx, strings.NewReader(big), Options{Progress: func(Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestLimit(t *testing.T) {
	var zip bytes.Buffer
	w := gzip.NewWriter(&zip)
	if _, err := w.Write([]byte("goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\n" + strings.Repeat("x\n", 1<<20))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dumps, err := Read(t.Context(), &zip, Options{MaxBytes: 1000})
	if !errors.Is(err, ErrTooLarge) || len(dumps) != 1 || !dumps[0].Truncated {
		t.Errorf("got %v and %d dumps, want ErrTooLarge and what was read", err, len(dumps))
	}
}

// TestLeaksOnly tells a profile of leaks from one of all goroutines.
func TestLeaksOnly(t *testing.T) {
	for name, want := range map[string]bool{
		"gen127/leak_goroutineleak.debug0.pb.gz": true, "gen127/leak_goroutineleak.debug1.txt": true, "gen127/leak_goroutineleak.debug2.txt": false,
		"pasted/leaktest.txt": true, "pasted/gleak.txt": true, "pasted/goleak-noheader.txt": true,
		"gen127/leak_goroutine.debug0.pb.gz": false, "gen127/leak_goroutine.debug1.txt": false,
	} {
		data, err := os.ReadFile(filepath.Join(*corpus, name))
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := Read(t.Context(), bytes.NewReader(data), Options{})
		if err != nil || len(dumps) != 1 || dumps[0].LeaksOnly != want {
			t.Errorf("%s: %d dumps, %v; want LeaksOnly %v", name, len(dumps), err, want)
		}
	}
}

// TestOwnProcess reads what the runtime of this very test writes of it, at each
// level: goroutines of one kind, which wait until the dumps are taken.
func TestOwnProcess(t *testing.T) {
	const n = 30
	release := make(chan struct{})
	var waiting sync.WaitGroup
	for range n {
		waiting.Go(func() { <-release })
	}
	defer waiting.Wait()
	defer close(release)
	parked := func(text string) int { return strings.Count(text, "TestOwnProcess.func1(") }
	for everyone := false; !everyone; runtime.Gosched() { // until each has come as far as its channel
		var b bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
			t.Fatal(err)
		}
		everyone = parked(b.String()) == n
	}
	for level, want := range map[int]goroutine.Level{0: goroutine.Debug0, 1: goroutine.Debug1, 2: goroutine.Debug2} {
		var b bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&b, level); err != nil {
			t.Fatal(err)
		}
		dumps, err := Read(t.Context(), &b, Options{})
		if err != nil || len(dumps) != 1 {
			t.Errorf("debug=%d: %d dumps, %v", level, len(dumps), err)
			continue
		}
		found := 0
		for _, k := range dumps[0].Buckets {
			for f := range k.Stack.All() {
				if strings.HasSuffix(f.Function, "TestOwnProcess.func1") {
					found += k.Count
				}
			}
		}
		if dumps[0].Level != want || found != n || len(dumps[0].Problems) > 0 {
			t.Errorf("debug=%d: %s with %d goroutines of %d, problems %v", level, dumps[0].Level, found, n, dumps[0].Problems)
		}
	}
	for other, want := range map[string]string{"heap": "a heap profile", "threadcreate": "a threadcreate profile"} {
		var b bytes.Buffer
		if err := pprof.Lookup(other).WriteTo(&b, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), &b, Options{}); !errors.Is(err, ErrNoDump) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", other, err)
		}
	}
}

// TestPartial hands out what was read so far, and goes on as if it had not.
func TestPartial(t *testing.T) {
	var b strings.Builder
	for i := 1; i <= 40_000; i++ {
		fmt.Fprintf(&b, "goroutine %d [%s {k: v%d}]:\nmain.f%d(0x%x)\n\t/a/main.go:8 +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:2 +0x1\n\n", i, []string{"select", "IO wait"}[i%2], i%3, i%7, i)
	}
	text := strings.ReplaceAll(b.String(), " {k", "] {k")
	text = strings.ReplaceAll(text, "}]:", "}:")
	var counts []int
	var parts [][]goroutine.Dump
	got, err := Read(t.Context(), strings.NewReader(text), Options{Partial: func(dumps []goroutine.Dump) {
		counts = append(counts, dumps[0].Goroutines)
		parts = append(parts, dumps)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) < 2 || !slices.IsSorted(counts) || counts[0] < firstPartial || counts[len(counts)-1] > 40_000 {
		t.Errorf("partial results of %v goroutines", counts)
	}
	for i, dumps := range parts {
		states := 0
		for _, k := range dumps[0].Buckets {
			for _, s := range k.States {
				states += s.N
			}
		}
		if len(dumps[0].Buckets) != 7 || states != counts[i] {
			t.Errorf("part %d: %d buckets, %d states of %d goroutines", i, len(dumps[0].Buckets), states, counts[i])
		}
	}
	want := read(t, text)
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("the result differs (-without +with):\n%s", diff)
	}
}
