// Package cli is gdump's command line: flags in, calls, exit status out. It is
// the only room that knows cobra.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"gdump/internal/fleet"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/source"
	"gdump/internal/ui"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// The exit statuses, as docs/manual.md lists them.
const (
	statusOK       = 0
	statusFound    = 1
	statusUsage    = 2
	statusNotDump  = 3
	statusTarget   = 4
	statusPartial  = 5
	statusLocal    = 6
	statusInternal = 70
)

// app is one run of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	settings       map[string]setting
	printed        checked    // stdout, for what gdump itself writes there
	messages       hiding     // stderr, for the same
	holding        bool       // the screen has the terminal
	held           []string   // said meanwhile
	saying         sync.Mutex // held while a line is written to stderr
	status         int        // what the run ends with if it has no error
	passedOn       bool       // that status is of the command that run ran
	ctx            context.Context
	abandoned      cleanups

	format string
	theme  string
	color  string
	width  int
	top    int
	allIDs bool
	by     string // grouping
	// mayRegroup has a list start with another grouping where that of --by,
	// which nobody chose, shows nothing.
	mayRegroup bool
	binary     string // program that wrote the dumps
	force      bool   // compare dumps of different programs
	ascii      bool
	mouse      bool
	sources    []string // folders with source
	pathMap    []string // OLD=NEW
	target     source.Options
	timeoutSet bool // --timeout was given
	fleet      fleet.Options
	found      []*fleet.Fleet // that were pulled
	kept       *fleet.History // of overTime, once it is read
	overTime   bool           // the one source is what a server has of a service over time
	out        output
	command    string     // as it was called, without secrets
	private    bool       // the report says nothing of this machine
	closer     string     // the command that shows what is printed on the screen; "" if there is none
	judge      *judge     // the rules; nil if there are none
	gateOnly   bool       // the text shows the rules alone
	verdict    gate.State // their result; "" without rules
}

// Run runs the program and returns its exit status. If a signal ended ctx, it
// returns within a second, whatever the command is busy with: the caller is
// to end the process.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	log.SetOutput(io.Discard) // net/http logs what a broken server sent
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, printed: checked{w: stdout}, messages: hiding{w: stderr}, ctx: ctx}
	a.messages.secrets.Add(os.Getenv(tokenVariable))
	for i, arg := range args {
		a.messages.secrets.AddArgument(arg)
		if fleet.Is(arg) {
			a.messages.secrets.AddArgument(fleet.Where(arg))
		}
		if header := strings.TrimPrefix(arg, "--header="); header != arg || i > 0 && args[i-1] == "--header" {
			name, value, _ := strings.Cut(header, ":")
			a.messages.secrets.AddHeader(name, strings.TrimSpace(value))
		}
	}
	a.command = a.commandLine(args...)
	done := make(chan int, 1)
	go func() { done <- a.execute(ctx, args) }()
	return a.await(ctx, done)
}

func (a *app) execute(ctx context.Context, args []string) (status int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(&a.messages, "gdump: internal error: %s\n", goroutine.Clean(fmt.Sprint(r)))
			fmt.Fprintln(&a.messages, "hint: please report it, with the command that led to it")
			status = statusInternal
		}
	}()
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if a.printed.err != nil && (err == nil || errors.Is(err, a.printed.err)) {
		err = &ioError{"stdout", a.printed.err}
	}
	if err == nil {
		return a.endStatus(ctx)
	}
	return a.report(ctx, cmd, err)
}

// endStatus is the status of a run without an error. A signal that came before
// the end is what counts. A rule that tripped says more than that something is
// missing; one that could not be decided is that.
func (a *app) endStatus(ctx context.Context) int {
	stopped, ok := stoppedBy(ctx)
	switch {
	case ok && !a.passedOn:
		return stopped.status()
	case a.verdict == gate.Tripped:
		return statusFound
	case a.verdict == gate.Unknown:
		return statusPartial
	}
	return a.status
}

// report prints an error, in one line, and chooses the exit status.
func (a *app) report(ctx context.Context, cmd *cobra.Command, err error) int {
	var e *source.Error
	if stopped, ok := stoppedBy(ctx); ok {
		if !errors.As(err, &e) && errors.Is(err, context.Canceled) {
			err = stopped
		}
		fmt.Fprintln(&a.messages, "gdump: "+oneLine(err.Error()))
		if errors.As(err, &e) && e.Hint != "" {
			fmt.Fprintln(&a.messages, "hint: "+oneLine(e.Hint))
		}
		return stopped.status()
	}
	hint, status := "", statusUsage
	switch {
	case errors.As(err, &e):
		hint = e.Hint
		status = map[source.Kind]int{source.Usage: statusUsage, source.NotDump: statusNotDump, source.Target: statusTarget, source.Local: statusLocal, source.Partial: statusPartial}[e.Kind]
	case errors.Is(err, parse.ErrNoDump):
		status = statusNotDump
		hint = "gdump reads debug=2, debug=1, debug=0 and the output of panics and SIGQUIT, also within logs"
	case errors.Is(err, parse.ErrTooLarge):
		status, hint = statusPartial, "raise --max-bytes"
	case errors.Is(err, ui.ErrPanic):
		status, hint = statusInternal, "please report it, with the stack above"
	case errors.As(err, new(*ioError)):
		status = statusLocal
	case errors.As(err, new(*childError)):
	default:
		hint = fmt.Sprintf("try '%s --help'", cmd.CommandPath())
	}
	var child *childError
	if errors.As(err, &child) {
		status = child.status
	}
	var many manyLines
	var joined interface{ Unwrap() []error }
	lines := []string{err.Error()}
	switch {
	case errors.As(err, &many):
		lines = many.lines()
	case errors.As(err, &joined):
		lines = strings.Split(err.Error(), "\n")
	}
	for _, l := range lines {
		fmt.Fprintln(&a.messages, "gdump: "+oneLine(l))
	}
	if hint != "" {
		fmt.Fprintln(&a.messages, "hint: "+oneLine(hint))
	}
	return status
}

// commandLine is a call of gdump as one types it, without secrets.
func (a *app) commandLine(args ...string) string {
	words := []string{"gdump"}
	for _, arg := range args {
		words = append(words, source.Redact(arg))
	}
	return a.messages.secrets.Hide(shellquote.Join(words...))
}

func oneLine(s string) string {
	return goroutine.Clean(strings.Join(strings.Fields(s), " "))
}

// ioError is trouble with a local file or stream after it was opened.
type ioError struct {
	name string
	err  error
}

func (e *ioError) Error() string { return e.name + ": " + innermost(e.err) }

func (e *ioError) Unwrap() error { return e.err }

// version is what was built, from which commit, by which Go, as far as the
// build knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	about := []string{info.GoVersion, runtime.GOOS + "/" + runtime.GOARCH}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			about = append([]string{"commit " + s.Value[:min(len(s.Value), 12)]}, about...)
		}
	}
	return version + " (" + strings.Join(about, ", ") + ")"
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gdump [FILE | URL | -]",
		Short: "Find goroutine leaks in goroutine dumps",
		Long: `gdump groups the goroutines of a dump by stack and compares dumps to show which
call sites keep accumulating. It reads files, pipes and live pprof endpoints.`,
		Example: `gdump :6060                         browse a running process
gdump app.dump                      browse a saved dump, a log, a crash
gdump diff before.dump after.dump   show what grew`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,

		DisableFlagsInUseLine: true,
		Args:                  a.rootArgs,
		RunE:                  a.browse,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpFunc(shortHelp)
	root.SetUsageFunc(func(c *cobra.Command) error { shortHelp(c, nil); return nil })
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(wrongFlag)
	f := root.PersistentFlags()
	f.StringVar(&a.format, "format", "", "print instead of opening the screen; one of "+strings.Join(formatNames(), ", "))
	f.StringVar(&a.theme, "theme", "auto", "colors of the screen: auto, dark, light, none")
	f.StringVar(&a.color, "color", "auto", "colors of the text: auto, always, never")
	f.IntVar(&a.width, "width", 0, "columns of the text (default: the terminal's, or 100)")
	f.IntVar(&a.top, "top", -1, "buckets the text lists, with their stacks; 0 for all (default: 50, stacks of 10, of a comparison those that grew)")
	f.Lookup("top").DefValue = "0" // the usage says it in words
	f.StringVar(&a.by, "by", "stack", "group goroutines otherwise; one of "+strings.Join(query.Groupings, ", ")+", label:KEY, of a fleet instance, target:LABEL")
	f.StringVar(&a.binary, "binary", "", "program that wrote the dumps: its build info has modules and versions")
	f.BoolVar(&a.allIDs, "all-ids", false, "JSON lists every goroutine ID, not the first 100")
	f.BoolVar(&a.ascii, "ascii", false, "draw the screen with ASCII characters only")
	f.BoolVar(&a.mouse, "mouse", false, "start with the mouse on (m toggles it)")
	f.StringArrayVar(&a.sources, "src", nil, "folder with the program's source; repeatable")
	f.StringArrayVar(&a.pathMap, "path-map", nil, "where source is on this machine: /path/in/dump=/path/here")
	a.targetFlags(f)
	a.fleetFlags(f)
	complete := func(flag string, values ...string) {
		if err := root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // the flag is missing: our own mistake
		}
	}
	complete("format", formatNames()...)
	complete("by", append(query.Groupings, "label:", "target:")...)
	complete("level", levels...)
	complete("theme", "auto", "dark", "light", "none")
	complete("color", "auto", "always", "never")
	a.outputFlags(root)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := a.configure(c.Flags()); err != nil {
			return err
		}
		a.mayRegroup = !c.Flags().Changed("by") && (a.format == "" || a.format == "text")
		a.timeoutSet = c.Flags().Changed("timeout")
		return errors.Join(a.checkFlags(), a.checkTarget(), a.checkFleet())
	}
	root.AddCommand(a.pullCommand(), a.diffCommand(), a.runCommand(), a.watchCommand(), a.checkCommand(), a.convertCommand(), a.demoCommand(), a.targetsCommand(), a.pushCommand(), a.manCommand(), a.completionCommand())
	root.SetIn(a.stdin)
	root.SetOut(&a.printed)
	root.SetErr(&a.messages)
	return root
}

func (a *app) checkFlags() error {
	check := func(flag, value string, allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		what := "must be one of " + strings.Join(allowed, ", ")
		if near := nearest(value, allowed); near != "" {
			what = "did you mean " + near + "?"
		}
		return a.wrongValue(flag, value, what)
	}
	var format error
	if a.format != "" {
		format = check("format", a.format, formatNames()...)
	}
	var by error
	if _, err := query.ParseGrouping(a.by); err != nil {
		by = check("by", a.by, append(slices.Clone(query.Groupings), "label:KEY", "instance", "target:KEY")...)
	}
	return errors.Join(
		format, by,
		check("theme", a.theme, "auto", "dark", "light", "none"),
		check("color", a.color, "auto", "always", "never"),
		check("level", string(a.target.Level), levels...),
	)
}

// rootArgs takes a single source. Two words that are no command are a command
// mistyped.
func (a *app) rootArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || len(args) == 1 && !mistyped(cmd, args[0]) {
		return nil
	}
	if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
		return fmt.Errorf("unknown command %q: did you mean %s?", args[0], s[0])
	}
	shown := make([]string, len(args))
	for i, arg := range args {
		shown[i] = fleet.Redact(arg)
	}
	return fmt.Errorf("%d sources: to compare dumps use gdump diff %s", len(args), strings.Join(shown, " "))
}

// mistyped reports whether a lone argument is rather a command with a slip
// than a file.
func mistyped(cmd *cobra.Command, arg string) bool {
	if strings.ContainsAny(arg, "./:-") || len(cmd.SuggestionsFor(arg)) == 0 {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}

// isTerminal reports whether a stream is a terminal that can show a screen.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// screen reports whether the terminal UI can and may be opened.
func (a *app) screen() bool {
	return a.format == "" && a.out.name == "" && a.judge == nil && isTerminal(a.stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}

// colored reports whether the text is to have colours.
func (a *app) colored() bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	return !a.out.toFile() && isTerminal(a.stdout) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// screenTheme is the theme of the screen: none where no colour is wanted.
func (a *app) screenTheme() string {
	if a.color == "never" || os.Getenv("NO_COLOR") != "" {
		return "none"
	}
	return a.theme
}

// columns is how wide the text may be.
func (a *app) columns() int {
	if a.width > 0 {
		return a.width
	}
	if f, ok := a.stdout.(*os.File); ok && !a.out.toFile() {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 0
}
