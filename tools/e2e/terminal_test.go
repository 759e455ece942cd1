package e2e

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a screen may take to show what is waited for. Reaching
// it means that it never will: nothing here measures speed.
const patience = 30 * time.Second

// terminal is a program on a pseudo-terminal, with what is on its screen.
type terminal struct {
	t      *testing.T
	pty    *os.File
	cmd    *exec.Cmd
	before *unix.Termios // of the terminal, before the program ran

	mu      sync.Mutex
	screen  *vt.Emulator
	raw     strings.Builder // all that the program wrote
	changed chan struct{}   // holds a token when the screen changed
	ended   chan struct{}
	err     error // of the program, once ended
}

// start runs a command on a terminal of w by h cells.
func start(t *testing.T, w, h int, name string, args ...string) *terminal {
	t.Helper()
	p, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(p, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{
		t: t, pty: p, before: before, screen: vt.NewEmulator(w, h),
		changed: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	x.cmd = exec.Command(name, args...)
	x.cmd.Dir = t.TempDir()
	x.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CI=", "NO_COLOR=")
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = tty, tty, tty
	x.cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// What the screen answers (where the cursor is, say) goes to the program.
	go io.Copy(p, x.screen)
	go x.read()
	go func() {
		x.err = x.cmd.Wait()
		close(x.ended)
	}()
	t.Cleanup(func() {
		x.cmd.Process.Kill()
		<-x.ended
		tty.Close()
		p.Close()
	})
	return x
}

func (x *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := x.pty.Read(buf)
		x.mu.Lock()
		x.raw.Write(buf[:n])
		x.screen.Write(buf[:n])
		x.mu.Unlock()
		select {
		case x.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

func (x *terminal) written() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

// wait waits until the screen matches.
func (x *terminal) wait(pattern string) {
	x.t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for !re.MatchString(x.text()) {
		select {
		case <-x.changed:
		case <-deadline:
			x.t.Fatalf("the screen never showed %s:\n%s", pattern, x.text())
		}
	}
}

// press types keys as they are.
func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := x.pty.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// resize changes the size of the terminal.
func (x *terminal) resize(w, h int) {
	x.t.Helper()
	x.mu.Lock()
	x.screen.Resize(w, h)
	x.mu.Unlock()
	if err := pty.Setsize(x.pty, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		x.t.Fatal(err)
	}
}

// exit waits for the program's end, and holds its status and the state of the
// terminal against what they should be: as before, on the normal screen.
func (x *terminal) exit(status int) {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(patience):
		x.t.Fatalf("the program did not end:\n%s", x.text())
	}
	got := 0
	var e *exec.ExitError
	if errors.As(x.err, &e) {
		got = e.ExitCode()
	} else if x.err != nil {
		x.t.Fatal(x.err)
	}
	if got != status {
		x.t.Errorf("exit status %d, want %d; the terminal has\n%s", got, status, x.text())
	}
	after, err := unix.IoctlGetTermios(int(x.pty.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	if *after != *x.before {
		x.t.Errorf("the terminal is not as it was: %+v, was %+v", *after, *x.before)
	}
	raw := x.written()
	if on, off := strings.LastIndex(raw, "\x1b[?1049h"), strings.LastIndex(raw, "\x1b[?1049l"); on > off {
		x.t.Error("the alternate screen was left open")
	}
	if on, off := strings.LastIndex(raw, "\x1b[?25h"), strings.LastIndex(raw, "\x1b[?25l"); off > on {
		x.t.Error("the cursor is still hidden")
	}
}
