package diagnose

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// header is that of a goroutine that waits, for less than a minute.
var header = regexp.MustCompile(`(?m)^(goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[(?:chan|select|sync|sleep|semacquire|IO wait|GC)[^],\n]*)`)

// waited is how long a goroutine has waited, in its header.
var waited = regexp.MustCompile(`, \d+ minutes`)

// parsed reads a dump.
func parsed(t testing.TB, text []byte) []goroutine.Dump {
	t.Helper()
	dumps, err := parse.Read(t.Context(), bytes.NewReader(text), parse.Options{Workers: 1})
	if err != nil || len(dumps) == 0 {
		t.Fatalf("no dump: %v", err)
	}
	return dumps
}

// check compares with a golden file.
func check(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got); go test ./internal/diagnose -update rewrites it\n%s", golden, d)
	}
}

// TestDumps reads what is said of dumps of programs whose truth is known: as they
// were taken, a moment after all was stuck; as if that had been twelve minutes
// later; of both, as the same goroutines waited in both; and with the source at hand,
// where that is beside the dump.
func TestDumps(t *testing.T) {
	files, err := filepath.Glob("../blocked/testdata/*/debug2.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d dumps, %v", len(files), err)
	}
	own, err := filepath.Glob("testdata/dumps/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, own...) {
		name := filepath.Base(filepath.Dir(file))
		if name == "dumps" {
			name = strings.TrimSuffix(filepath.Base(file), ".txt")
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			young, old := parsed(t, text), parsed(t, header.ReplaceAll(text, []byte("$1, 12 minutes")))
			var got strings.Builder
			var source Source
			say := func(name string, tr trend.Trend) {
				got.WriteString("== " + name + "\n" + strings.Join(Of(&tr, source).Headline(), "\n") + "\n")
			}
			if len(young) > 1 {
				say("all", trend.Compare(young))
			} else {
				young[0].Source, old[0].Source = "young", "old"
				say("young", trend.One(young[0]))
				say("old", trend.One(old[0]))
				say("both", trend.Compare([]goroutine.Dump{young[0], old[0]}))
			}
			if code, err := os.ReadFile(strings.TrimSuffix(file, ".txt") + ".go"); err == nil {
				source = func(f goroutine.Frame) []blocked.SourceFile {
					return []blocked.SourceFile{{Name: filepath.Base(f.File), Data: code}}
				}
				say("with source", trend.One(old[0]))
			}
			check(t, name+".golden", got.String())
		})
	}
}

// TestPatterns reads what leads for each pattern and what looks like it but is not:
// as if it had just begun, and as taken three minutes later.
func TestPatterns(t *testing.T) {
	files, err := filepath.Glob("../blocked/testdata/pattern/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d dumps, %v", len(files), err)
	}
	var got strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("== " + strings.TrimSuffix(filepath.Base(file), ".txt") + "\n")
		for _, text := range [][]byte{waited.ReplaceAll(text, nil), text} {
			tr := trend.One(parsed(t, text)[0])
			f := Of(&tr, nil).Findings()[0]
			got.WriteString(f.Code() + ": " + f.Says + "\n")
		}
	}
	check(t, "patterns.golden", got.String())
}

// TestDamaged leaves lines out of dumps, doubles and cuts them: something is said of
// whatever is read, with no number that is not there.
func TestDamaged(t *testing.T) {
	files, err := filepath.Glob("../blocked/testdata/*/debug2.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			var damaged bytes.Buffer
			for line := range bytes.Lines(text) {
				switch random.IntN(20) {
				case 0:
				case 1:
					damaged.Write(line)
					damaged.Write(line)
				case 2:
					damaged.Write(line[:random.IntN(len(line))])
				default:
					damaged.Write(line)
				}
			}
			dumps, err := parse.Read(t.Context(), &damaged, parse.Options{Workers: 1})
			if err != nil || len(dumps) == 0 {
				continue
			}
			tr := trend.Compare(append(parsed(t, text), dumps...))
			for _, tr := range []trend.Trend{tr, trend.One(dumps[0])} {
				d := Of(&tr, nil)
				lines := strings.Join(d.Headline(), "\n")
				if strings.Contains(lines, "%!") || strings.Contains(lines, "  ") || strings.Contains(lines, "goroutine 0") {
					t.Errorf("%s: %s", file, lines)
				}
				d.Rows()
				d.Patterns()
			}
		}
	}
}
