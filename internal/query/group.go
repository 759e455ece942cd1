package query

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
)

// Grouping groups goroutines by something they share.
type Grouping struct {
	Name string // as the reader wrote it
	// Of names the groups of a bucket's goroutines, and how many belong to
	// each. It is nil for the grouping by stack, which buckets are already.
	Of func(*goroutine.Bucket) []goroutine.Count
	// Instance names the group of a process, where the goroutines of a fleet are
	// grouped by their processes.
	Instance func(*goroutine.Instance) string
}

// Groupings are the names that ParseGrouping takes, but for label:KEY.
var Groupings = []string{"stack", "site", "function", "created-by", "package", "module", "state"}

// ParseGrouping reads the name of a grouping:
//
//	stack       the whole stack and the go statement
//	site        function and line where the goroutines are parked
//	function    the same without the line, so that builds can be compared
//	created-by  the go statement, and the function it called
//	package     of the call site's owner
//	module      of the call site's owner
//	state       what the goroutines wait for
//	label:KEY   the value of a pprof label
//	instance    the process of a fleet
//	target:KEY  the value of a label of that process
func ParseGrouping(name string) (Grouping, error) {
	g := Grouping{Name: name}
	if key, ok := strings.CutPrefix(name, "label:"); ok && key != "" {
		g.Of = func(b *goroutine.Bucket) []goroutine.Count { return byLabel(b, key) }
		return g, nil
	}
	if key, ok := strings.CutPrefix(name, "target:"); ok && key != "" {
		g.Instance = func(i *goroutine.Instance) string { return i.Label(key) }
		g.Of = byInstance(g.Instance)
		return g, nil
	}
	switch name {
	case "", "stack":
		g.Name = "stack"
	case "site":
		g.Of = whole(func(b *goroutine.Bucket) string { return place(b.Stack.Site()) })
	case "function":
		g.Of = whole(func(b *goroutine.Bucket) string { return named(b.Stack.Site().Function) })
	case "created-by":
		g.Of = whole(byCreator)
	case "package":
		g.Of = whole(func(b *goroutine.Bucket) string { return owner(b).Package })
	case "module":
		g.Of = whole(byModule)
	case "state":
		g.Of = byState
	case "instance":
		g.Instance = func(i *goroutine.Instance) string { return i.Name }
		g.Of = byInstance(g.Instance)
	default:
		return Grouping{}, fmt.Errorf("no grouping %q: use one of %s, label:KEY, or of a fleet instance or target:LABEL", name, strings.Join(Groupings, ", "))
	}
	return g, nil
}

// whole is a grouping in which all of a bucket belongs to one group.
func whole(key func(*goroutine.Bucket) string) func(*goroutine.Bucket) []goroutine.Count {
	return func(b *goroutine.Bucket) []goroutine.Count {
		return []goroutine.Count{{Name: key(b), N: b.Count}}
	}
}

func named(name string) string {
	if name == "" {
		return "(not started)"
	}
	return name
}

func place(f goroutine.Frame) string {
	if p := f.Place(); p != "" {
		return named(f.Function) + " " + p
	}
	return named(f.Function)
}

// byCreator is the go statement and what it called. Counting profiles do not
// know the statement: what was called is all there is.
func byCreator(b *goroutine.Bucket) string {
	entry, _ := b.Stack.Entry()
	if c := b.Stack.CreatedBy(); c.Function != "" {
		return place(c) + " → " + named(entry.Function)
	}
	return named(entry.Function)
}

// owner is the frame whose code a bucket is parked in; of a stack that is all
// Go, the call site.
func owner(b *goroutine.Bucket) goroutine.Frame {
	if f, ok := b.Stack.Owner(); ok {
		return f
	}
	return b.Stack.Site()
}

func byModule(b *goroutine.Bucket) string {
	f, ok := b.Stack.Owner()
	switch {
	case !ok:
		return "Go"
	case f.Module != "":
		return f.Module
	}
	return f.Package
}

func byState(b *goroutine.Bucket) []goroutine.Count {
	if len(b.States) == 0 {
		return []goroutine.Count{{Name: "(not known)", N: b.Count}}
	}
	return b.States
}

// byLabel spreads a bucket over the values of a label. Goroutines without it
// are a group of their own, under the empty name in brackets.
func byLabel(b *goroutine.Bucket, key string) []goroutine.Count {
	var groups []goroutine.Count
	rest := b.Count
	for _, l := range b.Labels {
		if l.Key != key {
			continue
		}
		for _, v := range l.Values {
			groups = append(groups, v)
			rest -= v.N
		}
	}
	if rest > 0 {
		groups = append(groups, goroutine.Count{Name: "(none)", N: rest})
	}
	return groups
}

// byInstance spreads a bucket over what a function says of the instances of a
// fleet. The dump of one process is a group of its own.
func byInstance(name func(*goroutine.Instance) string) func(*goroutine.Bucket) []goroutine.Count {
	return func(b *goroutine.Bucket) []goroutine.Count {
		if b.Spread == nil {
			return []goroutine.Count{{Name: "(none)", N: b.Count}}
		}
		groups := b.Spread.By(name)
		for i := range groups {
			if groups[i].Name == "" {
				groups[i].Name = "(none)"
			}
		}
		return groups
	}
}
