package fleet_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gdump/internal/fleet"
	"gdump/internal/source"
)

// service is a fleet of made-up processes on one server of loopback, each
// below a path of its own: /web-7/debug/pprof/goroutine?debug=1.
type service struct {
	*httptest.Server
	mu      sync.Mutex
	stacks  map[string]map[string]int // by instance: function, goroutines
	hangs   map[string]bool
	says    map[string]http.HandlerFunc // instances that answer otherwise
	asked   []*http.Request
	running int // requests
	most    int // of them at the same time
	end     chan struct{}
}

func newService(t testing.TB) *service {
	s := &service{stacks: map[string]map[string]int{}, hangs: map[string]bool{}, end: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.end)
		s.Server.Close()
	})
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	s.asked = append(s.asked, r)
	stacks, ok := s.stacks[name]
	hangs := s.hangs[name]
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	switch {
	case s.says[name] != nil:
		s.says[name](w, r)
	case hangs:
		select {
		case <-s.end:
		case <-r.Context().Done():
		}
	case !ok:
		http.NotFound(w, r)
	default:
		fmt.Fprint(w, debug1(stacks))
	}
}

// debug1 is a profile of stacks of a frame each.
func debug1(stacks map[string]int) string {
	var b strings.Builder
	total := 0
	for f, n := range stacks {
		total += n
		fmt.Fprintf(&b, "%d @ 0x1 0x2\n#\t0x1\t%s+0x1\t/app/%s.go:7\n\n", n, f, f)
	}
	return fmt.Sprintf("goroutine profile: total %d\n", total) + b.String()
}

// add adds an instance to the service.
func (s *service) add(name string, stacks map[string]int) { s.stacks[name] = stacks }

// address of an instance, as a list has it.
func (s *service) address(name string) string { return s.URL + "/" + name }

// list writes a list of all instances with labels.
func (s *service) list(t testing.TB, labels func(name string) map[string]string, names ...string) string {
	t.Helper()
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	var groups []group
	for _, name := range names {
		l := map[string]string{"instance": name}
		if labels != nil {
			maps.Copy(l, labels(name))
		}
		groups = append(groups, group{[]string{s.address(name)}, l})
	}
	b, err := json.Marshal(groups)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "targets.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sd:" + file
}

// find finds what a selector selects.
func find(t testing.TB, selector string, o fleet.Options) *fleet.Fleet {
	t.Helper()
	f, err := tryFind(t, selector, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tryFind(t testing.TB, selector string, o fleet.Options) (*fleet.Fleet, error) {
	t.Helper()
	s, err := fleet.Parse(selector)
	if err != nil {
		return nil, err
	}
	return s.Find(t.Context(), o)
}

// hint is what an error advises.
func hint(err error) string {
	if e, ok := err.(*source.Error); ok {
		return e.Hint
	}
	return ""
}
