// Command pictures draws the README's pictures from the real screen: it opens
// shops of gdump's own demo, breaks them, runs gdump on a pseudo-terminal and
// writes what is on it as SVG, dark and light.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

const (
	columns, rows = 100, 30
	patience      = 30 * time.Second // for what is to appear
)

// picture is one of the README.
type picture struct {
	name string
	args []string
	keys string
	see  string // what the screen must show
}

func main() {
	gdump := flag.String("gdump", "bin/gdump", "the program")
	out := flag.String("o", "docs/pictures", "folder to write")
	flag.Parse()
	if err := draw(*gdump, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func draw(gdump, out string) error {
	gdump, err := filepath.Abs(gdump)
	if err != nil {
		return err
	}
	out, err = filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(out, "..", "..") // what the shops were built from
	fleet, stop, err := scenes(gdump, dir)
	defer stop()
	if err != nil {
		return err
	}
	for _, p := range []picture{
		{"leak", []string{"diff", "1.dump", "2.dump", "3.dump"}, "", `accumulating: bus\.`},
		{"deadlock", []string{"hung.dump"}, "", `deadlock: goroutines`},
		{"fleet", []string{"sd:" + fleet}, "", `bus\.`},
	} {
		for _, theme := range []string{"dark", "light"} {
			screen, err := run(gdump, dir, append(p.args, "--theme", theme, "--src", source), p.keys, p.see)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			name := filepath.Join(out, p.name+"-"+theme+".svg")
			if err := os.WriteFile(name, []byte(svg(screen, theme == "dark")), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// scenes makes dumps of a leak and of a deadlock in dir, and a file that lists
// shops of which one leaks.
func scenes(gdump, dir string) (list string, stop func(), err error) {
	var shops []*exec.Cmd
	stop = func() {
		for _, s := range shops {
			s.Process.Signal(os.Interrupt)
			s.Wait()
		}
	}
	var addresses []string
	for range 4 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", stop, err
		}
		addr := l.Addr().String()
		l.Close()
		shop := exec.Command(gdump, "demo", "--serve", addr)
		if err := shop.Start(); err != nil {
			return "", stop, err
		}
		shops = append(shops, shop)
		addresses = append(addresses, addr)
		if err := answers(addr); err != nil {
			return "", stop, err
		}
	}
	worst := addresses[0]
	pull := func(name string) error {
		cmd := exec.Command(gdump, "pull", worst, "-o", name)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("pull: %w\n%s", err, text)
		}
		return nil
	}
	for i, name := range []string{"1.dump", "2.dump", "3.dump"} {
		for range min(i, 1) * 240 {
			if err := post("http://" + worst + "/order"); err != nil {
				return "", stop, err
			}
		}
		if err := pull(name); err != nil {
			return "", stop, err
		}
	}
	for _, addr := range addresses[1:] {
		for range 3 {
			if err := post("http://" + addr + "/order"); err != nil {
				return "", stop, err
			}
		}
	}
	list = filepath.Join(dir, "shops.json")
	targets := `[{"targets":["` + strings.Join(addresses, `","`) + `"],"labels":{"service":"shop"}}]`
	if err := os.WriteFile(list, []byte(targets), 0o644); err != nil {
		return "", stop, err
	}
	for _, path := range []string{"/checkout", "/restock", "/checkout", "/checkout", "/checkout"} {
		go func() { _ = post("http://" + worst + path) }() // none of them is answered
		time.Sleep(30 * time.Millisecond)
	}
	time.Sleep(time.Second)
	return list, stop, pull("hung.dump")
}

func post(url string) error {
	resp, err := http.Post(url, "", nil)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func answers(addr string) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// run runs gdump on a terminal until it shows what is to be seen.
func run(gdump, dir string, args []string, keys, see string) (*vt.Emulator, error) {
	cmd := exec.Command(gdump, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=", "CI=", "NO_COLOR=")
	p, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		return nil, err
	}
	screen := vt.NewEmulator(columns, rows)
	var mu sync.Mutex
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := p.Read(buf)
			mu.Lock()
			screen.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
		p.Close()
		<-done
	}()
	if _, err := p.WriteString(keys); err != nil {
		return nil, err
	}
	re := regexp.MustCompile(see)
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		mu.Lock()
		text := screen.String()
		mu.Unlock()
		if re.MatchString(text) && text == last {
			mu.Lock()
			defer mu.Unlock()
			return copied(screen), nil
		}
		last = text
	}
	return nil, errors.New("the screen never showed " + see + ":\n" + last)
}

// copied is the screen as it is now: what the program writes when it ends must
// not be in it.
func copied(screen *vt.Emulator) *vt.Emulator {
	still := vt.NewEmulator(columns, rows)
	for y := range rows {
		for x := range columns {
			if c := screen.CellAt(x, y); c != nil {
				still.SetCell(x, y, c.Clone())
			}
		}
	}
	return still
}
