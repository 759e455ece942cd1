package cli

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/report"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/ui"
	"gdump/internal/view"

	"github.com/spf13/cobra"
)

// manySources is the number of sources whose dumps share their stacks: most are
// then of one program, and take little more memory than their counts.
const manySources = 8

// load reads the dumps of all sources, in the order given. Where a source ends
// in an error after some goroutines, both are returned. step may be nil.
func (a *app) load(ctx context.Context, args []string, step func(ui.Step)) ([]goroutine.Dump, error) {
	var dumps []goroutine.Dump
	var partial error
	var done parse.Progress
	var shared goroutine.Stacks
	var again abridged
	if len(args) > manySources {
		// Little is kept and much is garbage. So that the collector runs less often,
		// memory is set aside that nobody touches, and so takes none of the machine's.
		slack := make([]byte, 8<<20)
		defer runtime.KeepAlive(slack)
	}
	for _, arg := range args {
		var last parse.Progress
		o := a.sourceOptions()
		sum := func() parse.Progress {
			return parse.Progress{Bytes: done.Bytes + last.Bytes, Goroutines: done.Goroutines + last.Goroutines}
		}
		o.Progress = func(p parse.Progress) {
			last = p
			if step != nil {
				step(ui.Step{Progress: sum()})
			}
		}
		if step != nil && len(args) == 1 {
			o.Partial = func(sofar []goroutine.Dump) {
				if t, err := a.compare(sofar[len(sofar)-1:], false); err == nil {
					step(ui.Step{Progress: sum(), Partial: &t})
				}
			}
		}
		var got []goroutine.Dump
		var err error
		if fleet.Is(arg) {
			got, err = a.readFleet(ctx, arg, step)
		} else {
			got, err = source.Read(ctx, arg, o)
		}
		done.Bytes += last.Bytes
		done.Goroutines += last.Goroutines
		switch {
		case len(args) > trend.MaxDumps && again.abridge(arg, len(dumps), got):
		case len(args) > manySources:
			shared.Adopt(got)
		}
		dumps = append(dumps, got...)
		if err == nil {
			continue
		}
		if len(got) == 0 {
			return dumps, err
		}
		partial = err
	}
	if err := again.restore(dumps, &shared, func(arg string) ([]goroutine.Dump, error) {
		return source.Read(ctx, arg, a.sourceOptions())
	}); err != nil {
		return dumps, err
	}
	lean(dumps)
	return dumps, partial
}

// lean has the collector run four times as often once dumps with very many
// stacks are read. What follows adds little to them, so that it costs little
// time and saves most of their size.
func lean(dumps []goroutine.Dump) {
	const many = 50_000
	stacks := 0
	for i := range dumps {
		stacks += len(dumps[i].Buckets)
	}
	if stacks > many && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25)
	}
}

// browse shows one source.
func (a *app) browse(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if a.stdin == nil || isTerminal(a.stdin) {
			shortHelp(cmd, nil)
			return nil
		}
		args = []string{"-"}
	}
	return a.show(cmd.Context(), args, false)
}

// show opens the screen, or prints the report where there is no terminal.
func (a *app) show(ctx context.Context, args []string, diff bool) error {
	if a.screen() {
		return a.open(ctx, args, diff)
	}
	if a.overTime {
		t, err := a.history(ctx, args[0], nil)
		if err != nil {
			return err
		}
		return a.print(t, true)
	}
	if !slices.Contains(args, "-") {
		if a.closer = a.commandLine(args...); len(args) > 1 {
			a.closer = a.commandLine(append([]string{"diff"}, args...)...)
		}
	}
	dumps, err := a.load(ctx, args, nil)
	if len(dumps) == 0 || err != nil && diff && len(dumps) < 2 {
		return err
	}
	if err == nil {
		err = a.countOf(dumps, diff)
	}
	if err != nil && !a.keep(err) {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := a.compare(dumps, diff)
	if err != nil {
		return err
	}
	return a.print(t, diff)
}

// history is what a server has of a service over time.
func (a *app) history(ctx context.Context, arg string, step func(ui.Step)) (trend.Trend, error) {
	o := a.fleetOptions()
	o.Progress = a.progress(step)
	s, err := fleet.Parse(arg)
	if err != nil {
		return trend.Trend{}, err
	}
	if err := fleet.CheckGrouping(a.by); err != nil {
		return trend.Trend{}, err
	}
	h, err := s.History(ctx, o)
	if err != nil {
		return trend.Trend{}, err
	}
	if len(h.Failed) > 0 {
		a.sayFailed(h.Failed, h.Instances())
	}
	a.kept = h
	return a.historyBy(h, a.by)
}

// historyBy is a history grouped otherwise.
func (a *app) historyBy(h *fleet.History, by string) (trend.Trend, error) {
	g, err := query.ParseGrouping(by)
	if err != nil {
		return trend.Trend{}, err
	}
	return h.By(g.Name, g.Of)
}

// compare puts the dumps in a row, by the grouping that was asked for. Dumps
// of different programs are no comparison, unless the user insists.
func (a *app) compare(dumps []goroutine.Dump, diff bool) (trend.Trend, error) {
	by, why := a.by, []trend.Warning(nil)
	if a.mayRegroup {
		by, why = view.StartBy(dumps)
	}
	g, err := query.ParseGrouping(by)
	if err != nil {
		return trend.Trend{}, err
	}
	if a.binary != "" {
		info, err := buildinfo.ReadFile(a.binary)
		if err != nil {
			return trend.Trend{}, &source.Error{Kind: source.Local, Name: a.binary, What: "has no build info of a Go program", Err: err}
		}
		for i := range dumps {
			goroutine.Attribute(&dumps[i], info)
		}
	}
	t := trend.Options{By: g.Name, Group: g.Of}.Compare(dumps)
	t.Warnings = append(t.Warnings, why...)
	if diff && t.Mismatch != nil && !a.force {
		return t, &source.Error{Kind: source.Usage, Name: "diff", What: diagnose.Mismatch(&t), Hint: "--force compares them anyway"}
	}
	return t, nil
}

// countOf checks that a comparison has at least two dumps.
func (a *app) countOf(dumps []goroutine.Dump, diff bool) error {
	if diff && len(dumps) < 2 {
		return &source.Error{Kind: source.Usage, Name: dumps[0].Source, What: "has one dump: a comparison needs two"}
	}
	return nil
}

// keep reports whether what was read is worth showing in spite of err, and
// says on stderr what happened.
func (a *app) keep(err error) bool {
	var e *source.Error
	if errors.As(err, &e) && e.Kind == source.Usage || errors.Is(err, context.Canceled) {
		return false
	}
	fmt.Fprintln(&a.messages, "gdump: "+oneLine(err.Error()))
	a.status = statusPartial
	return true
}

// reportOptions are how a trend is written, with the result of the rules.
func (a *app) reportOptions(t *trend.Trend, diff bool) (report.Options, error) {
	o := report.Options{Width: a.columns(), Color: a.colored(), Top: a.top, AllIDs: a.allIDs, NoVerdicts: !diff && !a.gateOnly, GateOnly: a.gateOnly, Plain: a.out.compresses()}
	switch {
	case a.top == 0:
		o.Top = report.All
	case a.top < 0:
		o.Top = 0
	}
	finder, err := a.finder()
	if err != nil {
		return o, err
	}
	o.Diagnosis, o.Version, o.Now = diagnose.Of(t, finder.Package), version(), time.Now()
	if !a.private {
		o.Command, o.Closer = a.command, a.closer
		o.Code = func(f goroutine.Frame) string {
			s, err := finder.Read(f)
			if err != nil {
				return ""
			}
			return s.Lines[s.Line-s.First]
		}
	}
	if a.judge != nil {
		a.check(a.judge, &o)
	}
	for i := range t.Dumps {
		if t.Dumps[i].Incomplete() {
			a.status = statusPartial
		}
	}
	return o, nil
}

func (a *app) print(t trend.Trend, diff bool) error {
	format, err := a.chosenFormat()
	if err != nil {
		return err
	}
	if a.judge == nil && format.Gate {
		return fmt.Errorf("--format %s reports rules: it is for gdump check", format.Name)
	}
	o, err := a.reportOptions(&t, diff)
	if err != nil {
		return err
	}
	if err := a.emit(format.Binary, func(w io.Writer) error { return format.Write(w, &t, o) }); err != nil {
		return err
	}
	if o.Gate != nil && (!format.Human || a.out.toFile()) {
		// The log of CI shows why, whatever goes to stdout.
		if err := report.Gate(&a.messages, &t, report.Options{Gate: o.Gate, AllowName: o.AllowName}); err != nil {
			return &ioError{"stderr", err}
		}
	}
	return nil
}

// open shows the sources on the screen, which loads them.
func (a *app) open(ctx context.Context, args []string, diff bool) error {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = fleet.Redact(arg)
	}
	return a.openScreen(ctx, ui.Config{Names: names, Size: size(args), Browse: !diff, Worst: a.worst(ctx, args), Over: a.over(), Load: func(ctx context.Context, step func(ui.Step)) (trend.Trend, error) {
		t, err := a.loadTrend(ctx, args, diff, step)
		return t, a.messages.hide(err)
	}})
}

// loadTrend is what the screen shows of the sources, and why it is not all.
func (a *app) loadTrend(ctx context.Context, args []string, diff bool, step func(ui.Step)) (trend.Trend, error) {
	if a.overTime {
		return a.history(ctx, args[0], step)
	}
	dumps, err := a.load(ctx, args, step)
	if len(dumps) == 0 || err != nil && diff && len(dumps) < 2 && ctx.Err() == nil {
		return trend.Trend{}, err
	}
	if err == nil {
		err = a.countOf(dumps, diff)
	}
	var e *source.Error
	if errors.As(err, &e) && e.Kind == source.Usage {
		return trend.Trend{}, err
	}
	t, wrong := a.compare(dumps, diff)
	if wrong != nil {
		return trend.Trend{}, wrong
	}
	return t, err
}

// size is how many bytes the sources have, -1 if that is not known.
func size(args []string) int64 {
	var sum int64
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		sum += info.Size()
	}
	return sum
}
