package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/report"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// judged is the result of rules that trip, pass and cannot be decided.
func judged(t *testing.T, tr *trend.Trend, rules string) report.Options {
	t.Helper()
	parsed, err := gate.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	allow, err := gate.ParseAllowList(strings.NewReader("site nobody.knows\n reason: gone\nsite main.(*Server).watch\n reason: one per tenant\n"))
	if err != nil {
		t.Fatal(err)
	}
	res := gate.Check(diagnose.Of(tr, nil), parsed, allow, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	return report.Options{Gate: &res, GateOnly: true, AllowName: ".gdump-allow", Root: "/home/dev/src/leaky"}
}

const rules = `accumulating, growth>100000%, wait>1h, goroutines<0, largest>100 in state:"chan send", turnover=77`

// gateChecks hold what a CI format says against what reads it.
var gateChecks = map[string]func(*testing.T, string){
	"junit":  checkJUnit,
	"sarif":  checkSARIF,
	"github": checkGitHub,
	"json":   func(t *testing.T, text string) { checkJSON(t, nil, text) },
}

// junitSchema is what the schema of Jenkins' xunit plugin (junit-10.xsd) lets
// each element have: attributes, those that must be there first, and children.
var junitSchema = map[string]struct{ required, optional, children []string }{
	"testsuites": {nil, []string{"name", "time", "tests", "failures", "errors"}, []string{"testsuite"}},
	"testsuite":  {[]string{"name", "tests", "failures", "errors"}, []string{"time", "skipped", "timestamp", "hostname", "id", "package"}, []string{"testcase", "system-out", "system-err"}},
	"testcase":   {[]string{"name"}, []string{"time", "classname", "group"}, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"error":      {nil, []string{"type", "message"}, nil},
	"failure":    {nil, []string{"type", "message"}, nil},
	"system-out": {},
	"system-err": {},
}

func checkJUnit(t *testing.T, text string) {
	d := xml.NewDecoder(strings.NewReader(text))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("junit: %v\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			rule, known := junitSchema[name]
			if !known || len(open) == 0 && name != "testsuites" || len(open) > 0 && !slices.Contains(junitSchema[open[len(open)-1]].children, name) {
				t.Errorf("junit: %s may not be in %v", name, open)
			}
			var has []string
			for _, a := range e.Attr {
				has = append(has, a.Name.Local)
				if !slices.Contains(rule.required, a.Name.Local) && !slices.Contains(rule.optional, a.Name.Local) {
					t.Errorf("junit: %s may not have %s", name, a.Name.Local)
				}
			}
			for _, r := range rule.required {
				if !slices.Contains(has, r) {
					t.Errorf("junit: %s has no %s", name, r)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func checkSARIF(t *testing.T, text string) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	log, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(log); err != nil {
		t.Errorf("sarif: %v", err)
	}
}

var workflowCommand = regexp.MustCompile(`^::(error|warning) ((?:[a-z]+=[^,:]+,?)+)::(.+)$`)

func checkGitHub(t *testing.T, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "##[") || strings.TrimLeft(line, " \t") != line {
			t.Errorf("github: %q may be taken for another command", line)
		}
		if strings.HasPrefix(line, "gdump: ") {
			continue
		}
		if m := workflowCommand.FindStringSubmatch(line); m == nil {
			t.Errorf("github: %q is no workflow command", line)
		} else if bad := regexp.MustCompile(`%(?:[^023]|2[^5C]|3[^A]|0[^AD])`).FindString(m[2] + m[3]); bad != "" {
			t.Errorf("github: %q is not an escape, in %q", bad, line)
		}
	}
}

func everyGateFormat(t *testing.T, tr *trend.Trend, o report.Options) {
	for _, f := range report.Formats() {
		text := written(t, f.Name, tr, o)
		if text == "" {
			t.Errorf("%s: nothing written", f.Name)
		}
		if !f.Binary {
			clean(t, f.Name, text)
		}
		if check := gateChecks[f.Name]; check != nil {
			check(t, text)
		}
	}
}

func TestGateFormats(t *testing.T) {
	tr := pair(t, "v1.t0.debug2.txt", "v1.t1.debug2.txt", "v1.t2.debug2.txt")
	everyGateFormat(t, tr, judged(t, tr, rules))
	tr = pair(t, "v1.t0.debug1.txt")
	everyGateFormat(t, tr, judged(t, tr, rules))
}

func TestGateFormatsOfHostileNames(t *testing.T) {
	for i, text := range hostileTexts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			tr := hostile(text)
			everyGateFormat(t, tr, judged(t, tr, `goroutines>0, stable>0 in "::error::x ]]> <b> ##[error] %0A"`))
		})
	}
}

// TestJSONRules sees that the rules come through as programs need them.
func TestJSONRules(t *testing.T) {
	tr := pair(t, "v1.t0.debug2.txt", "v1.t1.debug2.txt", "v1.t2.debug2.txt")
	var doc struct {
		Rules []struct {
			Rule, State, Value, Limit, Why string
			Buckets                        []string
		}
	}
	o := judged(t, tr, "growth>10% in func:query, new, leaked=3 in nothing")
	if err := json.Unmarshal([]byte(written(t, "json", tr, o)), &doc); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", doc.Rules)
	const want = "[{Rule:growth>10% in func:query State:tripped Value:2900% Limit:> 10% Why: Buckets:[09a548942cb6aa5f]} " +
		"{Rule:new State:passed Value:0 Limit:> 0 Why: Buckets:[]} {Rule:leaked=3 in nothing State:passed Value:0 Limit:= 3 Why: Buckets:[]}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestGoldenFormats holds some outputs against what was looked at: -update
// rewrites them.
func TestGoldenFormats(t *testing.T) {
	diff := pair(t, "v1.t0.debug2.txt", "v1.t1.debug2.txt", "v1.t2.debug2.txt")
	one := pair(t, "v1.t0.debug2.txt")
	tests := []struct {
		name, format string
		trend        *trend.Trend
		rules        string
	}{
		{"diff.md", "markdown", diff, ""},
		{"dump.md", "markdown", one, ""},
		{"gate.md", "markdown", diff, rules},
		{"diff.folded", "folded", diff, ""},
		{"dump.txt", "dump", one, ""},
		{"gate.txt", "text", diff, rules},
		{"gate.xml", "junit", diff, rules},
		{"gate.sarif", "sarif", one, `largest>40`},
		{"gate.github", "github", diff, rules},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := report.Options{Top: 2}
			if tt.rules != "" {
				o = judged(t, tt.trend, tt.rules)
				o.Top = 2
			}
			got := written(t, tt.format, tt.trend, o)
			path := filepath.Join("testdata", "golden", tt.name)
			if flag.Lookup("update").Value.String() == "true" {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal([]byte(got), want) {
				t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
			}
		})
	}
}
