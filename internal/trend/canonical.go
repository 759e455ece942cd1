package trend

import (
	"fmt"
	"strings"

	"gdump/internal/goroutine"
)

// matcher chooses by what buckets of the dumps are held together. Dumps of one
// kind are matched by stack and created by. Counting profiles (debug=1,
// debug=0) know no created by, and they and crash output show frames of the
// runtime that debug=2 hides, so across levels only what all of them have is
// compared.
func (t *Trend) matcher() func(*goroutine.Bucket) string {
	level := t.Dumps[0].Level
	for i := range t.Dumps {
		if t.Dumps[i].Level != level {
			t.Notes = append(t.Notes, fmt.Sprintf("%s and %s are different kinds of dump: compared by function names, without created by and frames of the runtime", level, t.Dumps[i].Level))
			return canonical
		}
	}
	return func(b *goroutine.Bucket) string { return string(b.ID) }
}

// canonical is what a stack looks like at every level: the functions, without
// unexported ones of the runtime, wrappers, C code and type arguments.
func canonical(b *goroutine.Bucket) string {
	var all, kept strings.Builder
	for i := range b.Stack.Frames {
		name := b.Stack.Frames[i].Function
		all.WriteString(name)
		all.WriteByte('\n')
		if hidden(name, i) {
			continue
		}
		if name == "runtime.gopanic" {
			name = "panic"
		}
		kept.WriteString(stripTypeArguments(name))
		kept.WriteByte('\n')
	}
	if kept.Len() == 0 {
		return all.String()
	}
	return kept.String()
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
