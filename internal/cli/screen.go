package cli

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"gdump/internal/code"
	"gdump/internal/diagnose"
	"gdump/internal/report"
	"gdump/internal/trend"
	"gdump/internal/ui"

	"github.com/atotto/clipboard"
	"golang.org/x/term"
)

// openScreen runs the terminal UI. The configuration says what to load; what
// all screens have in common is filled in here. What there is to say on stderr
// waits until the screen is closed.
func (a *app) openScreen(ctx context.Context, c ui.Config) error {
	finder, err := a.finder()
	if err != nil {
		return err
	}
	c.Theme, c.ASCII, c.Mouse = a.screenTheme(), a.ascii || plainTerminal(), a.mouse
	c.Source, c.Package, c.Edit = finder.Read, finder.Package, editor
	c.Write = func(name string, t *trend.Trend) error { return a.write(name, t, diagnose.Of(t, finder.Package)) }
	c.Allow = allowBucket
	c.JSON = func(w io.Writer, t *trend.Trend) error {
		return report.JSON(w, t, report.Options{Diagnosis: diagnose.Of(t, finder.Package)})
	}
	if !clipboard.Unsupported {
		c.Copy = clipboard.WriteAll
	}
	a.hold()
	defer a.abandoned.add(restorer(a.stdin, a.stdout))()
	err = ui.Run(ctx, c)
	a.release()
	if stopped, ok := stoppedBy(ctx); ok {
		return stopped
	}
	return err
}

// leaveScreen takes the terminal off the alternate screen, shows the cursor,
// and ends bracketed paste and mouse reports.
const leaveScreen = "\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1049l\x1b[?25h"

// restorer returns what brings the terminal back to what it is now, for a
// screen that is abandoned.
func restorer(stdin io.Reader, stdout io.Writer) func() {
	f, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		f, ok = stdout.(*os.File)
	}
	if !ok {
		return func() {}
	}
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	return func() {
		_ = term.Restore(int(f.Fd()), state)
		_, _ = io.WriteString(stdout, leaveScreen)
	}
}

// finder knows where source is on this machine, and what the flags say.
func (a *app) finder() (code.Finder, error) {
	dir, err := os.Getwd()
	if err != nil {
		return code.Finder{}, err
	}
	f := code.FromEnvironment(os.Getenv, dir)
	for _, src := range a.sources {
		src, err := filepath.Abs(src)
		if err != nil {
			return code.Finder{}, err
		}
		f.Roots = append([]string{src}, f.Roots...)
	}
	for _, m := range a.pathMap {
		from, to, ok := strings.Cut(m, "=")
		if !ok || from == "" || to == "" {
			return code.Finder{}, a.wrongValue("path-map", m, "must be /path/in/dump=/path/here")
		}
		if f.Map[from], err = filepath.Abs(to); err != nil {
			return code.Finder{}, err
		}
	}
	return f, nil
}

// plainTerminal reports whether the terminal is said to have ASCII only.
func plainTerminal() bool {
	if os.Getenv("TERM") == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v == "C" || v == "POSIX"
		}
	}
	return false
}

// editor is the user's, on a file at a line.
func editor(file string, line int) (ui.Editor, error) {
	command := os.Getenv("GDUMP_EDITOR")
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if command == "" {
			command = os.Getenv(name)
		}
	}
	c, err := code.Editor(command, file, line)
	if err != nil {
		return nil, err
	}
	return &program{c}, nil
}

// program is a command that takes over the terminal.
type program struct{ *exec.Cmd }

func (p *program) SetStdin(r io.Reader)  { p.Stdin = r }
func (p *program) SetStdout(w io.Writer) { p.Stdout = w }
func (p *program) SetStderr(w io.Writer) { p.Stderr = w }

// endings are the formats that a file's name can ask for; any other is text.
var endings = map[string]string{
	".json": "json", ".md": "markdown", ".html": "html", ".gz": "pprof", ".folded": "folded", ".ndjson": "ndjson", ".dump": "dump",
}

// write saves what the screen shows, in the format of the file's ending. It
// replaces no file.
func (a *app) write(name string, t *trend.Trend, d *diagnose.Diagnosis) error {
	format := report.Formats()[0]
	for _, f := range report.Formats() {
		if f.Name == endings[filepath.Ext(name)] {
			format = f
		}
	}
	return a.save(name, false, func(w io.Writer) error {
		return format.Write(w, t, report.Options{Top: len(t.Series), AllIDs: a.allIDs, Diagnosis: d})
	})
}
