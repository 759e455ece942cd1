//go:build unix

package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gdump/internal/faultd"
)

// hang is how long a process may take before the test takes it for hung.
const hang = time.Minute

// running is gdump as a process of its own, at some stage of its work.
type running struct {
	t   *testing.T
	cmd *exec.Cmd
	err output
}

func start(t *testing.T, bin string, prepare func(*exec.Cmd), args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	r := &running{t: t, cmd: exec.CommandContext(ctx, filepath.Join(bin, "gdump"), args...)}
	r.cmd.Dir = t.TempDir()
	r.cmd.Env = append(os.Environ(), "CI=", "XDG_STATE_HOME="+t.TempDir())
	r.cmd.Stderr = &r.err
	r.cmd.WaitDelay = 10 * time.Second // what it leaves behind may hold stderr
	heedHangUp(t)
	// No terminal, so that what it runs gets a group of its own.
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if prepare != nil {
		prepare(r.cmd)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// heedHangUp lets the processes that the test starts end on SIGHUP, also where
// the test was started by what ignores it, such as nohup: a signal that is
// caught is not ignored in a new process.
func heedHangUp(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(c) })
}

// status sends a signal and returns the exit status.
func (r *running) status(s syscall.Signal) int {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if w, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		r.t.Errorf("killed by %s: gdump did not end by itself", w.Signal())
	}
	return r.cmd.ProcessState.ExitCode()
}

// reach waits for something that comes.
func reach(t *testing.T, what string, there func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(hang); !there(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never came: %s", what)
		}
	}
}

// warned are arguments that gdump warns of when it has begun, before it opens
// anything.
var warned = []string{"--header", "Authorization: x"}

// begun waits for that warning.
func (r *running) begun() {
	r.t.Helper()
	reach(r.t, "a warning", func() bool { return r.err.String() != "" })
}

// output is a buffer that can be looked at while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// gone reports whether a process has ended, also one that nobody waits for.
func gone(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

// TestSignals sends each signal at each stage of the work: it ends gdump with
// its status, whatever gdump is waiting for.
func TestSignals(t *testing.T) {
	t.Parallel()
	bin := buildGdump(t)
	faults := faultd.New()
	t.Cleanup(faults.Close)
	pipe := func(t *testing.T) (r, w *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close(); w.Close() })
		return r, w
	}
	const one = "goroutine %d [select]:\nmain.wait()\n\t/app/main.go:9 +0x1\n\n"
	many := filepath.Join(t.TempDir(), "many.dump")
	var text bytes.Buffer
	for n := range 20_000 {
		fmt.Fprintf(&text, "goroutine %d [select]:\nmain.wait%d()\n\t/app/main.go:9 +0x1\n\n", n+1, n)
	}
	if err := os.WriteFile(many, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	stages := map[string]func(*testing.T) *running{
		"reading a pipe": func(t *testing.T) *running {
			r, w := pipe(t)
			g := start(t, bin, func(c *exec.Cmd) { c.Stdin = r }, "-")
			// More than a pipe holds: once it is written, gdump is reading.
			if _, err := w.Write(bytes.Repeat([]byte("a log line\n"), 20_000)); err != nil {
				t.Fatal(err)
			}
			return g
		},
		"opening a FIFO": func(t *testing.T) *running {
			name := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(name, 0o600); err != nil {
				t.Fatal(err)
			}
			g := start(t, bin, nil, append(warned, "diff", name, name)...)
			g.begun()
			return g
		},
		"reading flags from a FIFO": func(t *testing.T) *running {
			name := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(name, 0o600); err != nil {
				t.Fatal(err)
			}
			g := start(t, bin, nil, append(warned, "pull", "--token-file", name, "http://127.0.0.1:1")...)
			g.begun()
			return g
		},
		"parsing": func(t *testing.T) *running {
			r, w := pipe(t)
			g := start(t, bin, func(c *exec.Cmd) { c.Stdin = r }, "-")
			read := make(chan struct{})
			go func() {
				for n := 1; ; n++ {
					if _, err := fmt.Fprintf(w, one, n); err != nil {
						return
					}
					if n == 20_000 {
						close(read)
					}
				}
			}()
			<-read
			return g
		},
		"writing to a full pipe": func(t *testing.T) *running {
			r, w := pipe(t)
			g := start(t, bin, func(c *exec.Cmd) { c.Stdout = w }, "--format", "json", many)
			if _, err := r.Read(make([]byte, 1)); err != nil { // it has begun, and nobody reads on
				t.Fatal(err)
			}
			return g
		},
		"writing to a full pipe that is stderr too": func(t *testing.T) *running {
			r, w := pipe(t)
			g := start(t, bin, func(c *exec.Cmd) { c.Stdout, c.Stderr = w, w }, "--format", "json", many)
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			return g
		},
		"waiting for a response": func(t *testing.T) *running {
			faults := faultd.New()
			t.Cleanup(faults.Close)
			g := start(t, bin, nil, "pull", faults.URL+"/slow-headers")
			reach(t, "a request", func() bool { return len(faults.Asked("slow-headers")) > 0 })
			return g
		},
		"watching": func(t *testing.T) *running {
			r, w := pipe(t)
			g := start(t, bin, func(c *exec.Cmd) { c.Stdout = w }, "watch", faults.URL+"/reset")
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			return g
		},
	}
	for name, stage := range stages {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				t.Parallel()
				g := stage(t)
				if got, want := g.status(s), 128+int(s); got != want {
					t.Errorf("exit status %d, want %d; stderr: %s", got, want, &g.err)
				}
				if strings.Contains(g.err.String(), "goroutine ") {
					t.Errorf("a stack on stderr: %s", &g.err)
				}
			})
		}
	}
}

// TestSignalEndsChildren interrupts a command that ignores the signal, and has
// children that do: none of them is left.
func TestSignalEndsChildren(t *testing.T) {
	t.Parallel()
	bin := buildGdump(t)
	faults := faultd.New()
	t.Cleanup(faults.Close)
	faults.Set("p", 3)
	for name, script := range map[string]string{
		"all ignore it":       `trap "" INT TERM HUP QUIT; sleep 1000 & echo $! $$ >pids.new; mv pids.new pids; while :; do sleep 1000; done`,
		"a child ignores it":  `(trap "" INT TERM HUP QUIT; exec sleep 1000) & echo $! $$ >pids.new; mv pids.new pids; wait`,
		"none ignores it":     `sleep 1000 & echo $! $$ >pids.new; mv pids.new pids; wait`,
		"the child has ended": `(trap "" INT TERM HUP QUIT; exec sleep 1000) & echo $! >pids.new; mv pids.new pids; trap "exit 3" INT TERM HUP QUIT; while :; do sleep 0.01; done`,
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				t.Parallel()
				g := start(t, bin, nil, "run", faults.URL+"/p", "--", "sh", "-c", script)
				pids := filepath.Join(g.cmd.Dir, "pids")
				reach(t, "the command", func() bool { _, err := os.Stat(pids); return err == nil })
				if got := g.status(s); got <= 0 {
					t.Errorf("exit status %d; stderr: %s", got, &g.err)
				}
				b, err := os.ReadFile(pids)
				if err != nil {
					t.Fatal(err)
				}
				for field := range strings.FieldsSeq(string(b)) {
					pid, err := strconv.Atoi(field)
					if err != nil {
						t.Fatal(err)
					}
					reach(t, "the end of a child", func() bool { return gone(pid) })
				}
			})
		}
	}
}

// TestHangUpIgnored goes on after SIGHUP where it was ignored from the start,
// as nohup has it.
func TestHangUpIgnored(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	bin := buildGdump(t)
	g := start(t, "/bin", func(c *exec.Cmd) {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec "$0" -`, filepath.Join(bin, "gdump")}
		c.Stdin, c.Stdout = r, io.Discard
	})
	dump := fmt.Sprintf("goroutine %d [select]:\nmain.wait()\n\t/app/main.go:9 +0x1\n\n", 1)
	if _, err := w.WriteString(strings.Repeat("a log line\n", 20_000) + dump); err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := g.cmd.Wait(); err != nil {
		t.Errorf("%v; stderr: %s", err, &g.err)
	}
}
