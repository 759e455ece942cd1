package kernels

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
)

// TestKernels runs all kernels in one process and holds what trend says of a
// number of dumps against what each of them does.
func TestKernels(t *testing.T) {
	n, err := NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	kernels := slices.Concat(Channels(), Locks(), Healthy(), n.Kernels())
	var dumps []goroutine.Dump
	const rounds, before = 8, 3
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for round := range rounds {
		for _, k := range kernels {
			k.Round(round)
		}
		if round < before {
			// The process is older than its first dump.
			continue
		}
		d := take(t, round)
		d.TakenAt = at.Add(time.Duration(round) * time.Minute)
		dumps = append(dumps, d)
	}
	for _, last := range []int{4, len(dumps)} {
		tr := trend.Compare(dumps[:last])
		t.Logf("%d dumps, %d goroutines, %d series, %d leaks", last, tr.Dumps[last-1].Goroutines, len(tr.Series), len(tr.Leaks))
		if slices.Contains(tr.Restarted, true) {
			t.Errorf("%d dumps: restarts found where there are none: %v", last, tr.Restarted)
		}
		check(t, &tr, kernels)
	}
}

func take(t *testing.T, round int) goroutine.Dump {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
		t.Fatal(err)
	}
	dumps, err := parse.Read(t.Context(), &b, parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dumps[0].Source = fmt.Sprintf("round %d", round)
	return dumps[0]
}

func check(t *testing.T, tr *trend.Trend, kernels []Kernel) {
	t.Helper()
	found := map[string]bool{}
	for i := range tr.Series {
		s := &tr.Series[i]
		if s.Verdict != trend.Accumulating {
			continue
		}
		k := kernelOf(s.Bucket, kernels)
		switch {
		case k == nil:
			t.Errorf("accumulating, of no kernel: %v %s created by %s: %s", s.Counts, s.Bucket.Stack.Site().Function, s.Bucket.Stack.CreatedBy().Function, s.Why)
		case !k.Leaks:
			t.Errorf("false alarm in %s: %v %s: %s", k.Name, s.Counts, s.Bucket.Stack.Site().Function, s.Why)
		default:
			found[k.Name] = true
		}
	}
	for _, k := range kernels {
		if k.Leaks && !found[k.Name] {
			t.Errorf("%s leaks and was not found", k.Name)
			for i := range tr.Series {
				if s := &tr.Series[i]; kernelOf(s.Bucket, []Kernel{k}) != nil {
					t.Logf("  %v %s: %s: %s", s.Counts, s.Bucket.Stack.Site().Function, s.Verdict, s.Why)
				}
			}
		}
	}
}

// kernelOf finds the kernel that a bucket is of, by the names in its stack,
// which are those of the kernels, or by what the go statement is known to be.
func kernelOf(b *goroutine.Bucket, kernels []Kernel) *Kernel {
	const pkg = "gdump/internal/trend/kernels."
	own := func(function, name string) bool {
		rest, ok := strings.CutPrefix(function, pkg)
		rest = strings.TrimPrefix(rest, "(*Network).")
		tail, is := strings.CutPrefix(rest, name)
		return ok && is && (tail == "" || tail[0] == '.')
	}
	for i := range kernels {
		k := &kernels[i]
		is := func(f goroutine.Frame) bool {
			return own(f.Function, k.Name) || slices.Contains(k.Functions, f.Function)
		}
		if is(b.Stack.CreatedBy()) {
			return k
		}
		for f := range b.Stack.All() {
			if is(f) {
				return k
			}
		}
	}
	return nil
}
