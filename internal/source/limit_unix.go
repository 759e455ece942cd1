//go:build unix

package source

import "golang.org/x/sys/unix"

// openFiles is how many files the process may have open, 0 if that is not
// known.
func openFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > 1<<30 {
		return 0
	}
	return int(limit.Cur)
}
