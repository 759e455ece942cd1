package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"gdump/internal/goroutine"
)

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// FileName is what a dump of a target is called: HOST_PORT-20060102T150405Z.dump,
// with the port that the scheme implies where none is named.
func FileName(target string, takenAt time.Time) (string, error) {
	u, err := parseTarget(target)
	if err != nil {
		return "", err
	}
	return host(u) + "-" + takenAt.UTC().Format(stampLayout) + ".dump", nil
}

func host(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return unsafeInName.ReplaceAllString(u.Hostname(), "-") + "_" + port
}

// Save writes what r gives to a file of mode 0600, under its name only once it
// is whole; without force it does not replace a file. If r fails, what came
// stays in NAME.partial and the error says so.
func Save(name string, r io.Reader, force bool) (err error) {
	shown := goroutine.Clean(name)
	trouble := func(what, hint string, err error) error {
		return &Error{Kind: Local, Name: shown, What: what, Hint: hint, Err: err}
	}
	exists := func() bool { _, err := os.Lstat(name); return err == nil }
	if !force && exists() {
		return trouble("the file is there already", "--force replaces it", fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return trouble("cannot write it: "+reason(err), "", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	w := &writer{w: f}
	n, err := io.Copy(w, r)
	if w.err != nil {
		f.Close()
		return trouble(fmt.Sprintf("cannot write it: %s (after %d bytes)", reason(w.err), n), "", w.err)
	}
	if err != nil {
		f.Close()
		if n == 0 {
			return err
		}
		if os.Rename(f.Name(), name+".partial") != nil {
			return err
		}
		var e *Error
		if errors.As(err, &e) {
			c := *e
			c.Hint = fmt.Sprintf("what came is kept in %s.partial", shown)
			return &c
		}
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return trouble("cannot write it: "+reason(err), "", err)
	}
	if force {
		err = os.Rename(f.Name(), name)
	} else if err = os.Link(f.Name(), name); err == nil { // a link, unlike a rename, never replaces
		os.Remove(f.Name())
	} else if !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), name)
	}
	if errors.Is(err, fs.ErrExist) {
		return trouble("the file is there already", "--force replaces it", err)
	}
	if err != nil {
		return trouble("cannot write it: "+reason(err), "", err)
	}
	return nil
}

// writer remembers the error of the file, to tell it from that of the source.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}
