package report

import (
	"path"
	"strings"

	"gdump/internal/goroutine"
)

// ownPlace is where in the user's own sources a bucket is to be shown: the
// first frame of the main module from the leaf, else the go statement if that
// is there, else the call site. inRoot says that the file is below the root.
func ownPlace(s goroutine.Stack, root string) (f goroutine.Frame, file string, inRoot bool) {
	candidates := append(s.Frames(), s.CreatedBy())
	for _, f := range candidates {
		if f.Origin == goroutine.Main && f.File != "" {
			if file, ok := relative(&f, root); ok {
				return f, file, true
			}
		}
	}
	f = s.Site()
	file, _ = relative(&f, root)
	return f, file, false
}

// relative is a frame's file as a path below the root, with slashes. Where the
// file is not there, as one of another machine or of a dependency, it is the
// package and the file's name.
func relative(f *goroutine.Frame, root string) (string, bool) {
	file := strings.ReplaceAll(f.File, `\`, "/")
	if root != "" {
		root = strings.TrimSuffix(strings.ReplaceAll(root, `\`, "/"), "/") + "/"
		if rest, ok := strings.CutPrefix(file, root); ok {
			return rest, true
		}
	}
	// With -trimpath files of the main module begin with its path.
	module, _, _ := strings.Cut(f.Module, "@")
	if rest, ok := strings.CutPrefix(file, module+"/"); ok && module != "" && f.Origin == goroutine.Main {
		return rest, true
	}
	base := goroutine.Base(f.File)
	if base == "" {
		base = "unknown.go"
	}
	return path.Join(f.Package, base), false
}
