package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// allowBucket adds an entry for a bucket to the allow list of this folder, and
// returns what is in it then. A list that cannot be read stays as it is.
func allowBucket(b *goroutine.Bucket, reason string) (name, content string, err error) {
	name = allowFile
	fail := func(what string, err error) error {
		return &source.Error{Kind: source.Local, Name: name, What: what + ": " + innermost(err), Err: err}
	}
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return name, "", fail("cannot read the allow list", err)
	}
	list, err := gate.ParseAllowList(bytes.NewReader(data))
	switch {
	case err != nil:
		return name, "", fail("nothing written, the allow list has mistakes", err)
	case list.Covers(b):
		return name, "", fmt.Errorf("%s has an entry for it already", name)
	}
	entry := gate.EntryFor(b, reason)
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		entry = "\n" + entry
	}
	after := append(data[:len(data):len(data)], entry...)
	if list, err = gate.ParseAllowList(bytes.NewReader(after)); err == nil && !list.Covers(b) {
		err = errors.New("the entry would not be about it")
	}
	if err != nil {
		return name, "", fail("nothing written", err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return name, "", fail("cannot write the allow list", err)
	}
	_, err = f.WriteString(entry)
	if err = errors.Join(err, f.Close()); err != nil {
		return name, "", fail("cannot write the allow list", err)
	}
	return name, string(after), nil
}
