package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/run"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/ui"
	"gdump/internal/view/number"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/cobra"
)

// growthLimit is how long the command of --on-growth may take: the watch waits
// for it.
const growthLimit = time.Minute

// storedEvery is how often a server is asked for the profiles it keeps: most
// get new ones four times a minute at most.
const storedEvery = time.Minute

// watching is what the flags of watch say.
type watching struct {
	every    time.Duration
	samples  int
	out      string
	keep     source.Limits
	evidence int // folders to keep
	memory   bool
	onGrowth string
	hook     []string

	push      string // a server that gets each look
	keepLabel []string
}

func (a *app) watchCommand() *cobra.Command {
	var w watching
	c := &cobra.Command{
		Use:   "watch TARGET",
		Short: "Watch a process, dump what grows",
		Long: `watch looks at a process every --every by a profile that does not stop it
(debug=1). On a terminal it shows what grows on the screen, where space pauses
it, r asks for a full dump and [ ] go through those taken; elsewhere, or with
--format text, it prints a line for each look. It rests ten times as long as a
look took. A full dump is taken at the start, after a restart, and when a bucket
has been up by a quarter and ten goroutines for three looks in a row; --level
and --max-goroutines say how full, as with pull.

The dumps go to --out, which is bounded by --keep and --keep-bytes: the oldest
go first, and no file that watch did not name is touched. A look that fails is
a line with the error; the watch goes on. Ctrl-C ends it.

The memory figures are those of the heap profile's text, absent where the target
serves none; they stop the process for some microseconds.

A growth is kept as evidence next to the dumps: a folder with the dumps it shows
in, report.txt and verdict.json; the newest --keep-evidence of them stay, within
--keep-bytes. --on-growth runs a command then, without a shell. It gets the
verdict as JSON on stdin, and the folder in GDUMP_EVIDENCE. Whether it is a leak
or a pool that warmed up is in the verdict; two dumps are not always enough.

TARGET may be a selector: see gdump help targets. A look is then the counts of
all its processes, and of what grows the worst of them is dumped. A look at
pyroscope: is the newest profile of each, by default once a minute.`,
		Example: `gdump watch :6060
gdump watch :6060 --every 30s --out dumps/
gdump watch :6060 --on-growth ./page.sh`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("watch: name one target, such as :6060")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if w.every < time.Second {
				return errors.New("--every: must be 1s or more")
			}
			if fleet.IsStored(args[0]) && !cmd.Flags().Changed("every") {
				w.every = storedEvery
			}
			if w.samples < 0 || w.keep.Files < 0 || w.keep.Bytes < 0 || w.evidence < 0 {
				return errors.New("--samples, --keep, --keep-bytes and --keep-evidence must be 0 or more")
			}
			if w.onGrowth != "" {
				words, err := shellquote.Split(w.onGrowth)
				if err != nil || len(words) == 0 {
					return errors.New("--on-growth: must be words as in a shell, with each quote closed")
				}
				w.hook = words
			}
			return a.watch(cmd.Context(), args[0], w)
		},
	}
	f := c.Flags()
	f.DurationVar(&w.every, "every", 10*time.Second, "how often to look; 1s at the least")
	f.IntVar(&w.samples, "samples", 0, "end after so many looks; 0 goes on")
	f.StringVar(&w.out, "out", "", "folder for the dumps; default $XDG_STATE_HOME/gdump")
	f.IntVar(&w.keep.Files, "keep", 50, "most dumps to keep; 0 keeps all")
	f.Int64Var(&w.keep.Bytes, "keep-bytes", 1<<30, "most bytes of dumps to keep; 0 keeps all")
	f.IntVar(&w.evidence, "keep-evidence", 20, "most folders of evidence to keep; 0 keeps all")
	f.BoolVar(&w.memory, "memory", true, "ask for the memory figures, too; on, unless --memory=false")
	f.StringVar(&w.onGrowth, "on-growth", "", "run when something grows; words as in a shell, but no shell")
	f.StringVar(&w.push, "push", "", "server that gets the counts of each look; pyroscope:URL{service_name=\"NAME\"}")
	f.StringArrayVar(&w.keepLabel, "keep-label", nil, "label of goroutines to keep with --push; repeatable")
	return c
}

// pushing pushes the counts of each look. A server that does not take them ends
// no watch.
func (a *app) pushing(t *subject, p *fleet.Pusher) func(context.Context) (*goroutine.Dump, error) {
	return func(ctx context.Context) (*goroutine.Dump, error) {
		d, err := t.counts(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := p.Push(ctx, d); err != nil && ctx.Err() == nil {
			a.say("not pushed: " + err.Error())
		}
		return d, nil
	}
}

func (a *app) watch(ctx context.Context, target string, w watching) error {
	t, err := a.subject(target)
	if err != nil {
		return err
	}
	var pusher *fleet.Pusher
	if w.push != "" {
		if pusher, err = fleet.NewPusher(w.push, w.keepLabel, a.fleetOptions()); err != nil {
			return err
		}
	}
	if w.out == "" {
		if w.out, err = stateFolder(); err != nil {
			return err
		}
	}
	if err := source.MakeFolder(w.out); err != nil {
		return err
	}
	a.say("dumps go to " + goroutine.Clean(w.out))
	o := run.WatchOptions{
		Every: w.every, Samples: w.samples,
		Counts: t.counts,
		Full: func(ctx context.Context) (*goroutine.Dump, error) {
			if t.process == nil {
				return t.counts(ctx)
			}
			return a.keepFull(ctx, t.process, w)
		},
	}
	if pusher != nil {
		o.Counts = a.pushing(t, pusher)
	}
	if w.memory {
		o.Memory = t.memory
	}
	if a.screen() {
		return a.watchScreen(ctx, t.name, o, w)
	}
	var broken error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = run.Watch(ctx, o, func(s run.Sample) {
		if _, err := fmt.Fprintln(&a.printed, s.Line()); err != nil {
			broken = &ioError{"stdout", err}
			cancel()
			return
		}
		if len(s.Grew) > 0 && s.Trend != nil {
			if err := a.grew(ctx, s, w); err != nil {
				a.say(err.Error())
			}
			if t.worst != nil {
				if err := t.worst(ctx, grewMost(&s), w.out); err != nil {
					a.say(err.Error())
				}
			}
		}
	})
	var e *source.Error
	switch {
	case broken != nil:
		return broken
	case err != nil && !errors.Is(err, context.Canceled):
		none := &source.Error{Kind: source.Target, Name: t.name, What: fmt.Sprintf("no response in %s", number.Plural(w.samples, "look", "looks")), Err: err}
		if errors.As(err, &e) {
			none.Name, none.What, none.Hint = e.Name, none.What+": "+e.What, e.Hint
		}
		return none
	}
	return err
}

// watchScreen shows the watch on the screen. The first full dump is what the
// screen loads; the watch then does not take it again.
func (a *app) watchScreen(ctx context.Context, name string, o run.WatchOptions, w watching) error {
	var first *goroutine.Dump
	take := o.Full
	o.Full = func(ctx context.Context) (*goroutine.Dump, error) {
		if d := first; d != nil {
			first = nil
			return d, nil
		}
		return take(ctx)
	}
	ask := make(chan struct{}, 1)
	o.Ask = ask
	return a.openScreen(ctx, ui.Config{
		Names: []string{name},
		Load: func(ctx context.Context, _ func(ui.Step)) (trend.Trend, error) {
			d, err := take(ctx)
			if err != nil {
				return trend.Trend{}, a.messages.hide(err)
			}
			first = d
			return a.compare([]goroutine.Dump{*d}, false)
		},
		Watch: func(ctx context.Context, emit func(ui.Sample)) error {
			shown := first
			return run.Watch(ctx, o, func(s run.Sample) {
				if len(s.Grew) > 0 && s.Trend != nil {
					if err := a.grew(ctx, s, w); err != nil {
						a.say(err.Error())
					}
				}
				x := ui.Sample{At: s.At, Next: s.Next, Goroutines: s.Goroutines, Dump: s.Dump, Err: a.messages.hide(cmp.Or(s.Err, s.DumpErr))}
				if s.Dump == shown {
					x.Dump = nil // it is on the screen
				}
				emit(x)
			})
		},
		Refresh: func() {
			select {
			case ask <- struct{}{}:
			default: // one is asked for already
			}
		},
	})
}

// one is the dump of a pull that gives one.
func one(taken *source.Taken, err error) (*goroutine.Dump, error) {
	if err != nil {
		return nil, err
	}
	return &taken.Dumps[0], nil
}

// keepFull takes a full dump into the folder. Without room there it stays in
// memory only, and the watch goes on.
func (a *app) keepFull(ctx context.Context, t *source.Process, w watching) (*goroutine.Dump, error) {
	taken, err := t.Save(ctx, w.out+string(filepath.Separator), false)
	var e *source.Error
	if errors.As(err, &e) && e.Kind == source.Local {
		a.say(err.Error() + ": kept in memory only")
		if taken == nil {
			taken, err = t.Take(ctx, io.Discard)
		} else {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	d := &taken.Dumps[0]
	if taken.File != "" {
		d.Source = filepath.Base(taken.File)
		if err := t.Prune(w.out, w.keep); err != nil {
			a.say(err.Error())
		}
	}
	return d, nil
}

// grew keeps the evidence of a growth and runs the command of --on-growth.
func (a *app) grew(ctx context.Context, s run.Sample, w watching) error {
	finder, err := a.finder()
	if err != nil {
		return err
	}
	d := diagnose.Of(s.Trend, finder.Package)
	evidence, err := run.Evidence(w.out, s.At, d)
	if evidence != "" {
		a.say(strings.Join(append(d.Headline(), "evidence is in "+goroutine.Clean(evidence)), "; "))
	}
	if err == nil {
		err = run.PruneEvidence(w.out, source.Limits{Files: w.evidence, Bytes: w.keep.Bytes})
	}
	if err != nil {
		a.say(err.Error())
	}
	if w.hook == nil {
		return nil
	}
	verdict, err := run.Verdict(d)
	if err != nil {
		return err
	}
	var env []string
	if folder, err := filepath.Abs(evidence); err == nil && evidence != "" {
		env = []string{"GDUMP_EVIDENCE=" + folder}
	}
	ctx, cancel := context.WithTimeout(ctx, growthLimit)
	defer cancel()
	c := run.Command{Args: w.hook, Env: env, Stdin: bytes.NewReader(verdict), Stdout: a.stderr, Stderr: a.stderr}
	status, err := c.Run(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("--on-growth: %w", err)
	case ctx.Err() != nil:
		return fmt.Errorf("--on-growth: stopped after %s", growthLimit)
	case status != 0:
		return fmt.Errorf("--on-growth: exit status %d", status)
	}
	return nil
}

// stateFolder is where dumps go that nobody named a place for.
func stateFolder() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gdump"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("watch: no home folder for the dumps: name a folder with --out")
	}
	return filepath.Join(home, ".local", "state", "gdump"), nil
}
