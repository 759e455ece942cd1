package report_test

import (
	"bytes"
	"flag"
	"fmt"
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

// kept is what the text of a dump keeps: not where goroutines stood in the
// source, and not what was wrong with it. proto says that the original was
// profile.proto.
func kept(dumps []goroutine.Dump, proto bool) []string {
	var all []string
	for i := range dumps {
		d := &dumps[i]
		level := d.Level
		if level == goroutine.Debug0 {
			level = goroutine.Debug1
		}
		all = append(all, fmt.Sprint("dump ", i, level, d.Reason, d.GoVersion, d.Goroutines))
		for _, b := range d.Buckets {
			ids := slices.Collect(b.IDs.Sorted())
			b.Line, b.IDs = 0, goroutine.IDs{}
			b.Members = nil // a dump written anew has only sample arguments
			if len(b.Addresses) >= 64 {
				b.Addresses = nil // the most that are kept: which ones is chance
			}
			stack := b.Stack.Parts()
			b.Stack = goroutine.Stack{}
			if proto {
				// The main module is guessed from the first file of package
				// main, and profile.proto has no lines that show which is first.
				for k := range stack.Frames {
					if f := &stack.Frames[k]; f.Package == "main" {
						f.Module = ""
					}
				}
			}
			all = append(all, fmt.Sprintf("bucket %d %+v %+v %v", i, b, stack, ids))
		}
	}
	slices.Sort(all)
	return all
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
		if want, got := kept(dumps, proto), kept(back, proto); !slices.Equal(want, got) {
			t.Errorf("dump (-original +read back):\n%s", cmp.Diff(want, got))
		}
	})
}
