package kernels

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gdump/internal/trend"
)

// recorded are the dumps of a run of all kernels, one after each round.
func recorded(t *testing.T, run string) [][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(run, "*.txt.gz"))
	if err != nil || len(names) < 5 {
		t.Fatalf("%d dumps in %s: %v", len(names), run, err)
	}
	var texts [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// TestRecorded checks what trend says of recorded runs of all kernels: from five
// dumps on all leaks accumulate, and nothing else does. From the first dump on,
// when the process has just started, one leak in 34 that does not come in every
// round may pass for a pool.
func TestRecorded(t *testing.T) {
	runs, err := filepath.Glob("testdata/run*")
	if err != nil || len(runs) == 0 {
		t.Fatal("no recorded runs", err)
	}
	for _, run := range runs {
		dumps, err := Read(t.Context(), recorded(t, run))
		if err != nil {
			t.Fatal(err)
		}
		for from := range len(dumps) - 4 {
			for to := from + 5; to <= len(dumps); to++ {
				tr := trend.Compare(dumps[from:to])
				missed, wrong := Check(&tr, All(nil))
				if from == 0 && len(missed) == 1 {
					missed = nil
				}
				for _, m := range missed {
					t.Errorf("%s, dumps %d to %d: missed %s", run, from, to-1, m)
				}
				for _, w := range wrong {
					t.Errorf("%s, dumps %d to %d: false alarm, %s", run, from, to-1, w)
				}
				if slices.Contains(tr.Restarted, true) {
					t.Errorf("%s, dumps %d to %d: restarts %v", run, from, to-1, tr.Restarted)
				}
			}
		}
	}
}

// TestRounds runs the kernels, and looks only for their goroutines: each that
// leaks leaves some.
func TestRounds(t *testing.T) {
	p, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.Round()
	}
	text, err := p.Dump()
	if err != nil {
		t.Fatal(err)
	}
	dumps, err := Read(t.Context(), [][]byte{text})
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for i := range dumps[0].Buckets {
		if k := kernelOf(&dumps[0].Buckets[i], p.Kernels); k != nil {
			left[k.Name] = true
		}
	}
	for _, k := range p.Kernels {
		if k.Leaks && !left[k.Name] {
			t.Errorf("%s leaves nothing", k.Name)
		}
	}
}
