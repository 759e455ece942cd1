package report_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var corpus = flag.String("corpus", "../../testdata/dumps", "folder with dumps")

// dumpFiles are the names of all dumps of the corpus.
func dumpFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(*corpus, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Dir(path) != filepath.Clean(*corpus) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no dumps in %s", *corpus)
	}
	return names
}

// readDumps reads a file of the corpus; none for one that holds no goroutine.
func readDumps(t *testing.T, name string) []goroutine.Dump {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dumps, _ := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{Workers: 1})
	for i := range dumps {
		dumps[i].Source = filepath.Base(name)
	}
	return dumps
}

// eachDump runs a test for every file of the corpus that holds a dump.
func eachDump(t *testing.T, f func(*testing.T, []goroutine.Dump)) {
	for _, name := range dumpFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			if dumps := readDumps(t, name); len(dumps) > 0 {
				f(t, dumps)
			}
		})
	}
}

// kept is a dump less what its text cannot keep: where the goroutines stood in
// the source, and what was wrong with it. proto says that the original was
// profile.proto.
func kept(dumps []goroutine.Dump, proto bool) []goroutine.Dump {
	dumps = slices.Clone(dumps)
	for i := range dumps {
		d := &dumps[i]
		d.Source, d.Line, d.Offset, d.Problems, d.Truncated = "", 0, 0, nil, false
		if proto {
			d.Level = goroutine.Debug1
		}
		d.Buckets = slices.Clone(d.Buckets)
		for j := range d.Buckets {
			b := &d.Buckets[j]
			b.Line = 0
			b.Stack.Frames = slices.Clone(b.Stack.Frames)
			for k := range b.Stack.Frames {
				// The main module is guessed from the first file of package
				// main, and profile.proto has no lines that tell which is first.
				if f := &b.Stack.Frames[k]; f.Package == "main" && proto {
					f.Module = ""
				}
			}
		}
	}
	return dumps
}

func sortedIDs(ids goroutine.IDs) []uint64 { return slices.Collect(ids.Sorted()) }

var sameDumps = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(goroutine.Dump{}, "TakenAt"),
	cmp.Transformer("ids", sortedIDs),
	cmpopts.SortSlices(func(a, b goroutine.Bucket) bool { return a.Count > b.Count || a.Count == b.Count && a.ID < b.ID }),
}

// TestDumpReadsBack holds the text against the dump it was made of.
func TestDumpReadsBack(t *testing.T) {
	eachDump(t, func(t *testing.T, dumps []goroutine.Dump) {
		var text bytes.Buffer
		tr := trend.Trend{Dumps: dumps}
		if err := report.Dump(&text, &tr, report.Options{}); err != nil {
			t.Fatal(err)
		}
		back, err := parse.Read(t.Context(), strings.NewReader(text.String()), parse.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		proto := dumps[0].Level == goroutine.Debug0
		if diff := cmp.Diff(kept(dumps, proto), kept(back, proto), sameDumps); diff != "" {
			t.Errorf("dump (-original +read back):\n%s", diff)
		}
	})
}
