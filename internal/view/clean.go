package view

import (
	"fmt"
	"strings"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
)

// Foreign text enters here: what this file returns is clean, and so is every
// text that the room makes of it.

// Frame is a frame as it is shown.
type Frame struct {
	Function string // in full
	Name     string // without the directories of its package
	Place    string // file.go:12
	Path     string // file and line in full
	Package  string
	Module   string // with a blank before its version

	Raw goroutine.Frame // as the dump has it
}

// Show makes a frame that can be shown.
func Show(f goroutine.Frame) Frame {
	path := goroutine.Clean(f.File)
	if f.Line > 0 {
		path += fmt.Sprintf(":%d", f.Line)
	}
	return Frame{
		Function: goroutine.Clean(f.Function), Name: goroutine.Clean(f.Name()), Place: goroutine.Clean(f.Place()), Path: path,
		Package: goroutine.Clean(f.Package), Module: Module(f.Module), Raw: f,
	}
}

// Ours reports whether the frame is the program's own code.
func (f *Frame) Ours() bool { return f.Raw.Origin == goroutine.Main }

// Module shows a module with a blank before its version.
func Module(m string) string { return goroutine.Clean(strings.Replace(m, "@", " ", 1)) }

// SiteName is the short name of a bucket's call site.
func SiteName(b *goroutine.Bucket) string { return diagnose.SiteName(b) }

// Source is the name of a dump.
func Source(d *goroutine.Dump) string { return goroutine.Clean(d.Source) }

// Reason is why the process wrote a dump.
func Reason(d *goroutine.Dump) string { return goroutine.Clean(d.Reason) }

// State is a bucket's most frequent state.
func State(b *goroutine.Bucket) string { return goroutine.Clean(b.State()) }
