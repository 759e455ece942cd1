package unwrap

import (
	"fmt"
	"strings"
	"testing"
)

// TestCut takes wrappings off past the Reader, up to a line that has another.
func TestCut(t *testing.T) {
	const dump = "goroutine 1 [select]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\n\ngoroutine 2 [select]:\nmain.f(0x2)\n\t/a/b.go:12 +0x1d\n\n"
	stamp := func(i int) string {
		return "2026-11-24T22:45:26." + strings.TrimRight(fmt.Sprintf("%09d", i*123456780%1e9), "0") + "Z"
	}
	for name, test := range map[string]struct {
		wrap func(i int, line string) string
		stop []string // lines at which it stops
	}{
		"container": {
			func(i int, line string) string { return stamp(i) + " stderr F " + line },
			[]string{stamp(3) + " stdout F x", stamp(3) + " stderr P x", "x"},
		},
		"record": {
			func(i int, line string) string {
				return `{"log":"` + strings.ReplaceAll(line, "\t", `\t`) + `\n","stream":"stderr","time":"` + stamp(i) + `"}`
			},
			[]string{
				`{"log":"x","stream":"stderr","time":"2026-11-24T22:45:26Z"}`, `{"log":"x\ny\n","stream":"stderr","time":"2026-11-24T22:45:26Z"}`,
				`{"log":"x\n","stream":"stdout","time":"2026-11-24T22:45:26Z"}`, `{"log":"x\n","stream":"stderr","time":"2026-11-24T22:45:26Z"}x`,
			},
		},
		"process": {
			func(_ int, line string) string { return "Nov 24 22:45:26 web-1 app[12]: " + line },
			[]string{"Nov 24 22:45:26 web-1 app[13]: x", "Nov 24 22:45:26 web-1 app[12] x"},
		},
		"option": {
			func(i int, line string) string {
				return `time=` + stamp(i) + ` level=error n=` + strings.Repeat("1", i) + ` msg="` + strings.ReplaceAll(line, "\t", `\t`) + `"`
			},
			[]string{`time=2026-11-24T22:45:26Z level=warn n=1 msg="x"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSuffix(dump, "\n"), "\n")
			for i := range lines {
				lines[i] = test.wrap(i+1, lines[i]) + "\n"
			}
			text := strings.Join(lines, "")
			r := New(func(c *Chunk) { c.Free() })
			if r.Cut() != nil {
				t.Fatal("a Cut before anything was read")
			}
			r.Feed([]byte(text), 1, 0)
			c := r.Cut()
			if c == nil {
				t.Fatal("no Cut")
			}
			for _, stop := range append(test.stop, "") {
				var k Cutter
				all := []byte(strings.Repeat(text, 5) + stop + "\n")
				got, starts, n := k.Lines(c, all, nil, nil)
				if string(got) != strings.Repeat(dump, 5) || n != 5*len(text) || len(starts) != 5*len(lines) || int(starts[len(lines)]) != len(text) {
					t.Errorf("up to %q: %d of %d bytes, in %d of %d lines:\n%s", stop, n, 5*len(text), len(starts), 5*len(lines), got)
				}
				if !k.Fits(c, []byte(stop+"\n"+text)) || k.Fits(c, []byte(strings.Repeat("x\n", 40))) {
					t.Errorf("behind %q: want that it fits, and behind 40 others that it does not", stop)
				}
			}
			if !r.Pass(c, []byte(text), 100, len(lines)) {
				t.Error("Pass reports false")
			}
		})
	}
}
