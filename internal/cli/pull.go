package cli

import (
	"context"
	"errors"
	"fmt"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/spf13/cobra"
)

// pulling is what the flags of pull say.
type pulling struct {
	output  string
	force   bool
	leak    bool
	targets string
}

func (a *app) pullCommand() *cobra.Command {
	var p pulling
	c := &cobra.Command{
		Use:   "pull TARGET…",
		Short: "Save a dump of a running process",
		Long: `pull asks the net/http/pprof endpoint of a running process for a dump and saves
what it sends, unchanged, with mode 0600.

Writing a full dump (debug=2) stops the process: about 0.1 s at 10 000
goroutines, seconds at 100 000, and from about 66 000 on it is cut off at
64 MiB. So pull first asks for the number of goroutines, which costs nothing.
Above --max-goroutines it takes debug=1, which has stacks and counts and does
not stop the process, and says so; --level 2 insists. It asks once, and never
again by itself. A dump that was cut off is kept with the true counts next to
it, in NAME.counts, where gdump finds them.

TARGET is host:port, :port, unix:///path.sock, a URL down to
/debug/pprof/goroutine, gops:PID or gops:HOST:PORT, or a selector of many: see
gdump help targets. Without -o the file is HOST_PORT-20060102T150405Z.dump in
the current folder, or in the one that -o names, such as dumps/; its name is
printed. With another name the time and the target are kept next to it, in
NAME.meta. A name that ends in .gz is compressed.
What arrived of an interrupted dump is in NAME.partial.

Several targets, or those of a file, are asked at once, --parallel of them at a
time; -o then names a folder. The file has a target a line, or is a JSON list as
Prometheus reads it ([{"targets": ["host:port"]}]).`,
		Example: `gdump pull :6060
gdump pull http://localhost:6060/debug/pprof/ -o before.dump
gdump pull :6060 -o - | gdump
gdump pull --targets fleet.txt -o dumps/`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && p.targets == "" {
				return errors.New("pull: name a target, such as :6060")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && p.targets == "" && !isFleet(args) {
				return a.pull(cmd.Context(), args[0], p)
			}
			return a.pullMany(cmd.Context(), args, p)
		},
	}
	f := c.Flags()
	f.StringVarP(&p.output, "output", "o", "", "file or folder to write; - is stdout")
	f.BoolVar(&p.force, "force", false, "replace the file if it exists")
	f.BoolVar(&p.leak, "leak", false, "ask only for goroutines that can never go on; by the goroutineleak profile, which forces a garbage collection")
	f.StringVar(&p.targets, "targets", "", "file with the targets, - is stdin")
	return c
}

func (a *app) pull(ctx context.Context, target string, p pulling) error {
	o := a.sourceOptions()
	o.Leak = p.leak
	t, err := source.NewTarget(target, o)
	if err != nil {
		return err
	}
	if source.IsStdout(p.output) {
		taken, err := t.Take(ctx, &a.printed)
		if taken != nil {
			a.partly(taken)
		}
		if err != nil && !errors.As(err, new(*source.Error)) && ctx.Err() == nil && (taken == nil || len(taken.Dumps) > 0) {
			err = &ioError{"stdout", err}
		}
		return err
	}
	taken, err := t.Save(ctx, p.output, p.force)
	if err != nil {
		return err
	}
	fmt.Fprintln(&a.printed, goroutine.Clean(taken.File))
	a.partly(taken)
	for i := range taken.Dumps {
		a.say("pulled " + contents(&taken.Dumps[i]))
	}
	t1 := trend.Compare(taken.Dumps)
	for _, l := range view.Trouble(&t1, 5) {
		fmt.Fprintln(&a.messages, l)
	}
	return nil
}

// contents says what is in a dump.
func contents(d *goroutine.Dump) string {
	one, more := "goroutine", "goroutines"
	if d.LeaksOnly {
		one, more = "leaked goroutine", "leaked goroutines"
	}
	return fmt.Sprintf("%s in %s (%s)", number.Plural(d.Goroutines, one, more), number.Plural(len(d.Buckets), "bucket", "buckets"), d.Level)
}

// partly remembers that a dump is not whole.
func (a *app) partly(taken *source.Taken) {
	for i := range taken.Dumps {
		if taken.Dumps[i].Incomplete() {
			a.status = statusPartial
		}
	}
}

// pullMany pulls from several targets into a folder and lists what failed.
func (a *app) pullMany(ctx context.Context, targets []string, p pulling) error {
	if source.IsStdout(p.output) {
		return errors.New("pull: several targets do not go to stdout: -o names a folder")
	}
	if p.targets != "" {
		listed, err := source.ReadTargets(p.targets, a.stdin)
		if err != nil {
			return err
		}
		targets = append(targets, listed...)
	}
	o := a.fleetOptions()
	o.Source.Leak = p.leak
	if !isFleet(targets) {
		o.Source.Timeout = a.target.Timeout
	}
	processes, err := a.processes(ctx, targets, o)
	if err != nil {
		return err
	}
	results, err := source.SaveEach(ctx, processes, p.output, o.Parallel, p.force, o.Source)
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range results {
		if r.Err != nil {
			failed = append(failed, r.Err)
			continue
		}
		fmt.Fprintln(&a.printed, goroutine.Clean(r.Taken.File))
		a.partly(r.Taken)
	}
	switch {
	case len(failed) == 0:
		a.say(fmt.Sprintf("pulled %s", number.Plural(len(results), "target", "targets")))
	case len(failed) == len(results) || ctx.Err() != nil:
		for _, err := range failed[1:] {
			a.say(err.Error())
		}
		return failed[0]
	default:
		for _, err := range failed {
			a.say(err.Error())
		}
		a.say(fmt.Sprintf("pulled %d of %s", len(results)-len(failed), number.Plural(len(results), "target", "targets")))
		a.status = statusPartial
	}
	return nil
}
