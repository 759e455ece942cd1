package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestModulePath builds gdump under module paths that sort before and after
// those of its libraries: whatever its name, it must not ask the terminal for
// its background, because it would wait seconds for one that does not answer.
func TestModulePath(t *testing.T) {
	for _, module := range []string{"example.com/gdump", "tools.example/gdump"} {
		t.Run(strings.ReplaceAll(module, "/", "_"), func(t *testing.T) {
			tree := t.TempDir()
			rename(t, filepath.Join("..", ".."), tree, module)
			bin := filepath.Join(t.TempDir(), "gdump")
			build := exec.Command("go", "build", "-o", bin, "./cmd/gdump")
			build.Dir = tree
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			x := start(t, 100, 30, bin, testdata(t, "server/nats126.debug2.txt"))
			x.wait(`▸ `)
			if raw := x.written(); strings.Contains(raw, "\x1b]11;?") {
				t.Errorf("the background was asked for: %q", raw)
			}
			x.press("q")
			x.exit(0)
		})
	}
}

// rename copies what a build of gdump needs from one folder to another, as
// another module.
func rename(t *testing.T, from, to, module string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "tools" || name == "testdata" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".go" || d.Name() == "go.mod" {
			text = []byte(strings.NewReplacer(`"gdump/`, `"`+module+`/`, "module gdump\n", "module "+module+"\n").Replace(string(text)))
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
