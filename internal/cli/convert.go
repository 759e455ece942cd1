package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"gdump/internal/goroutine"
	"gdump/internal/redact"
	"gdump/internal/source"

	"github.com/spf13/cobra"
)

// convertFlags are the flags of convert that are its own.
type convertFlags struct {
	redact  bool
	keyFile string
}

func (a *app) convertCommand() *cobra.Command {
	var f convertFlags
	c := &cobra.Command{
		Use:   "convert DUMP",
		Short: "Write a dump in another format",
		Long: `convert reads a dump of any kind, out of any wrapping, and writes it in the
format of --format. Without one it writes dump: the text that Go itself prints,
which gdump and other tools read. pprof gives go tool pprof what debug=2 knows
more: the labels state, wait_minutes and created_by.

With --redact folders of files, label values, arguments, addresses, the source
and the value of a panic are replaced by hashes under a key. Functions, modules,
lines, states, counts and label keys stay, so redacted dumps compare as the
originals do. For labels to be equal in several files name one --redact-key-file
(16 bytes or more); otherwise each run has a key of its own.`,
		Example: `gdump convert app.log -o app.dump
gdump convert --format pprof app.dump -o app.pb.gz
gdump convert --format folded app.dump
gdump convert --redact --redact-key-file key app.dump -o shared.dump`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("convert: name one dump")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.convert(cmd.Context(), args[0], f) },
	}
	c.Flags().BoolVar(&f.redact, "redact", false, "hash paths, label values, arguments and hosts")
	c.Flags().StringVar(&f.keyFile, "redact-key-file", "", "its content is the key of the hashes")
	a.outputFlags(c)
	return c
}

func (a *app) convert(ctx context.Context, arg string, f convertFlags) error {
	if a.format == "" {
		a.format = "dump"
	}
	var r *redact.Redactor
	if f.redact || f.keyFile != "" {
		key, err := redactKey(f.keyFile)
		if err != nil {
			return err
		}
		r = redact.New(key)
		a.private = true
	}
	dumps, err := a.load(ctx, []string{arg}, nil)
	if len(dumps) == 0 {
		return err
	}
	if err != nil && !a.keep(err) {
		return err
	}
	a.missing(dumps)
	if r != nil {
		for i := range dumps {
			dumps[i] = r.Dump(dumps[i])
		}
	}
	t, err := a.compare(dumps, false)
	if err != nil {
		return err
	}
	if a.format == "dump" {
		t.Dumps = dumps // all of them as they came: a comparison takes leak profiles out
	}
	return a.print(t, false)
}

// missing says on stderr what a dump lacks: the formats that are not for people
// have no place for it.
func (a *app) missing(dumps []goroutine.Dump) {
	for i := range dumps {
		d := &dumps[i]
		if d.Truncated {
			fmt.Fprintf(&a.messages, "! %s is cut off: there are more goroutines than it shows\n", goroutine.Clean(d.Source))
		}
		if n := len(d.Problems); n > 0 {
			fmt.Fprintf(&a.messages, "! %s: problems: %d, the first in line %d: %s\n", goroutine.Clean(d.Source), n, d.Problems[0].Line, oneLine(d.Problems[0].Message))
		}
	}
}

// maxKey is how much of a key file is read.
const maxKey = 64 << 10

// redactKey reads the key, or makes one for this run alone.
func redactKey(name string) ([]byte, error) {
	if name == "" {
		key := make([]byte, 2*redact.LeastKey)
		rand.Read(key) // never fails: it ends the program rather than that
		return key, nil
	}
	trouble := func(what string, err error) error {
		return &source.Error{Kind: source.Local, Name: goroutine.Clean(name), What: what, Err: err}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, trouble("cannot read the key: "+innermost(err), err)
	}
	defer f.Close()
	key, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return nil, trouble("cannot read the key: "+innermost(err), err)
	}
	if len(key) < redact.LeastKey {
		return nil, fmt.Errorf("%s: a key has %d bytes or more, this has %d", goroutine.Clean(name), redact.LeastKey, len(key))
	}
	return key, nil
}
