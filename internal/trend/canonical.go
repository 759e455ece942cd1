package trend

import (
	"strconv"
	"strings"

	"gdump/internal/goroutine"
)

// likeness says what of a stack must agree for two buckets of different dumps
// to be the same one.
type likeness struct {
	canonical bool              // only what every level of dump shows
	creator   bool              // created by, as well
	plain     bool              // the numbers of closures do not count
	lines     func(string) bool // whether lines of a file count; nil if in all
	frames    int               // so many from the leaf; 0 means all
}

// key is the same for two stacks that agree.
func (l likeness) key(s *goroutine.Stack) string {
	var b strings.Builder
	write := func(f *goroutine.Frame) {
		name := f.Function
		if l.canonical {
			if name == "runtime.gopanic" {
				name = "panic"
			}
			name = stripTypeArguments(name)
		}
		if l.plain {
			name = plainName(name)
		}
		b.WriteString(name)
		if l.lines == nil || l.lines(fileOf(f)) {
			b.WriteByte(' ')
			b.WriteString(goroutine.Base(f.File))
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(f.Line))
		}
		b.WriteByte('\n')
	}
	n := 0
	for i := range s.Frames {
		if l.canonical && hidden(s.Frames[i].Function, i) {
			continue
		}
		if n++; l.frames > 0 && n > l.frames {
			break
		}
		write(&s.Frames[i])
	}
	if n == 0 {
		for i := range s.Frames {
			write(&s.Frames[i])
		}
	}
	if l.creator && s.CreatedBy.Function != "" {
		b.WriteString("created by ")
		write(&s.CreatedBy)
	}
	return b.String()
}

// fileOf names a file the same wherever it was built.
func fileOf(f *goroutine.Frame) string { return f.Package + "/" + goroutine.Base(f.File) }

// plainName drops what the compiler counts from a name: "main.run.func2.gowrap1"
// is "main.run.func#.gowrap#" in any build.
func plainName(name string) string {
	if !strings.Contains(name, ".func") && !strings.Contains(name, "wrap") {
		return name
	}
	parts := strings.Split(name, ".")
	for i, p := range parts[1:] {
		stem := strings.TrimRight(p, "0123456789")
		switch {
		case stem == p:
		case stem == "", stem == "func", stem == "gowrap", stem == "deferwrap", strings.HasSuffix(stem, "·dwrap·"):
			parts[i+1] = stem + "#"
		}
	}
	return strings.Join(parts, ".")
}

// hidden reports whether a level leaves the function out, or a compiler puts it in.
func hidden(name string, index int) bool {
	if rest, ok := strings.CutPrefix(name, "runtime."); ok {
		return !(name == "runtime.gopanic" && index > 0) && !exported(rest)
	}
	if strings.HasPrefix(name, "internal/runtime/") || name != "panic" && !strings.Contains(name, ".") {
		return true
	}
	if strings.HasSuffix(name, "-fm") {
		return true
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	for _, wrapper := range []string{"gowrap", "deferwrap"} {
		if n, ok := strings.CutPrefix(last, wrapper); ok && n != "" && strings.Trim(n, "0123456789") == "" {
			return true
		}
	}
	return strings.Contains(last, "·dwrap·")
}

// exported is runtime.isExportedRuntime: an exported function, or an exported
// method of an exported type.
func exported(name string) bool {
	name = strings.TrimPrefix(name, "(*")
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	if _, method, ok := strings.Cut(name, ")."); ok {
		return method != "" && method[0] >= 'A' && method[0] <= 'Z'
	}
	return true
}

// stripTypeArguments turns F[go.shape.int] into F[...], as debug=2 prints it.
func stripTypeArguments(name string) string {
	if !strings.Contains(name, "[") {
		return name
	}
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			if depth++; depth == 1 {
				b.WriteString("[...")
			}
		case r == ']':
			depth--
		}
		if depth == 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}
