package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
)

// service is a recorded row of dumps with the truth about them.
type service struct {
	Name     string
	Family   string
	Leaks    map[string][]string // functions by which each leak is known; "*" ends a prefix
	Ignore   []string            // functions of what a leak brings about
	Replicas int
	Dumps    []moment

	dumps []goroutine.Dump
}

// moment is the truth about one dump.
type moment struct {
	File   string
	Life   int
	Leaked map[string]int
	Grey   map[string]int // pile-ups that are no leak
}

// loadServices reads the folders below a folder that have a truth.json.
func loadServices(folder string, only *regexp.Regexp) ([]service, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*", "truth.json"))
	if err != nil {
		return nil, err
	}
	all := make([]service, len(names))
	errs := make([]error, len(names))
	each(len(names), func(i int) { all[i], errs[i] = loadService(names[i], only) })
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(s service) bool { return s.Name == "" }), nil
}

func loadService(name string, only *regexp.Regexp) (s service, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	if !only.MatchString(s.Name) {
		return service{}, nil
	}
	for _, m := range s.Dumps {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(name), m.File))
		if err != nil {
			return s, err
		}
		dumps, err := parse.Read(context.Background(), bytes.NewReader(data), parse.Options{Workers: 1})
		if err != nil {
			return s, fmt.Errorf("%s: %w", m.File, err)
		}
		d := dumps[0]
		d.Source = m.File
		d.TakenAt = timeIn(m.File)
		s.dumps = append(s.dumps, d)
	}
	return s, nil
}

var stamp = regexp.MustCompile(`\d{8}T\d{6}Z`)

// timeIn is the time in the name of a file.
func timeIn(name string) time.Time {
	at, _ := time.Parse("20060102T150405Z", stamp.FindString(name))
	return at
}

// each calls do for 0 to n-1 on all processors.
func each(n int, do func(int)) {
	var g sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		limit <- struct{}{}
		g.Go(func() {
			do(i)
			<-limit
		})
	}
	g.Wait()
}

// window is a series of dumps: n of them, every step-th, from one on.
type window struct{ n, step, from int }

var sizes = []int{2, 3, 4, 5, 10, 20}

func windows(total int) []window {
	var all []window
	for _, n := range sizes {
		for _, step := range []int{1, 2, 4, 8} {
			rest := total - 1 - (n-1)*step
			if rest < 0 {
				continue
			}
			offsets := []int{0, rest / 2, rest}
			slices.Sort(offsets)
			for _, from := range slices.Compact(offsets) {
				all = append(all, window{n, step, from})
			}
		}
	}
	return all
}

// The kinds of what is called a leak.
const (
	isTrue  = "true"
	isStale = "stale" // a leak that gained nothing in the window
	isGrey  = "grey"  // a consequence of a leak, or a pile-up that is none
	isNoise = "noise" // what most services do besides
	isFalse = "false"
)

// noise is what most of the services do besides.
var noise = regexp.MustCompile(`^(net/http\.|main\.noise|main\.\(\*env\)\.Noise)`)

// call is one thing that the trend says leaks or may leak.
type call struct {
	kind string
	leak *trend.Leak
}

// result is what the trend says of a window.
type result struct {
	of    *service
	in    window
	trend trend.Trend
	must  map[string]bool // leaks that have to be found, and whether they were
	calls []call
}

// judge compares a window of a service and checks it against the truth.
func judge(s *service, w window) result {
	index := make([]int, w.n)
	dumps := make([]goroutine.Dump, w.n)
	for i := range index {
		index[i] = w.from + i*w.step
		dumps[i] = s.dumps[index[i]]
	}
	r := result{of: s, in: w, trend: trend.Compare(dumps), must: map[string]bool{}}
	gained := map[string]bool{}
	for name := range s.Leaks {
		gain, steps, late := s.gain(name, index)
		gained[name] = gain > 0
		if gain >= 5 && (steps >= 2 && late || w.n == 2 && steps >= 1) && s.Replicas == 0 {
			r.must[name] = false
		}
	}
	grey := false
	for _, n := range s.Dumps[index[w.n-1]].Grey {
		grey = grey || n > 0
	}
	for i := range r.trend.Leaks {
		l := &r.trend.Leaks[i]
		functions := functionsOf(&r.trend, l)
		hit, hits := false, false
		for name, patterns := range s.Leaks {
			if !matches(functions, patterns) {
				continue
			}
			hits = true
			hit = hit || gained[name]
			if _, ok := r.must[name]; ok && gained[name] {
				r.must[name] = true
			}
		}
		c := call{isFalse, l}
		switch {
		case hit:
			c.kind = isTrue
		case matches(functions, s.Ignore), grey && !hits:
			c.kind = isGrey
		case hits:
			c.kind = isStale
		case noise.MatchString(l.Series.Bucket.Stack.Site().Function) && !regexp.MustCompile(`^(real|conn|keepalive)-`).MatchString(s.Name):
			c.kind = isNoise
		}
		r.calls = append(r.calls, c)
	}
	return r
}

// gain is what a leak gained within lives, in how many steps, and whether one
// of these was in the last third.
func (s *service) gain(name string, index []int) (gain, steps int, late bool) {
	last := map[int]int{}
	for n, i := range index {
		m := &s.Dumps[i]
		now := m.Leaked[name]
		if before, ok := last[m.Life]; ok {
			gain += now - before
			if now > before {
				steps++
				late = late || 3*n >= 2*(len(index)-1)
			}
		}
		last[m.Life] = now
	}
	return gain, steps, late
}

func functionsOf(t *trend.Trend, l *trend.Leak) []string {
	var all []string
	for _, m := range l.Members {
		s := t.Series[m].Bucket.Stack
		for f := range s.All() {
			all = append(all, f.Function)
		}
		all = append(all, s.CreatedBy().Function)
	}
	return append(all, l.Series.Bucket.Stack.Site().Function, l.Series.Bucket.Stack.CreatedBy().Function)
}

func matches(functions, patterns []string) bool {
	return slices.ContainsFunc(functions, func(f string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			prefix, open := strings.CutSuffix(p, "*")
			return f == p || open && strings.HasPrefix(f, prefix)
		})
	})
}
