package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"gdump/internal/demo"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/report"
	"gdump/internal/source"
	"gdump/internal/trend"

	"github.com/spf13/cobra"
)

func (a *app) diffCommand() *cobra.Command {
	var g gateFlags
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER [MORE…]",
		Short: "Compare dumps and show what grew",
		Long: `diff compares two or more dumps of one program, files or targets in any mix:
which stacks grew, who came and who ended, and what accumulates. A file that
holds several dumps gives all of them.`,
		Example: `gdump diff before.dump after.dump
gdump diff before.dump :6060
gdump diff --by module before.dump after.dump
gdump diff --format json before.dump after.dump
gdump diff --fail-on 'accumulating, growth>10%' before.dump after.dump`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("diff: name the dumps to compare")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.judged(cmd, args, &g, true, false) },
	}
	c.Flags().BoolVar(&a.force, "force", false, "compare dumps even of different programs")
	g.add(c)
	a.outputFlags(c)
	return c
}

func (a *app) pullCommand() *cobra.Command {
	var output string
	var force bool
	c := &cobra.Command{
		Use:   "pull TARGET",
		Short: "Save a goroutine dump of a running process",
		Long: `pull asks the net/http/pprof endpoint of a running process for a dump (debug=2)
and saves what it sends, unchanged. It asks once: writing a dump stops the
process for a moment, about 0.1 s at 10 000 goroutines.

TARGET is host:port, :port, or a URL down to /debug/pprof/goroutine. Without -o
the file is HOST_PORT-20060102T150405Z.dump in the current folder; its name is
printed.`,
		Example: `gdump pull :6060
gdump pull http://localhost:6060/debug/pprof/ -o before.dump
gdump pull :6060 -o - | gdump`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("pull: name one target, such as :6060")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.pull(cmd.Context(), args[0], output, force)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "file to write; - is stdout")
	c.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	return c
}

func (a *app) pull(ctx context.Context, target, output string, force bool) error {
	in, err := source.Pull(ctx, target, a.sourceOptions())
	if err != nil {
		return err
	}
	defer in.Close()
	if output == "-" {
		_, err := io.Copy(a.stdout, in)
		if err != nil && !errors.As(err, new(*source.Error)) {
			err = &ioError{"stdout", err}
		}
		return err
	}
	if output == "" {
		if output, err = source.FileName(target, in.TakenAt); err != nil {
			return err
		}
	}
	if err := source.Save(output, in, force); err != nil {
		return err
	}
	return a.saved(ctx, output)
}

// saved tells what is in a dump that was pulled.
func (a *app) saved(ctx context.Context, name string) error {
	dumps, err := a.load(ctx, []string{name}, nil)
	if errors.Is(err, parse.ErrNoDump) {
		os.Remove(name)
		return fmt.Errorf("%w (nothing was saved)", err)
	}
	fmt.Fprintln(a.stdout, name)
	for i := range dumps {
		d := &dumps[i]
		fmt.Fprintf(a.stderr, "pulled %s in %s\n", report.Plural(d.Goroutines, "goroutine", "goroutines"), report.Plural(len(d.Buckets), "bucket", "buckets"))
		if d.Truncated {
			a.status = statusPartial
		}
	}
	t := trend.Compare(dumps)
	for _, l := range report.Trouble(&t, 5) {
		fmt.Fprintln(a.stderr, l)
	}
	return err
}

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "See it find a leak in a service of its own",
		Long: `demo starts a small service on loopback that leaks as real ones do: a client
package that never drains its channel, among healthy pools and traffic. It
pulls a dump, sends requests, lets them settle, pulls again, and shows the
difference. It needs no network, no file and no other program.`,
		Example: `gdump demo
gdump demo --format text`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

func (a *app) demo(ctx context.Context) error {
	before, after, err := demo.Collect(ctx, a.stderr, func(ctx context.Context, url string) ([]byte, error) {
		in, err := source.Pull(ctx, url, a.sourceOptions())
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return io.ReadAll(in)
	})
	if err != nil {
		return err
	}
	load := func(ctx context.Context, progress func(parse.Progress)) (trend.Trend, error) {
		var dumps []goroutine.Dump
		for _, d := range []struct {
			name string
			text []byte
		}{{"before", before}, {"after", after}} {
			got, err := parse.Read(ctx, bytes.NewReader(d.text), parse.Options{Progress: progress})
			if err != nil {
				return trend.Trend{}, fmt.Errorf("%s: %w", d.name, err)
			}
			for i := range got {
				got[i].Source = d.name
			}
			dumps = append(dumps, got...)
		}
		return a.compare(dumps, true)
	}
	if a.screen() {
		return a.openScreen(ctx, []string{"before", "after"}, int64(len(before)+len(after)), false, load)
	}
	t, err := load(ctx, nil)
	if err != nil {
		return err
	}
	return a.print(t, true)
}
