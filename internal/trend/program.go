package trend

import (
	"strings"

	"gdump/internal/goroutine"
)

// mismatch says why dumps seem to be of different programs: they have hardly a
// function in common outside of what comes with Go. It is nil if they do not.
func mismatch(dumps []goroutine.Dump) *Mismatch {
	for i := 1; i < len(dumps); i++ {
		// The stack of one goroutine shows too little of a program.
		if dumps[i-1].Alone || dumps[i].Alone || alike(&dumps[i-1], &dumps[i]) {
			continue
		}
		a, b := programOf(&dumps[i-1]), programOf(&dumps[i])
		if a.differs(b) {
			return &Mismatch{dumps[i-1].Source, dumps[i].Source, len(a.functions), len(b.functions), a.common(b)}
		}
	}
	return nil
}

// alike reports whether half of the stacks are the same: then no closer look is
// needed to know that the build is.
func alike(a, b *goroutine.Dump) bool {
	in := make(map[goroutine.ID]bool, len(a.Buckets))
	for i := range a.Buckets {
		in[a.Buckets[i].ID] = true
	}
	n := 0
	for i := range b.Buckets {
		if in[b.Buckets[i].ID] {
			n++
		}
	}
	return n > 0 && 2*n >= min(len(a.Buckets), len(b.Buckets))
}

// program is what a dump shows of the program that wrote it.
type program struct {
	functions map[string]bool // outside of Go's own, but for main.main, which all have
	mainFile  string          // where main.main is
}

func programOf(d *goroutine.Dump) program {
	p := program{functions: map[string]bool{}}
	visit := func(f goroutine.Frame) {
		switch {
		case f.Function == "main.main":
			p.mainFile = strings.ReplaceAll(f.File, `\`, "/")
		case f.Origin == goroutine.Main || f.Origin == goroutine.Dependency:
			if !strings.HasPrefix(f.Function, "main.main.") {
				p.functions[plainName(f.Function)] = true
			}
		}
	}
	for i := range d.Buckets {
		s := d.Buckets[i].Stack
		for f := range s.All() {
			visit(f)
		}
		visit(s.CreatedBy())
	}
	return p
}

func (p program) common(q program) int { return common(p.functions, q.functions) }

// differs needs enough functions: an idle program shows few of its own.
func (p program) differs(q program) bool {
	least := min(len(p.functions), len(q.functions))
	if p.mainFile != "" && q.mainFile != "" && p.mainFile != q.mainFile && least > 0 && p.common(q) == 0 {
		return true
	}
	return least >= 4 && 10*p.common(q) < least
}
