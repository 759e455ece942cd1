package faultd

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// process plays a Go process: it has an index page, and its goroutines are as
// many as the test says. It is asked for as /process-NAME.
type process struct {
	mu       sync.Mutex
	n        int // waiting in main.leak
	passing  int // ending by themselves: one fewer each time the count is asked for
	base     int // first id: a restart begins again
	total    int64
	noIndex  bool
	noMemory bool
	down     bool
	cut      bool // debug=2 is written up to the limit of the runtime
}

// Set gives the process called name so many leaked goroutines.
func (s *Server) Set(name string, n int) { s.change(name, func(p *process) { p.n = n }) }

// Passing gives it goroutines that end soon.
func (s *Server) Passing(name string, n int) { s.change(name, func(p *process) { p.passing = n }) }

// NoIndex takes its index page away, as servers have it that register only the
// profiles themselves.
func (s *Server) NoIndex(name string) { s.change(name, func(p *process) { p.noIndex = true }) }

// NoMemory takes its heap profile away.
func (s *Server) NoMemory(name string) { s.change(name, func(p *process) { p.noMemory = true }) }

// Down makes it refuse everything, or serve again.
func (s *Server) Down(name string, down bool) { s.change(name, func(p *process) { p.down = down }) }

// Restart is a new life: its ids and its memory begin again.
func (s *Server) Restart(name string) {
	s.change(name, func(p *process) { p.base, p.n, p.total = 2, 0, 0 })
}

// Cut has the process write debug=2 as the runtime does: at most 64 MiB.
func (s *Server) Cut(name string) { s.change(name, func(p *process) { p.cut = true }) }

func (s *Server) change(name string, f func(*process)) {
	s.mu.Lock()
	p := s.process[name]
	if p == nil {
		p = &process{base: 100}
		s.process[name] = p
	}
	s.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func (s *Server) processCalled(name string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process[name]
}

func (p *process) serve(w http.ResponseWriter, r *http.Request, page string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += 1000
	switch {
	case p.down:
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
	case page == "" && !p.noIndex:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<html>\n<tr><td>%d</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>\n", p.count())
		p.passing = max(0, p.passing-1)
	case page == "goroutine" && r.FormValue("debug") == "2":
		p.full(w)
	case page == "goroutine":
		p.counts(w)
	case page == "heap" && !p.noMemory:
		fmt.Fprintf(w, "heap profile: 1: 2 [3: 4] @ heap/1048576\n\n# runtime.MemStats\n# Alloc = 100\n# TotalAlloc = %d\n# Sys = 300\n# HeapAlloc = 100\n# HeapSys = 200\n# NumGC = 3\n", p.total)
	default:
		http.Error(w, "Unknown profile", http.StatusNotFound)
	}
}

func (p *process) count() int { return 1 + p.n + p.passing }

func (p *process) counts(w io.Writer) {
	fmt.Fprintf(w, "goroutine profile: total %d\n", p.count())
	for _, b := range []struct {
		n    int
		name string
		line int
	}{{p.n, "leak", 9}, {p.passing, "pass", 12}, {1, "main", 3}} {
		if b.n > 0 {
			fmt.Fprintf(w, "%d @ 0x4d 0x4e\n#\t0x4d\tmain.%s+0x1d\t/app/main.go:%d\n\n", b.n, b.name, b.line)
		}
	}
}

func (p *process) full(w io.Writer) {
	limit := -1
	if p.cut {
		limit = 64 << 20
	}
	out := &capped{w, limit}
	fmt.Fprintf(out, "goroutine 1 [select]:\nmain.main()\n\t/app/main.go:3 +0x1d\n\n")
	tail := ""
	if p.cut {
		tail = "/" + strings.Repeat("x", 1000) // long paths fill 64 MiB with few goroutines
	}
	for i := range p.n {
		fmt.Fprintf(out, "goroutine %s [chan receive]:\nmain.leak()\n\t/app%s/main.go:9 +0x1d\ncreated by main.main in goroutine 1\n\t/app/main.go:2 +0x1\n\n", strconv.Itoa(p.base+i), tail)
		if out.left == 0 {
			return
		}
	}
	for i := range p.passing {
		fmt.Fprintf(out, "goroutine %d [runnable]:\nmain.pass()\n\t/app/main.go:12 +0x1d\ncreated by main.main in goroutine 1\n\t/app/main.go:4 +0x1\n\n", p.base+1_000_000+i)
	}
}

// capped stops without a word at a limit; below 0 there is none.
type capped struct {
	w    io.Writer
	left int
}

func (c *capped) Write(b []byte) (int, error) {
	if c.left < 0 {
		return c.w.Write(b)
	}
	n := min(len(b), c.left)
	c.left -= n
	if _, err := c.w.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}
