//go:build unix

package run

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// group decides how the command hears of a signal.
//
// On a terminal the command stays in the foreground group, where it can read
// what is typed, and where the terminal sends Ctrl-C to both. Elsewhere it
// leads a group of its own, and a signal reaches its children as well.
func group(cmd *exec.Cmd) ender {
	if foreground() {
		adopt()
		return &family{cmd}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &leader{cmd}
}

// leader is a command with a process group of its own.
type leader struct{ cmd *exec.Cmd }

func (l *leader) signal(s os.Signal) error {
	n, ok := s.(syscall.Signal)
	if !ok {
		n = syscall.SIGTERM
	}
	return syscall.Kill(-l.cmd.Process.Pid, n)
}

func (l *leader) alive() bool { return syscall.Kill(-l.cmd.Process.Pid, 0) == nil }

func (l *leader) kill() { _ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) }

// family is a command in gdump's own group, with its children as far as they
// are known.
type family struct{ cmd *exec.Cmd }

func (f *family) signal(s os.Signal) error {
	if s == syscall.SIGINT || s == syscall.SIGQUIT {
		// The terminal has sent it to the command as well. If it went to gdump
		// alone, the command must still hear of it, but not twice at once: to
		// many programs a second Ctrl-C means to drop everything.
		time.AfterFunc(grace/2, func() { _ = f.cmd.Process.Signal(s) }) // of a process that ended: no effect
		return nil
	}
	return f.cmd.Process.Signal(s)
}

func (f *family) alive() bool { return len(f.members()) > 0 }

func (f *family) kill() {
	for _, pid := range f.members() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
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
