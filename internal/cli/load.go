package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/ui"

	"github.com/spf13/cobra"
)

// load reads the dumps of all sources, in the order given. Where a source ends
// in an error after some goroutines, both come back.
func (a *app) load(ctx context.Context, args []string, progress func(parse.Progress)) ([]goroutine.Dump, error) {
	var dumps []goroutine.Dump
	var partial error
	var done parse.Progress
	for _, arg := range args {
		var last parse.Progress
		o := a.sourceOptions()
		o.Progress = func(p parse.Progress) {
			last = p
			if progress != nil {
				progress(parse.Progress{Bytes: done.Bytes + p.Bytes, Goroutines: done.Goroutines + p.Goroutines})
			}
		}
		got, err := source.Read(ctx, arg, o)
		done.Bytes += last.Bytes
		done.Goroutines += last.Goroutines
		dumps = append(dumps, got...)
		if err == nil {
			continue
		}
		if len(got) == 0 {
			return dumps, err
		}
		partial = err
	}
	return dumps, partial
}

// browse shows one source.
func (a *app) browse(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if a.stdin == nil || isTerminal(a.stdin) {
			help(cmd, nil)
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
	dumps, err := a.load(ctx, args, nil)
	if len(dumps) == 0 {
		return err
	}
	if err == nil {
		err = a.countOf(dumps, diff)
	}
	if err != nil && !a.keep(err) {
		return err
	}
	return a.print(trend.Compare(dumps), diff)
}

// countOf holds a comparison to two dumps at the least.
func (a *app) countOf(dumps []goroutine.Dump, diff bool) error {
	if diff && len(dumps) < 2 {
		return &source.Error{Kind: source.Usage, Name: dumps[0].Source, What: "holds one dump: a comparison needs two"}
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
	fmt.Fprintln(a.stderr, "gdump: "+oneLine(err.Error()))
	a.status = statusPartial
	return true
}

func (a *app) print(t trend.Trend, diff bool) error {
	o := report.Options{Width: a.columns(), Color: a.colored(), Top: a.top, AllIDs: a.allIDs, NoVerdicts: !diff}
	if a.top == 0 {
		o.Top = -1
	}
	write := report.Text
	if a.format == "json" {
		write = report.JSON
	}
	if err := write(a.stdout, &t, o); err != nil {
		return &ioError{"stdout", err}
	}
	for i := range t.Dumps {
		if t.Dumps[i].Truncated || len(t.Dumps[i].Problems) > 0 {
			a.status = statusPartial
		}
	}
	return nil
}

// open shows the sources on the screen, which loads them.
func (a *app) open(ctx context.Context, args []string, diff bool) error {
	return a.openScreen(ctx, args, size(args), func(ctx context.Context, progress func(parse.Progress)) (trend.Trend, error) {
		dumps, err := a.load(ctx, args, progress)
		if len(dumps) == 0 {
			return trend.Trend{}, err
		}
		if err == nil {
			err = a.countOf(dumps, diff)
		}
		var e *source.Error
		if errors.As(err, &e) && e.Kind == source.Usage {
			return trend.Trend{}, err
		}
		return trend.Compare(dumps), err
	})
}

func (a *app) openScreen(ctx context.Context, names []string, bytes int64, load ui.Load) error {
	err := ui.Run(ctx, ui.Config{Names: names, Load: load, Size: bytes, Theme: a.screenTheme()})
	var stopped interrupted
	if errors.As(context.Cause(ctx), &stopped) {
		return context.Cause(ctx)
	}
	return err
}

// size is how many bytes the sources hold, -1 if that is not known.
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
