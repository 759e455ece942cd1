package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"
	"gdump/internal/view"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// read reads dumps of the corpus, ten minutes apart if they have no time.
func read(t *testing.T, names ...string) []goroutine.Dump {
	t.Helper()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var dumps []goroutine.Dump
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		for j := range d {
			d[j].Source = name
			d[j].TakenAt = start.Add(time.Duration(i) * 10 * time.Minute)
		}
		dumps = append(dumps, d...)
	}
	return dumps
}

// cases are the trends that are written to golden files.
func cases(t *testing.T) map[string]trend.Trend {
	t.Helper()
	leak := read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v1.t2.debug2.txt")
	by := func(name string) trend.Trend {
		g, err := query.ParseGrouping(name)
		if err != nil {
			t.Fatal(err)
		}
		return trend.Options{By: g.Name, Group: g.Of}.Compare(leak)
	}
	return map[string]trend.Trend{
		"one":       trend.One(read(t, "server/nats.b.debug2.txt")[0]),
		"counts":    trend.One(read(t, "leakpair/v1.t1.debug1.txt")[0]),
		"leaked":    trend.One(read(t, "gen126/leak_goroutineleak.debug2.txt")[0]),
		"leak3":     trend.Compare(leak),
		"leak2":     trend.Compare(leak[:2]),
		"module":    by("module"),
		"label":     by("label:tenant"),
		"levels":    trend.Compare(read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug1.txt", "leakpair/v1.t2.debug0.pb.gz")),
		"builds":    trend.Compare(read(t, "leakpair/v1.t1.debug2.txt", "leakpair/v2.t1.debug2.txt")),
		"restart":   trend.Compare(read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v2.t0.debug2.txt", "leakpair/v2.t1.debug2.txt", "leakpair/v2.t2.debug2.txt")),
		"healthy":   trend.Compare(read(t, "server/prometheus.a.debug2.txt", "server/prometheus.b.debug2.txt")),
		"strangers": trend.Compare(read(t, "server/nats.a.debug2.txt", "server/caddy.a.debug2.txt")),
	}
}

func TestGolden(t *testing.T) {
	for name, tr := range cases(t) {
		for _, width := range []int{40, 80, 100, 200} {
			t.Run(fmt.Sprintf("%s/%d", name, width), func(t *testing.T) {
				var b bytes.Buffer
				if err := Text(&b, &tr, Options{Width: width, Top: 2}); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
						t.Errorf("%d cells wide: %q", w, line)
					}
				}
				golden(t, fmt.Sprintf("%s.%d.txt", name, width), b.Bytes())
			})
		}
		t.Run(name+"/json", func(t *testing.T) {
			golden(t, name+".json", document1(t, &tr))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got); go test ./internal/report -update rewrites it\n%s", path, d)
	}
}

func document1(t *testing.T, tr *trend.Trend) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, tr, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSchema validates every JSON report by the schema next to this file.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, tr := range cases(t) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document1(t, &tr)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	names, err := json.Marshal(view.VerdictNames())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if enum := `"description": "See verdicts.md.", "enum": ` + strings.ReplaceAll(string(names), ",", ", ") + "}"; !strings.Contains(string(text), enum) {
		t.Errorf("the schema must have %s", enum)
	}
	// The schema must be able to say no.
	for _, bad := range []string{`{"schema":2,"kind":"dump","dumps":[],"by":"stack","buckets":[]}`, `{"schema":1,"kind":"dump","dumps":[],"by":"colour","buckets":[]}`, `{"schema":1}`} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(v) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// document is the whole JSON report.
type document struct {
	Schema int      `json:"schema"`
	Kind   string   `json:"kind"`
	Dumps  []dump   `json:"dumps"`
	By     string   `json:"by"`
	Notes  []string `json:"notes,omitempty"`
	Lives  []life   `json:"lives,omitempty"`
	Leaks  []leak   `json:"leaks,omitempty"`

	Findings []jsonFinding `json:"findings,omitempty"`
	Buckets  []bucket      `json:"buckets"`
	Rules    []rule        `json:"rules,omitempty"`

	Blocked   []jsonResource `json:"blocked,omitempty"`
	Deadlocks []jsonDeadlock `json:"deadlocks,omitempty"`
	Patterns  []jsonPattern  `json:"patterns,omitempty"`
	Idle      map[string]int `json:"idle,omitempty"`
}

// TestRoundTrip reads the JSON back: nothing is lost or made up.
func TestRoundTrip(t *testing.T) {
	for name, tr := range cases(t) {
		data := document1(t, &tr)
		var doc document
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var again bytes.Buffer
		e := json.NewEncoder(&again)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(doc); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(data), again.String()); d != "" {
			t.Errorf("%s (-first +again)\n%s", name, d)
		}
		if len(doc.Buckets) != len(tr.Series) || len(doc.Dumps) != len(tr.Dumps) {
			t.Errorf("%s: %d buckets and %d dumps, want %d and %d", name, len(doc.Buckets), len(doc.Dumps), len(tr.Series), len(tr.Dumps))
		}
	}
}

// TestClean writes names that would drive a terminal: no such byte gets out.
func TestClean(t *testing.T) {
	const evil = "a\x1b]52;c;x\x07\x9b\u009b\r\x7f\u202e"
	frame := goroutine.Frame{Function: "main." + evil, File: "/" + evil + ".go", Line: 1, Package: evil, Module: evil, Origin: goroutine.Main}
	bucket := goroutine.Bucket{
		Count: 3, Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{frame}, CreatedBy: frame}),
		States: []goroutine.Count{{Name: evil, N: 3}}, Labels: []goroutine.Label{{Key: evil, Values: []goroutine.Count{{Name: evil, N: 3}}}},
	}
	bucket.ID = bucket.Stack.ID()
	dump := func(n int) goroutine.Dump {
		b := bucket
		b.Count = n
		return goroutine.Dump{Source: evil, Level: goroutine.Debug1, Reason: evil, Goroutines: n, Buckets: []goroutine.Bucket{b}, Problems: []goroutine.Problem{{Line: 1, Message: evil}}}
	}
	tr := trend.Compare([]goroutine.Dump{dump(1), dump(20), dump(60)})
	if len(tr.Leaks) != 1 {
		t.Fatalf("%d leaks, want 1", len(tr.Leaks))
	}
	var b bytes.Buffer
	if err := Text(&b, &tr, Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	all := b.String() + strings.Join(view.Evidence(&tr, &tr.Series[0]), "\n") + strings.Join(diagnose.Of(&tr, nil).Headline(), "\n")
	if i := strings.IndexAny(all, "\x1b\x07\u009b\r\x7f\u202e"); i >= 0 || !utf8.ValidString(all) {
		i = max(i, 0)
		t.Errorf("raw bytes in %q", all[max(0, i-20):min(len(all), i+20)])
	}
}

// TestJSONLeaked: what a leak profile proves is in the buckets, also of
// dumps whose headers say nothing of it.
func TestJSONLeaked(t *testing.T) {
	for _, other := range []string{"gen126/leak_goroutineleak.debug2.txt", "gen126/leak_goroutineleak.debug1.txt"} {
		dump := read(t, "gen126/leak_goroutineleak.debug2.txt")[0]
		for i := range dump.Buckets {
			dump.Buckets[i].Leaked = 0
		}
		tr := trend.Compare(append([]goroutine.Dump{dump}, read(t, other)...))
		var doc struct{ Buckets []struct{ Leaked int } }
		if err := json.Unmarshal(document1(t, &tr), &doc); err != nil {
			t.Fatal(err)
		}
		leaked := 0
		for _, b := range doc.Buckets {
			leaked += b.Leaked
		}
		if leaked != 5 {
			t.Errorf("with %s: %d leaked, want 5", other, leaked)
		}
	}
}
