package source

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gdump/internal/goroutine"
)

// Limits bound a folder of dumps. Zero is no limit.
type Limits struct {
	Files int
	Bytes int64
}

// ourName is what FileName gives, and what may lie beside such a file.
var ourName = regexp.MustCompile(`^[A-Za-z0-9.-]+_[A-Za-z0-9._-]+-(\d{8}T\d{6}Z)(?:_(\d{1,3}))?\.dump$`)

// IsDump reports whether a file has the name of a dump that gdump saved.
func IsDump(name string) bool { return ourName.MatchString(name) }

// Prune deletes the oldest dumps of the target in a folder until they keep to
// the limits. The newest stays whatever its size, and files of other names are
// not touched, nor are dumps of other targets: others may watch into the folder.
func (t *Process) Prune(folder string, l Limits) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return &Error{Kind: Local, Name: goroutine.Clean(folder), What: reason(err), Err: err}
	}
	type kept struct {
		name  string
		bytes int64
	}
	var dumps []kept
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsDump(e.Name()) || !strings.HasPrefix(e.Name(), t.at.fileName()+"-") {
			continue
		}
		if info, err := e.Info(); err == nil {
			dumps = append(dumps, kept{e.Name(), info.Size()})
		}
	}
	slices.SortFunc(dumps, func(a, b kept) int { // newest first
		return cmp.Or(timeInName(b.name).Compare(timeInName(a.name)), cmp.Compare(b.name, a.name))
	})
	var bytes int64
	var failed error
	for i, d := range dumps {
		bytes += d.bytes
		if i == 0 || (l.Files <= 0 || i < l.Files) && (l.Bytes <= 0 || bytes <= l.Bytes) {
			continue
		}
		name := filepath.Join(folder, d.name)
		failed = errors.Join(failed, remove(name), remove(name+countsSuffix))
	}
	return failed
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: Local, Name: goroutine.Clean(name), What: "cannot delete it: " + reason(err), Err: err}
	}
	return nil
}
