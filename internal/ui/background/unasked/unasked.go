// Package unasked keeps Bubble Tea v1 from asking the terminal for its
// background while the program starts. Bubble Tea does that in an init function
// and waits up to five seconds for a terminal that does not answer (go.dev/ref/spec
// leaves the order of independent packages open; the linker initialises the one
// that sorts first of those whose imports are ready). This package imports syscall
// alone, so it is ready, and has its turn, while os, time and unicode, which Bubble
// Tea needs, still wait: under any module path that sorts before "unicode". It can
// go with Bubble Tea v2.
package unasked

import "syscall"

// termenv, which asks for Bubble Tea, takes no output for a terminal where CI is set.
const variable = "CI"

var set = pretend()

func pretend() bool {
	if v, ok := syscall.Getenv(variable); ok && v != "" {
		return false
	}
	return syscall.Setenv(variable, "unasked") == nil
}

// Done restores the environment. It must be called before the program reads it.
func Done() {
	if set {
		_ = syscall.Unsetenv(variable) // nothing fails: the name is valid
		set = false
	}
}
