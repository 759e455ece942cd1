package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
	nfpmfiles "github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// archive writes a zip for Windows and a tar for the others, with all files
// within one folder.
func (r *release) archive(goos, goarch string, files []file) error {
	folder := strings.Join([]string{"gdump", r.version, goos, goarch}, "_")
	var b bytes.Buffer
	write, ext := writeTar, ".tar.gz"
	if goos == "windows" {
		write, ext = writeZip, ".zip"
	}
	if err := write(&b, folder+"/", files, r.time); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, folder+ext), b.Bytes(), 0o644)
}

func writeTar(b *bytes.Buffer, folder string, files []file, at time.Time) error {
	z := gzip.NewWriter(b)
	w := tar.NewWriter(z)
	for _, f := range files {
		h := &tar.Header{Name: folder + f.name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: at}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return z.Close()
}

func writeZip(b *bytes.Buffer, folder string, files []file, at time.Time) error {
	w := zip.NewWriter(b)
	for _, f := range files {
		h := &zip.FileHeader{Name: folder + f.name, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode)
		e, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := e.Write(f.data); err != nil {
			return err
		}
	}
	return w.Close()
}

// installed is where a package puts the shared files.
var installed = map[string]string{
	"man/gdump.1":            "/usr/share/man/man1/gdump.1.gz",
	"completions/gdump.bash": "/usr/share/bash-completion/completions/gdump",
	"completions/_gdump":     "/usr/share/zsh/vendor-completions/_gdump",
	"completions/gdump.fish": "/usr/share/fish/vendor_completions.d/gdump.fish",
	"README.md":              "/usr/share/doc/gdump/README.md",
	"LICENSE":                "/usr/share/doc/gdump/copyright",
	"LICENSES.txt":           "/usr/share/doc/gdump/LICENSES.txt",
}

// packages writes a deb and an rpm.
func (r *release) packages(goarch string, program []byte) error {
	dir, err := os.MkdirTemp("", "gdump-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	contents := nfpmfiles.Contents{}
	add := func(to string, data []byte, mode os.FileMode) error {
		from := filepath.Join(dir, strings.ReplaceAll(to, "/", "_"))
		contents = append(contents, &nfpmfiles.Content{
			Source: from, Destination: to,
			FileInfo: &nfpmfiles.ContentFileInfo{Mode: mode, MTime: r.time, Owner: "root", Group: "root"},
		})
		return os.WriteFile(from, data, mode)
	}
	if err := add("/usr/bin/gdump", program, 0o755); err != nil {
		return err
	}
	for _, f := range r.shared {
		to, ok := installed[f.name]
		if !ok {
			continue // PowerShell has no place for completions
		}
		data := f.data
		if strings.HasSuffix(to, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(data); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			data = b.Bytes()
		}
		if err := add(to, data, f.mode); err != nil {
			return err
		}
	}
	for _, format := range []string{"deb", "rpm"} {
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "gdump", Arch: goarch, Platform: "linux", Version: r.version,
			Section: "devel", Priority: "optional", Maintainer: "The gdump authors", License: "MIT",
			Description: "find goroutine leaks in goroutine dumps\ngdump groups the goroutines of a dump by stack and compares dumps to show\nwhich call sites keep accumulating.",
			MTime:       r.time,
			Overridables: nfpm.Overridables{
				Contents: contents,
				RPM:      nfpm.RPM{BuildHost: "gdump"},
			},
		})
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		var b bytes.Buffer
		if err := packager.Package(info, &b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.out, packager.ConventionalFileName(info)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
