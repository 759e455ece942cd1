package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
)

// Taken is what a target gave: the dumps as they were read, and what is needed
// to keep them.
type Taken struct {
	Dumps  []goroutine.Dump
	Name   string // of the target
	At     time.Time
	Level  Level
	File   string // where it was saved; "" if it was not
	Counts []byte // the debug=1 profile that has the true counts of a dump cut at 64 MiB
}

// Take pulls a dump, writes what comes to w as it is, and reads it. What was
// read comes back also with an error.
func (t *Process) Take(ctx context.Context, w io.Writer) (*Taken, error) {
	in, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	return t.take(ctx, in, w)
}

// TakeCounts is Take of the profile that costs least.
func (t *Process) TakeCounts(ctx context.Context) (*Taken, error) {
	in, err := t.OpenCounts(ctx)
	if err != nil {
		return nil, err
	}
	return t.take(ctx, in, io.Discard)
}

func (t *Process) take(ctx context.Context, in *Input, w io.Writer) (*Taken, error) {
	taken := &Taken{Name: in.Name, At: in.TakenAt, Level: in.Level}
	out := &sink{w: w}
	body := io.TeeReader(in, out)
	dumps, err := parse.Read(ctx, body, parse.Options{MaxBytes: t.o.maxBytes(), Progress: t.o.Progress})
	// What is saved is all that came, whatever of it could be read.
	if out.err == nil {
		_, rest := io.Copy(io.Discard, body)
		if rest != nil && (err == nil || errors.Is(err, parse.ErrTooLarge) || errors.Is(err, parse.ErrNoDump) || errors.Is(err, context.Canceled)) {
			err = rest
		}
	}
	in.Close()
	if out.err != nil {
		err = out.err
	}
	taken.Dumps = named(dumps, in)
	if len(dumps) == 1 && dumps[0].Truncated && out.n == runtimeLimit && err == nil {
		t.restore(ctx, taken)
	}
	switch {
	case err == nil, errors.As(err, new(*Error)), out.err != nil:
	case errors.Is(err, context.Canceled):
		err = t.failure(Target, in.Name, "interrupted", "", err)
	case errors.Is(err, parse.ErrTooLarge):
		err = t.failure(Partial, in.Name, fmt.Sprintf("the response, unpacked, is larger than %d bytes", t.o.maxBytes()), "--max-bytes raises the limit", err)
	default:
		err = unreadable(in.Name, err)
	}
	return taken, err
}

// unreadable is why a source could not be read to its end: it cannot be read,
// or what is in it is damaged.
func unreadable(name string, err error) error {
	var local *readError
	switch {
	case errors.Is(err, parse.ErrNoDump), errors.Is(err, parse.ErrTooLarge), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", name, err)
	case errors.As(err, &local):
		return &Error{Kind: Local, Name: name, What: "cannot read it: " + reason(local.err), Err: err}
	}
	return &Error{Kind: NotDump, Name: name, What: goroutine.Clean(err.Error()), Err: err}
}

// readError is a failure of a file or a pipe itself, not with what is in it.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

func (e *readError) Unwrap() error { return e.err }

// reading distinguishes the errors of a reader from those of what unpacks it.
type reading struct{ r io.Reader }

func (r reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// sink counts what is written and remembers why it could not be.
type sink struct {
	w   io.Writer
	n   int64
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.n += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

// named marks dumps with where they come from and when they were taken.
func named(dumps []goroutine.Dump, in *Input) []goroutine.Dump {
	for i := range dumps {
		d := &dumps[i]
		d.Source = in.Name
		if len(dumps) > 1 {
			d.Source = fmt.Sprintf("%s (%d of %d)", in.Name, i+1, len(dumps))
		} else if d.TakenAt.IsZero() {
			d.TakenAt = in.TakenAt
		}
	}
	return dumps
}

// Save pulls a dump into a file. An empty name, or one of a folder, which ends
// in a slash if it is not there yet, is filled in with FileName. What is not whole, or no dump, does not get the name: it
// stays beside it with .partial behind, and the error names it.
func (t *Process) Save(ctx context.Context, name string, force bool) (*Taken, error) {
	return t.save(ctx, name, force, t.o.Level)
}

// SaveFull is Save of a full dump, whatever it costs.
func (t *Process) SaveFull(ctx context.Context, name string) (*Taken, error) {
	return t.save(ctx, name, false, Level2)
}

func (t *Process) save(ctx context.Context, name string, force bool, level Level) (*Taken, error) {
	folder := name == "" || isFolder(name)
	if folder {
		if name != "" {
			if err := MakeFolder(name); err != nil {
				return nil, err
			}
		}
		name = filepath.Join(name, t.at.fileName()+".dump")
	}
	// The file comes first: a process is not stopped for what cannot be kept.
	f, err := Create(name, force || folder)
	if err != nil {
		return nil, err
	}
	in, err := t.open(ctx, level)
	if err != nil {
		f.Discard()
		return nil, err
	}
	if folder {
		name = free(filepath.Join(filepath.Dir(name), t.FileName(in.TakenAt)), force)
		f.name, f.force = name, force
	}
	f.takenAt(in.TakenAt)
	taken, err := t.take(ctx, in, f)
	if errors.Is(err, parse.ErrNoDump) {
		f.Discard()
		return nil, fmt.Errorf("%w (nothing was saved)", err)
	}
	if err != nil {
		return taken, withPartial(err, f.Keep())
	}
	err = f.Commit()
	for n := 0; folder && !force && errors.Is(err, fs.ErrExist) && n < 100; n++ {
		// Another gdump saved under the name since it was chosen.
		f.name = free(f.name, false)
		err = f.Commit()
	}
	if err != nil {
		f.Discard()
		return taken, err
	}
	name = f.name
	taken.File = name
	if len(taken.Counts) > 0 && !f.as {
		if err := writeBeside(name+countsSuffix, taken.Counts); err != nil {
			return taken, err
		}
	}
	return taken, f.writeNote(taken)
}

// withPartial says in an error where to find what came.
func withPartial(err error, partial string) error {
	var e *Error
	if partial == "" || !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Hint = "the part received is in " + partial
	if e.Hint != "" {
		c.Hint += "; " + e.Hint
	}
	return &c
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir() || strings.HasSuffix(name, string(filepath.Separator))
}

// free is the name, or the first with a number that is not taken: two dumps of
// one second. "_" sorts behind ".", so that *.dump names them in their order.
func free(name string, force bool) string {
	stem := numberBehind.ReplaceAllString(strings.TrimSuffix(name, ".dump"), "Z")
	for n := 2; n < 1000 && !force; n++ {
		if _, err := os.Lstat(name); err != nil {
			break
		}
		name = fmt.Sprintf("%s_%d.dump", stem, n)
	}
	return name
}

var numberBehind = regexp.MustCompile(`Z_\d{1,3}$`)

// Read opens a source and reads the dumps in it. What was read comes back also
// with an error.
func Read(ctx context.Context, arg string, o Options) ([]goroutine.Dump, error) {
	if arg != "-" && IsTarget(arg) {
		t, err := NewTarget(arg, o)
		if err != nil {
			return nil, err
		}
		taken, err := t.Take(ctx, io.Discard)
		if taken == nil {
			return nil, err
		}
		return taken.Dumps, err
	}
	in, err := Open(ctx, arg, o)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	options := parse.Options{MaxBytes: o.MaxBytes, Latest: in.Latest, Progress: o.Progress}
	if o.Partial != nil {
		options.Partial = func(dumps []goroutine.Dump) { o.Partial(named(dumps, in)) }
	}
	dumps, err := parse.Read(ctx, reading{in}, options)
	named(dumps, in)
	if err != nil {
		return dumps, unreadable(in.Name, err)
	}
	if len(dumps) == 1 && dumps[0].Truncated && o.Restore != nil {
		if info, err := os.Stat(arg + countsSuffix); err == nil && info.Mode().IsRegular() {
			if b, err := os.ReadFile(arg + countsSuffix); err == nil {
				o.restore(ctx, &dumps[0], bytes.NewReader(b))
			}
		}
	}
	return dumps, nil
}
