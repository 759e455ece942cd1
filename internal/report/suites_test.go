package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/report"
	"gdump/internal/trend"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// suites are those of three packages: one whose tests, with names that a format
// could take for its own, left goroutines; one that is clean; one not built.
func suites(t *testing.T) []report.Suite {
	t.Helper()
	bucket := func(id goroutine.ID, function string, tests ...goroutine.Count) goroutine.Bucket {
		n := 0
		for _, c := range tests {
			n += c.N
		}
		return goroutine.Bucket{
			ID: id, Count: n, Labels: []goroutine.Label{{Key: "test", Values: tests}},
			Stack: goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/src/app/a_test.go", Line: 7, Origin: goroutine.Main}}}),
		}
	}
	dump := func(buckets ...goroutine.Bucket) goroutine.Dump {
		d := goroutine.Dump{Level: goroutine.Debug2, Source: "x", Buckets: buckets}
		for i := range buckets {
			d.Goroutines += buckets[i].Count
		}
		return d
	}
	var all []report.Suite
	for _, after := range [][]goroutine.Bucket{
		{
			bucket("0000000000000001", "app.leak", goroutine.Count{Name: "TestX/a<b>&\"|,::#[%\x1b[31m", N: 4}, goroutine.Count{Name: "TestY", N: 1}),
			bucket("0000000000000002", "app.lost", goroutine.Count{Name: "TestX/a<b>&\"|,::#[%\x1b[31m", N: 2}),
		},
		{},
	} {
		tr := trend.Compare([]goroutine.Dump{dump(), dump(after...)})
		rules, err := gate.ParseRules("left, goroutines>1000")
		if err != nil {
			t.Fatal(err)
		}
		d := diagnose.Of(&tr, nil)
		res := gate.Check(d, rules, nil, time.Time{})
		all = append(all, report.Suite{Trend: &tr, Options: report.Options{Package: fmt.Sprintf("example.com/<%d>", len(all)), Gate: &res, Root: "/src/app", Diagnosis: d}})
	}
	return append(all, report.Suite{Options: report.Options{Package: "example.com/x\x1b"}, Missing: "did not build: not tested"})
}

// TestSuites writes what tests left in all formats that have room for several
// packages: the test's name comes first, and each document is a valid one.
func TestSuites(t *testing.T) {
	all := suites(t)
	const name = `TestX/a<b>&"|,::#[%\x1b[31m`
	want := map[string][]string{
		"text": {
			name + " and 1 more test of example.com/<0> left 7 goroutines\n  " + name + ": 6 goroutines left in app.leak at a_test.go:7 and 1 more bucket\n  TestY: 1 goroutine left in app.leak at a_test.go:7\n",
			"\n\nno test of example.com/<1> left a goroutine\n", "\n\nexample.com/x\\x1b: did not build: not tested\n",
		},
		"markdown": {"### TestX/a\\<b\\>\\&", "\n- TestY: 1 goroutine left in app.leak at a\\_test.go:7\n", "### no test of example.com/\\<1\\> left a goroutine\n", "### example.com/x\\\\x1b: did not build: not tested\n"},
		"junit": {
			`<testsuites name="gdump" tests="6" failures="2" errors="1" time="0">`, `<testsuite name="example.com/&lt;0&gt;" tests="3" failures="2" errors="0" time="0">`,
			`name="TestX/a&lt;b&gt;&amp;&#34;|,::#[%\x1b[31m" time="0"><failure message="6 goroutines left in app.leak at a_test.go:7 and 1 more bucket" type="tripped">`,
			`name="TestY" time="0"><failure message="1 goroutine left in app.leak at a_test.go:7"`, `<testcase classname="example.com/&lt;1&gt;" name="left" time="0"><system-out>`,
			`<testcase classname="example.com/x\x1b" name="goroutines" time="0"><error message="did not build: not tested" type="unknown"/>`,
		},
		"github": {
			"::error file=a_test.go,line=7,title=gdump%3A TestX/a<b>&\"|%2C%3A%3A#[%25\\x1b[31m left 6 goroutines::TestX/", "::error file=a_test.go,line=7,title=gdump%3A TestY left 1 goroutine::TestY of example.com/<0>: 1 goroutine left",
			"::warning title=gdump%3A go test::example.com/x\\x1b: did not build: not tested\n",
		},
		"sarif": {`"executionSuccessful": false`, `example.com/x\\x1b: did not build`, `"text": "TestY of example.com/<0>: 1 goroutine left in app.leak at a_test.go:7. app.leak`},
		"json":  {`"package": "example.com/<0>"`, `"test": "TestY"`, "\"buckets\": [\n        \"0000000000000001\",\n        \"0000000000000002\"\n"},
	}
	for _, f := range report.Formats() {
		parts, ok := want[f.Name]
		if f.Single || !ok {
			continue
		}
		var b strings.Builder
		if err := report.Suites(&b, f, all); err != nil {
			t.Fatal(err)
		}
		rest := b.String()
		for _, part := range parts {
			_, after, ok := strings.Cut(rest, part)
			if !ok {
				t.Fatalf("%s: no %q in\n%s", f.Name, part, b.String())
			}
			rest = after
		}
		if check := gateChecks[f.Name]; check != nil && f.Name != "json" {
			check(t, b.String())
		}
	}
	var b strings.Builder
	if err := report.JSON(&b, all[0].Trend, all[0].Options); err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Error(err)
	}
}
