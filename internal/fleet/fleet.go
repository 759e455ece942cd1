// Package fleet finds the processes of a service and asks all of them: those
// that Kubernetes, Prometheus or a list knows, and those whose profiles a
// Pyroscope server keeps. It stores nothing itself.
package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// Options tells how processes are found and asked.
type Options struct {
	Source     source.Options
	MaxTargets int // more are not asked; 0 means 1 000
	Parallel   int // asked at the same time; 0 means 8
	// Share sends the user's headers and token also to processes that a server
	// listed, not to that server alone.
	Share bool
	// From and To are the time for which profiles are read that a server keeps,
	// one in each Step.
	From, To time.Time
	Step     time.Duration
	Tenant   string // X-Scope-OrgID of a server that has tenants
	Progress func(Progress)
	// Abandon registers what must be undone should gdump be ended at once, and
	// returns what takes that back; it may be nil.
	Abandon func(undo func()) (done func())
}

// Progress is how far the asking has come.
type Progress struct {
	Done, Failed, Of int
	What             string // instances, or steps of a time
}

const (
	defaultMaxTargets = 1000
	defaultParallel   = 8
)

func (o *Options) maxTargets() int {
	if o.MaxTargets > 0 {
		return o.MaxTargets
	}
	return defaultMaxTargets
}

func (o *Options) parallel() int {
	if o.Parallel > 0 {
		return source.AtOnce(o.Parallel)
	}
	return source.AtOnce(defaultParallel)
}

func (o *Options) progress(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// The kinds of selectors.
const (
	kubernetes = "k8s"
	prometheus = "prometheus"
	listed     = "sd"
	pyroscope  = "pyroscope"
)

var kinds = []string{kubernetes, prometheus, listed, pyroscope}

// Selector names processes by who knows them: kind, where to ask, and which of
// those that are known.
type Selector struct {
	kind     string
	where    string // URL, file, or NAMESPACE/SELECTOR
	matchers []matcher
	text     string // of the matchers
}

// Is reports whether an argument is a selector.
func Is(arg string) bool {
	kind, _, ok := strings.Cut(arg, ":")
	return ok && slices.Contains(kinds, kind)
}

// Parse reads a selector. It asks nothing.
func Parse(arg string) (*Selector, error) {
	kind, where, _ := strings.Cut(arg, ":")
	s := &Selector{kind: kind, where: where}
	if kind != kubernetes {
		if i := strings.IndexByte(where, '{'); i >= 0 {
			s.where, s.text = where[:i], where[i:]
		}
	}
	usage := func(what string) error {
		return &source.Error{Kind: source.Usage, Name: s.Name(), What: what, Hint: "gdump help targets shows what a selector is"}
	}
	var err error
	if s.matchers, err = parseMatchers(s.text); err != nil {
		return nil, usage(err.Error())
	}
	if s.where == "" {
		return nil, usage(map[string]string{
			kubernetes: "a namespace is missing: k8s:NAMESPACE/LABEL=VALUE",
			listed:     "a file or URL is missing: sd:targets.json",
		}[kind] + map[string]string{
			prometheus: `a URL is missing: prometheus:http://host:9090{job="shop"}`,
			pyroscope:  `a URL is missing: pyroscope:http://host:4040{service_name="shop"}`,
		}[kind])
	}
	return s, nil
}

// Name is the selector as it may be shown.
func (s *Selector) Name() string {
	if s.kind == kubernetes {
		return goroutine.Clean(s.kind + ":" + s.where)
	}
	return s.kind + ":" + source.Redact(s.where) + goroutine.Clean(s.text)
}

// Where is the part of a selector that can have secrets in it: the URL.
func Where(arg string) string {
	if s, err := Parse(arg); err == nil {
		return s.where
	}
	_, where, _ := strings.Cut(arg, ":")
	return where
}

// Redact is an argument that may be a selector, as it may be shown.
func Redact(arg string) string {
	if !Is(arg) {
		return source.Redact(arg)
	}
	if s, err := Parse(arg); err == nil {
		return s.Name()
	}
	kind, where, _ := strings.Cut(arg, ":")
	where, _, _ = strings.Cut(where, "{")
	return kind + ":" + source.Redact(where)
}

// IsStored reports whether an argument selects profiles that a server keeps, so
// that there are some of the past.
func IsStored(arg string) bool { return strings.HasPrefix(arg, pyroscope+":") }

// Instance is one process of a fleet.
type Instance struct {
	Name   string
	Labels []goroutine.Pair // by key
	Shown  string           // its address, as it may be shown
	// Process is what can be asked; nil where a server keeps the profiles.
	Process *source.Process
	take    func(context.Context) (*goroutine.Dump, error)
}

// Fleet is the processes that a selector found.
type Fleet struct {
	Name      string // of the selector, as it may be shown
	Instances []Instance
	Notes     []string // what was left out
	looked    string   // how it looked
	o         Options
}

// Find looks for the processes of a selector.
func (s *Selector) Find(ctx context.Context, o Options) (*Fleet, error) {
	f := &Fleet{Name: s.Name(), o: o}
	var err error
	switch s.kind {
	case kubernetes:
		err = findKubernetes(ctx, s, f)
	case prometheus:
		err = findPrometheus(ctx, s, f)
	case listed:
		err = findListed(ctx, s, f)
	case pyroscope:
		err = findStored(ctx, s, f)
	}
	if err != nil {
		return nil, err
	}
	switch n := len(f.Instances); {
	case n == 0:
		return nil, &source.Error{Kind: source.NotDump, Name: f.Name, What: "selects no process: " + strings.Join(append([]string{f.looked}, f.Notes...), "; "), Hint: "gdump targets lists what a selector finds; with fewer matchers it finds more"}
	case n > o.maxTargets():
		return nil, &source.Error{Kind: source.Usage, Name: f.Name, What: fmt.Sprintf("selects %d processes, more than --max-targets %d", n, o.maxTargets()), Hint: fmt.Sprintf("--max-targets %d asks them all", n)}
	}
	f.tellApart()
	return f, nil
}

// tellApart gives instances of one name their addresses as well.
func (f *Fleet) tellApart() {
	n := map[string]int{}
	for i := range f.Instances {
		n[f.Instances[i].Name]++
	}
	for i := range f.Instances {
		if x := &f.Instances[i]; n[x.Name] > 1 && x.Shown != x.Name {
			x.Name += " (" + x.Shown + ")"
		}
	}
}

// targetLabels are the labels of a target that are shown: those that do not
// begin with two underscores, by key, cleaned.
func targetLabels(labels map[string]string) []goroutine.Pair {
	var pairs []goroutine.Pair
	for k, v := range labels {
		if strings.HasPrefix(k, "__") || v == "" {
			continue
		}
		pairs = append(pairs, goroutine.Pair{Key: goroutine.Clean(k), Value: goroutine.Clean(v)})
	}
	slices.SortFunc(pairs, func(a, b goroutine.Pair) int { return strings.Compare(a.Key, b.Key) })
	return pairs
}
