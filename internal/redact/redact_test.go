package redact_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/redact"
	"gdump/internal/report"
	"gdump/internal/trend"

	gocmp "github.com/google/go-cmp/cmp"
)

var corpus = flag.String("corpus", "../../testdata/dumps", "folder with dumps")

var key = []byte("0123456789abcdef0123456789abcdef")

func read(t *testing.T, text []byte) []goroutine.Dump {
	t.Helper()
	dumps, _ := parse.Read(t.Context(), bytes.NewReader(text), parse.Options{Workers: 1})
	return dumps
}

// redacted is a file's dumps, redacted, written as text and read back.
func redacted(t *testing.T, dumps []goroutine.Dump, key []byte) (string, []goroutine.Dump) {
	t.Helper()
	r := redact.New(key)
	var tr trend.Trend
	for _, d := range dumps {
		tr.Dumps = append(tr.Dumps, r.Dump(d))
	}
	var text bytes.Buffer
	if err := report.Dump(&text, &tr, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return text.String(), read(t, text.Bytes())
}

// secrets are the paths, label values and addresses of a dump.
func secrets(dumps []goroutine.Dump) []string {
	var all []string
	for _, d := range dumps {
		for _, b := range d.Buckets {
			for _, f := range framesOf(b.Stack) {
				if strings.ContainsAny(f.File, `/\`) {
					all = append(all, f.File)
				}
			}
			for _, l := range b.Labels {
				for _, v := range l.Values {
					// A value of one or two letters is in any text.
					if len(v.Name) > 2 {
						all = append(all, v.Name)
					}
				}
			}
			for _, a := range b.Addresses {
				all = append(all, a.Name)
			}
			for _, a := range b.Args {
				all = append(all, regexp.MustCompile(`0x[0-9a-f]{5,}`).FindAllString(a, -1)...)
			}
			for _, m := range b.Members {
				for _, a := range slices.Concat(m.Args...) {
					if a >= 0x10000 {
						all = append(all, fmt.Sprintf("0x%x", a))
					}
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// framesOf are all frames of a stack, also of created by and of ancestors.
func framesOf(s goroutine.Stack) []goroutine.Frame {
	p := s.Parts()
	return slices.Concat(p.Frames, []goroutine.Frame{p.CreatedBy}, p.Ancestors)
}

// functions are all names of functions and modules of a dump.
func functions(dumps []goroutine.Dump) string {
	var names strings.Builder
	for _, d := range dumps {
		for _, b := range d.Buckets {
			for f := range b.Stack.All() {
				names.WriteString(f.Function + " " + f.Module + "\n")
			}
		}
	}
	return names.String()
}

// facts are the buckets of a dump by all that redacting must keep. proto says
// that the original was profile.proto: the main module is guessed from the
// first file of package main, and that has no lines that tell which is first.
func facts(dumps []goroutine.Dump, proto bool) []string {
	var all []string
	for i, d := range dumps {
		for _, b := range d.Buckets {
			var frames []string
			for _, f := range framesOf(b.Stack) {
				if proto && f.Package == "main" {
					f.Module = ""
				}
				frames = append(frames, fmt.Sprint(f.Function, f.Place(), f.Module, f.Origin))
			}
			var labels []string
			for _, l := range b.Labels {
				for _, v := range l.Values {
					labels = append(labels, fmt.Sprint(l.Key, v.N))
				}
			}
			all = append(all, fmt.Sprint(i, d.GoVersion, d.Level, d.Goroutines, b.ID, b.Count, b.States, b.Waits, b.Locked, b.Leaked,
				slices.Collect(b.IDs.Sorted()), frames, labels, b.Stack.Site().Function, len(b.Args), len(b.Addresses)))
		}
	}
	slices.Sort(all)
	return all
}

// TestCorpus redacts every dump: nothing of what is secret is in the text, and
// what is read back is the same but for that.
func TestCorpus(t *testing.T) {
	err := filepath.WalkDir(*corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == filepath.Clean(*corpus) {
			return err
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dumps := read(t, data)
			proto := false
			for i := range dumps {
				if dumps[i].Level == goroutine.Debug0 {
					dumps[i].Level, proto = goroutine.Debug1, true // what the text can be
				}
			}
			if len(dumps) == 0 {
				return
			}
			text, back := redacted(t, dumps, key)
			names := functions(dumps)
			for _, s := range secrets(dumps) {
				// A label may read like part of a name of a function or module,
				// which stay.
				if strings.Contains(text, s) && !strings.Contains(names, s) {
					t.Errorf("the redacted dump holds %q", s)
				}
			}
			if diff := gocmp.Diff(facts(dumps, proto), facts(back, proto)); diff != "" {
				t.Errorf("facts (-original +redacted):\n%s", diff)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiff compares two dumps and the same two redacted, each for itself with
// one key: the JSON is equal but for what was replaced.
func TestDiff(t *testing.T) {
	var plain, hidden []goroutine.Dump
	for _, name := range []string{"v1.t0.debug2.txt", "v1.t1.debug2.txt", "v1.t2.debug2.txt"} {
		data, err := os.ReadFile(filepath.Join(*corpus, "leakpair", name))
		if err != nil {
			t.Fatal(err)
		}
		dumps := read(t, data)
		_, back := redacted(t, dumps, key)
		plain, hidden = append(plain, dumps...), append(hidden, back...)
	}
	got, want := comparable(t, hidden), comparable(t, plain)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("diff (-plain +redacted):\n%s", diff)
	}
	if !strings.Contains(want, "accumulating") {
		t.Error("the comparison shows nothing")
	}
}

var address = regexp.MustCompile(`"address": ?"0x[0-9a-f]+"`)

var replaced = regexp.MustCompile(`"(?:/home|/usr|/[0-9a-f]{12})/(?:[^"]*/)?([^"/]+)"`)

// comparable is the JSON of a comparison without files' folders and addresses
// of locks, and with label values as counts alone.
func comparable(t *testing.T, dumps []goroutine.Dump) string {
	t.Helper()
	tr := trend.Compare(dumps)
	for i := range tr.Series {
		for _, b := range append(tr.Series[i].At, tr.Series[i].Bucket) {
			if b == nil {
				continue
			}
			for j := range b.Labels {
				slices.SortStableFunc(b.Labels[j].Values, func(a, b goroutine.Count) int { return cmp.Compare(b.N, a.N) })
				for k := range b.Labels[j].Values {
					b.Labels[j].Values[k].Name = fmt.Sprint(k)
				}
			}
		}
	}
	var out bytes.Buffer
	if err := report.JSON(&out, &tr, report.Options{}); err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	text := address.ReplaceAll(replaced.ReplaceAll(out.Bytes(), []byte(`"$1"`)), []byte(`"address":""`))
	if err := json.Indent(&indented, text, "", " "); err != nil {
		t.Fatal(err)
	}
	return indented.String()
}

// TestKeys sees that one key gives the same text again and another key another.
func TestKeys(t *testing.T) {
	d := goroutine.Dump{Source: "http://db.internal:6060", Level: goroutine.Debug1, Reason: "panic: user bob", Goroutines: 1, Buckets: []goroutine.Bucket{{
		Count:  1,
		Labels: []goroutine.Label{{Key: "tenant", Values: []goroutine.Count{{Name: "acme", N: 1}}}},
		Stack:  goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: "main.f", File: `C:\Users\bob\app\main.go`, Line: 3, Package: "main", Origin: goroutine.Main}}}),
	}}}
	one, again, other := fmt.Sprint(redact.New(key).Dump(d)), fmt.Sprint(redact.New(key).Dump(d)), fmt.Sprint(redact.New(key[1:]).Dump(d))
	if f := d.Buckets[0].Stack.Frames()[0]; f.File != `C:\Users\bob\app\main.go` {
		t.Errorf("the original has the file %s", f.File)
	}
	if one != again {
		t.Errorf("one key, two results:\n%s\n%s", one, again)
	}
	if one == other {
		t.Errorf("two keys, one result: %s", one)
	}
	for _, secret := range []string{"bob", "acme", "internal", "Users", "6060"} {
		if strings.Contains(one, secret) {
			t.Errorf("%q is in %s", secret, one)
		}
	}
	if d.Buckets[0].Labels[0].Values[0].Name != "acme" {
		t.Error("the dump itself was changed")
	}
}

// TestFormats sees that a redacted dump tells nothing in any format.
func TestFormats(t *testing.T) {
	for _, name := range []string{"gen126/zoo126_labels.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v1.t1.debug1.txt", "logs/cri.quit.log"} {
		data, err := os.ReadFile(filepath.Join(*corpus, name))
		if err != nil {
			t.Fatal(err)
		}
		dumps := read(t, data)
		names := functions(dumps)
		tr := trend.One(redact.New(key).Dump(dumps[0]))
		for _, f := range report.Formats() {
			if f.Gate || f.Binary {
				continue
			}
			var out bytes.Buffer
			if err := f.Write(&out, &tr, report.Options{}); err != nil {
				t.Fatal(err)
			}
			for _, s := range secrets(dumps) {
				// Short words are also words of the formats themselves.
				if len(s) > 4 && strings.Contains(out.String(), s) && !strings.Contains(names, s) {
					t.Errorf("%s: %s holds %q", name, f.Name, s)
				}
			}
		}
	}
}

// TestReasons sees that only the runtime's own words are left of a reason, in
// the dump and in the formats that write it.
func TestReasons(t *testing.T) {
	const hashed = "redacted-"
	for reason, want := range map[string]string{
		"": "",
		"fatal error: all goroutines are asleep - deadlock!":   "fatal error: all goroutines are asleep - deadlock!",
		"fatal error: concurrent map writes":                   "fatal error: concurrent map writes",
		"fatal error: cannot open /home/alice/secret.db on db": "fatal error: " + hashed,
		"fatal error: concurrent map writes of alice":          "fatal error: " + hashed,
		"fatal error: alice":                                   "fatal error: " + hashed,
		"SIGQUIT: quit":                                        "SIGQUIT: quit",
		"SIGSEGV: segmentation violation":                      "SIGSEGV: segmentation violation",
		"SIGUSR1: user-defined signal 1":                       "SIGUSR1: user-defined signal 1",
		"SIGALICE: secret":                                     hashed,
		"SIG-alice: quit":                                      hashed,
		"panic: alice":                                         "panic: " + hashed,
		"panic serving 10.0.0.1:80: alice":                     "panic serving " + hashed,
		"SIGQUIT: quit; running tests: TestAlice (1s)":         "SIGQUIT: quit; running tests: " + hashed,
		"alice; running tests: TestAlice (1s)":                 hashed,
		"log.Fatal of alice":                                   hashed,
	} {
		got := redact.New(key).Dump(goroutine.Dump{Reason: reason}).Reason
		if rest, ok := strings.CutPrefix(got, want); !ok || (rest != "") != strings.HasSuffix(want, hashed) {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
		if again := redact.New(key).Dump(goroutine.Dump{Reason: reason}).Reason; again != got {
			t.Errorf("%q: %q, then %q", reason, got, again)
		}
	}
}

// TestFleet has names and labels of instances, which say where a service runs.
func TestFleet(t *testing.T) {
	f := &goroutine.Fleet{Asked: 2, Instances: []goroutine.Instance{
		{Name: "web-1.secret.example", Source: "http://web-1.secret.example:6060", Labels: []goroutine.Pair{{Key: "zone", Value: "secret"}}, Goroutines: 3},
		{Name: "web-2.secret.example", Labels: []goroutine.Pair{{Key: "zone", Value: "secret"}}, Goroutines: 4},
	}}
	d := goroutine.Dump{Source: "k8s:secret/app=secret", Fleet: f, Buckets: []goroutine.Bucket{{Count: 7, Spread: &goroutine.Spread{Fleet: f, Shares: []goroutine.Share{{Instance: 0, N: 3}, {Instance: 1, N: 4}}}}}}
	got := redact.New([]byte("key")).Dump(d)
	if text := fmt.Sprintf("%+v %+v", *got.Fleet, *got.Buckets[0].Spread.Fleet); strings.Contains(text, "secret") {
		t.Error(text)
	}
	a, b := got.Fleet.Instances[0], got.Fleet.Instances[1]
	if a.Name == b.Name || a.Label("zone") != b.Label("zone") || a.Goroutines != 3 || got.Buckets[0].Spread.Fleet != got.Fleet || f.Instances[0].Name != "web-1.secret.example" {
		t.Errorf("%+v %+v", a, b)
	}
}
