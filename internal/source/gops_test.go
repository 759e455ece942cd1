package source_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"gdump/internal/faultd"
	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// agent is a gops agent in few lines; it notes what it was asked.
type agent struct {
	addr  string
	n     int // goroutines that it claims to have
	mu    sync.Mutex
	asked []byte
}

func newAgent(t *testing.T, n int) *agent {
	a := &agent{n: n}
	addr, stop, err := faultd.Raw(func(c net.Conn) {
		defer c.Close()
		var command [1]byte
		if _, err := io.ReadFull(c, command[:]); err != nil {
			return
		}
		a.mu.Lock()
		a.asked = append(a.asked, command[0])
		a.mu.Unlock()
		switch command[0] {
		case 1:
			pprof.Lookup("goroutine").WriteTo(c, 2)
		case 7:
			fmt.Fprintf(c, "goroutines: %d\nOS threads: 9\n", a.n)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	a.addr = strings.TrimPrefix(addr, "http://")
	return a
}

func (a *agent) was() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Sprint(a.asked)
}

func TestGops(t *testing.T) {
	a := newAgent(t, 12)
	folder := t.TempDir()
	t.Setenv("GOPS_CONFIG_DIR", folder)
	_, port, _ := net.SplitHostPort(a.addr)
	if err := os.WriteFile(filepath.Join(folder, "4711"), []byte(port+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, file := range map[string]string{"gops:" + a.addr: "gops_127.0.0.1-" + port, "gops::" + port: "gops_localhost-" + port, "gops:4711": "gops_4711"} {
		if !source.IsTarget(target) {
			t.Errorf("%s is no target", target)
		}
		taken, _ := take(t, target, source.Options{})
		if d := taken.Dumps[0]; d.Level != goroutine.Debug2 || d.Goroutines < 2 {
			t.Errorf("%s: %d goroutines, %s", target, d.Goroutines, d.Level)
		}
		p, err := source.NewTarget(target, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		saved, err := p.Save(t.Context(), t.TempDir(), false)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(saved.File); !strings.HasPrefix(base, file+"-2") || !source.IsDump(base) {
			t.Errorf("%s: saved as %s", target, base)
		}
		if n, err := p.Count(t.Context()); n != 12 || err != nil {
			t.Errorf("%s: Count() = %d, %v", target, n, err)
		}
	}
}

func TestGopsAsksCheapFirst(t *testing.T) {
	t.Parallel()
	a := newAgent(t, 50_000)
	p, err := source.NewTarget("gops:"+a.addr, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var e *source.Error
	if _, err := p.Take(t.Context(), io.Discard); !errors.As(err, &e) || e.Kind != source.Usage || e.Hint != "--level 2 insists" || a.was() != "[7]" {
		t.Errorf("asked %s, got %v", a.was(), err)
	}
	if taken, _ := take(t, "gops:"+a.addr, source.Options{Level: source.Level2}); taken.Dumps[0].Goroutines < 2 || a.was() != "[7 1]" {
		t.Errorf("asked %s with --level 2", a.was())
	}
}

func TestGopsErrors(t *testing.T) {
	a := newAgent(t, 3)
	folder := t.TempDir()
	t.Setenv("GOPS_CONFIG_DIR", folder)
	if err := os.WriteFile(filepath.Join(folder, "5"), []byte("no port"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := faultd.New()
	t.Cleanup(server.Close)
	speaksHTTP := strings.TrimPrefix(server.URL, "http://")
	closed, stop, err := faultd.Raw(func(c net.Conn) { c.Close() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, tt := range []struct {
		target string
		o      source.Options
		kind   source.Kind
		says   string
	}{
		{target: "gops:x", kind: source.Usage, says: "not a gops target"},
		{target: "gops:123456", kind: source.Target, says: "process 123456 has no gops agent"},
		{target: "gops:5", kind: source.Target, says: "does not hold a port"},
		{target: "gops:127.0.0.1:1", kind: source.Target, says: "connection refused"},
		{target: "gops:" + speaksHTTP, o: source.Options{ConnectTimeout: 5 * time.Second}, kind: source.Target, says: "no response within 5s"},
		{target: "gops:" + strings.TrimPrefix(closed, "http://"), kind: source.Target, says: "connection"},
		{target: "gops:" + a.addr, o: source.Options{Level: source.Level1}, kind: source.Usage, says: "full dumps only"},
		{target: "gops:" + a.addr, o: source.Options{Leak: true}, kind: source.Usage, says: "no goroutineleak"},
	} {
		p, err := source.NewTarget(tt.target, tt.o)
		if err == nil {
			_, err = p.Take(t.Context(), io.Discard)
		}
		var e *source.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.says) {
			t.Errorf("%s: %v, want kind %d with %q", tt.target, err, tt.kind, tt.says)
		}
	}
	if a.was() != "[]" {
		t.Errorf("the agent was asked %s for what it does not have", a.was())
	}
}
