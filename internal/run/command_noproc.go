//go:build unix && !linux

package run

import "syscall"

// adopt has no way here to keep hold of the children of a process that ends.
func adopt() {}

// members are the command alone: there is no /proc that lists its children.
func (f *family) members() []int {
	if err := syscall.Kill(f.cmd.Process.Pid, 0); err == nil || err == syscall.EPERM {
		return []int{f.cmd.Process.Pid}
	}
	return nil
}
