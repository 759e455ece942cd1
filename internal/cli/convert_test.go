package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/redact"
	"gdump/internal/report"
	"gdump/internal/trend"
)

// TestConvertKeeps writes every dump of the corpus in the formats that are read
// back, one after the other and redacted: whatever was done to a dump, it
// compares as the same, and a rule on leaks has the same result.
func TestConvertKeeps(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "dumps", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := gate.ParseRules("leaked>0")
	if err != nil {
		t.Fatal(err)
	}
	read := func(t *testing.T, b []byte) []goroutine.Dump {
		t.Helper()
		dumps, err := parse.Read(t.Context(), bytes.NewReader(b), parse.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range dumps {
			dumps[i].TakenAt = time.Time{} // to be compared in the order given
		}
		return dumps
	}
	write := func(t *testing.T, format func(*bytes.Buffer, *trend.Trend) error, d goroutine.Dump) goroutine.Dump {
		t.Helper()
		one := trend.Compare([]goroutine.Dump{d})
		var out bytes.Buffer
		if err := format(&out, &one); err != nil {
			t.Fatal(err)
		}
		dumps := read(t, out.Bytes())
		if len(dumps) != 1 {
			t.Fatalf("%d dumps of one", len(dumps))
		}
		return dumps[0]
	}
	dump := func(b *bytes.Buffer, t *trend.Trend) error { return report.Dump(b, t, report.Options{}) }
	pprof := func(b *bytes.Buffer, t *trend.Trend) error { return report.Pprof(b, t, report.Options{}) }
	redactor := redact.New([]byte("a key of 16 bytes"))
	leaks := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := parse.Read(t.Context(), bytes.NewReader(b), parse.Options{})
		if err != nil || len(dumps) != 1 || dumps[0].Truncated || dumps[0].Goroutines > 20_000 {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			original := dumps[0]
			original.TakenAt = time.Time{}
			text, profile := write(t, dump, original), write(t, pprof, original)
			variants := []goroutine.Dump{original, text, profile, write(t, pprof, text), write(t, dump, profile), redactor.Dump(original)}
			variants = append(variants, write(t, dump, variants[5]), write(t, pprof, variants[5]), redactor.Dump(text), redactor.Dump(profile))
			names := []string{"original", "dump", "pprof", "dump, pprof", "pprof, dump", "redacted", "redacted, dump", "redacted, pprof", "dump, redacted", "pprof, redacted"}
			marked := func(d *goroutine.Dump) (n int) {
				for i := range d.Buckets {
					n += d.Buckets[i].Leaked
				}
				return n
			}
			for i, a := range variants {
				if a.Goroutines != original.Goroutines || a.LeaksOnly != original.LeaksOnly || marked(&a) != marked(&original) && names[i] != "pprof, dump" { // counts as text have no marks
					t.Errorf("%s: %d goroutines, %d marked, leaks only %v; want %d, %d, %v", names[i], a.Goroutines, marked(&a), a.LeaksOnly, original.Goroutines, marked(&original), original.LeaksOnly)
				}
				if original.LeaksOnly || marked(&original) > 0 && names[i] != "pprof, dump" {
					leaks++
					one, other := trend.Compare([]goroutine.Dump{original}), trend.Compare([]goroutine.Dump{a})
					was, is := gate.Check(diagnose.Of(&one, nil), rules, nil, time.Time{}), gate.Check(diagnose.Of(&other, nil), rules, nil, time.Time{})
					if was.Worst() != is.Worst() {
						t.Errorf("%s: the rule on leaks is %s, was %s", names[i], is.Worst(), was.Worst())
					}
				}
				for j, b := range variants {
					tr := trend.Compare([]goroutine.Dump{a, b})
					if len(tr.Dumps) != 2 {
						continue
					}
					for k := range tr.Series {
						if s := &tr.Series[k]; s.Change() != 0 {
							t.Errorf("%s, then %s: %s goes %v", names[i], names[j], s.Bucket.Stack.Site().Function, s.Counts)
							break
						}
					}
				}
			}
		})
	}
	if leaks == 0 {
		t.Error("no dump of the corpus has leaks")
	}
}
