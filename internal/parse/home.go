package parse

import (
	"gdump/internal/goroutine"
)

// home keeps the stacks of dumps that follow each other in a source, each
// stack and string once. A log has thousands of crashes with few stacks.
type home struct {
	stacks    *goroutine.Stacks // apart, so that it does not keep the rest
	builder   goroutine.Builder
	functions map[string]uint32 // number of a function by its name and file
	key       []byte
	known     table // stacks by what identifies them
	list      []goroutine.Stack
	states    states
	module    string // the main module of the programs
	mixed     bool   // programs have different main modules
	used      bool   // a dump is finished
}

func emptyHome() *home { return &home{stacks: new(goroutine.Stacks)} }

// maxShared is how many stacks a home has at most if another dump shares it:
// large dumps gain nothing from it.
const maxShared = 4096

// homes is where the next dump of a source finds its home.
type homes struct{ now *home }

// next is the home of the next dump.
func (h *homes) next() *home {
	if h.now == nil || len(h.now.list) > maxShared || h.now.mixed {
		h.now = emptyHome()
	}
	return h.now
}

// newHome moves the stacks of buckets into a home of their own.
func newHome(buckets []goroutine.Bucket) *home {
	h := emptyHome()
	for i := range buckets {
		buckets[i].Stack = h.stacks.Add(buckets[i].Stack.Parts())
	}
	return h
}

// keep keeps a stack that is new, and returns its number.
func (h *home) keep(sum goroutine.Sum, s *stack) int {
	b := &h.builder
	b.Begin(h.stacks)
	for i := len(s.ancestors) - 1; i >= 0; i-- {
		b.Ancestor(h.function(&s.ancestors[i]), s.ancestors[i].line)
	}
	if s.creator.function != nil {
		b.CreatedBy(h.function(&s.creator), s.creator.line)
	}
	for i := len(s.frames); i >= 0; i-- {
		if i < len(s.frames) {
			b.Call(h.function(&s.frames[i]), s.frames[i].line)
		}
		if s.elided != 0 && i == min(s.elidedAt, len(s.frames)) {
			b.Elided(s.elided)
		}
	}
	switch {
	case s.unavailable:
		b.Unavailable()
	case s.missing:
		b.Missing()
	}
	h.list = append(h.list, b.Stack())
	return h.known.put(sum)
}

// function is the number of a frame's function.
func (h *home) function(f *frame) uint32 {
	if f.number > 0 {
		return f.number - 1
	}
	h.key = append(append(append(h.key[:0], f.function...), 0), f.file...)
	if f.c {
		h.key = append(h.key, 0)
	}
	n, ok := h.functions[string(h.key)]
	if ok {
		return n
	}
	own := goroutine.Frame{Function: string(f.function), File: string(f.file)}
	if !f.c {
		own.Package = goroutine.PackageOf(own.Function)
	}
	if own.Package == "main" {
		if m, _ := goroutine.MainModule(own.File); m != "" {
			h.mixed = h.mixed || h.module != "" && h.module != m
			h.module = m
		}
	}
	n = h.stacks.Append(own)
	if h.functions == nil {
		h.functions = map[string]uint32{}
	}
	h.functions[string(h.key)] = n
	return n
}

// classifyAll gives all functions their modules and origins, home by home.
func classifyAll(builders []*builder) {
	dumps := map[*home][]*goroutine.Dump{}
	for _, b := range builders {
		dumps[b.home] = append(dumps[b.home], b.done)
	}
	for h, of := range dumps {
		version := h.stacks.FindOrigins()
		for _, d := range of {
			d.GoVersion = version
		}
		h.stacks.Settle()
	}
}
