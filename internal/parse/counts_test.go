package parse

import (
	"strconv"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

// TestCounts reads records that lack what Go prints.
func TestCounts(t *testing.T) {
	tests := map[string]struct {
		text       string
		goroutines int
		stacks     []string // functions of the leaf frames, most frequent first
		truncated  bool
		problem    string
	}{
		"whole":        {"goroutine profile: total 3\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x12\t/a/main.go:8\n", 3, []string{"main.f"}, false, ""},
		"no symbols":   {"goroutine profile: total 5\n3 @ 0x1 0x2\n\n2 @ 0x1 0x3\n", 5, []string{"0x1", "0x1"}, false, ""},
		"not started":  {"goroutine profile: total 3\n3 @ 0x1\n", 3, []string{""}, false, ""},
		"cut off":      {"goroutine profile: total 9\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x12\t/a/main.go:8\n", 3, []string{"main.f"}, true, "the header announces 9 goroutines, found 3"},
		"more":         {"goroutine profile: total 2\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x12\t/a/main.go:8\n", 3, []string{"main.f"}, false, "the header announces 2 goroutines, found 3"},
		"no place":     {"goroutine profile: total 3\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x12\t/a/ma\n", 3, []string{"main.f"}, false, "line 3: unreadable line"},
		"bad labels":   {"goroutine profile: total 3\n3 @ 0x1 0x2\n# labels: {\"k\":\n#\t0x1\tmain.f+0x12\t/a/main.go:8\n", 3, []string{"main.f"}, false, "line 3: unreadable line"},
		"absurd count": {"goroutine profile: total 3\n99999999999999999999 @ 0x1 0x2\n3 @ 0x1 0x2\n#\t0x1\tmain.f+0x12\t/a/main.go:8\n", 3, []string{"main.f"}, false, "line 2: a count above"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := read(t, tt.text)[0]
			var stacks []string
			for i := range d.Buckets {
				leaf := ""
				for f := range d.Buckets[i].Stack.All() {
					leaf = f.Function
					break
				}
				stacks = append(stacks, leaf)
			}
			problems := problemsOf(&d)
			if d.Goroutines != tt.goroutines || d.Truncated != tt.truncated || strings.Join(stacks, " ") != strings.Join(tt.stacks, " ") {
				t.Errorf("%d goroutines in %q, truncated %v", d.Goroutines, stacks, d.Truncated)
			}
			if !strings.Contains(problems, tt.problem) || tt.problem == "" && problems != "" {
				t.Errorf("problems %q, want %q", problems, tt.problem)
			}
		})
	}
}

func problemsOf(d *goroutine.Dump) string {
	var b strings.Builder
	for _, p := range d.Problems {
		if p.Line > 0 {
			b.WriteString("line " + strconv.Itoa(p.Line) + ": ")
		}
		b.WriteString(p.Message + "\n")
	}
	return b.String()
}
