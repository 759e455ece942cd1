package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// maxList bounds a list of targets.
const maxList = 64 << 20

// targetGroup is what the file and HTTP discoveries of Prometheus list.
type targetGroup struct {
	Targets []string          `json:"targets" yaml:"targets"`
	Labels  map[string]string `json:"labels" yaml:"labels"`
}

// findListed reads sd:FILE or sd:URL.
func findListed(ctx context.Context, s *Selector, f *Fleet) error {
	groups, o, err := readGroups(ctx, s, f.o)
	if err != nil {
		return err
	}
	all := 0
	for _, g := range groups {
		all += len(g.Targets)
	}
	add := f.adder(o)
	for _, g := range groups {
		for _, address := range g.Targets {
			labels := maps.Clone(g.Labels)
			if labels == nil {
				labels = map[string]string{}
			}
			if labels["instance"] == "" {
				labels["instance"] = address
			}
			if !fits(s.matchers, func(name string) string { return labels[name] }) {
				continue
			}
			if err := add(targetURL(address, labels), labels); err != nil {
				return err
			}
		}
	}
	f.looked = fmt.Sprintf("%s in the list", number.Plural(all, "target", "targets"))
	if len(s.matchers) > 0 {
		f.looked += ", of which none has " + goroutine.Clean(s.text)
	}
	return nil
}

// readGroups reads the list, and says with which options its targets are asked.
func readGroups(ctx context.Context, s *Selector, o Options) ([]targetGroup, source.Options, error) {
	bad := func(what string) error {
		return &source.Error{Kind: source.NotDump, Name: s.Name(), What: what, Hint: `a list is JSON or YAML such as [{"targets": ["host:6060"], "labels": {"job": "shop"}}]`}
	}
	var b []byte
	targets := o.Source
	isURL := strings.Contains(s.where, "://")
	if isURL {
		server, err := source.NewServer(s.where, o.Source)
		if err != nil {
			return nil, targets, err
		}
		defer server.Close()
		if b, err = server.Ask(ctx, source.Request{}); err != nil {
			return nil, targets, err
		}
		targets = o.forListed()
	} else {
		file, err := os.Open(s.where)
		if err != nil {
			return nil, targets, &source.Error{Kind: source.Local, Name: s.Name(), What: innermost(err), Err: err}
		}
		defer file.Close()
		if b, err = io.ReadAll(io.LimitReader(file, maxList)); err != nil {
			return nil, targets, &source.Error{Kind: source.Local, Name: s.Name(), What: innermost(err), Err: err}
		}
	}
	var groups []targetGroup
	if ext := strings.ToLower(filepath.Ext(s.where)); !isURL && (ext == ".yml" || ext == ".yaml") {
		if err := yaml.Unmarshal(b, &groups); err != nil {
			return nil, targets, bad("not a list of targets: " + goroutine.Clean(strings.ReplaceAll(err.Error(), "\n", " ")))
		}
		return groups, targets, nil
	}
	if err := json.Unmarshal(b, &groups); err != nil {
		return nil, targets, bad("not a list of targets: " + goroutine.Clean(err.Error()))
	}
	return groups, targets, nil
}

// forListed are the options for processes that a server listed: the user named
// the server, and what opens its door is not for everybody that it lists.
func (o *Options) forListed() source.Options {
	t := o.Source
	if !o.Share {
		t.Access.Headers, t.Access.Token, t.Access.TokenFile = nil, "", ""
	}
	return t
}

// targetURL is the address of a target with what its labels say of scheme and
// parameters. The path is that of pprof: that of the metrics says nothing.
func targetURL(address string, labels map[string]string) string {
	u := address
	if !strings.Contains(address, "://") {
		scheme := labels["__scheme__"]
		if scheme == "" {
			scheme = "http"
		}
		u = scheme + "://" + address
	}
	q := url.Values{}
	for k, v := range labels {
		if name, ok := strings.CutPrefix(k, "__param_"); ok && v != "" {
			q.Set(name, v)
		}
	}
	if len(q) > 0 {
		u += "/debug/pprof/?" + q.Encode()
	}
	return u
}

// adder adds a target to the fleet, once for each address.
func (f *Fleet) adder(o source.Options) func(target string, labels map[string]string) error {
	seen := map[string]bool{}
	return func(target string, labels map[string]string) error {
		if seen[target] {
			return nil
		}
		seen[target] = true
		p, err := source.NewTarget(target, o)
		if err != nil {
			return err
		}
		x := Instance{Name: goroutine.Clean(labels["instance"]), Labels: targetLabels(labels), Shown: shortName(p), Process: p}
		if x.Name == "" {
			x.Name = x.Shown
		}
		x.take = func(ctx context.Context) (*goroutine.Dump, error) { return take(ctx, p, o.Level) }
		f.Instances = append(f.Instances, x)
		return nil
	}
}

// shortName is the address of a target without what all have.
func shortName(p *source.Process) string {
	name := strings.TrimSuffix(p.Name(), "/debug/pprof/goroutine")
	return strings.TrimPrefix(name, "http://")
}

// take pulls the profile that costs a process least, or the one that the user
// insists on.
func take(ctx context.Context, p *source.Process, level source.Level) (*goroutine.Dump, error) {
	var taken *source.Taken
	var err error
	if level == source.LevelAuto {
		taken, err = p.TakeCounts(ctx)
	} else {
		taken, err = p.Take(ctx, io.Discard)
	}
	switch {
	case err != nil:
		return nil, err
	case len(taken.Dumps) != 1:
		return nil, &source.Error{Kind: source.NotDump, Name: p.Name(), What: fmt.Sprintf("the answer holds %d dumps", len(taken.Dumps))}
	}
	return &taken.Dumps[0], nil
}

// innermost is an error without the name of the file, which is told already.
func innermost(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}
