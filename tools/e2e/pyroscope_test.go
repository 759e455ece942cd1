package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// pyroscopeConfig keeps the server on loopback, which its defaults do not, and
// takes profiles of the past.
const pyroscopeConfig = `
target: all
server: {http_listen_address: 127.0.0.1, http_listen_port: %s, grpc_listen_address: 127.0.0.1, grpc_listen_port: %s}
memberlist: {bind_addr: [127.0.0.1], advertise_addr: 127.0.0.1, bind_port: %s}
self_profiling: {disable_push: true}
analytics: {reporting_enabled: false}
storage: {backend: filesystem, filesystem: {dir: ./data/shared}}
pyroscopedb: {data_path: ./data/db}
limits: {reject_older_than: 0, max_query_length: 0, max_query_lookback: 0}
`

var pyroscopeAddresses = []string{
	"memberlist.advertise-addr", "compactor.ring.instance-addr", "distributor.ring.instance-addr", "overrides-exporter.ring.instance-addr",
	"query-frontend.instance-addr", "query-scheduler.ring.instance-addr", "store-gateway.sharding-ring.instance-addr", "ingester.lifecycler.addr",
}

// pyroscope starts the Pyroscope server that make pyroscope built, and returns
// its URL.
func pyroscope(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../bin/pyroscope")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: make pyroscope builds it", err)
	}
	dir := t.TempDir()
	port := freePort(t)
	write(t, filepath.Join(dir, "pyroscope.yml"), fmt.Sprintf(pyroscopeConfig, port, freePort(t), freePort(t)))
	args := []string{"-config.file=pyroscope.yml", "-ingester.min-ready-duration=0s"}
	for _, a := range pyroscopeAddresses {
		args = append(args, "-"+a+"=127.0.0.1")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
	})
	url := "http://" + local(port)
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(url + "/ready")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return url
			}
		}
		if time.Now().After(deadline) {
			out, _ := os.ReadFile(log.Name())
			t.Fatalf("pyroscope is not ready: %v\n%s", err, out[max(0, len(out)-2000):])
		}
	}
}
