package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// server is a program that nobody here wrote, on loopback, with a pprof
// endpoint.
type server struct {
	name  string
	pprof string // host:port
	addr  string // that clients connect to

	process *os.Process
	log     string // file that its output goes to
	ended   <-chan struct{}
}

// freePort finds a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// run starts a server and waits until its pprof index answers.
func run(t *testing.T, s server, program string, args ...string) server {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%v: make e2e installs it", err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), s.name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "XDG_CONFIG_HOME="+cmd.Dir, "XDG_DATA_HOME="+cmd.Dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		log.Close()
	})
	s.process, s.log, s.ended = cmd.Process, log.Name(), ended
	deadline := time.After(patience)
	for {
		resp, err := http.Get("http://" + s.pprof + "/debug/pprof/")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		select {
		case <-ended:
		case <-deadline:
		case <-time.After(50 * time.Millisecond):
			continue
		}
		out, _ := os.ReadFile(log.Name())
		t.Fatalf("%s does not answer on %s: %v\n%s", s.name, s.pprof, err, out)
	}
}

func local(port string) string { return "127.0.0.1:" + port }

func natsServer(t *testing.T) server {
	s := server{name: "nats-server", pprof: local(freePort(t)), addr: local(freePort(t))}
	_, client, _ := net.SplitHostPort(s.addr)
	_, profile, _ := net.SplitHostPort(s.pprof)
	return run(t, s, "nats-server", "-a", "127.0.0.1", "-p", client, "-m", freePort(t), "--profile", profile)
}

func prometheus(t *testing.T) server {
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, config, "global:\n  scrape_interval: 1h\n")
	return run(t, server{name: "prometheus", pprof: local(port), addr: local(port)}, "prometheus",
		"--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+local(port))
}

func caddy(t *testing.T) server {
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "caddy.json")
	write(t, config, fmt.Sprintf(`{"admin": {"listen": %q}}`, local(port)))
	return run(t, server{name: "caddy", pprof: local(port), addr: local(port)}, "caddy", "run", "--config", config)
}

func etcd(t *testing.T) server {
	client, peer := freePort(t), freePort(t)
	return run(t, server{name: "etcd", pprof: local(client), addr: local(client)}, "etcd", "--enable-pprof",
		"--data-dir", t.TempDir(), "--listen-client-urls", "http://"+local(client), "--advertise-client-urls", "http://"+local(client),
		"--listen-peer-urls", "http://"+local(peer), "--initial-advertise-peer-urls", "http://"+local(peer), "--initial-cluster", "default=http://"+local(peer))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// connect opens n connections to the server and holds them until the test ends.
func (s server) connect(t *testing.T, n int) {
	t.Helper()
	for range n {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
}
