package goroutine

import (
	"runtime/debug"
	"strings"
)

// Attribute fills in the modules and origins of a dump's frames from the build
// info of the program that wrote it. It knows what file names do not tell:
// versions in a vendored or -trimpath build, which module is the main one, and
// where a module's path ends. Frames of Go itself stay as they are.
func Attribute(d *Dump, info *debug.BuildInfo) {
	versions := map[string]string{}
	for _, m := range info.Deps {
		version := m.Version
		if m.Replace != nil && m.Replace.Version != "" {
			version = m.Replace.Version
		}
		versions[m.Path] = version
	}
	main := info.Main.Path
	attribute := func(f *Frame) {
		if f.Origin != Main && f.Origin != Dependency {
			return
		}
		pkg := f.Package
		if pkg == "main" {
			f.Origin, f.Module = Main, main
			return
		}
		// The module is the longest path of a module that leads to the package.
		for path := pkg; path != ""; path = parent(path) {
			if version, ok := versions[path]; ok {
				f.Origin, f.Module = Dependency, path
				if version != "" {
					f.Module += "@" + version
				}
				return
			}
			if path == main {
				f.Origin, f.Module = Main, main
				return
			}
		}
	}
	d.EachFunction(attribute)
	if d.GoVersion == "" {
		d.GoVersion = info.GoVersion
	}
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}
