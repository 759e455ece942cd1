package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/view/number"

	"github.com/spf13/cobra"
)

// pushing is what the flags of push say.
type pushing struct {
	keep []string
	at   string
}

func (a *app) pushCommand() *cobra.Command {
	var p pushing
	c := &cobra.Command{
		Use:   "push pyroscope:URL{LABELS} DUMP…",
		Short: "Write dumps to a Pyroscope server",
		Long: `push writes dumps, of files, targets or selectors, as profiles to a Pyroscope
server, from which gdump diff 'pyroscope:…' --from -7d says what accumulates.
The labels in braces are those of the profiles; service_name must be among them.
Without an instance there, it is that of the fleet, or the name of the file.

Labels of goroutines are left out, because each value would be a series of its
own, unless --keep-label names them. Dumps are split and paced to the limits
that a server has as it is installed. The time of a profile is that of the dump:
what is pushed twice counts once.`,
		Example: `gdump push 'pyroscope:http://localhost:4040{service_name="shop"}' :6060`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return errors.New(`push: name a server and dumps: gdump push 'pyroscope:URL{service_name="shop"}' DUMP…`)
			}
			return nil
		},
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, args []string) error { return a.push(cmd.Context(), args[0], args[1:], p) },
	}
	c.Flags().StringArrayVar(&p.keep, "keep-label", nil, "label of goroutines to keep; repeatable")
	c.Flags().StringVar(&p.at, "at", "", "time of dumps that do not say it: 2026-01-02T15:04:05Z")
	return c
}

func (a *app) push(ctx context.Context, to string, args []string, p pushing) error {
	var at time.Time
	if p.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, p.at); err != nil {
			return fmt.Errorf("--at %s: it must be a time such as 2026-01-02T15:04:05Z", p.at)
		}
	}
	pusher, err := fleet.NewPusher(to, p.keep, a.fleetOptions())
	if err != nil {
		return err
	}
	var sum fleet.Pushed
	for _, arg := range args {
		dumps, err := a.load(ctx, []string{arg}, nil)
		if err != nil && (len(dumps) == 0 || !a.keep(err)) {
			return err
		}
		for i := range dumps {
			d := &dumps[i]
			if d.TakenAt.IsZero() {
				d.TakenAt = at
			}
			done, err := pusher.Push(ctx, d)
			sum.Profiles += done.Profiles
			sum.Goroutines += done.Goroutines
			if err != nil {
				if sum.Profiles > 0 {
					a.say(fmt.Sprintf("pushed %s before it failed; to push them again does no harm", number.Plural(sum.Profiles, "profile", "profiles")))
				}
				return err
			}
			if d.Incomplete() {
				a.status = statusPartial
			}
		}
	}
	a.say(fmt.Sprintf("pushed %s of %s", number.Plural(sum.Profiles, "profile", "profiles"), goroutines(sum.Goroutines)))
	return nil
}

func goroutines(n int) string { return number.Plural(n, "goroutine", "goroutines") }
