package kernels

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"
)

// Process is this process with all kernels in it.
type Process struct {
	Kernels []Kernel
	round   int
}

// Start readies the kernels.
func Start() (*Process, error) {
	n, err := NewNetwork()
	if err != nil {
		return nil, err
	}
	return &Process{Kernels: All(n)}, nil
}

// All are all kernels. n may be nil where they do not run.
func All(n *Network) []Kernel {
	return slices.Concat(Channels(), Locks(), Healthy(), n.Kernels())
}

// Round lets every kernel do a round of work.
func (p *Process) Round() {
	for _, k := range p.Kernels {
		k.Round(p.round)
	}
	p.round++
}

// Dump is a dump of the process, as text.
func (p *Process) Dump() ([]byte, error) {
	var b bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&b, 2)
	return b.Bytes(), err
}

// Read reads dumps of a process, one a minute.
func Read(ctx context.Context, texts [][]byte) ([]goroutine.Dump, error) {
	var dumps []goroutine.Dump
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, text := range texts {
		d, err := parse.Read(ctx, bytes.NewReader(text), parse.Options{})
		if err != nil {
			return nil, err
		}
		d[0].Source = fmt.Sprintf("round %d", i)
		d[0].TakenAt = at.Add(time.Duration(i) * time.Minute)
		dumps = append(dumps, d[0])
	}
	return dumps, nil
}

// Check compares what a trend says with what each kernel does. Missed are the
// kernels that leak and do not accumulate, false what accumulates and should not.
func Check(t *trend.Trend, kernels []Kernel) (missed, wrong []string) {
	found := map[string]bool{}
	for i := range t.Series {
		s := &t.Series[i]
		if s.Verdict != trend.Accumulating {
			continue
		}
		k := kernelOf(s.Bucket, kernels)
		what := fmt.Sprintf("%v %s, created by %s: %v", s.Counts, s.Bucket.Stack.Site().Function, s.Bucket.Stack.CreatedBy().Function, s.Reasons)
		switch {
		case k == nil:
			wrong = append(wrong, "no kernel: "+what)
		case !k.Leaks:
			wrong = append(wrong, k.Name+": "+what)
		default:
			found[k.Name] = true
		}
	}
	for _, k := range kernels {
		if !k.Leaks || found[k.Name] {
			continue
		}
		var what strings.Builder
		what.WriteString(k.Name)
		for i := range t.Series {
			if s := &t.Series[i]; kernelOf(s.Bucket, []Kernel{k}) != nil {
				fmt.Fprintf(&what, "; %v %s: %s: %v", s.Counts, s.Bucket.Stack.Site().Function, s.Verdict, s.Reasons)
			}
		}
		missed = append(missed, what.String())
	}
	return missed, wrong
}

// kernelOf finds the kernel that a bucket is of, by the names in its stack,
// which are those of the kernels, or by what the go statement is known to be.
func kernelOf(b *goroutine.Bucket, kernels []Kernel) *Kernel {
	const pkg = "gdump/internal/trend/kernels."
	own := func(function, name string) bool {
		rest, ok := strings.CutPrefix(function, pkg)
		rest = strings.TrimPrefix(rest, "(*Network).")
		tail, is := strings.CutPrefix(rest, name)
		return ok && is && (tail == "" || tail[0] == '.')
	}
	for i := range kernels {
		k := &kernels[i]
		is := func(f goroutine.Frame) bool {
			return own(f.Function, k.Name) || slices.Contains(k.Functions, f.Function)
		}
		if is(b.Stack.CreatedBy()) {
			return k
		}
		for f := range b.Stack.All() {
			if is(f) {
				return k
			}
		}
	}
	return nil
}
