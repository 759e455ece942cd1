package report

import (
	"bufio"
	"fmt"
	"io"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// Suite is the tests of one package: what they left, or why that is not known.
type Suite struct {
	Trend   *trend.Trend // nil if there are no dumps
	Options Options      // with the Package
	Missing string       // why there are none
}

// Suites writes what the tests of packages left as one document.
func Suites(w io.Writer, f Format, suites []Suite) error {
	switch f.Name {
	case "junit":
		return junitSuites(w, suites)
	case "sarif":
		return sarifSuites(w, suites)
	}
	for i := range suites {
		s := &suites[i]
		var err error
		if i > 0 && f.Name == "text" {
			fmt.Fprintln(w)
		}
		if s.Trend != nil {
			err = f.Write(w, s.Trend, s.Options)
		} else if f.missing != nil {
			err = f.missing(w, goroutine.Clean(s.Options.Package+": "+s.Missing))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// headline is what is said first: the verdict, or which tests left what.
func headline(t *trend.Trend, o *Options) []string {
	if o.Package == "" {
		return o.diagnosis(t).Headline()
	}
	name := goroutine.Clean(o.Package)
	leakers := Leakers(t)
	if len(leakers) == 0 {
		return []string{"no test of " + name + " left a goroutine"}
	}
	sum := 0
	lines := []string{""}
	for i := range leakers {
		sum += leakers[i].Goroutines
		lines = append(lines, "  "+leakers[i].Name()+": "+leakers[i].Says())
	}
	who := leakers[0].Name()
	if n := len(leakers) - 1; n > 0 {
		who += " and " + number.Plural(n, "more test", "more tests")
	}
	lines[0] = fmt.Sprintf("%s of %s left %s", who, name, number.Plural(sum, "goroutine", "goroutines"))
	return lines
}

// cleanTests reports whether a trend is of tests that left nothing, of which
// there is no more to say.
func cleanTests(t *trend.Trend, o Options) bool { return o.Package != "" && len(Leakers(t)) == 0 }

// Leakers are the tests that left goroutines, if a trend is of tests.
func Leakers(t *trend.Trend) []view.Leaker {
	all := make([]*trend.Series, len(t.Series))
	for i := range t.Series {
		all[i] = &t.Series[i]
	}
	return view.Leakers(all)
}

// leftBy are the tests to blame for a rule, nil if it is not about them.
func leftBy(out *gate.Outcome, o *Options) []view.Leaker {
	if o.Package == "" || out.State != gate.Tripped || !out.Rule.Of("left") {
		return nil
	}
	return view.Leakers(out.Blame)
}

// plainLine writes a line as it is.
func plainLine(w io.Writer, line string) error {
	_, err := fmt.Fprintln(w, line)
	return err
}

func missingMarkdown(w io.Writer, line string) error {
	_, err := fmt.Fprintf(w, "### %s\n\n", escapeMarkdown(line))
	return err
}

func missingGitHub(w io.Writer, line string) error {
	g := &github{w: bufio.NewWriter(w)}
	g.command("warning", "", 0, "go test", line)
	return g.w.Flush()
}

// jsonTest is a test that left goroutines, as the JSON report shows it.
type jsonTest struct {
	Test       string   `json:"test,omitempty"`
	Goroutines int      `json:"goroutines"`
	Buckets    []string `json:"buckets"`
}

func jsonTests(t *trend.Trend) []jsonTest {
	var tests []jsonTest
	for _, l := range Leakers(t) {
		x := jsonTest{Test: valid(l.Test), Goroutines: l.Goroutines}
		for _, s := range l.Series {
			x.Buckets = append(x.Buckets, string(s.Bucket.ID))
		}
		tests = append(tests, x)
	}
	return tests
}
