package parse

import (
	"bufio"
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

var corpus = flag.String("corpus", "../../testdata/dumps", "folder with dumps and their truth.tsv")

// truth is a row of truth.tsv, counted by a line scanner that shares no code
// with this package.
type truth struct {
	file, kind string
	goroutines int
	states     map[string]int
	unique     int // ids without repeats; -1 if not told
	labelled   int
	buckets    int // -1 if not told
	total      int // of the records of a profile; -1 if not told
	notes      string
}

func readTruth(t *testing.T) []truth {
	t.Helper()
	f, err := os.Open(filepath.Join(*corpus, "truth.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []truth
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		c := strings.Split(sc.Text(), "\t")
		if c[0] == "file" {
			continue
		}
		r := truth{file: c[0], kind: c[1], unique: -1, buckets: -1, total: -1, notes: c[8], states: map[string]int{}}
		r.goroutines, _ = strconv.Atoi(c[2])
		r.labelled, _ = strconv.Atoi(c[7])
		if n, err := strconv.Atoi(c[9]); err == nil {
			r.buckets = n
		}
		for s := range strings.SplitSeq(c[4], "; ") {
			if i := strings.LastIndexByte(s, '='); i > 0 {
				r.states[s[:i]], _ = strconv.Atoi(s[i+1:])
			}
		}
		for w := range strings.FieldsSeq(c[8]) {
			if s, ok := strings.CutPrefix(w, "uniq_ids="); ok {
				r.unique, _ = strconv.Atoi(s)
			}
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatal("truth.tsv is empty")
	}
	return rows
}

// TestCorpus holds what is read of real dumps against the truth beside them.
func TestCorpus(t *testing.T) {
	for _, want := range readTruth(t) {
		t.Run(want.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(*corpus, want.file))
			if err != nil {
				t.Fatal(err)
			}
			dumps, err := Read(t.Context(), bytes.NewReader(data), Options{Workers: 2})
			if err != nil && want.goroutines > 0 {
				t.Fatal(err)
			}
			got := summary(dumps)
			// The truth counts the scheduler's own stacks, "goroutine 0", as well.
			g0 := bytes.Count(data, []byte("goroutine 0 gp=")) + bytes.Count(data, []byte("goroutine 0 [idle]"))
			goroutines := want.goroutines - g0
			if want.unique >= 0 && want.kind == "crash" {
				goroutines = want.unique - min(g0, 1)
			}
			if got.goroutines != goroutines {
				t.Errorf("%s goroutines: got %d, want %d; %s", want.file, got.goroutines, goroutines, want.notes)
			}
			if want.buckets >= 0 && got.buckets != want.buckets {
				t.Errorf("buckets: got %d, want %d", got.buckets, want.buckets)
			}
			if want.kind == "debug2" && !maps.Equal(got.states, want.states) {
				t.Errorf("states:\n got %v\nwant %v", got.states, want.states)
			}
			if (got.labelled > 0) != (want.labelled > 0) {
				t.Errorf("labelled: got %d, want %d", got.labelled, want.labelled)
			}
			if !strings.Contains(want.notes, "TRUNC") && !strings.Contains(want.file, "cut") {
				for _, d := range dumps {
					for _, p := range d.Problems {
						t.Errorf("%s problem: line %d: %s", want.file, p.Line, p.Message)
					}
				}
			}
		})
	}
}

type summed struct {
	goroutines, buckets, labelled int
	states                        map[string]int
}

func summary(dumps []goroutine.Dump) summed {
	s := summed{states: map[string]int{}}
	for _, d := range dumps {
		s.goroutines += d.Goroutines
		s.buckets += len(d.Buckets)
		for _, b := range d.Buckets {
			for _, c := range b.States {
				s.states[c.Name] += c.N
			}
			most := 0
			for _, l := range b.Labels {
				n := 0
				for _, v := range l.Values {
					n += v.N
				}
				most = max(most, n)
			}
			s.labelled += most
		}
	}
	return s
}
