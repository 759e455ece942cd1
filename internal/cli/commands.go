package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"gdump/internal/demo"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/ui"

	"github.com/spf13/cobra"
)

func (a *app) diffCommand() *cobra.Command {
	var g gateFlags
	var h period
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER [MORE…]",
		Short: "Compare dumps and show what grew",
		Long: `diff compares two or more dumps of one program, files or targets in any mix:
which stacks grew, which goroutines are new or finished, and what accumulates.
A file with several dumps gives all of them.

With --from, one pyroscope:URL{MATCHERS} gives what a server has of a service
since then, a profile of each instance in each --step: on how many instances
each call site accumulates, since when and since which version, how fast in the
lifetime of a process, and what restarts hide.`,
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
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.setPeriod(&h, args); err != nil {
				return err
			}
			return a.judged(cmd, args, &g, true, false)
		},
	}
	c.Flags().BoolVar(&a.force, "force", false, "compare different programs")
	h.flags(c)
	g.add(c)
	a.outputFlags(c)
	return c
}

func (a *app) demoCommand() *cobra.Command {
	var addr string
	var fixed bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See gdump find a leak",
		Long: `demo starts a small service on loopback that leaks as real ones do: a client
package that never drains its channel, among healthy pools and traffic. It
pulls a dump, sends requests, lets them settle and pulls again, twice, and
shows what accumulates. It needs no network, no file and no other program.

With --serve it leaves the service to you, until it is interrupted: each POST to
/order leaks, /checkout and /restock at the same time deadlock. With --fixed
neither happens. The tutorial in docs/tutorial.md uses it.`,
		Example: `gdump demo
gdump demo --format text`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if addr == "" && fixed {
				return errors.New("--fixed: works only with --serve")
			}
			if addr != "" {
				return demo.Serve(cmd.Context(), &a.messages, addr, fixed)
			}
			return a.demo(cmd.Context())
		},
	}
	c.Flags().StringVar(&addr, "serve", "", "serve the shop at this address, such as localhost:6060")
	c.Flags().BoolVar(&fixed, "fixed", false, "serve a shop without the leak and the deadlock")
	return c
}

func (a *app) demo(ctx context.Context) error {
	taken, err := demo.Collect(ctx, &a.messages, func(ctx context.Context, url string) ([]byte, error) {
		in, err := source.Pull(ctx, url, source.Options{Timeout: a.target.Timeout})
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return io.ReadAll(in)
	})
	if err != nil {
		return err
	}
	load := func(ctx context.Context, _ func(ui.Step)) (trend.Trend, error) {
		var dumps []goroutine.Dump
		for _, d := range taken {
			got, err := parse.Read(ctx, bytes.NewReader(d.Text), parse.Options{})
			if err != nil {
				return trend.Trend{}, fmt.Errorf("%s: %w", d.Name, err)
			}
			for i := range got {
				got[i].Source = d.Name
			}
			dumps = append(dumps, got...)
		}
		t, err := a.compare(dumps, true)
		t.ByRounds()
		return t, err
	}
	if a.screen() {
		c := ui.Config{Load: load}
		for _, d := range taken {
			c.Names = append(c.Names, d.Name)
			c.Size += int64(len(d.Text))
		}
		return a.openScreen(ctx, c)
	}
	t, err := load(ctx, nil)
	if err != nil {
		return err
	}
	return a.print(t, true)
}
