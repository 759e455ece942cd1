//go:build !unix

package run

import (
	"os"
	"os/exec"
)

// group has no groups and signals to offer here: the console informs both of a
// Ctrl-C, and a command that does not end is killed.
func group(cmd *exec.Cmd) ender { return &single{cmd} }

type single struct{ cmd *exec.Cmd }

func (s *single) signal(os.Signal) error { return nil }

func (s *single) alive() bool { return s.cmd.ProcessState == nil }

func (s *single) kill() { _ = s.cmd.Process.Kill() }

func exitStatus(p *os.ProcessState) int { return p.ExitCode() }
