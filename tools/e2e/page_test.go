package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gdump/internal/faultd"
)

// TestFleetsPage runs the commands of docs/fleets.md: against an API server of
// the tests through kubectl, a list of targets as Prometheus answers it, and a
// real Pyroscope. What pushes goes before what reads.
func TestFleetsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "fleets.md"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range regexp.MustCompile(`(?m)^    (gdump .*)$`).FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, m[1])
	}
	if len(lines) < 9 {
		t.Fatalf("%d commands in the page", len(lines))
	}
	reads := func(line string) int {
		if strings.HasPrefix(line, "gdump diff") || strings.HasPrefix(line, "gdump watch 'pyroscope:") {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(lines, func(a, b string) int { return reads(a) - reads(b) })

	var pods []faultd.Pod
	for i := range 3 {
		pods = append(pods, faultd.Pod{
			Name: fmt.Sprintf("web-%d", i+1), Phase: "Running", Port: 6060, PortName: "pprof", Labels: map[string]string{"app": "web", "version": "v1"},
			Page: func(page string) string {
				switch page {
				case "goroutine?debug=1":
					return "goroutine profile: total 4\n4 @ 0x1\n#\t0x1\tmain.serve+0x1\t/app/main.go:7\n\n"
				case "goroutine?debug=2":
					return "goroutine 7 [select]:\nmain.serve()\n\t/app/main.go:7 +0x1\n\ngoroutine 8 [select]:\nmain.serve()\n\t/app/main.go:7 +0x1\n"
				}
				return ""
			},
		})
	}
	cluster := faultd.NewCluster(pods...)
	t.Cleanup(cluster.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	write(t, config, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"clusters": [{"name": "test", "cluster": {"server": %q}}], "users": [{"name": "dev", "user": {}}],
		"contexts": [{"name": "test", "context": {"cluster": "test", "user": "dev"}}]}`, cluster.URL))
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":{"activeTargets":[{"discoveredLabels":{},"labels":{"job":"shop","instance":"web-1:6060"},
			"scrapePool":"shop","scrapeUrl":"http://127.0.0.1:1/metrics","health":"up"}]}}`)
	}))
	t.Cleanup(prometheus.Close)
	servers := strings.NewReplacer("http://prometheus:9090", prometheus.URL, "http://pyroscope:4040", pyroscope(t))
	for _, line := range lines {
		if strings.HasPrefix(line, "gdump watch") {
			line = strings.Replace(line, "--every 1m", "", 1) + " --every 1s --samples 2"
		}
		cmd := exec.Command("sh", "-ec", servers.Replace(line))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CI=", "KUBECONFIG="+config, "PATH="+filepath.Dir(gdump)+string(os.PathListSeparator)+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}
