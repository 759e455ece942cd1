package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"

	"gdump/internal/gate"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// JUnit writes the rules as test cases: a failure for one that tripped, an
// error for one that could not be decided. Clean text has no character that
// XML forbids, and the escapes of HTML that text makes are XML's as well.
func JUnit(w io.Writer, t *trend.Trend, o Options) error {
	return junitSuites(w, []Suite{{Trend: t, Options: o}})
}

// junitCase is a test case; state is that of a rule.
type junitCase struct {
	class, name, message string
	state                gate.State
	lines                []string
}

// junitSuites writes a suite for each. A rule about what tests left has a case
// for each test that left something.
func junitSuites(w io.Writer, suites []Suite) error {
	out := bufio.NewWriter(w)
	var all []junitCase
	cases := make([][]junitCase, len(suites))
	for i := range suites {
		cases[i] = junitCases(&suites[i])
		all = append(all, cases[i]...)
	}
	fmt.Fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gdump\" %s>\n", junitCounts(all))
	for i := range suites {
		s := &suites[i]
		fmt.Fprintf(out, "  <testsuite name=\"%s\" %s>\n", text(cmp.Or(s.Options.Package, "gdump check")), junitCounts(cases[i]))
		for j := range cases[i] {
			cases[i][j].write(out)
		}
		if s.Trend != nil {
			junitOutput(out, s.Trend, s.Options)
		}
		fmt.Fprint(out, "  </testsuite>\n")
	}
	fmt.Fprint(out, "</testsuites>\n")
	return out.Flush()
}

func junitCases(s *Suite) []junitCase {
	class := cmp.Or(s.Options.Package, "gdump.check")
	if s.Trend == nil {
		return []junitCase{{class: class, name: "goroutines", state: gate.Unknown, message: s.Missing}}
	}
	var cases []junitCase
	for i := range s.Options.Gate.Outcomes {
		o := &s.Options.Gate.Outcomes[i]
		if tests := leftBy(o, &s.Options); tests != nil {
			for j := range tests {
				l := &tests[j]
				cases = append(cases, junitCase{class, l.Name(), l.Says(), gate.Tripped, blames(l.Series, s.Trend)})
			}
			continue
		}
		cases = append(cases, junitCase{class, o.Rule.Text, ruleLine(o), o.State, blames(o.Blame, s.Trend)})
	}
	return cases
}

func blames(series []*trend.Series, t *trend.Trend) []string {
	var lines []string
	for _, s := range series {
		lines = append(lines, blame(s, len(t.Dumps)))
	}
	return lines
}

func junitCounts(cases []junitCase) string {
	failures, errors := 0, 0
	for i := range cases {
		switch cases[i].state {
		case gate.Tripped:
			failures++
		case gate.Unknown:
			errors++
		case gate.Passed:
		}
	}
	return fmt.Sprintf(`tests="%d" failures="%d" errors="%d" time="0"`, len(cases), failures, errors)
}

func junitOutput(out *bufio.Writer, t *trend.Trend, o Options) {
	fmt.Fprint(out, "    <system-out>")
	for _, l := range headline(t, &o) {
		fmt.Fprintf(out, "%s\n", text(l))
	}
	fmt.Fprint(out, text(GateSummary(o)), "</system-out>\n    <system-err>")
	for _, l := range append(view.Trouble(t, shownTrouble), allowNotes(o)...) {
		fmt.Fprintf(out, "%s\n", text(l))
	}
	fmt.Fprint(out, "</system-err>\n")
}

func (c *junitCase) write(out *bufio.Writer) {
	fmt.Fprintf(out, "    <testcase classname=\"%s\" name=\"%s\" time=\"0\">", text(c.class), text(c.name))
	switch c.state {
	case gate.Passed:
		fmt.Fprintf(out, "<system-out>%s</system-out>", text(c.message))
	case gate.Unknown:
		fmt.Fprintf(out, "<error message=\"%s\" type=\"unknown\"/>", text(c.message))
	case gate.Tripped:
		fmt.Fprintf(out, "<failure message=\"%s\" type=\"tripped\">", text(c.message))
		for _, l := range c.lines {
			fmt.Fprintf(out, "%s\n", text(l))
		}
		fmt.Fprint(out, "</failure>")
	}
	fmt.Fprint(out, "</testcase>\n")
}
