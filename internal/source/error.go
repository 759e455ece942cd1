package source

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"gdump/internal/goroutine"
)

// Kind says what sort of failure an Error is; the exit status follows from it.
type Kind int

// The kinds of failure.
const (
	Usage   Kind = iota + 1 // the argument cannot be meant
	NotDump                 // what came is no dump
	Target                  // the target could not be asked
	Local                   // a local file could not be read or written
	Partial                 // something came, but not all of it
)

// Error is a failure of a source, in words for the user: What was wrong with
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

// reason is the innermost cause of an error, without the name of the file or
// the URL, which the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
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
