package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/trend"
	"gdump/internal/ui"
	"gdump/internal/view"
	"gdump/internal/view/number"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fleetTimeout is how long an instance of a fleet may take where nobody said:
// the others wait for it.
const fleetTimeout = 10 * time.Second

// shownFailures is how many instances that failed are listed.
const shownFailures = 20

// fleetFlags are the flags of every command that takes a selector.
func (a *app) fleetFlags(f *pflag.FlagSet) {
	o := &a.fleet
	f.IntVar(&o.MaxTargets, "max-targets", 1000, "most processes that a selector may find")
	f.IntVar(&o.Parallel, "parallel", 8, "targets to ask at the same time")
	f.BoolVar(&o.Share, "share-credentials", false, "send --header and the token also to targets that a server listed, not to that server alone")
	f.StringVar(&o.Tenant, "tenant", "", "tenant of a Pyroscope server, sent as X-Scope-OrgID")
}

func (a *app) checkFleet() error {
	if a.fleet.MaxTargets < 1 || a.fleet.Parallel < 1 {
		return errors.New("--max-targets and --parallel must be 1 or more")
	}
	return nil
}

// fleetOptions are the options for a selector, whose instances have less time
// than a single process.
func (a *app) fleetOptions() fleet.Options {
	o := a.fleet
	o.Source = a.sourceOptions()
	o.Abandon = a.abandoned.add
	if !a.timeoutSet {
		o.Source.Timeout = fleetTimeout
	}
	return o
}

// find finds the processes of a selector.
func (a *app) find(ctx context.Context, arg string, o fleet.Options) (*fleet.Fleet, error) {
	s, err := fleet.Parse(arg)
	if err != nil {
		return nil, err
	}
	f, err := s.Find(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, n := range f.Notes {
		a.say(f.Name + ": " + n)
	}
	return f, nil
}

// readFleet pulls from the processes of a selector and adds up what comes. On
// stderr it shows how far it is, and a table of those that failed.
func (a *app) readFleet(ctx context.Context, arg string, step func(ui.Step)) ([]goroutine.Dump, error) {
	o := a.fleetOptions()
	o.Progress = a.progress(step)
	f, err := a.find(ctx, arg, o)
	if err != nil {
		return nil, err
	}
	d, failed, err := f.Pull(ctx)
	a.found = append(a.found, f)
	if len(failed) > 0 {
		a.sayFailed(failed, len(f.Instances))
	}
	if err != nil {
		return nil, err
	}
	return []goroutine.Dump{d}, nil
}

// progress shows how far the asking is: on the screen, or now and then on stderr.
func (a *app) progress(step func(ui.Step)) func(fleet.Progress) {
	last := time.Now()
	return func(p fleet.Progress) {
		if step != nil {
			step(ui.Step{Asked: ui.Asked(p)})
			return
		}
		if now := time.Now(); now.Sub(last) > 2*time.Second && p.Done < p.Of {
			last = now
			a.say(fmt.Sprintf("asked %s of %s %s, %s failed", number.Group(p.Done), number.Group(p.Of), p.What, number.Group(p.Failed)))
		}
	}
}

// period is what the flags say of the time for which a server is asked.
type period struct {
	from, to string
	step     time.Duration
}

func (h *period) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&h.from, "from", "", "since when to ask a Pyroscope server; -7d, -12h or 2026-01-02T15:04:05Z")
	f.StringVar(&h.to, "to", "", "until when; now if it is not given")
	f.DurationVar(&h.step, "step", 0, "one profile of each instance in each such time; by default a hundredth of the time")
}

// setPeriod sets the time for which a server is asked.
func (a *app) setPeriod(h *period, args []string) error {
	stored := len(args) == 1 && fleet.IsStored(args[0])
	switch {
	case h.from == "" && h.to == "" && h.step == 0:
		if stored && len(args) == 1 {
			h.from = "-1d"
			break
		}
		return nil
	case !stored:
		return errors.New("--from, --to and --step are for one pyroscope:URL{MATCHERS}")
	case h.from == "":
		return errors.New("--from: since when?")
	case h.step < 0 || h.step > 0 && h.step < 5*time.Second:
		return errors.New("--step: it must be 5s or more")
	}
	now := time.Now()
	var err error
	if a.fleet.From, err = moment(h.from, now); err != nil {
		return fmt.Errorf("--from %s: %w", h.from, err)
	}
	a.fleet.To = now
	if h.to != "" {
		if a.fleet.To, err = moment(h.to, now); err != nil {
			return fmt.Errorf("--to %s: %w", h.to, err)
		}
	}
	a.fleet.Step, a.overTime = h.step, true
	return nil
}

var ago = regexp.MustCompile(`^-(\d{1,5})([smhdw])$`)

// moment reads a time, or how long ago it was.
func moment(text string, now time.Time) (time.Time, error) {
	if m := ago.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
		return now.Add(-time.Duration(n) * unit), err
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.Time{}, errors.New("it must be a time ago, such as -7d, or 2026-01-02T15:04:05Z")
}

// sayFailed prints the table of failures.
func (a *app) sayFailed(failed []fleet.Failure, of int) {
	a.say(fmt.Sprintf("%s of %d failed:", number.Plural(len(failed), "instance", "instances"), of))
	width := 0
	for i := range failed {
		width = max(width, ansi.StringWidth(failed[i].Instance.Name))
	}
	for i := range failed {
		if i == shownFailures {
			a.say(fmt.Sprintf("  and %d more", len(failed)-i))
			break
		}
		a.sayRaw("  " + view.PadRight(failed[i].Instance.Name, width) + "  " + oneLine(failed[i].What()))
	}
}

func (a *app) targetsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "targets SELECTOR",
		Short: "List the processes of a selector",
		Long: `A target is one process:
  :6060  host:6060  https://host/base/debug/pprof/  unix:///run/app.sock
  gops:PID  gops:HOST:PORT     with the agent of google/gops instead of pprof

A selector is many, wherever a target may be; gdump targets lists them:
  k8s:NAMESPACE/LABELS[:PORT]  running pods, through your kubectl; the port is
                               the one called pprof, else 6060
  prometheus:URL{MATCHERS}     what a Prometheus server scrapes
  sd:FILE  sd:URL              a list as Prometheus' file_sd and http_sd have
  pyroscope:URL{MATCHERS}      profiles that a Pyroscope server keeps
All are asked for counts (debug=1), --parallel at a time. The report shows on
how many instances a stack is; --by instance or target:version groups by them.
--header and the token go to the server in a selector, not to what it lists.`,
		Example:               `gdump targets 'sd:targets.json{job="shop"}'`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !fleet.Is(args[0]) {
				return errors.New("targets: name one selector, such as k8s:shop/app=web")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.listTargets(cmd.Context(), args[0]) },
	}
}

// listTargets prints a line for each process: name, address, labels.
func (a *app) listTargets(ctx context.Context, arg string) error {
	f, err := a.find(ctx, arg, a.fleetOptions())
	if err != nil {
		return err
	}
	name, shown := 0, 0
	for i := range f.Instances {
		name = max(name, ansi.StringWidth(f.Instances[i].Name))
		shown = max(shown, ansi.StringWidth(f.Instances[i].Shown))
	}
	for i := range f.Instances {
		x := &f.Instances[i]
		var labels []string
		for _, l := range x.Labels {
			if l.Key != "instance" {
				labels = append(labels, l.Key+"="+l.Value)
			}
		}
		line := view.PadRight(x.Name, name) + "  " + view.PadRight(x.Shown, shown) + "  " + strings.Join(labels, " ")
		fmt.Fprintln(&a.printed, strings.TrimRight(line, " "))
	}
	a.say(number.Plural(len(f.Instances), "target", "targets"))
	return nil
}

// processes are the targets that arguments name, those of selectors among them.
func (a *app) processes(ctx context.Context, args []string, o fleet.Options) ([]*source.Process, error) {
	var all []*source.Process
	for _, arg := range args {
		var found []*source.Process
		if fleet.Is(arg) {
			f, err := a.find(ctx, arg, o)
			if err != nil {
				return nil, err
			}
			for i := range f.Instances {
				p := f.Instances[i].Process
				if p == nil {
					return nil, &source.Error{Kind: source.Usage, Name: f.Name, What: "keeps profiles of processes: they cannot be pulled", Hint: "gdump diff and gdump convert read them"}
				}
				found = append(found, p)
			}
		} else {
			p, err := source.NewTarget(arg, o.Source)
			if err != nil {
				return nil, err
			}
			found = append(found, p)
		}
		all = append(all, found...)
	}
	return all, nil
}

// worst takes full dumps of instances for the screen, of the fleets that were
// pulled last; nil if no source is one.
func (a *app) worst(ctx context.Context, args []string) *ui.Worst {
	if !isFleet(args) || a.overTime {
		return nil
	}
	return &ui.Worst{
		Cost: func(goroutines int) string { return source.Stops(goroutines).String() },
		Take: func(instance, folder string) (string, error) {
			for _, f := range slices.Backward(a.found) {
				for i := range f.Instances {
					if x := &f.Instances[i]; x.Name == instance && x.Process != nil {
						taken, err := x.Process.SaveFull(ctx, folder+string(filepath.Separator))
						if err != nil {
							return "", a.messages.hide(err)
						}
						return taken.File, nil
					}
				}
			}
			return "", fmt.Errorf("%s cannot be asked for a dump", instance)
		},
	}
}

// over regroups what a server has of a fleet, once the screen has loaded it; nil
// if it is shown at one moment.
func (a *app) over() *ui.Over {
	if !a.overTime {
		return nil
	}
	return &ui.Over{
		Groupings: func() []string { return a.kept.Groupings() }, // asked once it is read
		Trend:     func(by string, dumps []int) (trend.Trend, error) { return a.historyBy(a.kept.Of(dumps), by) },
	}
}

// isFleet reports whether one of the arguments is a selector.
func isFleet(args []string) bool { return slices.ContainsFunc(args, fleet.Is) }
