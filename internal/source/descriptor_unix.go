//go:build unix

package source

import (
	"os"

	"golang.org/x/sys/unix"
)

// duplicate opens an open file a second time, so that it can be closed.
func duplicate(descriptor int, name string) (*os.File, error) {
	n, err := unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n), name), nil
}
