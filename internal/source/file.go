package source

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

func openFile(ctx context.Context, name string) (*Input, error) {
	shown := goroutine.Clean(name)
	failure := func(what, hint string, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			shown = Redact(name) // it may be a target with a slip in it
		}
		return &Error{Kind: Local, Name: shown, What: what, Hint: hint, Err: err}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, failure("no such file", "to pull from a running process give its address, such as :6060 or http://host:6060", err)
	case errors.Is(err, fs.ErrPermission):
		return nil, failure("no permission to read it", "", err)
	case err != nil:
		return nil, failure(reason(err), "", err)
	case info.IsDir():
		return nil, failure("is a folder, not a dump", "name the files in it, such as "+filepath.Join(shown, "*.dump"), nil)
	}
	r, err := open(ctx, name, info.Mode().IsRegular())
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrPermission):
		return nil, failure("no permission to read it", "", err)
	case err != nil:
		return nil, failure(reason(err), "", err)
	}
	in := &Input{ReadCloser: r, Name: shown, Size: -1, TakenAt: timeInName(name)}
	if info.Mode().IsRegular() {
		in.Latest = info.ModTime()
		in.Size = info.Size()
		if in.TakenAt.IsZero() {
			in.TakenAt = timeBeside(name, info.Size())
		}
	}
	return in, nil
}

// open opens a file. What is no regular file may block until somebody writes
// to it: opening and reading it end with ctx.
func open(ctx context.Context, name string, regular bool) (io.ReadCloser, error) {
	if regular {
		return os.Open(name)
	}
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case o := <-done:
		if o.err != nil {
			return nil, o.err
		}
		return until(ctx, o.f), nil
	}
}

// until reads from r until ctx ends, also while r blocks.
func until(ctx context.Context, r io.ReadCloser) io.ReadCloser {
	pr, pw := io.Pipe()
	context.AfterFunc(ctx, func() { pw.CloseWithError(ctx.Err()) })
	go func() {
		defer r.Close()
		_, err := io.CopyBuffer(struct{ io.Writer }{pw}, struct{ io.Reader }{r}, make([]byte, 256<<10))
		pw.CloseWithError(err)
	}()
	return pr
}

// stampLayout is the time in the name of a saved dump.
const stampLayout = "20060102T150405Z"

var stampInName = regexp.MustCompile(`-(\d{8}T\d{6}Z)(?:_(\d{1,3}))?\.[a-z.]+$`)

// timeInName reads the time off the name of a saved dump. Dumps of one second
// are numbered from 2 on, which stands for as many milliseconds, so that they
// keep their order.
func timeInName(name string) time.Time {
	m := stampInName.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}
	}
	t, err := time.Parse(stampLayout, m[1])
	if err != nil {
		return time.Time{}
	}
	n, err := strconv.Atoi(m[2])
	if err == nil && n > 1 {
		t = t.Add(time.Duration(n-1) * time.Millisecond)
	}
	return t
}

// note is what is kept beside a dump whose name does not show it: the dump
// itself is what the server sent, byte for byte, so it cannot hold it.
type note struct {
	TakenAt time.Time `json:"taken_at"`
	Target  string    `json:"target"`
	Level   string    `json:"level"`
	Bytes   int64     `json:"bytes"` // of the dump: a note of another size is stale
}

const noteSuffix = ".meta"

// timeBeside is the time of a dump from its note, or from the header of a
// gzip file, where pull writes it.
func timeBeside(name string, size int64) time.Time {
	if strings.HasSuffix(name, ".gz") {
		if t := timeInGzip(name); !t.IsZero() {
			return t
		}
	}
	b, err := readSmall(name + noteSuffix)
	var n note
	if err != nil || json.Unmarshal(b, &n) != nil || n.Bytes != size {
		return time.Time{}
	}
	return n.TakenAt
}

func readSmall(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 64<<10 {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(name)
}

func timeInGzip(name string) time.Time {
	f, err := os.Open(name)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	z, err := gzip.NewReader(io.LimitReader(f, 64<<10))
	if err != nil || !strings.HasPrefix(z.Comment, gzipComment) {
		return time.Time{}
	}
	return z.ModTime.UTC()
}

// gzipComment marks the gzip files that pull wrote: the time of others may be
// anything.
const gzipComment = "gdump "
