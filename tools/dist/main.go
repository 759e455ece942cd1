// Command dist builds what a release consists of into dist/: for each platform
// an archive with the program, its manual page, completions and the licences of
// what is linked into it; packages for Debian and Red Hat; a bill of materials;
// and checksums. Two runs on one commit with one version of Go give equal files.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const platforms = "linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 freebsd/arm64"

func main() {
	wanted := flag.String("platforms", platforms, "platforms to build for, as GOOS/GOARCH")
	out := flag.String("o", "dist", "folder to write, which is emptied first")
	flag.Parse()
	root, err := output(nil, "git", "rev-parse", "--show-toplevel")
	if err == nil {
		err = os.Chdir(strings.TrimSpace(string(root)))
	}
	if err == nil {
		err = dist(strings.Fields(*wanted), *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// release is one commit's.
type release struct {
	version string    // without v: 1.2.3, or 0.0.0-20261127120000-abcdef123456
	time    time.Time // of the commit: the time of every file
	out     string
	shared  []file // what every platform gets beside the program
}

// file is one of an archive or package.
type file struct {
	name string // in an archive
	data []byte
	mode fs.FileMode
}

func dist(platforms []string, out string) error {
	if len(platforms) == 0 {
		return fmt.Errorf("no platform to build for")
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	r := &release{out: out}
	seconds, err := output(nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(strings.TrimSpace(string(seconds)), 10, 64)
	if err != nil {
		return err
	}
	r.time = time.Unix(unix, 0).UTC()

	// One for this machine says what every platform gets.
	host := filepath.Join(out, "gdump")
	if err := build("", "", host); err != nil {
		return err
	}
	if r.shared, err = shared(host); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(host)
	if err != nil {
		return err
	}
	r.version = strings.TrimPrefix(info.Main.Version, "v")
	if err := os.Remove(host); err != nil {
		return err
	}
	for _, p := range platforms {
		goos, goarch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("%s: not GOOS/GOARCH", p)
		}
		if err := r.platform(goos, goarch); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if err := r.materials(); err != nil {
		return err
	}
	return r.checksums()
}

// build compiles a static program for a platform, this machine's if "".
func build(goos, goarch, path string) error {
	// Version and commit come from git, whatever GOFLAGS says.
	_, err := output([]string{"CGO_ENABLED=0", "GOFLAGS=", "GOOS=" + goos, "GOARCH=" + goarch},
		"go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w -buildid=", "-o", path, "./cmd/gdump")
	return err
}

// shared is what the program writes about itself, and the licences.
func shared(program string) ([]file, error) {
	files := []file{}
	for _, f := range []struct {
		name string
		args []string
	}{
		{"man/gdump.1", []string{"man"}},
		{"completions/gdump.bash", []string{"completion", "bash"}},
		{"completions/_gdump", []string{"completion", "zsh"}},
		{"completions/gdump.fish", []string{"completion", "fish"}},
		{"completions/gdump.ps1", []string{"completion", "powershell"}},
	} {
		data, err := output(nil, program, f.args...)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, data, 0o644})
	}
	for _, name := range []string{"README.md", "LICENSE"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, data, 0o644})
	}
	texts, err := licences(program)
	if err != nil {
		return nil, err
	}
	return append(files, file{"LICENSES.txt", texts, 0o644}), nil
}

var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright|patents)([.-].*)?$`)

// licences is the licence texts of Go and of each module that is linked into a
// program. A module without one is an error: it may not be given away.
func licences(program string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	root, err := output(nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{"Go " + info.GoVersion: strings.TrimSpace(string(root))}
	for _, m := range info.Deps {
		listed, err := output(nil, "go", "list", "-m", "-json", m.Path)
		if err != nil {
			return nil, err
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(listed, &module); err != nil {
			return nil, err
		}
		folders[m.Path+" "+m.Version] = module.Dir
	}
	names := make([]string, 0, len(folders))
	for name := range folders {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, name := range names {
		entries, err := os.ReadDir(folders[name])
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range entries {
			if e.IsDir() || !licence.MatchString(e.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folders[name], e.Name()))
			if err != nil {
				return nil, err
			}
			found = true
			fmt.Fprintf(&b, "%s (%s)\n\n%s\n\n", name, e.Name(), bytes.TrimSpace(text))
		}
		if !found {
			return nil, fmt.Errorf("%s has no licence text", name)
		}
	}
	return b.Bytes(), nil
}

// platform writes the archive of one platform, and its packages.
func (r *release) platform(goos, goarch string) error {
	name := "gdump"
	if goos == "windows" {
		name += ".exe"
	}
	path := filepath.Join(r.out, name)
	if err := build(goos, goarch, path); err != nil {
		return err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	files := append([]file{{name, program, 0o755}}, r.shared...)
	if err := r.archive(goos, goarch, files); err != nil {
		return err
	}
	if goos != "linux" {
		return nil
	}
	return r.packages(goarch, program)
}

// materials writes what gdump is made of, as CycloneDX.
func (r *release) materials() error {
	_, err := output([]string{"CGO_ENABLED=0"}, "go", "tool", "-modfile=tools/dist/go.mod", "cyclonedx-gomod", "app",
		"-json", "-noserial", "-notimestamp", "-licenses", "-main", "cmd/gdump",
		"-output", filepath.Join(r.out, "gdump_"+r.version+".cdx.json"), ".")
	return err
}

// checksums writes SHA256SUMS, which sha256sum -c reads.
func (r *release) checksums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	var b bytes.Buffer
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), b.Bytes(), 0o644)
}

// output runs a command and returns what it prints.
func output(env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}
