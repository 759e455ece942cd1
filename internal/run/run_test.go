package run_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/run"
)

// TestMain lets the tests run their own binary as a command that behaves as
// GDUMP_CHILD says.
func TestMain(m *testing.M) {
	switch os.Getenv("GDUMP_CHILD") {
	case "":
		os.Exit(m.Run())
	case "cat":
		var b bytes.Buffer
		b.ReadFrom(os.Stdin)
		os.Stdout.Write(b.Bytes())
		os.Stderr.WriteString("talk")
		os.Exit(3)
	case "wait":
		os.Stdout.WriteString("ready")
		select {}
	}
}

func child(t *testing.T, how string) (run.Command, *notices) {
	t.Helper()
	out := &notices{came: make(chan struct{}, 64)}
	return run.Command{Args: []string{os.Args[0]}, Env: []string{"GDUMP_CHILD=" + how}, Stdin: strings.NewReader("in\x00put"), Stdout: out, Stderr: &out.other}, out
}

// notices is an output that signals when something arrived.
type notices struct {
	text  bytes.Buffer
	other bytes.Buffer
	came  chan struct{}
}

func (n *notices) Write(p []byte) (int, error) {
	defer func() { n.came <- struct{}{} }()
	return n.text.Write(p)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	c, out := child(t, "cat")
	status, err := c.Run(t.Context())
	if status != 3 || err != nil || out.text.String() != "in\x00put" || out.other.String() != "talk" {
		t.Errorf("status %d, %v, %q, %q", status, err, out.text.String(), out.other.String())
	}
	c.Args = []string{"no-such-command"}
	if status, err := c.Find(); status != 127 || err == nil || err.Error() != "run no-such-command: no such command" {
		t.Errorf("no such command: %d, %v", status, err)
	}
	c.Args = []string{"/"}
	if status, err := c.Run(t.Context()); status != 126 || err == nil {
		t.Errorf("a folder: %d, %v", status, err)
	}
}

// TestCommandInterrupted ends a context while the command runs.
func TestCommandInterrupted(t *testing.T) {
	t.Parallel()
	c, out := child(t, "wait")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-out.came
		cancel()
	}()
	if status, err := c.Run(ctx); status != 130 || err != nil {
		t.Errorf("status %d, %v; want 130", status, err)
	}
}

// TestCommandAbandoned kills a command by what was handed out for it, as gdump
// does when it must end before the command did.
func TestCommandAbandoned(t *testing.T) {
	t.Parallel()
	c, out := child(t, "wait")
	withdrawn := false
	c.Abandon = func(kill func()) func() {
		go func() {
			<-out.came
			kill()
		}()
		return func() { withdrawn = true }
	}
	if status, err := c.Run(t.Context()); status != 137 || err != nil || !withdrawn {
		t.Errorf("status %d, %v, withdrawn %t; want 137, true", status, err, withdrawn)
	}
}

func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		name    string
		counts  []int // the last one stays
		settled bool
		last    int
	}{
		{"quiet", []int{9}, true, 9},
		{"falls", []int{50, 40, 30, 20, 9}, true, 9},
		{"leaks", []int{50, 60, 70, 80, 90}, true, 90},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := 0
				n, settled, err := run.Settle(t.Context(), func(context.Context) (int, error) {
					c := tt.counts[min(i, len(tt.counts)-1)]
					i++
					return c, nil
				}, 5*time.Second)
				if n != tt.last || settled != tt.settled || err != nil {
					t.Errorf("got %d, %v, %v", n, settled, err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		start, n := time.Now(), 1000
		_, settled, err := run.Settle(t.Context(), func(context.Context) (int, error) { n--; return n, nil }, 5*time.Second)
		if settled || err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("settled %v after %s, %v", settled, time.Since(start), err)
		}
	})
}

func TestRounds(t *testing.T) {
	f := &fake{leaked: 8, born: 100}
	var said []string
	broken := errors.New("gone")
	rounds := run.Rounds{
		N: 2, Settle: time.Second, Say: func(s string) { said = append(said, s) },
		Count:  func(context.Context) (int, error) { return f.leaked, nil },
		WarmUp: func(context.Context) (int, error) { return 0, nil },
		Command: func(context.Context) (int, error) {
			f.leaked += 200
			return map[int]int{208: 7, 408: 8}[f.leaked], nil
		},
		Pull: func(ctx context.Context) ([]goroutine.Dump, error) {
			d, err := f.fullDump(ctx)
			return []goroutine.Dump{*d}, err
		},
	}
	synctest.Test(t, func(t *testing.T) {
		dumps, status, err := rounds.Do(t.Context())
		if len(dumps) != 3 || status != 7 || err != nil {
			t.Fatalf("%d dumps, status %d, %v", len(dumps), status, err)
		}
		if got := strings.Join(said, "; "); got != "9 goroutines before; 209 goroutines after round 1 of 2; 409 goroutines after round 2 of 2" {
			t.Error(got)
		}
	})
	rounds.Pull = func(context.Context) ([]goroutine.Dump, error) { return nil, broken }
	rounds.Command = func(context.Context) (int, error) { t.Error("the command ran without a dump before"); return 0, nil }
	synctest.Test(t, func(t *testing.T) {
		if _, _, err := rounds.Do(t.Context()); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}
