package run

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// adopt makes this process the parent of descendants whose own parent ends, so
// that they are still found.
func adopt() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// members are the processes that the command and its children started, also
// those whose parent has ended, and the command itself.
func (*family) members() []int {
	children := map[int][]int{}
	ended := map[int]bool{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		// PID (NAME) STATE PPID …, and a name can hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			continue
		}
		ended[child] = string(fields[0]) == "Z"
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	var all []int
	for todo := children[os.Getpid()]; len(todo) > 0; todo = todo[1:] {
		if !ended[todo[0]] {
			all = append(all, todo[0])
		}
		todo = append(todo, children[todo[0]]...)
	}
	return all
}
