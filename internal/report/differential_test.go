package report_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/trend"
)

var header = regexp.MustCompile(`(?m)^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[[^\]\n]*\]:$`)

// cases is how many damaged dumps are tried.
const cases = 300

func totals(ds []goroutine.Dump) (n, problems int, trunc bool) {
	for i := range ds {
		n += ds[i].Goroutines
		problems += len(ds[i].Problems)
		trunc = trunc || ds[i].Truncated
	}
	return
}

func signature(ds []goroutine.Dump) string {
	var out []string
	for k := range ds {
		for i := range ds[k].Buckets {
			b := &ds[k].Buckets[i]
			out = append(out, fmt.Sprint(k, b.ID, b.Count, b.States, b.Locked, slices.Collect(b.IDs.All()), b.Labels, b.Waits))
		}
		out = append(out, fmt.Sprint(k, ds[k].Goroutines, ds[k].Truncated, ds[k].Problems, ds[k].Reason, ds[k].Level))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func counts(ds []goroutine.Dump) string {
	var out []string
	for k := range ds {
		m := map[goroutine.ID]int{}
		for i := range ds[k].Buckets {
			m[ds[k].Buckets[i].ID] += ds[k].Buckets[i].Count
		}
		for id, n := range m {
			out = append(out, fmt.Sprint(k, id, n))
		}
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// TestDifferential damages dumps of the corpus at random and compares ways to
// read and write them: one worker and several, what is read and what was there,
// every format and its reading back.
func TestDifferential(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/dumps/*/*")
	var texts [][]byte
	var names []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || len(b) > 400000 || len(b) < 300 || bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
			continue
		}
		texts = append(texts, b)
		names = append(names, filepath.Base(f))
	}
	r := rand.New(rand.NewPCG(1, 2))
	read := func(b []byte, w int) ([]goroutine.Dump, error) {
		return parse.Read(context.Background(), bytes.NewReader(b), parse.Options{Workers: w})
	}
	bad := map[string]int{}
	save := func(kind, name string, b []byte, extra string) {
		bad[kind]++
		if bad[kind] <= 4 {
			t.Logf("%s: %s: %s\n%q", kind, name, extra, b[:min(len(b), 2000)])
		}
	}
	n := 0
	for ; n < cases; n++ {
		i := r.IntN(len(texts))
		b := bytes.Clone(texts[i])
		lines := bytes.SplitAfter(b, []byte("\n"))
		switch r.IntN(6) {
		case 0:
			b = b[:r.IntN(len(b)+1)]
		case 1: // delete lines
			for k := r.IntN(4) + 1; k > 0 && len(lines) > 1; k-- {
				j := r.IntN(len(lines))
				lines = append(lines[:j:j], lines[j+1:]...)
			}
			b = bytes.Join(lines, nil)
		case 2: // foreign line
			j := r.IntN(len(lines))
			x := append([][]byte{}, lines[:j]...)
			x = append(x, []byte([]string{"2026/01/01 00:00:00 some log line\n", "level=info msg=\"goroutine 5 [running]:\"\n", "\x1b[31merror\x1b[0m\n", "{\"a\":1}\n", "\n", "panic: x\n", "\r\n", "exit status 2\n"}[r.IntN(8)]))
			b = bytes.Join(append(x, lines[j:]...), nil)
		case 3: // byte flip
			for k := r.IntN(5) + 1; k > 0; k-- {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
		case 4: // swap of two blocks
			j, k := r.IntN(len(lines)), r.IntN(len(lines))
			lines[j], lines[k] = lines[k], lines[j]
			b = bytes.Join(lines, nil)
		case 5: // cut of the middle
			j := r.IntN(len(b))
			k := min(len(b), j+r.IntN(3000))
			b = append(b[:j:j], b[k:]...)
		}
		d1, e1 := read(b, 1)
		d4, e4 := read(b, 4)
		if fmt.Sprint(e1) != fmt.Sprint(e4) || signature(d1) != signature(d4) {
			save("workers", names[i], b, fmt.Sprint(e1, e4))
		}
		got, problems, trunc := totals(d1)
		seen := map[string]bool{}
		for _, m := range header.FindAllSubmatch(b, -1) {
			if string(m[1]) == "0" {
				continue
			}
			seen[string(m[1])] = true
		}
		if got < len(seen) && problems == 0 && !trunc && !strings.Contains(names[i], ".log") {
			save("lost", names[i], b, fmt.Sprint(got, len(seen), e1))
		}
		if len(d1) == 0 {
			continue
		}
		tr := trend.Options{}.Compare(d1)
		for _, f := range report.Formats() {
			if f.Gate {
				continue
			}
			var out bytes.Buffer
			if err := f.Write(&out, &tr, report.Options{}); err != nil {
				save("err-"+f.Name, names[i], b, err.Error())
				continue
			}
			if (f.Name == "dump" || f.Name == "pprof") && len(d1) == 1 && got > 0 {
				d2, e2 := read(out.Bytes(), 2)
				if g2, _, _ := totals(d2); g2 != got || e2 != nil {
					save("sum-"+f.Name, names[i], b, fmt.Sprint(got, g2, e2))
				} else if f.Name == "dump" && printable(b) && !tabbed(d1) && counts(d1) != counts(d2) {
					save("ids-"+f.Name, names[i], b, "")
				}
			}
			if f.Name != "pprof" && f.Name != "json" && f.Name != "ndjson" {
				for _, c := range out.Bytes() {
					if c < 0x20 && c != '\n' && c != '\t' {
						save("ctl-"+f.Name, names[i], b, fmt.Sprint(c))
						break
					}
				}
			}
		}
	}
	for kind, n := range bad {
		t.Errorf("%s: %d of %d", kind, n, cases)
	}
}

// tabbed reports whether damage has put a tab into a function's name, which no
// line of a dump can hold.
func tabbed(dumps []goroutine.Dump) bool {
	for i := range dumps {
		for _, b := range dumps[i].Buckets {
			for f := range b.Stack.All() {
				if strings.Contains(f.Function, "\t") {
					return true
				}
			}
		}
	}
	return false
}

func printable(b []byte) bool {
	for _, c := range b {
		if c != '\n' && c != '\t' && c != '\r' && (c < 0x20 || c >= 0x7f) {
			return false
		}
	}
	return true
}
