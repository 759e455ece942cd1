package unwrap

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gdump/internal/grammar"
	"gdump/internal/unwrap/wrappings"

	"github.com/google/go-cmp/cmp"
)

// unwrapAll returns the text of each stream, in the order of their first
// lines, from pieces of a source of some size.
func unwrapAll(t testing.TB, source string, size int) []string {
	r, err := Unpack(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var order []*Stream
	texts := map[*Stream]*strings.Builder{}
	ended := map[*Stream]bool{}
	reader := New(func(c *Chunk) {
		if ended[c.Stream] {
			t.Errorf("stream %d goes on after its end", c.Stream.ID)
		}
		ended[c.Stream] = c.End
		b := texts[c.Stream]
		if b == nil {
			b = &strings.Builder{}
			texts[c.Stream] = b
			order = append(order, c.Stream)
		}
		b.Write(c.Text)
		c.Free()
	})
	line, offset := 1, int64(0)
	for len(data) > 0 {
		n := len(data)
		if size < n {
			if i := bytes.IndexByte(data[size:], '\n'); i >= 0 {
				n = size + i + 1
			}
		}
		reader.Feed(data[:n], line, offset)
		offset += int64(n)
		line += bytes.Count(data[:n], []byte{'\n'})
		data = data[n:]
	}
	reader.Close()
	var out []string
	for _, s := range order {
		out = append(out, texts[s].String())
	}
	return out
}

// dumpLines is the lines of texts that are of a dump, without what blanks are
// around them. A reason without a goroutine is left out.
func dumpLines(texts ...string) []string {
	var out []string
	for _, text := range texts {
		var own []string
		starts := false
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSpace(line)
			k := grammar.KindOf([]byte(line))
			if at := grammar.ReasonAt([]byte(line)); at >= 0 && k == grammar.Other {
				line = line[at:]
			} else if k == grammar.Blank || k == grammar.Other || k == grammar.Partial {
				continue
			}
			starts = starts || k == grammar.Start || k == grammar.Counts
			own = append(own, strings.Join(strings.Fields(line), " "))
		}
		if starts {
			out = append(out, own...)
		}
	}
	return out
}

// TestPieces feeds wrapped dumps in pieces of several sizes: where the text is
// cut must not change the lines that come out.
func TestPieces(t *testing.T) {
	data, err := os.ReadFile("../../testdata/dumps/gen126/misc_deadlock.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, wrap := range wrappings.All {
		source := wrap(string(data))
		want := unwrapAll(t, source, 1<<30)
		for _, size := range []int{0, 100, 1000} {
			if diff := cmp.Diff(want, unwrapAll(t, source, size)); diff != "" {
				t.Errorf("%s in pieces of %d bytes: -whole +pieces:\n%.1500s", name, size, diff)
			}
		}
	}
}

// TestTwice wraps a wrapped dump once more.
func TestTwice(t *testing.T) {
	data, err := os.ReadFile("../../testdata/dumps/gen126/misc_deadlock.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := dumpLines(string(data))
	inner := []string{"compose", "journal short", "docker json", "logfmt", "klog", "CRI", "quoted mail", "zap json", "rsyslog", "cat -n", "HTML, br", "ANSI", "gcp textPayload"}
	outer := []string{"CRI", "docker json", "compose", "journal short", "kubectl, timestamps", "CRLF", "indented 4", "BOM", "ANSI", "GHA", "grep -n"}
	for _, o := range outer {
		for _, i := range inner {
			t.Run(i+" in "+o, func(t *testing.T) {
				got := unwrapAll(t, wrappings.All[o](wrappings.All[i](string(data))), 1<<30)
				if diff := cmp.Diff(want, dumpLines(got...)); diff != "" {
					t.Errorf("-plain +wrapped:\n%.1500s", diff)
				}
			})
		}
	}
}

// broken breaks lines at a width, as terminals and some collectors do.
func broken(s string, width int) string {
	return wrappings.PerLine(func(_ int, line string) string {
		var b strings.Builder
		for len(line) > width {
			b.WriteString(line[:width] + "\n")
			line = line[width:]
		}
		return b.String() + line
	})(strings.ReplaceAll(s, "\t", "        "))
}

// TestBroken joins lines that were broken at any width.
func TestBroken(t *testing.T) {
	for _, file := range []string{"gen126/misc_deadlock.txt", "leakpair/v1.t1.debug1.txt"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", file))
		if err != nil {
			t.Fatal(err)
		}
		want := dumpLines(string(data))
		for width := 60; width < 140; width += 4 {
			got := dumpLines(unwrapAll(t, broken(string(data), width), 1<<30)...)
			lost := 0
			for _, line := range want {
				if !slices.Contains(got, line) {
					lost++
				}
			}
			if lost*50 > len(want) {
				t.Errorf("%s broken at %d: %d of %d lines are not joined", file, width, lost, len(want))
			}
		}
	}
}

// TestRejoined joins what belongs together, and nothing else.
func TestRejoined(t *testing.T) {
	for name, tt := range map[string]struct{ source, want string }{
		"a blank lost in a header":    {"a line that is longer than the header\ngoroutine 7 [chan\nreceive, 9 minutes]:\n", "goroutine 7 [chan receive, 9 minutes]:\n"},
		"a cut name and another call": {"goroutine 7 [select]:\nexample.com/x.Wri\nexample.com/y.Read(0x1)\n", "example.com/x.Wri\nexample.com/y.Read(0x1)\n"},
		"a place without its tab":     {"goroutine 7 [select]:\ncreated by main.f\n/a/b.go:3\n", "created by main.f\n/a/b.go:3\n"},
		"a name cut in created by":    {"goroutine 7 [select]:\ncreated by main.fun\nc1 in goroutine 3\n", "created by main.func1 in goroutine 3\n"},
		"a place cut in its digits":   {"goroutine 7 [select]:\nmain.f()\n\t/a/b.go:3\n7 +0x1\n", "\t/a/b.go:37 +0x1\n"},
		"words after a place":         {"goroutine 7 [select]:\nmain.f()\n\t/a/b.go:3 +0x1\nok then\n", "+0x1\nok then\n"},
		"a record in two lines":       {`{"log":"goroutine 7 [select]:\n","s":"x"}` + "\n" + `{"log":"main.f()\n","s` + "\n" + `":"x"}` + "\n" + `{"log":"\t/a/b.go:3 +0x1\n","s":"x"}` + "\n", "main.f()\n\t/a/b.go:3 +0x1\n"},
		"a pair in two lines":         {"time=1 msg=\"goroutine 7 [select]:\"\ntime=2 msg=\"example.com/long.\nf()\"\ntime=3 msg=\"\\t/a/b.go:3 +0x1\"\n", "example.com/long.f()\n\t/a/b.go:3 +0x1\n"},
		"escaped twice":               {`x goroutine 7 [select]:\\nmain.f()\\n\\t/a/b.go:3 +0x1\\n` + "\n", "main.f()\n\t/a/b.go:3 +0x1\n"},
	} {
		if got := strings.Join(unwrapAll(t, tt.source, 1<<30), "--\n"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// TestReversed reads a log whose newest line comes first.
func TestReversed(t *testing.T) {
	for _, file := range []string{"genold/go1.23.4_d2.txt", "gen126/misc_deadlock.txt", "leakpair/v1.t1.debug1.txt"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", file))
		if err != nil {
			t.Fatal(err)
		}
		want := dumpLines(string(data))
		for _, name := range []string{"GHA", "compose", "docker json"} {
			lines := strings.Split(strings.TrimSuffix(wrappings.All[name](string(data)), "\n"), "\n")
			slices.Reverse(lines)
			if diff := cmp.Diff(want, dumpLines(unwrapAll(t, strings.Join(lines, "\n")+"\n", 1<<30)...)); diff != "" {
				t.Errorf("%s of %s: -plain +reversed:\n%.1500s", name, file, diff)
			}
		}
	}
}

// FuzzFeed feeds any text: it must not panic, what comes out is bounded by what
// goes in, and where the text is cut does not show.
func FuzzFeed(f *testing.F) {
	data, err := os.ReadFile("../../testdata/dumps/gen126/misc_deadlock.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, wrap := range wrappings.All {
		f.Add(wrap(string(data)), 300)
	}
	f.Add(broken(string(data), 40), 100)
	f.Fuzz(func(t *testing.T, source string, size int) {
		n := 0
		got := unwrapAll(t, source, max(0, size))
		for _, text := range got {
			n += len(text)
		}
		want := unwrapAll(t, source, len(source))
		slices.Sort(want) // streams are in the order in which they give out text
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" && len(source) < heldBytes/2 {
			t.Errorf("-whole +pieces of %d bytes:\n%.1500s", size, diff)
		}
		if n > 20*len(source)+(64<<10) {
			t.Errorf("%d bytes came out of %d", n, len(source))
		}
	})
}

// TestTime finds the time at which a line was written, not one that it mentions.
func TestTime(t *testing.T) {
	want := time.Date(2026, 11, 24, 22, 45, 26, 0, time.UTC)
	for _, around := range []string{
		"2026-11-24T22:45:26Z stderr F 2020/01/01 00:00:00 goroutine 1 [running]:",
		`2026-11-24T22:45:26Z stderr F {"msg":"at 2020-01-01T00:00:00Z","ts":1577836800}`,
		`{"level":"error","msg":"ts=2020-01-01T00:00:00Z","ts":1795560326}`,
		`{"msg":"at 2020-01-01T00:00:00Z","time":"2026-11-24T22:45:26Z"}`,
		`{"msg":"\"time\":\"2020-01-01T00:00:00Z\"","timestamp":1795560326000}`,
		`{"at":"2026-11-24T22:45:26Z","msg":"x"}`,
	} {
		if got := TimeOf([]byte(around), time.Time{}); !got.Equal(want) {
			t.Errorf("%s: time %v, want %v", around, got, want)
		}
	}
}

// TestGrowth reads four times as much of what is hard to read: what that
// allocates must not grow with the square.
func TestGrowth(t *testing.T) {
	for name, repeat := range map[string]func(n int) string{
		"broken arguments": func(n int) string {
			return "goroutine 2 [select]:\nmain.f(0x1,\n" + strings.Repeat("0x1,\n", n)
		},
		"processes": func(n int) string {
			return wrappings.PerLine(func(i int, line string) string { return "pod-" + strconv.Itoa(i/3) + "-x | " + line })(strings.Repeat("goroutine 5 [select]:\nmain.f()\n\t/a/b.go:1 +0x1\n", n))
		},
		"records": func(n int) string {
			return strings.Repeat(`{"msg":"boom","stack":"goroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\n"}`+"\n", n)
		},
		"container": func(n int) string {
			return strings.Repeat("2026-11-24T22:45:26.1Z stderr F goroutine 5 [select]:\n2026-11-24T22:45:26.1Z stderr F main.f()\n", n)
		},
	} {
		var allocated [2]uint64
		for i, n := range []int{1000, 4000} {
			text := repeat(n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			unwrapAll(t, text, 64<<10)
			runtime.ReadMemStats(&after)
			allocated[i] = after.TotalAlloc - before.TotalAlloc
		}
		if ratio := float64(allocated[1]) / float64(allocated[0]); ratio > 8 {
			t.Errorf("%s: four times as much text allocates %.1f times as much", name, ratio)
		} else {
			t.Logf("%s: %.1f", name, ratio)
		}
	}
}
