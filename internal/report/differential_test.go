package report_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"
)

// TestDifferential damages real dumps at random, but the same each time, and
// writes what was read in every format: dump and pprof read back to the same
// number of goroutines, and no format has a control character.
func TestDifferential(t *testing.T) {
	files, err := filepath.Glob("../../testdata/dumps/*/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) >= 300 && len(b) <= 40_000 {
			texts = append(texts, b)
		}
	}
	if len(texts) < 20 {
		t.Fatalf("%d texts only", len(texts))
	}
	read := func(b []byte) ([]goroutine.Dump, error) {
		return parse.Read(t.Context(), bytes.NewReader(b), parse.Options{})
	}
	rounds := 500
	if testing.Short() {
		rounds = 30
	}
	r := rand.New(rand.NewSource(1))
	for range rounds {
		b := bytes.Clone(texts[r.Intn(len(texts))])
		switch r.Intn(3) {
		case 0:
			b = b[:r.Intn(len(b)+1)]
		case 1:
			for range 1 + r.Intn(5) {
				b[r.Intn(len(b))] = byte(r.Intn(256))
			}
		case 2:
			from := r.Intn(len(b))
			b = append(b[:from:from], b[min(len(b), from+r.Intn(3000)):]...)
		}
		dumps, _ := read(b)
		if len(dumps) == 0 {
			continue
		}
		all := trend.Options{}.Compare(dumps)
		for _, f := range report.Formats() {
			if f.Gate {
				continue
			}
			var out bytes.Buffer
			if err := f.Write(&out, &all, report.Options{}); err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			if n := dumps[0].Goroutines; (f.Name == "dump" || f.Name == "pprof") && len(dumps) == 1 && n > 0 {
				again, err := read(out.Bytes())
				sum := 0
				for i := range again {
					sum += again[i].Goroutines
				}
				if sum != n || err != nil {
					t.Errorf("%s: %d goroutines of %d read back, %v, of\n%q", f.Name, sum, n, err, b)
				}
			}
			if f.Name == "pprof" {
				continue
			}
			if i := bytes.IndexFunc(out.Bytes(), func(c rune) bool { return c < 0x20 && c != '\n' && c != '\t' || c == 0x7f }); i >= 0 {
				t.Errorf("%s: control character %s, of\n%q", f.Name, fmt.Sprintf("%q", out.Bytes()[i]), b)
			}
		}
	}
}
