package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
)

// leak writes dumps of a leak into a folder, a minute apart.
func leak(tb testing.TB, dir string, dumps int) []string {
	tb.Helper()
	var names []string
	for i := range dumps {
		var b bytes.Buffer
		for id := range 10 + i {
			fmt.Fprintf(&b, "goroutine %d [chan send]:\nmain.work()\n\t/app/work.go:%d +0x1\ncreated by main.main in goroutine 1\n\t/app/main.go:9 +0x1\n\n", id+1, 5+min(id, 9))
		}
		name := filepath.Join(dir, fmt.Sprintf("%03d.dump", dumps-i)) // the newest first
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			tb.Fatal(err)
		}
		at := time.Date(2026, 3, 1, 0, i, 0, 0, time.UTC)
		if err := os.Chtimes(name, at, at); err != nil {
			tb.Fatal(err)
		}
		names = append([]string{name}, names...)
	}
	return names
}

// TestManyFiles keeps the buckets of those dumps alone that are compared.
func TestManyFiles(t *testing.T) {
	const n = 3 * trend.MaxDumps
	names := leak(t, t.TempDir(), n)
	a := &app{}
	dumps, err := a.load(t.Context(), names, nil)
	if err != nil || len(dumps) != n {
		t.Fatalf("%d dumps, %v", len(dumps), err)
	}
	kept := 0
	for i := range dumps {
		if dumps[i].Buckets != nil {
			kept++
		}
	}
	if kept != trend.MaxDumps || dumps[0].Buckets == nil || dumps[n-1].Buckets == nil {
		t.Errorf("%d dumps have buckets", kept)
	}
	tr := trend.Compare(dumps)
	if s := &tr.Series[0]; s.Verdict != trend.Accumulating || s.Counts[0] != 1 || s.Now() != n || s.Survived != 1 {
		t.Errorf("%s %v, %d survived", s.Verdict, s.Counts, s.Survived)
	}
	if dumps, err = a.load(t.Context(), names[:9], nil); err != nil || dumps[0].Outline != nil {
		t.Errorf("few: %v, %v", dumps[0].Outline, err)
	}
}

// TestAbridge: what cannot be read again, and what is listed though it is not
// compared, is kept.
func TestAbridge(t *testing.T) {
	name := leak(t, t.TempDir(), 1)[0]
	whole := goroutine.Dump{Goroutines: 3, Buckets: make([]goroutine.Bucket, 2)}
	crash, alone := whole, whole
	crash.Reason, alone.Alone = "panic: x", true
	for _, tt := range []struct {
		name string
		dump goroutine.Dump
		want bool
	}{
		{name, whole, true},
		{name, crash, false},
		{name, alone, false},
		{"-", whole, false},
		{t.TempDir(), whole, false},
		{"http://127.0.0.1:1/debug/pprof/goroutine", whole, false},
	} {
		var a abridged
		dumps := []goroutine.Dump{tt.dump}
		if got := a.abridge(tt.name, 0, dumps); got != tt.want || (dumps[0].Buckets == nil) != tt.want {
			t.Errorf("%s: %v, %+v", tt.name, got, dumps[0])
		}
	}
}

// TestRestore: a file that is another when it is read again is an error.
func TestRestore(t *testing.T) {
	name := leak(t, t.TempDir(), 1)[0]
	fresh := func(buckets, goroutines int, id uint64) []goroutine.Dump {
		d := goroutine.Dump{Goroutines: goroutines, Buckets: make([]goroutine.Bucket, buckets)}
		d.Buckets[0].IDs.Add(id)
		return []goroutine.Dump{d}
	}
	broken := errors.New("broken")
	for _, tt := range []struct {
		again []goroutine.Dump
		err   error
		want  string
	}{
		{again: fresh(2, 3, 7)},
		{again: fresh(2, 3, 7), err: broken}, // as it was when it was read first
		{again: fresh(1, 3, 7), want: "changed while it was read"},
		{again: fresh(2, 4, 7), want: "changed while it was read"},
		{again: fresh(2, 3, 8), want: "changed while it was read"},
		{again: append(fresh(2, 3, 7), fresh(2, 3, 7)...), want: "changed while it was read"},
		{err: broken, want: "broken"},
	} {
		var a abridged
		var shared goroutine.Stacks
		dumps := fresh(2, 3, 7)
		a.abridge(name, 0, dumps)
		err := a.restore(dumps, &shared, func(string) ([]goroutine.Dump, error) { return tt.again, tt.err })
		if tt.want == "" && (err != nil || len(dumps[0].Buckets) != 2 || dumps[0].Outline != nil) {
			t.Errorf("%v, %+v", err, dumps[0])
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
		if e := (*source.Error)(nil); tt.err == nil && err != nil && !errors.As(err, &e) {
			t.Errorf("%v has no status", err)
		}
	}
}
