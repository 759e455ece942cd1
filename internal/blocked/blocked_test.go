package blocked_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/parse"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func read(t testing.TB, text []byte) *goroutine.Dump {
	t.Helper()
	dumps, err := parse.Read(t.Context(), bytes.NewReader(text), parse.Options{Workers: 1})
	if err != nil || len(dumps) == 0 {
		t.Fatalf("no dump: %v", err)
	}
	return &dumps[0]
}

// source is that of the programs in testdata.
func source(f goroutine.Frame) []blocked.SourceFile {
	name := goroutine.Base(f.File)
	data, err := os.ReadFile(filepath.Join("testdata", "src", name))
	if err != nil {
		return nil
	}
	return []blocked.SourceFile{{Name: name, Data: data}}
}

// summary is what a report says, a line for each resource, suspect and deadlock.
func summary(d *goroutine.Dump, r *blocked.Report) string {
	var b strings.Builder
	for _, x := range r.Resources {
		fmt.Fprintf(&b, "%s %s at %s: %d wait, holder %s", x.Kind, x.Name, x.Site.Place(), x.Waiters, x.Holder)
		if x.Pattern != "" {
			fmt.Fprintf(&b, ", %s", x.Pattern)
		}
		if x.Confidence != blocked.Unknown {
			fmt.Fprintf(&b, " (%s)", x.Confidence)
		}
		if n := len(x.Suspects); n > 8 {
			fmt.Fprintf(&b, ", %d suspects", n)
		}
		b.WriteByte('\n')
		for _, s := range x.Suspects[:min(len(x.Suspects), 8)] {
			fmt.Fprintf(&b, "\t%s: %d [%s] blocks %d", s.Confidence, s.ID, s.State, s.Blocks)
			for _, w := range s.Why {
				fmt.Fprintf(&b, "; %s", w)
			}
			b.WriteByte('\n')
		}
	}
	for _, x := range r.Deadlocks[:min(len(r.Deadlocks), 8)] {
		fmt.Fprintf(&b, "deadlock %v, %d behind (%s)\n", x.IDs, x.Behind, x.Confidence)
	}
	idle := 0
	for i, why := range r.Idle {
		if why != "" {
			idle += d.Buckets[i].Count
		}
	}
	fmt.Fprintf(&b, "idle %d of %d\n", idle, d.Goroutines)
	return b.String()
}

func TestAnalyze(t *testing.T) {
	files, _ := filepath.Glob("testdata/*/debug2.txt")
	if len(files) < 20 {
		t.Fatalf("%d dumps", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := read(t, text)
			got := summary(d, blocked.Analyze(d, blocked.Options{})) + "with source\n" + summary(d, blocked.Analyze(d, blocked.Options{Source: source}))
			golden := filepath.Join(filepath.Dir(file), "want.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// argument is an argument and the byte before it: "+0x25" is an offset.
var argument = regexp.MustCompile(`[^+]0x[0-9a-f]+\b`)

// TestDamaged: of a dump whose arguments are marked as uncertain less is said,
// and nothing else; of one that is cut or mixed up anything, without a panic.
func TestDamaged(t *testing.T) {
	files, _ := filepath.Glob("testdata/*/debug2.txt")
	texts := map[string]string{}
	named := map[string]map[uint64]bool{}
	bySource := map[string]map[uint64]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[f] = string(text)
		d := read(t, text)
		named[f] = strong(d, blocked.Options{})
		bySource[f] = strong(d, blocked.Options{Source: source})
	}
	fixSeed(t)
	rapid.Check(t, func(r *rapid.T) {
		f := rapid.SampledFrom(files).Draw(r, "file")
		percent := rapid.IntRange(1, 100).Draw(r, "percent")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		marked := argument.ReplaceAllStringFunc(texts[f], func(a string) string {
			if chance.IntN(100) < percent {
				return a + "?"
			}
			return a
		})
		d := read(t, []byte(strings.ReplaceAll(marked, "??", "?")))
		for id := range strong(d, blocked.Options{}) {
			if !named[f][id] {
				r.Fatalf("%s: names %d when %d %% of the arguments are uncertain", f, id, percent)
			}
		}
		for id := range strong(d, blocked.Options{Source: source}) {
			if !bySource[f][id] && !named[f][id] {
				r.Fatalf("%s: names %d by source when %d %% of the arguments are uncertain", f, id, percent)
			}
		}
		lines := strings.SplitAfter(texts[f], "\n")
		from := rapid.IntRange(0, len(lines)-1).Draw(r, "from")
		to := min(len(lines), from+rapid.IntRange(1, 40).Draw(r, "lines"))
		cut := strings.Join(append(append([]string{}, lines[:from]...), lines[to:]...), "")
		dumps, _ := parse.Read(t.Context(), strings.NewReader(cut), parse.Options{Workers: 1})
		for i := range dumps {
			blocked.Analyze(&dumps[i], blocked.Options{Source: source})
		}
	})
}

// fixSeed makes a property draw the same on every run, unless -rapid.seed asks
// for another draw.
func fixSeed(t *testing.T) {
	t.Helper()
	if flag.Lookup("rapid.seed").Value.String() != "0" {
		return
	}
	if err := flag.Set("rapid.seed", "1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.seed", "0") })
}

// strong are the goroutines that are named as holders.
func strong(d *goroutine.Dump, o blocked.Options) map[uint64]bool {
	ids := map[uint64]bool{}
	for _, x := range blocked.Analyze(d, o).Resources {
		for _, s := range x.Suspects {
			if s.Confidence >= blocked.Probable {
				ids[s.ID] = true
			}
		}
	}
	return ids
}
