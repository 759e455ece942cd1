package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gdump/internal/report"
	"gdump/internal/source"

	"github.com/spf13/cobra"
)

// output is where a command writes its result.
type output struct {
	name string // of a file; "" or "-" is stdout
}

// outputFlags gives a command the flags that send its result to a file.
func (a *app) outputFlags(c *cobra.Command) {
	c.Flags().StringVarP(&a.out.name, "output", "o", "", "write to a file instead of stdout")
	if f := c.Flags().Lookup("force"); f != nil {
		f.Usage += ", and replace the file of -o" // to insist is to insist on both
		return
	}
	c.Flags().BoolVar(&a.force, "force", false, "replace the file if it exists")
}

// toFile reports whether the result goes to a file.
func (o output) toFile() bool { return o.name != "" && !source.IsStdout(o.name) }

// formatNames are the values of --format.
func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

// chosenFormat is the format asked for, text if none is.
func (a *app) chosenFormat() (report.Format, error) {
	formats := report.Formats()
	if a.format == "" {
		return formats[0], nil
	}
	for _, f := range formats {
		if f.Name == a.format {
			return f, nil
		}
	}
	return report.Format{}, fmt.Errorf("--format %s: must be one of %s", a.format, strings.Join(formatNames(), ", "))
}

// emit writes a result to stdout or to the file of -o.
func (a *app) emit(binary bool, write func(io.Writer) error) error {
	if a.out.toFile() {
		return a.save(a.out.name, a.force, write)
	}
	if binary && a.out.name == "" && isTerminal(a.stdout) {
		return errors.New("the result is binary: write it to a file with -o FILE, or pipe it")
	}
	if err := write(&interruptible{a.ctx, &a.printed}); err != nil {
		return &ioError{"stdout", err}
	}
	return nil
}

// save writes a result to a file, whole or not at all.
func (a *app) save(name string, force bool, write func(io.Writer) error) error {
	f, err := source.Create(name, force)
	if err != nil {
		return err
	}
	defer f.Discard() // nothing, once it is committed
	defer a.abandoned.add(f.Discard)()
	if err := write(&interruptible{a.ctx, f}); err != nil {
		return err
	}
	return f.Commit()
}

// checked is a writer that remembers its first error, for those who print
// without looking at it.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// hiding is a writer for messages, each in one call of Write, that leaves out
// the secrets in them.
type hiding struct {
	w       io.Writer
	secrets source.Secrets
}

func (h *hiding) Write(p []byte) (int, error) {
	if _, err := io.WriteString(h.w, h.secrets.Hide(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// hide is an error without the secrets, for what shows it other than on stderr.
func (h *hiding) hide(err error) error {
	if err == nil {
		return nil
	}
	return &hiddenError{h.secrets.Hide(err.Error()), err}
}

type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }

func (e *hiddenError) Unwrap() error { return e.err }

// interruptible is a writer that fails once a context has ended.
type interruptible struct {
	ctx context.Context
	w   io.Writer
}

func (i *interruptible) Write(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(p)
}

// compresses reports whether what goes to the file is compressed on the way.
func (o output) compresses() bool { return o.toFile() && strings.HasSuffix(o.name, ".gz") }
