package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// released builds a release for this machine's processor from the checkout.
func released(t *testing.T) string {
	t.Helper()
	out := t.TempDir()
	t.Chdir(filepath.Join("..", ".."))
	if err := dist([]string{"linux/" + runtime.GOARCH}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReproducible builds twice, and demands the same bytes.
func TestReproducible(t *testing.T) {
	first, second := released(t), t.TempDir()
	if err := dist([]string{"linux/" + runtime.GOARCH}, second); err != nil {
		t.Fatal(err)
	}
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
	for _, want := range []string{`SHA256SUMS`, `gdump_.*_linux_\w+\.tar\.gz`, `gdump_.*\.deb`, `gdump-.*\.rpm`, `gdump_.*\.cdx\.json`} {
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
