package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// repository is this tree; tests leave the folder that go test starts in.
var repository, _ = filepath.Abs(filepath.Join("..", ".."))

// checkout makes a repository with one commit of this tree, and goes there:
// what a release contains must depend on the commit alone.
func checkout(t *testing.T) {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, tree{os.DirFS(repository)}); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	for _, name := range []string{"GIT_AUTHOR", "GIT_COMMITTER"} {
		t.Setenv(name+"_NAME", "test")
		t.Setenv(name+"_EMAIL", "test@example.com")
		t.Setenv(name+"_DATE", "2026-11-01T12:00:00Z")
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "release"}, {"tag", "v0.1.2"}} {
		if _, err := output(nil, "git", args...); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is a file system without what git does not keep.
type tree struct{ fs.FS }

func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return slices.Contains([]string{".git", "bin", "dist", "bench"}, e.Name()) && name == "."
	}), err
}

// released builds a release for this machine's processor.
func released(t *testing.T) string {
	t.Helper()
	out := t.TempDir()
	if err := dist([]string{"linux/" + runtime.GOARCH}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReproducible builds twice, and demands the same bytes.
func TestReproducible(t *testing.T) {
	checkout(t)
	first := released(t)
	checkout(t)
	second := released(t)
	entries, err := os.ReadDir(first)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		a, err := os.ReadFile(filepath.Join(first, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", e.Name())
		}
		names = append(names, e.Name())
	}
	all := strings.Join(names, "\n")
	for _, want := range []string{`SHA256SUMS`, `gdump_0\.1\.2_linux_\w+\.tar\.gz`, `gdump_0\.1\.2_\w+\.deb`, `gdump-0\.1\.2-1\.\w+\.rpm`, `gdump_0\.1\.2\.cdx\.json`} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(all) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	sums := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	sums.Dir = first
	if out, err := sums.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestInstall installs the package for Debian in a root that has nothing else,
// and has the program find the leak of its demo there.
func TestInstall(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg is what installs a deb, and is not on this machine")
	}
	checkout(t)
	debs, err := filepath.Glob(filepath.Join(released(t), "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("%v, %v", debs, err)
	}
	root := t.TempDir()
	for _, dir := range []string{"tmp", "var/lib/dpkg/info", "var/lib/dpkg/updates"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	install := exec.Command("dpkg", "--force-not-root", "--force-bad-path", "--log=/dev/null", "--root="+root, "--install", debs[0])
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range installed {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(filepath.Join(root, "usr/bin/gdump")); err != nil || info.Size() > 16_000_000 {
		t.Errorf("the program: %v, %v; it is to have 16 MB at most", info, err)
	}
	demo := exec.Command(filepath.Join(root, "usr/bin/gdump"), "demo", "--format", "text")
	if os.Getuid() == 0 {
		demo.Path, demo.Dir = "/usr/bin/gdump", "/"
		demo.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	}
	out, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("accumulating: bus.(*Subscription).deliver")) {
		t.Errorf("the demo shows no leak:\n%s", out)
	}
}
