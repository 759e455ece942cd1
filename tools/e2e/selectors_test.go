package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gdump/internal/faultd"
)

// TestKubernetes has the kubectl of the machine ask an API server of the test.
// It cannot forward a port there, which the tests of fleet do.
func TestKubernetes(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Fatalf("%v: make e2e installs it", err)
	}
	page := func(leak int) func(string) string {
		return func(page string) string {
			if page != "goroutine?debug=1" {
				return ""
			}
			return fmt.Sprintf("goroutine profile: total %d\n%d @ 0x1\n#\t0x1\tmain.leak+0x1\t/app/leak.go:7\n\n", leak, leak)
		}
	}
	pod := func(name, app string, leak int) faultd.Pod {
		return faultd.Pod{Name: name, Phase: "Running", Port: 6060, PortName: "pprof", Labels: map[string]string{"app": app, "version": "v1"}, Page: page(leak)}
	}
	pods := []faultd.Pod{pod("web-a", "web", 3), pod("web-b", "web", 1204), pod("web-c", "web", 2), pod("web-d", "web", 2), pod("db-a", "db", 1)}
	pods[3].Closed = true
	c := faultd.NewCluster(pods...)
	t.Cleanup(c.Close)
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"clusters": [{"name": "test", "cluster": {"server": %q}}], "users": [{"name": "dev", "user": {}}],
		"contexts": [{"name": "test", "context": {"cluster": "test", "user": "dev"}}]}`, c.URL))
	t.Setenv("KUBECONFIG", config)
	dir := t.TempDir()

	r := command(t, dir, "targets", "k8s:shop/app=web")
	if r.status != 0 || !strings.Contains(r.stdout, "web-b  shop/web-b:6060  app=web image=shop:v1 namespace=shop node=node-1 pod=web-b version=v1") {
		t.Fatalf("targets: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	r = command(t, dir, "--format", "text", "k8s:shop/app=web")
	if r.status != 5 || !strings.Contains(r.stdout, "web-b has 1 204 here, the others at most 3") || !strings.Contains(r.stderr, "web-d  the server answered") || !strings.Contains(r.stderr, "connection refused") {
		t.Fatalf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	if got := c.Asked()[1]; got != "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb" {
		t.Errorf("asked for %s", got)
	}
	r = command(t, dir, "pull", "k8s:shop/app=db", "--level", "1", "-o", "dumps")
	if r.status != 0 || !strings.HasPrefix(r.stdout, "dumps/shop-db-a_6060-") {
		t.Errorf("pull: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	c.Forbid("list")
	r = command(t, dir, "k8s:shop/app=web")
	if r.status != 4 || !strings.Contains(r.stderr, `cannot list resource "pods"`) || !strings.Contains(r.stderr, `resources: ["pods", "pods/proxy"]`) {
		t.Errorf("forbidden: status %d\n%s", r.status, r.stderr)
	}
}

// TestPrometheusTargets has Debian's Prometheus say what it scrapes.
func TestPrometheusTargets(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	var apps []string
	for range 3 {
		app := httptest.NewServer(mux)
		t.Cleanup(app.Close)
		apps = append(apps, strings.TrimPrefix(app.URL, "http://"))
	}
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, config, fmt.Sprintf(`
global: {scrape_interval: 1h}
scrape_configs:
  - job_name: shop
    static_configs: [{targets: [%q, %q], labels: {version: v1}}, {targets: [%q], labels: {version: v2}}]
  - job_name: other
    static_configs: [{targets: ["127.0.0.1:1"]}]
`, apps[0], apps[1], apps[2]))
	s := run(t, server{name: "prometheus", pprof: local(port), addr: local(port)}, "prometheus",
		"--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+local(port))
	selector := "prometheus:http://" + s.addr + `{job="shop"}`
	var r result
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) { // until its discovery has run
		r = command(t, t.TempDir(), "--format", "json", selector)
		if r.status == 0 || time.Now().After(deadline) {
			break
		}
	}
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.stderr)
	}
	var got struct {
		Dumps []struct {
			Instance     string
			TargetLabels map[string]string `json:"target_labels"`
			Goroutines   int
		}
		Buckets []struct {
			Counts    []int
			Instances struct{ N, Of int }
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Dumps) != 3 || len(got.Buckets) == 0 || len(got.Buckets[0].Counts) != 3 || got.Buckets[0].Instances.Of != 3 {
		t.Fatalf("%+v", got)
	}
	for _, d := range got.Dumps {
		if host, _, err := net.SplitHostPort(d.Instance); err != nil || host != "127.0.0.1" || d.TargetLabels["job"] != "shop" || d.TargetLabels["version"] == "" {
			t.Errorf("%+v", d)
		}
	}
	r = command(t, t.TempDir(), strings.Replace(selector, "shop", "nope", 1))
	if r.status != 3 || !strings.Contains(r.stderr, `the server scrapes 4 targets, of which none has {job="nope"}`) {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
}

// TestFleetScreen browses a fleet on a terminal, and groups it by instance.
func TestFleetScreen(t *testing.T) {
	var list []map[string]any
	for i, n := range []int{2, 3, 1204, 1} {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "goroutine profile: total %d\n%d @ 0x1\n#\t0x1\tgithub.com/acme/bus.(*Conn).deliver+0x1\t/src/bus.go:40\n\n", n, n)
		}))
		t.Cleanup(app.Close)
		list = append(list, map[string]any{"targets": []string{strings.TrimPrefix(app.URL, "http://")}, "labels": map[string]string{"instance": fmt.Sprintf("web-%d", i+1)}})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "targets.json")
	write(t, file, string(text))
	x := start(t, 140, 36, gdump, "sd:"+file)
	x.wait(`web-3 has 1 204 here, the others at most 3`)
	x.wait(`4 of 4`)
	x.wait(`web-3 1 204`)
	x.press("D")
	x.wait(`full dump of web-3 \(1 204 here\): stops it for about 70ms`)
	x.press("\r")
	x.wait(`the dump of web-3 is in`)
	x.press("q")
	x.exit(0)
	x = start(t, 140, 36, gdump, "--by", "instance", "sd:"+file)
	x.wait(`1 204 .*web-3`)
	x.press("q")
	x.exit(0)
}
