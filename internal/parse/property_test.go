package parse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gdump/internal/goroutine"

	"github.com/google/go-cmp/cmp"
)

// texts are the dumps of the corpus that are text of up to a size.
func texts(t *testing.T, size int) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../testdata/dumps/*/*")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if ext := filepath.Ext(file); len(data) > 300 && len(data) <= size && ext != ".gz" && ext != ".frames" {
			all[file[len("../../testdata/dumps/"):]] = data
		}
	}
	if len(all) < 10 {
		t.Fatalf("%d texts only", len(all))
	}
	return all
}

var header = regexp.MustCompile(`(?m)^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[[^\]\n]*\]:$`)

// headersOf are the ids of the headers in a text, the scheduler's left out.
func headersOf(text []byte) map[string]bool {
	ids := map[string]bool{}
	for _, m := range header.FindAllSubmatch(text, -1) {
		if id := string(m[1]); id != "0" {
			ids[id] = true
		}
	}
	return ids
}

func total(dumps []goroutine.Dump) (goroutines int, named bool) {
	for i := range dumps {
		goroutines += dumps[i].Goroutines
		named = named || dumps[i].Incomplete()
	}
	return goroutines, named
}

// TestMutations damages real dumps at random, but the same each time: how many
// workers read and how the text arrives does not show in the result, and no
// header is lost without a word.
func TestMutations(t *testing.T) {
	all := texts(t, 60_000)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	foreign := []string{
		"2026/01/01 00:00:00 some log line\n", "level=info msg=\"goroutine 5 [running]:\"\n", "\x1b[31merror\x1b[0m\n", "{\"a\":1}\n",
		"\n", "panic: x\n", "\r\n", "exit status 2\n",
	}
	rounds := 1500
	if testing.Short() {
		rounds = 200
	}
	r := rand.New(rand.NewSource(1))
	for range rounds {
		name := names[r.Intn(len(names))]
		b := bytes.Clone(all[name])
		lines := bytes.SplitAfter(b, []byte("\n"))
		at := r.Intn(len(lines))
		switch r.Intn(6) {
		case 0:
			b = b[:r.Intn(len(b)+1)]
		case 1:
			b = bytes.Join(append(slices.Clone(lines[:at]), lines[min(len(lines), at+1+r.Intn(4)):]...), nil)
		case 2:
			b = bytes.Join(slices.Insert(slices.Clone(lines), at, []byte(foreign[r.Intn(len(foreign))])), nil)
		case 3:
			for range 1 + r.Intn(5) {
				b[r.Intn(len(b))] = byte(r.Intn(256))
			}
		case 4:
			other := r.Intn(len(lines))
			lines[at], lines[other] = lines[other], lines[at]
			b = bytes.Join(lines, nil)
		case 5:
			from := r.Intn(len(b))
			b = append(b[:from:from], b[min(len(b), from+r.Intn(3000)):]...)
		}
		dumps, err := Read(t.Context(), bytes.NewReader(b), Options{Workers: 1})
		sound(t, dumps)
		for how, in := range map[string]io.Reader{"four workers": bytes.NewReader(b), "half of each read": iotest.HalfReader(bytes.NewReader(b))} {
			other, otherErr := Read(t.Context(), in, Options{Workers: 4})
			if diff := cmp.Diff(dumps, other, same); diff != "" || fmt.Sprint(err) != fmt.Sprint(otherErr) {
				t.Fatalf("%s, %s (-one +other), %v, %v:\n%s\nof\n%q", name, how, err, otherErr, diff, b)
			}
		}
		if strings.HasPrefix(name, "logs/") {
			continue // its headers have prefixes
		}
		if got, named := total(dumps); got < len(headersOf(b)) && !named {
			t.Errorf("%s: %d goroutines of %d headers, and no problem, of\n%q", name, got, len(headersOf(b)), clip(b, 4000))
		}
	}
}

// TestCuts cuts small dumps at every byte: what is left of a header is a
// goroutine or named.
func TestCuts(t *testing.T) {
	for name, data := range texts(t, 2500) {
		if strings.HasPrefix(name, "logs/") {
			continue
		}
		for cut := range data {
			dumps, _ := Read(t.Context(), bytes.NewReader(data[:cut]), Options{Workers: 1})
			sound(t, dumps)
			if got, named := total(dumps); got < len(headersOf(data[:cut])) && !named {
				t.Errorf("%s, cut at %d: %d goroutines of %d headers, and no problem", name, cut, got, len(headersOf(data[:cut])))
			}
		}
	}
}
