package report

import (
	"bufio"
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
	failures, errors := 0, 0
	for i := range o.Gate.Outcomes {
		switch o.Gate.Outcomes[i].State {
		case gate.Tripped:
			failures++
		case gate.Unknown:
			errors++
		case gate.Passed:
		}
	}
	out := bufio.NewWriter(w)
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="%d" time="0"`, len(o.Gate.Outcomes), failures, errors)
	fmt.Fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gdump\" %s>\n  <testsuite name=\"gdump check\" %s>\n", counts, counts)
	for i := range o.Gate.Outcomes {
		junitCase(out, t, &o.Gate.Outcomes[i])
	}
	fmt.Fprint(out, "    <system-out>")
	for _, l := range o.diagnosis(t).Headline() {
		fmt.Fprintf(out, "%s\n", text(l))
	}
	fmt.Fprint(out, text(GateSummary(o)), "</system-out>\n    <system-err>")
	for _, l := range append(view.Trouble(t, shownTrouble), allowNotes(o)...) {
		fmt.Fprintf(out, "%s\n", text(l))
	}
	fmt.Fprint(out, "</system-err>\n  </testsuite>\n</testsuites>\n")
	return out.Flush()
}

func junitCase(out *bufio.Writer, t *trend.Trend, o *gate.Outcome) {
	fmt.Fprintf(out, "    <testcase classname=\"gdump.check\" name=\"%s\" time=\"0\">", text(o.Rule.Text))
	switch o.State {
	case gate.Passed:
		fmt.Fprintf(out, "<system-out>%s</system-out>", text(ruleLine(o)))
	case gate.Unknown:
		fmt.Fprintf(out, "<error message=\"%s\" type=\"unknown\"/>", text(ruleLine(o)))
	case gate.Tripped:
		fmt.Fprintf(out, "<failure message=\"%s\" type=\"tripped\">", text(ruleLine(o)))
		for _, s := range o.Blame {
			fmt.Fprintf(out, "%s\n", text(blame(s, len(t.Dumps))))
		}
		fmt.Fprint(out, "</failure>")
	}
	fmt.Fprint(out, "</testcase>\n")
}
