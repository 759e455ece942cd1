package fleet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gdump/internal/faultd"
	"gdump/internal/fleet"
	"gdump/internal/source"
)

// TestMain is a kubectl where a test runs this program as one.
func TestMain(m *testing.M) {
	if api := os.Getenv("FLEET_TEST_API"); api != "" && len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		os.Exit(fakeKubectl(api, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeKubectl does what gdump uses of kubectl. The real one is used in
// tools/e2e, where a port cannot be forwarded.
func fakeKubectl(api string, args []string) int {
	get := func(path string) int {
		resp, err := http.Get(api + path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			io.Copy(os.Stdout, resp.Body)
			return 0
		}
		status := struct{ Reason, Message string }{"NotFound", "the server could not find the requested resource"}
		json.NewDecoder(resp.Body).Decode(&status)
		fmt.Fprintf(os.Stderr, "Error from server (%s): %s\n", status.Reason, status.Message)
		return 1
	}
	// listen serves where kubectl does, until the process is ended.
	listen := func(network, address, says string, h http.Handler) int {
		l, err := net.Listen(network, address)
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			return 1
		}
		f, _ := os.OpenFile(os.Getenv("FLEET_TEST_PIDS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		fmt.Fprintln(f, args[0], os.Getpid())
		f.Close()
		fmt.Printf(says, l.Addr())
		http.Serve(l, h)
		return 1
	}
	switch {
	case slices.Equal(args[:2], []string{"get", "--raw"}):
		return get(args[2])
	case args[0] == "proxy":
		to, err := url.Parse(api)
		if err != nil {
			return 1
		}
		accepts := regexp.MustCompile(strings.TrimPrefix(args[2], "--accept-paths="))
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
		return listen("unix", strings.TrimPrefix(args[1], "--unix-socket="), "Starting to serve on %s\n", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !accepts.MatchString(r.URL.Path) {
				http.Error(w, "Forbidden", http.StatusForbidden)
				return
			}
			proxy.ServeHTTP(w, r)
		}))
	case args[0] == "port-forward":
		pod := strings.TrimPrefix(args[5], "pod/")
		page := "/api/v1/namespaces/shop/pods/" + pod + "/portforward"
		if resp, err := http.Get(api + page); err != nil || resp.StatusCode == http.StatusForbidden {
			return get(page)
		}
		return listen("tcp", "127.0.0.1:0", "Forwarding from %s -> 6060\n", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			req, _ := http.NewRequest(http.MethodGet, api+page+r.URL.RequestURI(), nil)
			req.Header = r.Header
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				w.WriteHeader(resp.StatusCode)
				io.Copy(w, resp.Body)
			}
		}))
	}
	fmt.Fprintf(os.Stderr, "error: unknown command %q\n", args)
	return 1
}

// cluster starts an API server with five pods and puts a kubectl for it on the
// PATH. Three have app=web; one of them does not listen, one does not run.
func cluster(t *testing.T) *faultd.Cluster {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the kubectl of this test is a shell script")
	}
	page := func(leak int) func(string) string {
		return func(page string) string {
			switch page {
			case "goroutine?debug=1":
				return debug1(map[string]int{"main.serve": 3, "main.leak": leak})
			case "goroutine?debug=2":
				return "goroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n"
			}
			return ""
		}
	}
	pod := func(name, app, version string, leak int) faultd.Pod {
		return faultd.Pod{Name: name, Phase: "Running", Port: 6061, PortName: "pprof", Labels: map[string]string{"app": app, "version": version}, Page: page(leak)}
	}
	pods := []faultd.Pod{pod("web-a", "web", "v1", 1), pod("web-b", "web", "v2", 200), pod("web-c", "web", "v2", 1), pod("web-d", "web", "v2", 1), pod("db-a", "db", "v1", 1)}
	pods[2].Closed = true
	pods[3].Phase = "Pending"
	c := faultd.NewCluster(pods...)
	t.Cleanup(c.Close)
	useKubectl(t, c.URL)
	return c
}

func useKubectl(t *testing.T, api string) {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\"\n", os.Args[0])
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FLEET_TEST_API", api)
	t.Setenv("FLEET_TEST_PIDS", filepath.Join(dir, "pids"))
	t.Setenv("TMPDIR", t.TempDir())
}

func TestKubernetes(t *testing.T) {
	c := cluster(t)
	f := find(t, "k8s:shop/app=web", fleet.Options{})
	if len(f.Instances) != 3 || fmt.Sprint(f.Notes) != "[1 pod is not running]" {
		t.Fatalf("%d instances, %s", len(f.Instances), f.Notes)
	}
	if x := f.Instances[1]; x.Name != "web-b" || x.Shown != "shop/web-b:6061" || fmt.Sprint(x.Labels) != "[{app web} {image shop:v2} {namespace shop} {node node-1} {pod web-b} {version v2}]" {
		t.Errorf("%+v", x)
	}
	d, failed, err := f.Pull(t.Context())
	if err != nil || len(failed) != 1 || d.Goroutines != 207 {
		t.Fatalf("%d goroutines, %v, %v", d.Goroutines, failed, err)
	}
	if says := failed[0].What(); failed[0].Instance.Name != "web-c" || !strings.Contains(says, "connect: connection refused") {
		t.Errorf("%s: %s", failed[0].Instance.Name, says)
	}
	want := []string{"/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb"}
	for _, name := range []string{"web-a", "web-b", "web-c"} {
		want = append(want, "/api/v1/namespaces/shop/pods/"+name+":6061/proxy/debug/pprof/goroutine?debug=1")
	}
	got := c.Asked()
	slices.Sort(got[1:])
	if !slices.Equal(got, want) {
		t.Errorf("asked %s, want %s", got, want)
	}
	// A dump of one pod, saved: all that a target can do it can.
	saved, err := f.Instances[0].Process.Save(t.Context(), t.TempDir(), false)
	if err != nil || !source.IsDump(filepath.Base(saved.File)) || !strings.HasPrefix(filepath.Base(saved.File), "shop-web-a_6061-2") {
		t.Error(err, saved)
	}
}

func TestKubernetesSelects(t *testing.T) {
	cluster(t)
	for selector, says := range map[string]string{
		"k8s:shop/app=web,version!=v2": "web-a:6061",
		"k8s:shop/app=db:7000":         "db-a:7000",
		"k8s:shop/app=db:web":          "db-a:8080",
		"k8s:shop/app=web:nope":        "selects no process: namespace shop has 4 pods with app=web; web-a has no port called nope; web-b",
		"k8s:shop/app=x":               "selects no process: namespace shop has 0 pods with app=x",
		"k8s:other/":                   "selects no process: namespace other has 0 pods",
	} {
		f, err := tryFind(t, selector, fleet.Options{})
		got := fmt.Sprint(err)
		if err == nil {
			got = f.Instances[0].Shown
		}
		if !strings.Contains(got, says) {
			t.Errorf("%s: %s, want %s", selector, got, says)
		}
	}
}

// TestKubernetesForbidden has a user with few rights.
func TestKubernetesForbidden(t *testing.T) {
	c := cluster(t)
	c.Forbid("proxy")
	d, failed, err := find(t, "k8s:shop/app=web,version=v1", fleet.Options{}).Pull(t.Context())
	if err != nil || len(failed) > 0 || d.Goroutines != 4 {
		t.Fatalf("by port-forward: %d goroutines, %v, %v", d.Goroutines, failed, err)
	}
	ended(t, "port-forward")
	c.Forbid("portforward")
	_, _, err = find(t, "k8s:shop/app=web,version=v1", fleet.Options{}).Pull(t.Context())
	if err == nil || !strings.Contains(err.Error(), `cannot create resource "pods/portforward"`) || !strings.Contains(err.Error(), `cannot get resource "pods/proxy"`) || !strings.Contains(hint(err), `resources: ["pods", "pods/proxy"], verbs: ["get", "list"]`) || !strings.Contains(hint(err), "pods/portforward") {
		t.Errorf("%v, hint %s", err, hint(err))
	}
	c.Forbid("list")
	_, err = tryFind(t, "k8s:shop/app=web", fleet.Options{})
	var e *source.Error
	if !errors.As(err, &e) || e.Kind != source.Target || !strings.Contains(e.What, `cannot list resource "pods"`) || !strings.Contains(e.Hint, `resources: ["pods", "pods/proxy"], verbs: ["get", "list"]`) {
		t.Errorf("%v, hint %s", err, hint(err))
	}
}

// ended checks that kubectl was started to serve, that it has ended, and that it
// left nothing behind.
func ended(t *testing.T, command string) {
	t.Helper()
	b, err := os.ReadFile(os.Getenv("FLEET_TEST_PIDS"))
	if err != nil || !strings.Contains(string(b), command) {
		t.Fatalf("kubectl %s was not started: %v", command, err)
	}
	for line := range strings.Lines(string(b)) {
		command, pid, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err := exec.Command("kill", "-0", pid).Run(); err == nil {
			t.Errorf("kubectl %s goes on as process %s", command, pid)
		}
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestKubernetesRedirect has a pod that would have another server asked, to
// which the user's token would go with it.
func TestKubernetesRedirect(t *testing.T) {
	c := cluster(t)
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(elsewhere.Close)
	c.Redirect("web-a", elsewhere.URL+"/debug/pprof/goroutine")
	_, _, err := find(t, "k8s:shop/app=web,version=v1", fleet.Options{}).Pull(t.Context())
	if err == nil || !strings.Contains(err.Error(), "redirected to "+elsewhere.URL+", not followed") || asked {
		t.Errorf("asked elsewhere: %v, %v", asked, err)
	}
	ended(t, "proxy")
}

// TestKubernetesRefuses has pods that answer with something else.
func TestKubernetesRefuses(t *testing.T) {
	c := cluster(t)
	for status, says := range map[int]string{
		http.StatusUnauthorized:        "the server answered 401 Unauthorized: not \\x1b[1mhere",
		http.StatusForbidden:           "the server answered 403 Forbidden: not \\x1b[1mhere",
		http.StatusNotFound:            "the server answered 404 Not Found: not \\x1b[1mhere",
		http.StatusInternalServerError: "the server answered 500 Internal Server Error: not \\x1b[1mhere",
		http.StatusNoContent:           "the response is empty",
	} {
		c.Answer("web-a", status, "not \x1b[1mhere")
		_, _, err := find(t, "k8s:shop/app=web,version=v1", fleet.Options{}).Pull(t.Context())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%d: %v, want %q", status, err, says)
		}
	}
	if _, err := tryFind(t, "k8s:shop/app=a=b", fleet.Options{}); err == nil || !strings.Contains(err.Error(), "expected: ',") || !strings.Contains(hint(err), "kubectl get pods -l") {
		t.Errorf("%v, hint %s", err, hint(err))
	}
}

// TestKubernetesCredentials keeps what the user sends to servers from pods.
func TestKubernetesCredentials(t *testing.T) {
	c := cluster(t)
	c.Forbid("proxy")
	o := fleet.Options{Source: source.Options{Access: source.Access{Token: "tok-123", Headers: []string{"X-Key: k-456"}}}}
	if _, _, err := find(t, "k8s:shop/app=web,version=v1", o).Pull(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.Headers() {
		if h.Get("Authorization") != "" || h.Get("X-Key") != "" {
			t.Errorf("a pod was sent %v", h)
		}
	}
}

func TestNoKubectl(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := tryFind(t, "k8s:shop/app=web", fleet.Options{}); err == nil || !strings.Contains(err.Error(), "there is no kubectl on the PATH") {
		t.Error(err)
	}
}
