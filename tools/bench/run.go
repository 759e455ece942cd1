package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// run is what one run of a program cost.
type run struct {
	cpu, wall time.Duration
	peak      int64 // bytes
	written   int64 // bytes
}

// counter counts what is written. A program that writes to it writes through a
// pipe: grep stops at its first hit if it writes to the null device.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// child runs a program to its end and throws its output away.
func child(ctx context.Context, name string, args ...string) (run, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out counter
	cmd.Stderr, cmd.Stdout = os.Stderr, &out
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return run{}, fmt.Errorf("%s: %w", name, err)
	}
	r := run{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(start), written: int64(out)}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = u.Maxrss << 10
	}
	return r, nil
}

// contest runs programs in turn, so that a busy moment of the machine meets
// all of them, and keeps the medians.
func contest(ctx context.Context, rounds int, programs map[string][]string) (map[string]run, error) {
	all := map[string][]run{}
	names := make([]string, 0, len(programs))
	for name := range programs {
		names = append(names, name)
	}
	slices.Sort(names)
	for range rounds {
		for _, name := range names {
			r, err := child(ctx, programs[name][0], programs[name][1:]...)
			if err != nil {
				return nil, err
			}
			all[name] = append(all[name], r)
		}
	}
	medians := map[string]run{}
	for name, runs := range all {
		medians[name] = run{
			written: runs[0].written,
			cpu:     median(runs, func(r run) time.Duration { return r.cpu }),
			wall:    median(runs, func(r run) time.Duration { return r.wall }),
			peak:    median(runs, func(r run) int64 { return r.peak }),
		}
	}
	return medians, nil
}

func median[T int64 | time.Duration](runs []run, of func(run) T) T {
	values := make([]T, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// engine is the command line that runs one of our engines in a child.
func engine(self, name, file string, workers int) []string {
	return []string{self, "-engine", name, "-workers", strconv.Itoa(workers), file}
}
