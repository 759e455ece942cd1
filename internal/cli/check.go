package cli

import (
	"errors"
	"fmt"
	"strings"

	"gdump/internal/gate"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	var g gateFlags
	c := &cobra.Command{
		Use:   "check DUMP [MORE…]",
		Short: "Judge dumps by rules, for CI",
		Long: `check compares dumps and judges them by rules. Each rule prints its value and
its limit; the exit status is 1 if one trips, and 5 if one cannot be decided,
such as a wait in a dump without waits. One dump is enough for rules that
compare nothing.

A rule is MEASURE, MEASURE>LIMIT or MEASURE>LIMIT in QUERY, with > >= < <= = or
!=, and commas between rules. A query is that of the filter: words, or fields
such as module:, site:, created:, state:, label.KEY:. accumulating counts
buckets with a confidence of 0.9, accumulating@0.8 sets another; what two dumps
cannot decide passes with a note, and is status 5 with --strict. The measures:

` + measureHelp() + `
Buckets that are known and accepted are listed in the file .gdump-allow: an
entry is a line "site NAME", "created-by NAME" or "fingerprint ID", NAME in full
or as a regular expression after ~, followed by indented lines "reason: TEXT"
and, if wanted, "owner: NAME" and "expires: YYYY-MM-DD". They count for no rule.
Expired and unused entries are reported.`,
		Example: `gdump check before.dump between.dump after.dump
gdump check --fail-on 'new in module:example.com/x' before.dump after.dump
gdump check --fail-on 'deadlocks, blocked>20, wait>1h' after.dump
gdump check --format junit -o gdump.xml --force before.dump after.dump`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("check: name the dumps to judge")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.judged(cmd, args, &g, len(args) > 1, true) },
	}
	g.add(c, "accumulating")
	c.Flags().BoolVar(&a.force, "force", false, "compare different programs")
	a.outputFlags(c)
	return c
}

func measureHelp() string {
	var b strings.Builder
	for _, m := range gate.Help() {
		fmt.Fprintf(&b, "  %-13s %s\n", m[0], m[1])
	}
	return b.String()
}

// judged shows dumps as show does, and judges them where there are rules. only
// has the text show the rules alone.
func (a *app) judged(cmd *cobra.Command, args []string, g *gateFlags, diff, only bool) error {
	format, err := a.chosenFormat()
	if err != nil {
		return err
	}
	if a.judge, err = g.open(cmd); err != nil {
		return err
	}
	if a.judge == nil && format.Gate {
		return fmt.Errorf("--format %s reports rules: name some with --fail-on", format.Name)
	}
	a.gateOnly = only
	return a.show(cmd.Context(), args, diff)
}
