// Package differential holds what gdump reads against what other programs
// read, on the dumps that each of them reads right.
package differential

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/parse"

	"github.com/DataDog/gostackparse"
	"github.com/google/go-cmp/cmp"
	"github.com/maruel/panicparse/v2/stack"
)

const dumps = "../../testdata/dumps"

// each calls test for the files whose names match, and wants at least so many
// to be compared.
func each(t *testing.T, pattern string, least int, test func(t *testing.T, data []byte, got []goroutine.Dump) (compared bool)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dumps, "*", pattern))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{})
		if err != nil && !errors.Is(err, parse.ErrNoDump) {
			t.Fatalf("%s: %v", name, err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			if test(t, data, got) {
				n++
			}
		})
	}
	if n < least {
		t.Errorf("compared %d files, want %d or more", n, least)
	}
}

// stacks counts goroutines by their frames, created by and states.
func stacks(all []goroutine.Dump) map[string]int {
	n := map[string]int{}
	for _, d := range all {
		for _, b := range d.Buckets {
			var s strings.Builder
			for _, f := range b.Stack.Frames() {
				fmt.Fprintf(&s, "%s %s:%d\n", f.Function, f.File, f.Line)
			}
			if c := b.Stack.CreatedBy(); c.Function != "" {
				fmt.Fprintf(&s, "by %s %s:%d\n", c.Function, c.File, c.Line)
			}
			n[s.String()] += b.Count
			for _, x := range b.States {
				n["state "+x.Name] += x.N
			}
			n["locked"] += b.Locked
			for id := range b.IDs.All() {
				n["id "+strconv.FormatUint(id, 10)]++
			}
		}
	}
	return n
}

var header = regexp.MustCompile(`(?m)^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[`)

// TestGostackparse compares with gostackparse where it finds no fault.
func TestGostackparse(t *testing.T) {
	each(t, "*.*", 20, func(t *testing.T, data []byte, got []goroutine.Dump) bool {
		theirs, problems := gostackparse.Parse(bytes.NewReader(data))
		// It knows no labels, and of a text behind prefixes it says nothing.
		if len(problems) > 0 || len(theirs) == 0 || len(theirs) != len(header.FindAllIndex(data, -1)) || len(got) != 1 || bytes.Contains(data, []byte("labels:{")) ||
			bytes.Contains(data, []byte("] {")) || bytes.Contains(data, []byte("synctest bubble")) || bytes.Contains(data, []byte(" (leaked)")) || bytes.Contains(data, []byte("originating from")) {
			return false
		}
		want := map[string]int{}
		for _, g := range theirs {
			if g.ID == 0 {
				continue // a thread's own stack, which is no goroutine
			}
			var s strings.Builder
			for _, f := range g.Stack {
				fmt.Fprintf(&s, "%s %s:%d\n", decode(f.Func), f.File, f.Line)
			}
			if c := g.CreatedBy; c != nil {
				name, _, _ := strings.Cut(c.Func, " in goroutine ")
				fmt.Fprintf(&s, "by %s %s:%d\n", decode(name), c.File, c.Line)
			}
			want[s.String()]++
			want["state "+strings.TrimSuffix(g.State, " (scan)")]++
			want["id "+strconv.Itoa(g.ID)]++
			if g.LockedToThread {
				want["locked"]++
			}
		}
		compare(t, want, stacks(got))
		return true
	})
}

// TestPanicparse compares with panicparse where it finds every header.
func TestPanicparse(t *testing.T) {
	each(t, "*.txt", 30, func(t *testing.T, data []byte, got []goroutine.Dump) bool {
		// What formats.md says it reads wrong, and what it says in other words.
		if len(got) != 1 || bytes.Contains(data, []byte("stack unavailable")) || bytes.Contains(data, []byte("goroutine 0 ")) || bytes.Contains(data, []byte("labels:{")) || bytes.Contains(data, []byte("] {")) || bytes.Contains(data, []byte("+~")) ||
			bytes.Contains(data, []byte("\n====")) { // it ends a stack at a bar
			return false
		}
		want := map[string]int{}
		n := 0
		var in io.Reader = bytes.NewReader(data)
		for {
			snap, suffix, err := stack.ScanSnapshot(in, io.Discard, &stack.Opts{})
			if snap != nil {
				for _, g := range snap.Goroutines {
					n++
					var s strings.Builder
					for _, c := range g.Stack.Calls {
						fmt.Fprintf(&s, "%s %s:%d\n", c.Func.Complete, c.RemoteSrcPath, c.Line)
					}
					for _, c := range g.CreatedBy.Calls {
						name, _, _ := strings.Cut(c.Func.Complete, " in goroutine ")
						fmt.Fprintf(&s, "by %s %s:%d\n", name, c.RemoteSrcPath, c.Line)
					}
					want[s.String()]++
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return false
			}
			in = io.MultiReader(bytes.NewReader(suffix), in)
		}
		if n == 0 || n != len(header.FindAllIndex(data, -1)) || n != got[0].Goroutines {
			return false
		}
		have := map[string]int{}
		for k, v := range stacks(got) {
			if !strings.HasPrefix(k, "state ") && !strings.HasPrefix(k, "id ") && k != "locked" {
				have[k] = v
			}
		}
		compare(t, want, have)
		return true
	})
}

var (
	rawSample   = regexp.MustCompile(`^\s+(-?\d+): ([\d ]+)$`)
	rawLocation = regexp.MustCompile(`^\s+(\d+): 0x[0-9a-f]+ (?:M=\d+ )?(.*) s=\d+(?:\(inlined\))?$`)
	rawInlined  = regexp.MustCompile(`^\s{10,}(\S.*) s=\d+(?:\(inlined\))?$`)
)

// TestPprofRaw compares with go tool pprof -raw: all counts, and the functions
// and lines of every stack.
func TestPprofRaw(t *testing.T) {
	each(t, "*.pb.gz", 15, func(t *testing.T, data []byte, got []goroutine.Dump) bool {
		name := filepath.Join(t.TempDir(), "p.pb.gz")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-raw", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		type sample struct {
			n    int
			locs []string
		}
		var samples []sample
		lines := map[string][]string{} // of a location
		part, at := "", ""
		for line := range strings.Lines(string(out)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case line == "Samples:", line == "Locations", line == "Mappings":
				part = line
			case part == "Samples:":
				if m := rawSample.FindStringSubmatch(line); m != nil {
					n, _ := strconv.Atoi(m[1])
					samples = append(samples, sample{n, strings.Fields(m[2])})
				}
			case part == "Locations":
				if m := rawLocation.FindStringSubmatch(line); m != nil {
					at = m[1]
					lines[at] = append(lines[at], m[2])
				} else if m := rawInlined.FindStringSubmatch(line); m != nil {
					lines[at] = append(lines[at], m[1])
				}
			}
		}
		want := map[string]int{}
		for _, s := range samples {
			var b strings.Builder
			for _, loc := range s.locs {
				for _, l := range lines[loc] {
					// "main.f /a/main.go:8:0": the last number is the column.
					b.WriteString(decode(l[:strings.LastIndexByte(l, ':')]) + "\n")
				}
			}
			want[b.String()] += s.n
		}
		have := map[string]int{}
		for k, v := range stacks(got) {
			if strings.Contains(k, "\n") {
				have[k] = v
			}
		}
		compare(t, want, have)
		return len(samples) > 0
	})
}

// decode undoes the linker's escape of dots.
func decode(name string) string { return strings.ReplaceAll(name, "%2e", ".") }

func compare(t *testing.T, want, got map[string]int) {
	t.Helper()
	for _, m := range []map[string]int{want, got} {
		for k, v := range m {
			if v == 0 {
				delete(m, k)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-theirs +ours:\n%.1500s", diff)
	}
}
