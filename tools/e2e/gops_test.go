package e2e

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/gops/agent"
)

// serveAgent is a program with the agent of google/gops and without
// net/http/pprof. It prints its process id once the agent listens.
func serveAgent(addr string) {
	if err := agent.Listen(agent.Options{Addr: addr}); err != nil {
		log.Fatal(err)
	}
	wait := func() { select {} }
	for range 20 {
		go wait()
	}
	fmt.Println(os.Getpid())
	wait()
}

// TestGops pulls from a program with the agent of google/gops, by its process
// id and by its address.
func TestGops(t *testing.T) {
	t.Setenv("GOPS_CONFIG_DIR", t.TempDir())
	addr := local(freePort(t))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "E2E_GOPS_AGENT="+addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"gops:" + strings.TrimSpace(pid), "gops:" + addr} {
		r := command(t, t.TempDir(), "--format", "json", target)
		if r.status != 0 {
			t.Fatalf("%s: status %d: %s", target, r.status, r.stderr)
		}
		got := readReport(t, r.stdout)
		if len(got.Dumps) != 1 || got.Dumps[0].Level != "debug=2" || got.Dumps[0].Goroutines < 21 {
			t.Errorf("%s: %+v", target, got.Dumps)
		}
		r = command(t, t.TempDir(), "pull", target, "-o", "a.dump")
		if r.status != 0 || strings.TrimSpace(r.stdout) != "a.dump" {
			t.Errorf("pull %s: status %d, %q, %q", target, r.status, r.stdout, r.stderr)
		}
	}
}
