package source

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// reserved are names that Windows keeps for devices, whatever follows a dot.
var reserved = regexp.MustCompile(`(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)`)

// maxPart bounds a part of a file name: hosts and paths can be longer than a
// name may be.
const maxPart = 80

// safePart is a text as a part of a file name, without what a shell, a command
// line or Windows minds.
func safePart(text string) string {
	text = unsafeInName.ReplaceAllString(text, "-")
	text = strings.Trim(text[:min(len(text), maxPart)], ".-")
	if text == "" || reserved.MatchString(text) {
		text = strings.TrimSuffix("host-"+text, "-")
	}
	return text
}

// FileName is what a dump of a target is called: HOST_PORT-20060102T150405Z.dump,
// with the port that the scheme implies where none is named.
func (t *Process) FileName(takenAt time.Time) string {
	return t.at.fileName() + "-" + takenAt.UTC().Format(stampLayout) + ".dump"
}

func (a *address) fileName() string {
	if a.relay != "" {
		first, rest, _ := strings.Cut(a.relay, ":")
		return safePart(first) + "_" + safePart(rest)
	}
	if a.gops != "" {
		return "gops_" + safePart(a.gops)
	}
	if a.socket != "" {
		return safePart(filepath.Base(a.socket)) + "_unix" + a.baseName()
	}
	return host(a.base) + a.baseName()
}

// baseName distinguishes the targets behind one address.
func (a *address) baseName() string {
	base := strings.Trim(strings.TrimSuffix(a.base.Path, pprofPath), "/")
	if base == "" {
		return ""
	}
	return "_" + safePart(base)
}

func host(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	name := u.Hostname()
	if strings.Contains(name, ":") {
		name = "ipv6-" + name
	}
	return safePart(name) + "_" + port
}

// File is a file of mode 0600 that is being written. It has its name only once
// it is whole; until then nothing is at that name, or what was there before.
// What is no regular file, such as a device, a FIFO or /dev/stderr, is written
// as it is and never replaced.
type File struct {
	name  string
	force bool
	as    bool // written as it is
	f     *os.File
	w     io.Writer // f, or what compresses into it
	z     *gzip.Writer
	n     int64 // bytes written, before compression
	come  int64 // bytes that came, also after an error
	err   error // the first failure

	closed bool // nothing more is written
	done   bool // it has its name
}

// Create begins a file. Without force it must not be there, unless it is no
// regular file. What goes under a name that ends in .gz is compressed, if it
// does not come so, as debug=0 does.
func Create(name string, force bool) (*File, error) {
	f := &File{name: name, force: force}
	if err := f.open(); err != nil {
		return nil, err
	}
	f.w = f.f
	if strings.HasSuffix(name, ".gz") {
		f.z = gzip.NewWriter(f.f)
		f.w = f.z
	}
	return f, nil
}

// open opens what is written: the file itself if it is no regular one, else a
// temporary file in its folder.
func (f *File) open() error {
	var err error
	info, statErr := os.Stat(f.name)
	descriptor := descriptorOf(f.name)
	switch {
	case descriptor >= 0:
		f.as = true
		f.f, err = duplicate(descriptor, f.name)
	case statErr == nil && info.IsDir():
		return &Error{Kind: Local, Name: goroutine.Clean(f.name), What: "is a folder: name a file in it"}
	case statErr == nil && !info.Mode().IsRegular():
		f.as = true
		f.f, err = os.OpenFile(f.name, os.O_WRONLY, 0)
	default:
		link, lerr := os.Lstat(f.name)
		if lerr == nil && !f.force {
			return f.there(fs.ErrExist)
		}
		if lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
			// The file that the link leads to is replaced, not the link.
			to, err := filepath.EvalSymlinks(f.name)
			if err != nil {
				return f.failure(err)
			}
			f.name = to
		}
		f.f, err = os.CreateTemp(filepath.Dir(f.name), temporary(f.name))
	}
	if err != nil {
		return f.failure(err)
	}
	return nil
}

// temporary is the pattern of a file's name until it is whole.
func temporary(name string) string {
	base := filepath.Base(name)
	return "." + base[:min(len(base), 200)] + "-*"
}

// IsStdout reports whether a name is another for standard output.
func IsStdout(name string) bool { return name == "-" || descriptorOf(name) == 1 }

var descriptorName = regexp.MustCompile(`^/(?:dev|proc/self)/fd/(\d{1,9})$`)

// descriptorOf is the open file that a name such as /dev/fd/3 stands for, -1 if
// it is no such name. To open it by the name would begin to write at its start.
func descriptorOf(name string) int {
	name = filepath.ToSlash(filepath.Clean(name))
	switch name {
	case "/dev/stdout":
		return 1
	case "/dev/stderr":
		return 2
	}
	m := descriptorName.FindStringSubmatch(name)
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return -1
	}
	return n
}

// takenAt says, before anything is written, when what the file holds was taken.
func (f *File) takenAt(at time.Time) {
	if f.z != nil {
		f.z.ModTime, f.z.Comment = at, gzipComment+"pull"
	}
}

// Write writes. It takes all that comes even when the disk is full, so that
// the dump can still be read as it goes by; Commit returns the error.
func (f *File) Write(p []byte) (int, error) {
	if f.come == 0 && f.z != nil && len(p) > 0 && p[0] == 0x1f { // gzip, which no text begins with
		f.z, f.w = nil, f.f
	}
	f.come += int64(len(p))
	if f.err == nil {
		var n int
		n, f.err = f.w.Write(p)
		f.n += int64(n)
	}
	return len(p), nil
}

// Commit gives the file its name. If another file has the name it can be
// called again, with another one.
func (f *File) Commit() error {
	if !f.closed {
		if err := f.finish(); err != nil {
			f.Discard()
			return f.failure(err)
		}
	}
	if f.as {
		return nil
	}
	var err error
	if f.force {
		err = os.Rename(f.f.Name(), f.name)
	} else if err = os.Link(f.f.Name(), f.name); err == nil { // a link, unlike a rename, never replaces
		os.Remove(f.f.Name())
	} else if !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.f.Name(), f.name)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return f.there(err) // what was written stays until Discard
	case err != nil:
		f.Discard()
		return f.failure(err)
	}
	f.done = true
	return nil
}

// finish writes what is left and closes the file.
func (f *File) finish() error {
	f.closed = true
	if f.z != nil && f.err == nil {
		f.err = f.z.Close()
	}
	err := f.err
	if err == nil && !f.as {
		err = f.f.Sync()
	}
	if cerr := f.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Keep gives what came the name with .partial behind, and returns that, or ""
// if nothing came.
func (f *File) Keep() string {
	if f.n == 0 || f.as {
		f.Discard()
		return ""
	}
	if f.z != nil {
		f.z.Close()
	}
	f.f.Close()
	partial := f.name + ".partial"
	if os.Rename(f.f.Name(), partial) != nil {
		os.Remove(f.f.Name())
		return ""
	}
	return goroutine.Clean(partial)
}

// Discard leaves nothing.
func (f *File) Discard() {
	f.f.Close()
	if !f.as && !f.done {
		os.Remove(f.f.Name())
	}
}

func (f *File) there(err error) error {
	return &Error{Kind: Local, Name: goroutine.Clean(f.name), What: "the file is there already", Hint: "--force replaces it", Err: err}
}

func (f *File) failure(err error) error {
	what := "cannot write it: " + reason(err)
	if f.come > 0 {
		what += fmt.Sprintf(" (had %d of %d bytes)", f.n, f.come)
	}
	return &Error{Kind: Local, Name: goroutine.Clean(f.name), What: what, Err: err}
}

// writeNote keeps when and where a dump was taken, if its name does not show it.
func (f *File) writeNote(t *Taken) error {
	if f.as || f.z != nil || !timeInName(f.name).IsZero() {
		return nil
	}
	b, err := json.Marshal(note{TakenAt: t.At, Target: t.Name, Level: "debug=" + string(t.Level), Bytes: f.n})
	if err != nil {
		return fmt.Errorf("note of %s: %w", goroutine.Clean(f.name), err)
	}
	return writeBeside(f.name+noteSuffix, append(b, '\n'))
}

// writeBeside writes a file that belongs to another, which was saved already.
func writeBeside(name string, b []byte) error {
	f, err := Create(name, true)
	if err != nil {
		return err
	}
	f.Write(b)
	return f.Commit()
}
