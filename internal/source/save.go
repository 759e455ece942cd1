package source

import (
	"cmp"
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
	"strings"
	"time"

	"gdump/internal/goroutine"
)

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// FileName is what a dump of a target is called: HOST_PORT-20060102T150405Z.dump,
// with the port that the scheme implies where none is named.
func (t *Process) FileName(takenAt time.Time) string {
	return t.at.fileName() + "-" + takenAt.UTC().Format(stampLayout) + ".dump"
}

func (a *address) fileName() string {
	if a.socket != "" {
		return unsafeInName.ReplaceAllString(strings.TrimLeft(filepath.Base(a.socket), "."), "-") + "_unix" + a.baseName()
	}
	return host(a.base) + a.baseName()
}

// baseName tells apart the targets behind one address.
func (a *address) baseName() string {
	base := strings.Trim(strings.TrimSuffix(a.base.Path, pprofPath), "/")
	if base == "" {
		return ""
	}
	return "_" + strings.Trim(unsafeInName.ReplaceAllString(base, "-"), ".-")
}

func host(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return unsafeInName.ReplaceAllString(strings.TrimLeft(u.Hostname(), "."), "-") + "_" + port
}

// File is a file of mode 0600 that is being written. It has its name only once
// it is whole; until then nothing is at that name, or what was there before.
type File struct {
	name  string
	force bool
	f     *os.File
	w     io.Writer // f, or what compresses into it
	z     *gzip.Writer
	n     int64 // bytes written, before compression
	come  int64 // bytes that came, also after an error
	err   error // the first trouble
}

// Create begins a file. Without force it must not be there. What goes under a
// name that ends in .gz is compressed, if it does not come so, as debug=0 does.
func Create(name string, force bool) (*File, error) {
	f := &File{name: name, force: force}
	if !force {
		if _, err := os.Lstat(name); err == nil {
			return nil, f.there(fs.ErrExist)
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return nil, f.trouble(err)
	}
	f.f, f.w = tmp, tmp
	if strings.HasSuffix(name, ".gz") {
		f.z = gzip.NewWriter(tmp)
		f.w = f.z
	}
	return f, nil
}

// takenAt says, before anything is written, when what the file holds was taken.
func (f *File) takenAt(at time.Time) {
	if f.z != nil {
		f.z.ModTime, f.z.Comment = at, gzipComment+"pull"
	}
}

// Write writes. It takes all that comes even when the disk is full, so that
// the dump can still be read as it goes by; Commit tells the trouble.
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

// Commit gives the file its name.
func (f *File) Commit() error {
	if f.z != nil && f.err == nil {
		f.err = f.z.Close()
	}
	err := cmp.Or(f.err, f.f.Sync())
	if cerr := f.f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.f.Name())
		return f.trouble(err)
	}
	if f.force {
		err = os.Rename(f.f.Name(), f.name)
	} else if err = os.Link(f.f.Name(), f.name); err == nil { // a link, unlike a rename, never replaces
		os.Remove(f.f.Name())
	} else if !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.f.Name(), f.name)
	}
	if err != nil {
		os.Remove(f.f.Name())
		if errors.Is(err, fs.ErrExist) {
			return f.there(err)
		}
		return f.trouble(err)
	}
	return nil
}

// Keep gives what came the name with .partial behind, and returns that, or ""
// if nothing came.
func (f *File) Keep() string {
	if f.n == 0 {
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
	os.Remove(f.f.Name())
}

func (f *File) there(err error) error {
	return &Error{Kind: Local, Name: goroutine.Clean(f.name), What: "the file is there already", Hint: "--force replaces it", Err: err}
}

func (f *File) trouble(err error) error {
	what := "cannot write it: " + reason(err)
	if f.come > 0 {
		what += fmt.Sprintf(" (had %d of %d bytes)", f.n, f.come)
	}
	return &Error{Kind: Local, Name: goroutine.Clean(f.name), What: what, Err: err}
}

// writeNote keeps when and where a dump was taken, if its name does not tell.
func (f *File) writeNote(t *Taken) error {
	if f.z != nil || !timeInName(f.name).IsZero() {
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
