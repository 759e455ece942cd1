package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTutorial follows docs/tutorial.md to the letter, but for the port: each
// block in the shell that has the blocks before, the shop in another.
func TestTutorial(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	dir := t.TempDir()
	env := append(os.Environ(), "CI=", "PATH="+filepath.Dir(gdump)+string(os.PathListSeparator)+os.Getenv("PATH"))
	var shop *exec.Cmd
	closeShop := func() {
		if shop != nil {
			syscall.Kill(-shop.Process.Pid, syscall.SIGINT)
			shop.Wait()
			shop = nil
		}
	}
	defer closeShop()
	var said strings.Builder
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(page), -1) {
		block := strings.ReplaceAll(m[1], ":6060", ":"+port)
		cmd := exec.Command("sh", "-ec", block)
		cmd.Dir, cmd.Env = dir, env
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if strings.HasPrefix(block, "gdump demo") {
			closeShop()
			cmd.Stderr = os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			shop = cmd
			open(t, "127.0.0.1:"+port)
			continue
		}
		// A file, not a pipe: requests of the background keep a pipe open.
		out, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = out, out
		err = cmd.Run()
		out.Close()
		text, _ := os.ReadFile(out.Name())
		said.WriteString("$ " + block + string(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
	}
	for _, want := range []string{
		`(?m)^accumulating: bus\.\(\*Subscription\)\.deliver \+200 \(0 → 200\)`,
		`(?s)gdump check 1\.dump 2\.dump 3\.dump.*?tripped  accumulating: 1.*?status 1`,
		`(?m)^deadlock: goroutines \d+ and \d+ wait for each other \(probable\), 5 more behind them`,
		`(?s)check --fail-on deadlocks hung\.dump.*?tripped  deadlocks: 1.*?status 1`,
		`(?s)check 4\.dump 5\.dump 6\.dump.*?passed`,
		`(?s)diff 3\.dump 6\.dump\n.*?–200 +200 +0 +– +gone +chan send +bus\.\(\*Subscription\)\.deliver`,
	} {
		if !regexp.MustCompile(want).MatchString(said.String()) {
			t.Errorf("no %s in\n%s", want, said.String())
		}
	}
}

// open waits until something listens.
func open(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
