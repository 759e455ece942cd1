package parse

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the .frames files beside the dumps")

// TestFrames compares every frame of every dump in testdata with the .frames
// file beside it. A file whose frames are those of another in its folder, such
// as the same dump behind another log prefix, says so in one line.
func TestFrames(t *testing.T) {
	root := "../../testdata/dumps"
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err == nil && !d.IsDir() && filepath.Dir(path) != root && ext != ".frames" && ext != ".md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]string{} // file by folder and content
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := Read(t.Context(), bytes.NewReader(data), Options{Workers: 2})
		got := framesText(dumps, err)
		key := filepath.Dir(file) + "\x00" + got
		if other, ok := first[key]; ok {
			got = "as " + filepath.Base(other) + "\n"
		} else {
			first[key] = file
		}
		golden := file + ".frames"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-golden +got):\n%s", file, diff)
		}
	}
}

// framesText writes dumps such that every fact of a stack is in the text. To
// keep it short, a function's file has its folder where the function comes
// first, and outer frames that the bucket above has too are counted only.
func framesText(dumps []goroutine.Dump, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	folders := map[string]string{}
	frame := func(mark string, f goroutine.Frame) string {
		file := f.File
		key := f.Function + "\x00" + goroutine.Base(file)
		if folders[key] == file {
			file = goroutine.Base(file)
		} else {
			folders[key] = file
		}
		return fmt.Sprintf("%s%s %s:%d\n", mark, f.Function, file, f.Line)
	}
	for i := range dumps {
		d := &dumps[i]
		fmt.Fprintf(&b, "%s, %d goroutines", d.Level, d.Goroutines)
		if d.Reason != "" {
			fmt.Fprintf(&b, ", %q", d.Reason)
		}
		if d.Truncated {
			b.WriteString(", truncated")
		}
		b.WriteByte('\n')
		for _, p := range d.Problems {
			b.WriteString("problem: " + p.Message + "\n")
		}
		var above []goroutine.Frame
		buckets := slices.Clone(d.Buckets)
		slices.SortFunc(buckets, func(x, y goroutine.Bucket) int { return compareOuter(x.Stack.Parts(), y.Stack.Parts()) })
		for j := range buckets {
			k := &buckets[j]
			p := k.Stack.Parts()
			fmt.Fprintf(&b, "%d", k.Count)
			for _, s := range k.States {
				fmt.Fprintf(&b, " %s", s.Name)
				if s.N != k.Count {
					fmt.Fprintf(&b, "=%d", s.N)
				}
			}
			if k.Waits.Max() > 0 {
				fmt.Fprintf(&b, " %d-%dm", k.Waits.Min(), k.Waits.Max())
			}
			for _, c := range []struct {
				n    int
				name string
			}{{k.Locked, "locked"}, {k.Leaked, "leaked"}, {len(k.Labels), "labels"}} {
				if c.n > 0 {
					fmt.Fprintf(&b, " %s=%d", c.name, c.n)
				}
			}
			if p.Unavailable {
				b.WriteString(" unavailable")
			}
			b.WriteByte('\n')
			all := slices.Clone(p.Frames)
			if p.CreatedBy.Function != "" {
				all = append(all, p.CreatedBy)
			}
			same := 0
			for same < min(len(all), len(above)) && all[len(all)-1-same] == above[len(above)-1-same] {
				same++
			}
			if same < 2 {
				same = 0
			}
			for n, f := range all[:len(all)-same] {
				if p.Elided != 0 && n == p.ElidedAt {
					fmt.Fprintf(&b, " ...%d\n", p.Elided)
				}
				if mark := " "; n == len(p.Frames) {
					b.WriteString(frame(" < ", f))
				} else {
					b.WriteString(frame(mark, f))
				}
			}
			if same > 0 {
				fmt.Fprintf(&b, " +%d\n", same)
			}
			for _, f := range p.Ancestors {
				b.WriteString(frame(" << ", f))
			}
			above = all
		}
	}
	return b.String()
}

// compareOuter orders stacks from their outermost frames on, so that stacks
// that share them are next to each other.
func compareOuter(x, y goroutine.Parts) int {
	text := func(p *goroutine.Parts) []string {
		out := []string{p.CreatedBy.Function + p.CreatedBy.Place()}
		for i := len(p.Frames) - 1; i >= 0; i-- {
			f := &p.Frames[i]
			out = append(out, f.Function+" "+f.Place()+f.File)
		}
		return append(out, p.CreatedBy.File)
	}
	return slices.Compare(text(&x), text(&y))
}
