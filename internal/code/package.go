package code

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
)

// Limits of what is read of a package.
const (
	maxFiles   = 1000
	maxPackage = 16 << 20 // bytes
)

// Package reads the Go files of the package that a frame's function belongs to.
// It returns none where the frame's own file is not here, or is of another
// version.
func (f *Finder) Package(frame goroutine.Frame) []blocked.SourceFile {
	if frame.File == "" || frame.Line <= 0 {
		return nil
	}
	for _, p := range f.places(&frame) {
		if _, err := p.read(&frame); err == nil {
			return p.siblings()
		}
	}
	return nil
}

// siblings reads the Go files beside one, without leaving its root.
func (p place) siblings() []blocked.SourceFile {
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil
	}
	defer root.Close()
	dir := path.Dir(p.rel)
	d, err := root.Open(filepath.FromSlash(dir))
	if err != nil {
		return nil
	}
	defer d.Close()
	names, err := d.Readdirnames(maxFiles)
	if err != nil {
		return nil
	}
	var files []blocked.SourceFile
	size := int64(0)
	for _, name := range names {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		rel := filepath.FromSlash(path.Join(dir, name))
		info, err := root.Stat(rel)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile || size+info.Size() > maxPackage {
			continue
		}
		data, err := root.ReadFile(rel)
		if err != nil {
			continue
		}
		size += info.Size()
		files = append(files, blocked.SourceFile{Name: name, Data: data})
	}
	return files
}
