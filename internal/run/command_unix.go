//go:build unix

package run

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// second is how long after a Ctrl-C the command is told by gdump as well: the
// signal may have been sent to gdump alone.
const second = 3 * time.Second

// group decides how the command hears of a Ctrl-C, and returns what tells it.
// On a terminal it stays in the foreground group, where the terminal tells
// both and it can read what is typed. Elsewhere it leads a group of its own,
// and the signal reaches its children too.
func group(cmd *exec.Cmd) func(os.Signal) error {
	if foreground() {
		return func(s os.Signal) error {
			if s == syscall.SIGINT || s == syscall.SIGQUIT {
				time.AfterFunc(second, func() { cmd.Process.Signal(s) }) // of a process that ended: no effect
				return nil
			}
			return cmd.Process.Signal(s)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func(s os.Signal) error {
		n, ok := s.(syscall.Signal)
		if !ok {
			n = syscall.SIGTERM
		}
		return syscall.Kill(-cmd.Process.Pid, n)
	}
}

// foreground reports whether gdump is what a terminal runs at the moment.
func foreground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	pgrp, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && pgrp == unix.Getpgrp()
}

func exitStatus(p *os.ProcessState) int {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return statusSignals + int(w.Signal())
	}
	return p.ExitCode()
}
