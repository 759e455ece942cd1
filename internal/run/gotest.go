package run

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// A test process serves no pprof, and it has ended before anybody could ask
// it. So go test is given, with -overlay, a package testing whose M.Run writes
// a dump before the tests and one after, and whose test goroutines carry the
// label test=NAME, which all that they start inherit. This works with a
// TestMain of one's own, which calls M.Run as well, and with packages that
// must not be edited; nothing is written outside a temporary folder. It goes
// by GOFLAGS, so that it reaches go test also from within make or a script.

//go:embed inject/run.go.txt
var injected []byte

// Tests are the dumps that a go test is to write.
type Tests struct {
	dumps string
	args  []string
	env   []string
}

// TestRun is what a test process left: the dumps before and after its tests.
type TestRun struct {
	Package string
	Dumps   []goroutine.Dump
}

// patches make room for the injected functions under their names.
var patches = map[string]*regexp.Regexp{
	"Run":     regexp.MustCompile(`(?m)^func \(m \*M\) Run\(\)`),
	"tRunner": regexp.MustCompile(`(?m)^func tRunner\(`),
}

// PrepareTests writes what go test needs into a folder of its own. argv is the
// command, dumps where the dumps go.
func PrepareTests(ctx context.Context, argv []string, folder, dumps string, rounds int, settle time.Duration) (*Tests, error) {
	dumps, err := filepath.Abs(dumps)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	root, err := goEnv(ctx, argv, "GOROOT")
	if err != nil {
		return nil, err
	}
	flags, err := goEnv(ctx, argv, "GOFLAGS")
	if err != nil {
		return nil, err
	}
	cache, err := goEnv(ctx, argv, "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	release, err := goEnv(ctx, argv, "GOVERSION")
	if err != nil {
		return nil, err
	}
	t := &Tests{dumps: dumps, args: slices.Clone(argv)}
	if beneath(root, cache) {
		if root, err = t.leaveCache(root, folder); err != nil {
			return nil, err
		}
	}
	if all := append(strings.Fields(flags), argv...); slices.ContainsFunc(all, func(s string) bool {
		return strings.HasPrefix(strings.TrimLeft(s, "-"), "overlay") && strings.HasPrefix(s, "-")
	}) {
		return nil, errors.New("run: go test is given an -overlay already; gdump gets at its dumps with one: name a TARGET")
	}
	original := filepath.Join(root, "src", "testing", "testing.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return nil, fmt.Errorf("run: read Go's package testing: %w", err)
	}
	for _, p := range []struct{ name, with string }{{"Run", "func (m *M) gdumpRun()"}, {"tRunner", "func gdumpRunner("}} {
		at := patches[p.name].FindIndex(text)
		if at == nil {
			return nil, fmt.Errorf("run: the package testing of this Go has no function %s as gdump knows it", p.name)
		}
		text = slices.Concat(text[:at[0]], []byte(p.with), text[at[1]:])
	}
	replace := map[string]string{
		original: filepath.Join(folder, "testing.go"),
		filepath.Join(filepath.Dir(original), "gdump.go"): filepath.Join(folder, "gdump.go"),
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	for name, b := range map[string][]byte{"testing.go": text, "gdump.go": injected, "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			return nil, &source.Error{Kind: source.Local, Name: name, What: "cannot write it", Err: err}
		}
	}
	more := []string{quoteFlag("-overlay=" + filepath.Join(folder, "overlay.json"))}
	if !slices.ContainsFunc(append(strings.Fields(flags), argv...), func(s string) bool {
		return strings.HasPrefix(strings.TrimLeft(s, "-"), "count") && strings.HasPrefix(s, "-")
	}) {
		more = append(more, "-count=1") // a result from the cache runs nothing
	}
	if version.Compare(release, "go1.24") < 0 {
		more = append(more, "-vet=off") // it would look for the overlay's files where they are not
	}
	t.env = append(t.env,
		"GOFLAGS="+strings.TrimSpace(flags+" "+strings.Join(more, " ")),
		// Go 1.26 shows labels in full dumps if asked to; older ones never do.
		"GODEBUG="+strings.TrimPrefix(os.Getenv("GODEBUG")+",tracebacklabels=1", ","),
		"GDUMP_TEST_DUMPS="+dumps,
		"GDUMP_TEST_ROUNDS="+strconv.Itoa(max(rounds, 1)),
		"GDUMP_TEST_SETTLE="+settle.String(),
	)
	return t, nil
}

func beneath(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return folder != "" && err == nil && filepath.IsLocal(rel)
}

// leaveCache gives a Go that lies in the module cache, as one that go.mod asks
// for does, another path by a link: go refuses overlays of files in the cache.
// It returns the new GOROOT.
func (t *Tests) leaveCache(root, folder string) (string, error) {
	link := filepath.Join(folder, "goroot")
	if err := os.Symlink(root, link); err != nil {
		return "", &source.Error{Kind: source.Local, Name: link, What: "cannot link it", Err: err}
	}
	bin := filepath.Join(root, "bin")
	if t.args[0] == "go" { // looked up before the new PATH counts
		t.args[0] = filepath.Join(bin, "go")
	}
	t.env = append(t.env, "GOROOT="+link, "GOTOOLCHAIN=local", "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return link, nil
}

// Args is the command to run.
func (t *Tests) Args() []string { return t.args }

// Env is what the command needs in its environment.
func (t *Tests) Env() []string { return t.env }

// quoteFlag is a flag as GOFLAGS holds one with blanks in it.
func quoteFlag(s string) string {
	if strings.ContainsAny(s, " \t") {
		return "'" + s + "'"
	}
	return s
}

// goEnv asks the go command that the command is, or the one in the path.
func goEnv(ctx context.Context, argv []string, name string) (string, error) {
	args := []string{"env", name}
	program := "go"
	if base := filepath.Base(argv[0]); base == "go" || strings.HasPrefix(base, "go1.") {
		program = argv[0]
		if len(argv) > 2 && argv[1] == "-C" {
			args = append([]string{"-C", argv[2]}, args...)
		} else if len(argv) > 3 && argv[2] == "-C" {
			args = append([]string{"-C", argv[3]}, args...)
		}
	}
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("run: without a TARGET the command is a go test, but go env does not work: %w", err)
	}
	return string(bytes.TrimSpace(out)), nil
}

var testDump = regexp.MustCompile(`^(.+)_(\d+)-\d{8}T\d{6}Z_\d+\.dump$`)

// Collect reads the dumps that the test processes wrote, those of a process
// together, by package.
func (t *Tests) Collect(ctx context.Context) ([]TestRun, error) {
	entries, err := os.ReadDir(t.dumps)
	if err != nil {
		return nil, &source.Error{Kind: source.Local, Name: goroutine.Clean(t.dumps), What: "cannot read the dumps", Err: err}
	}
	type key struct{ name, pid string }
	at := map[key]int{}
	var runs []TestRun
	for _, e := range entries {
		m := testDump.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		dumps, err := source.Read(ctx, filepath.Join(t.dumps, e.Name()), source.Options{})
		if err != nil {
			return runs, err
		}
		k := key{m[1], m[2]}
		i, ok := at[k]
		if !ok {
			i = len(runs)
			at[k] = i
			runs = append(runs, TestRun{Package: strings.ReplaceAll(m[1], "!", "/")})
		}
		runs[i].Dumps = append(runs[i].Dumps, dumps...)
	}
	for i := range runs {
		dumps := runs[i].Dumps
		slices.SortFunc(dumps, func(a, b goroutine.Dump) int { return a.TakenAt.Compare(b.TakenAt) })
		for j := range dumps {
			dumps[j].Source = runs[i].Package + " before"
			if j > 0 {
				dumps[j].Source = fmt.Sprintf("%s after %d", runs[i].Package, j)
			}
		}
	}
	slices.SortStableFunc(runs, func(a, b TestRun) int { return strings.Compare(a.Package, b.Package) })
	return runs, nil
}
