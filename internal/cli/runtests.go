package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gdump/internal/gate"
	"gdump/internal/report"
	"gdump/internal/run"
	"gdump/internal/source"
)

// runTests runs a go test whose processes write dumps.
func (a *app) runTests(ctx context.Context, args []string, r running) error {
	c := a.child(args, nil)
	if status, err := c.Find(); err != nil {
		return &childError{status, err}
	}
	work, err := os.MkdirTemp("", "gdump-")
	if err != nil {
		return &ioError{"temporary folder", err}
	}
	clean := func() { os.RemoveAll(work) }
	defer clean()
	defer a.abandoned.add(clean)()
	dumps := r.out
	if dumps == "" {
		dumps = filepath.Join(work, "dumps")
	}
	if err := source.MakeFolder(dumps); err != nil {
		return err
	}
	tests, err := run.PrepareTests(ctx, args, work, dumps, r.rounds, r.settle)
	if err != nil {
		return err
	}
	c.Args, c.Env = tests.Args(), tests.Env()
	unbuilt := &unbuiltPackages{w: c.Stdout}
	c.Stdout = unbuilt
	if a.plainText() && slices.ContainsFunc(args, func(s string) bool { return s == "-json" || s == "--json" }) {
		a.printed.w = a.stderr // stdout is for the program that reads go test's JSON
	}
	status, err := c.Run(ctx)
	if err != nil {
		return a.passOn(ctx, status, err)
	}
	if ctx.Err() != nil && status == 0 {
		return ctx.Err()
	}
	runs, err := tests.Collect(ctx)
	if err == nil && len(runs) == 0 && len(unbuilt.names) == 0 {
		err = errors.New("run: no test process wrote a dump: is it a go test, and with the Go of this folder?")
	}
	if perr := a.printTests(runs, unbuilt.names); err == nil {
		err = perr
	}
	return a.passOn(ctx, status, err)
}

// printTests prints what the tests of all packages left.
func (a *app) printTests(runs []run.TestRun, unbuilt []string) error {
	format, err := a.chosenFormat()
	if err != nil {
		return err
	}
	var suites []report.Suite
	worst := a.verdict
	for _, tr := range runs {
		if len(tr.Dumps) < 2 {
			suites = append(suites, report.Suite{Options: report.Options{Package: tr.Package}, Missing: "the tests ended the process: no dump after them"})
			continue
		}
		t, err := a.compare(tr.Dumps, true)
		if err != nil {
			return err
		}
		t.ByRounds()
		o, err := a.reportOptions(&t, true)
		if err != nil {
			return err
		}
		o.Package = tr.Package
		if leakers := report.Leakers(&t); len(leakers) > 0 && leakers[0].Test != "" {
			test, _, _ := strings.Cut(leakers[0].Test, "/")
			o.Closer = a.commandLine("run", "--", "go", "test", "-run", "^"+test+"$", tr.Package)
		}
		suites = append(suites, report.Suite{Trend: &t, Options: o})
		if a.verdict == gate.Tripped || worst == "" || worst == gate.Passed {
			worst = a.verdict
		}
	}
	for _, name := range unbuilt {
		suites = append(suites, report.Suite{Options: report.Options{Package: name}, Missing: "did not build: not tested"})
	}
	if a.verdict = worst; a.judge != nil && worst != gate.Tripped && slices.ContainsFunc(suites, func(s report.Suite) bool { return s.Trend == nil }) {
		a.verdict = gate.Unknown
	}
	if format.Single && len(suites) > 1 {
		return fmt.Errorf("run: --format %s has room for one package, and there are %d: name one", format.Name, len(suites))
	}
	for i := range suites {
		switch s := &suites[i]; {
		case format.Human && !a.out.toFile():
		case s.Trend == nil:
			a.say(s.Options.Package + ": " + s.Missing)
		case s.Options.Gate != nil:
			if err := report.Gate(&a.messages, s.Trend, s.Options); err != nil {
				return &ioError{"stderr", err}
			}
		}
	}
	return a.emit(format.Binary, func(w io.Writer) error { return report.Suites(w, format, suites) })
}

// unbuiltPackages passes on what go test prints and keeps the names of packages
// that did not build.
type unbuiltPackages struct {
	w     io.Writer
	line  []byte
	names []string
}

// unbuiltLine is how go test reports one, in text or within JSON.
var unbuiltLine = regexp.MustCompile(`FAIL(?:\t|\\t)(\S+) \[(?:build|setup) failed\]`)

func (u *unbuiltPackages) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		rest = after
		const enough = 4 << 10
		u.line = append(u.line, part[:min(len(part), max(0, enough-len(u.line)))]...)
		if !ended {
			break
		}
		if m := unbuiltLine.FindSubmatch(u.line); m != nil && !slices.Contains(u.names, string(m[1])) {
			u.names = append(u.names, string(m[1]))
		}
		u.line = u.line[:0]
	}
	return u.w.Write(p)
}
