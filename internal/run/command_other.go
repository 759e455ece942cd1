//go:build !unix

package run

import (
	"os"
	"os/exec"
)

// group has no groups and signals to offer here: the console tells both of a
// Ctrl-C, and whoever does not listen is killed.
func group(*exec.Cmd) func(os.Signal) error {
	return func(os.Signal) error { return nil }
}

func exitStatus(p *os.ProcessState) int { return p.ExitCode() }
