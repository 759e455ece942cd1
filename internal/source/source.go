// Package source opens what a dump is read from: a file, standard input, or
// the pprof endpoint of a running process. It also saves what was pulled.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Kind says what sort of trouble an Error is; the exit status follows from it.
type Kind int

// The kinds of trouble.
const (
	Usage   Kind = iota + 1 // the argument cannot be meant
	NotDump                 // what came is no dump
	Target                  // the target could not be asked
	Local                   // a local file could not be read or written
)

// Error is trouble with a source, in words for the user: What was wrong with
// the source called Name, and a Hint what to do, if there is one.
type Error struct {
	Kind Kind
	Name string
	What string
	Hint string
	Err  error
}

func (e *Error) Error() string { return e.Name + ": " + e.What }

func (e *Error) Unwrap() error { return e.Err }

// Options tells Open and Pull what they may do and use.
type Options struct {
	Stdin    io.Reader        // what "-" means
	Timeout  time.Duration    // of a whole request; 0 means a minute
	MaxBytes int64            // of an answer; 0 means 256 MiB
	Now      func() time.Time // nil means the clock
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// Input is an opened source.
type Input struct {
	io.ReadCloser
	Name    string    // may be shown: no secrets, no control characters
	Size    int64     // bytes; -1 if not known
	TakenAt time.Time // when the dump was taken; zero if the source does not tell
}

// Open opens a file, "-" for standard input, or a target.
func Open(ctx context.Context, arg string, o Options) (*Input, error) {
	if arg == "-" {
		if o.Stdin == nil {
			return nil, &Error{Kind: Usage, Name: "-", What: "there is no standard input to read"}
		}
		return &Input{ReadCloser: io.NopCloser(o.Stdin), Name: "stdin", Size: -1}, nil
	}
	if IsTarget(arg) {
		return Pull(ctx, arg, o)
	}
	return openFile(arg)
}

// hostPort is what looks like host:port, also ":6060".
var hostPort = regexp.MustCompile(`^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\])?:\d{1,5}(?:/.*)?$`)

// IsTarget reports whether an argument names a target rather than a file. A
// file that is there wins over host:port.
func IsTarget(arg string) bool {
	if strings.Contains(arg, "://") {
		return true
	}
	if !hostPort.MatchString(arg) {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}

func openFile(name string) (*Input, error) {
	shown := goroutine.Clean(name)
	trouble := func(what, hint string, err error) error {
		return &Error{Kind: Local, Name: shown, What: what, Hint: hint, Err: err}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, trouble("no such file", "to pull from a running process give its address, such as :6060 or http://host:6060", err)
	case errors.Is(err, fs.ErrPermission):
		return nil, trouble("no permission to read it", "", err)
	case err != nil:
		return nil, trouble(reason(err), "", err)
	case info.IsDir():
		return nil, trouble("is a folder, not a dump", "name the files in it, such as "+filepath.Join(shown, "*.dump"), nil)
	}
	f, err := os.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, trouble("no permission to read it", "", err)
		}
		return nil, trouble(reason(err), "", err)
	}
	in := &Input{ReadCloser: f, Name: shown, Size: -1, TakenAt: timeInName(name)}
	if info.Mode().IsRegular() {
		in.Size = info.Size()
	}
	return in, nil
}

// stampLayout is the time in the name of a saved dump.
const stampLayout = "20060102T150405Z"

var stampInName = regexp.MustCompile(`-(\d{8}T\d{6}Z)(?:-\d+)?\.[a-z.]+$`)

func timeInName(name string) time.Time {
	if m := stampInName.FindStringSubmatch(name); m != nil {
		if t, err := time.Parse(stampLayout, m[1]); err == nil {
			return t
		}
	}
	return time.Time{}
}

// reason is the innermost cause of an error, without the name of the file or
// the URL, which the message tells already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	return goroutine.Clean(fmt.Sprint(err))
}
