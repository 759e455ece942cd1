package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/run"
	"gdump/internal/source"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/cobra"
)

// running is what the flags of run say.
type running struct {
	rounds int
	settle time.Duration
	warmUp string
	out    string
	gate   gateFlags
}

func (a *app) runCommand() *cobra.Command {
	var r running
	c := &cobra.Command{
		Use:   "run [TARGET] -- COMMAND [ARG…]",
		Short: "Show what a command leaves behind",
		Long: `run pulls a dump of TARGET, runs the command, waits until goroutines that only
pass are gone, pulls again, --rounds times, and shows what accumulates. The wait
watches the number of goroutines, which costs the process nothing, until it
falls no more, --settle at the longest.

The command is run without a shell. Its input and output are untouched, but with
--format json and the like its output goes to stderr. Ctrl-C reaches it, and its
exit status is passed on, 128 and the signal's number if a signal ended it. If
it is 0, the status is gdump's own: 1 if a rule of --fail-on trips (see gdump
help check).

Without TARGET the command is a go test, or runs one, as make does. The test
processes then write a dump before their tests and after each round, and run
names the tests that left goroutines; --fail-on left ends with 1 then. For this
it gives go a package testing with a few lines more (by -overlay in GOFLAGS): a
test process has no endpoint and ends before it could be asked, and this way
works with any TestMain and changes no file of yours. It builds with the Go of
the current folder. With --format junit each test that left something is a test
case. What a test starts carries the label test=NAME, by which run knows it;
with Go before 1.26 it knows a test only where its name is in the stack.
Packages whose tests crash or exit by themselves leave no second dump.`,
		Example: `gdump run :6060 -- ./load.sh
gdump run :6060 --rounds 2 --warmup ./load.sh --out dumps/ -- ./load.sh
gdump run -- go test ./...`,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			switch at := cmd.ArgsLenAtDash(); {
			case at < 0 || at == len(args):
				return errors.New("run: name the command after --")
			case at > 1:
				return errors.New("run: name one target before --")
			case r.rounds < 1:
				return errors.New("--rounds: must be 1 or more")
			case r.settle < 0:
				return errors.New("--settle: must be 0 or more")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := a.chosenFormat()
			if err != nil {
				return err
			}
			if a.judge, err = r.gate.open(cmd); err != nil {
				return err
			}
			if a.judge == nil && format.Gate {
				return fmt.Errorf("--format %s reports rules: name some with --fail-on, such as left", format.Name)
			}
			if cmd.ArgsLenAtDash() == 0 {
				return a.runTests(cmd.Context(), args, r)
			}
			return a.run(cmd.Context(), args[0], args[1:], r)
		},
	}
	f := c.Flags()
	f.IntVar(&r.rounds, "rounds", 1, "how often to run the command")
	f.DurationVar(&r.settle, "settle", 5*time.Second, "longest wait for goroutines to end; after the command, 0 does not wait")
	f.StringVar(&r.warmUp, "warmup", "", "run once before the first dump; words as in a shell, but no shell")
	f.StringVar(&r.out, "out", "", "keep every dump here")
	r.gate.add(c)
	a.outputFlags(c)
	return c
}

// child is a command with gdump's own input and output. A report in another
// format than text has stdout for itself.
func (a *app) child(args []string, env []string) run.Command {
	c := run.Command{Args: args, Env: env, Stdin: a.stdin, Stdout: a.stdout, Stderr: a.stderr, Abandon: a.abandoned.add}
	if !a.plainText() && !a.out.toFile() {
		c.Stdout = a.stderr
	}
	return c
}

// plainText reports whether stdout is for people.
func (a *app) plainText() bool { return a.format == "" || a.format == "text" }

func (a *app) run(ctx context.Context, target string, args []string, r running) error {
	t, err := a.subject(target)
	if err != nil {
		return err
	}
	if fleet.IsStored(target) {
		return &source.Error{Kind: source.Usage, Name: t.name, What: "keeps profiles of the past, not what the command leaves behind", Hint: "gdump diff shows what they say"}
	}
	c := a.child(args, nil)
	if status, err := c.Find(); err != nil {
		return &childError{status, err}
	}
	if r.out != "" {
		if err := source.MakeFolder(r.out); err != nil {
			return err
		}
	}
	rounds := run.Rounds{
		Count: t.count, N: r.rounds, Settle: r.settle, Say: a.say, Command: c.Run,
		Pull: func(ctx context.Context) ([]goroutine.Dump, error) { return t.full(ctx, r.out) },
	}
	if r.warmUp != "" {
		words, err := shellquote.Split(r.warmUp)
		if err != nil || len(words) == 0 {
			return errors.New("--warmup: must be words as in a shell, with each quote closed")
		}
		rounds.WarmUp = a.child(words, nil).Run
	}
	dumps, status, err := rounds.Do(ctx)
	if len(dumps) > 1 {
		if perr := a.printRun(dumps); err == nil {
			err = perr
		}
	}
	return a.passOn(ctx, status, err)
}

// keepDump pulls a dump, into the folder if there is one.
func (a *app) keepDump(ctx context.Context, t *source.Process, folder string) ([]goroutine.Dump, error) {
	var taken *source.Taken
	var err error
	if folder == "" {
		taken, err = t.Take(ctx, io.Discard)
	} else {
		taken, err = t.Save(ctx, folder+string(filepath.Separator), false)
	}
	if taken == nil {
		return nil, err
	}
	if taken.File != "" {
		for i := range taken.Dumps {
			taken.Dumps[i].Source = filepath.Base(taken.File)
		}
	}
	return taken.Dumps, err
}

func (a *app) printRun(dumps []goroutine.Dump) error {
	t, err := a.compare(dumps, true)
	if err != nil {
		return err
	}
	t.ByRounds()
	return a.print(t, true)
}

// passOn ends gdump with the status of the command, if that is not 0.
func (a *app) passOn(ctx context.Context, status int, err error) error {
	if status == 0 {
		return err
	}
	if err != nil && ctx.Err() == nil {
		return &childError{status, err}
	}
	if ctx.Err() != nil && status == 128+9 {
		return err // a command that does not end on a signal is killed: that is no status of its own
	}
	a.status, a.verdict, a.passedOn = status, gate.Passed, true
	return nil
}

// childError is trouble in addition to a command that failed, or one that could not
// be started: the status is the command's, or what a shell gives it.
type childError struct {
	status int
	err    error
}

func (e *childError) Error() string { return e.err.Error() }

func (e *childError) Unwrap() error { return e.err }
