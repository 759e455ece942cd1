package parse

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
	"gdump/internal/unwrap/wrappings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
)

// seeds gives the real dumps of up to limit bytes to a fuzzer.
func seeds(f *testing.F, limit int64, add func(name string, data []byte)) {
	f.Helper()
	names, err := filepath.Glob("../../testdata/dumps/*/*")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		if i, err := os.Stat(name); err != nil || i.Size() > limit || filepath.Ext(name) == ".frames" {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		add(name, data)
	}
}

// sound checks what must hold of any result.
func sound(t *testing.T, dumps []goroutine.Dump) {
	t.Helper()
	for i := range dumps {
		d := &dumps[i]
		n := 0
		for j := range d.Buckets {
			b := &d.Buckets[j]
			n += b.Count
			if b.Count <= 0 || b.ID != b.Stack.ID() || len(b.Args) > maxSamples {
				t.Fatalf("dump %d, bucket %d: %+v", i, j, b)
			}
			waited, states := 0, 0
			for _, w := range b.Waits {
				waited += w.N
			}
			for _, s := range b.States {
				states += s.N
			}
			if d.Level.HasIDs() && (b.IDs.Len() != b.Count || waited != b.Count || states != b.Count) {
				t.Fatalf("dump %d, bucket %d of %d goroutines: %d ids, %d waits, %d states", i, j, b.Count, b.IDs.Len(), waited, states)
			}
		}
		if n != d.Goroutines {
			t.Fatalf("dump %d: %d goroutines, its buckets have %d", i, d.Goroutines, n)
		}
	}
}

// FuzzText reads any text: the result is sound, blocks and workers do not show
// in it, and where a text is nothing but goroutines, its two halves give what
// the whole gives.
func FuzzText(f *testing.F) {
	seeds(f, 40_000, func(name string, data []byte) {
		if !strings.HasSuffix(name, ".gz") {
			f.Add(data, uint16(len(data)/2), uint16(777))
		}
	})
	// A record whose quote has no end takes further lines, but no goroutines.
	unclosed := "msg=\"goroutine 9 [running]:\\nmain.f()\\n\\t/a/main.go:3\n" + "goroutine 7 [select]:\n" + oneFrame + "\ngoroutine 8 [select]:\n" + oneFrame + "\nbye\n"
	for size := uint16(0); size < 200; size += 6 {
		f.Add([]byte(unclosed), uint16(0), size)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut, size uint16) {
		if size%2 == 1 { // the lines of a process in a log go to workers in chunks
			data = []byte(wrappings.Before("web-1  | ")(string(data)))
		}
		whole := readBlocks(t, data, len(data)+1, 1)
		sound(t, whole)
		blocks := readBlocks(t, data, 16+int(size), 2)
		if diff := gocmp.Diff(whole, blocks, same); diff != "" {
			t.Fatalf("blocks of %d bytes (-line by line +blocks):\n%s", 16+int(size), diff)
		}
		walked(t, data)
		at := bytes.Index(data[min(int(cut), len(data)):], nextGoroutine)
		if at < 0 || !regular(data) || len(whole) != 1 {
			return
		}
		at += int(cut) + 1
		first, second := readBlocks(t, data[:at], 4096, 1), readBlocks(t, data[at:], 4096, 1)
		if diff := gocmp.Diff(sums(whole), sums(append(first, second...))); diff != "" {
			t.Fatalf("cut at %d (-whole +halves):\n%s", at, diff)
		}
	})
}

// walked reads a text with and without the tree of the stacks that were seen.
func walked(t *testing.T, data []byte) {
	t.Helper()
	walking, plain := &scanner{}, &scanner{tree: tree{bytes: maxTree}}
	want := pieces(plain, data)
	for range 2 { // the second time it has seen all of them
		got := pieces(walking, data)
		if !slices.Equal(want, got) {
			i := 0
			for i < min(len(want), len(got)) && want[i] == got[i] {
				i++
			}
			t.Fatalf("goroutine %d: want %+v, walked to %+v", i, want[min(i, len(want)-1)], got[min(i, len(got)-1)])
		}
	}
}

// pieces are what a scanner finds in a text of which nothing follows.
func pieces(s *scanner, data []byte) []piece {
	b := block{text: append(bytes.TrimRight(bytes.Clone(data), "\n"), "\n\n"...)}
	b.whole = len(b.text)
	b.scan(s)
	if last := len(b.pieces) - 1; b.pieces[last].end-b.pieces[last].start == 1 {
		return b.pieces[:last]
	}
	return b.pieces
}

// TestTree: the second time all goroutines of a server are found in the tree,
// and what is found there is what reading them gives.
func TestTree(t *testing.T) {
	data, err := os.ReadFile("../../testdata/dumps/server/nats.b.debug2.txt")
	if err != nil {
		t.Fatal(err)
	}
	walked(t, data)
	var s scanner
	pieces(&s, data)
	before := s.tree.found
	if n := len(pieces(&s, data)); s.tree.found-before != n {
		t.Errorf("found %d of %d goroutines", s.tree.found-before, n)
	}
}

// TestTreePaths adds stacks that share beginnings, part anywhere, and have a
// gap where others have none.
func TestTreePaths(t *testing.T) {
	texts := []string{
		"main.f(0x1)\n\t/a/main.go:3 +0x1\n",
		"main.f(0x1)\n\t/a/main.go:3 +0x1\nmain.main()\n\t/a/main.go:9 +0x2\n",
		"main.f(0x1)\n\t/a/main.go:30 +0x1\n",
		"main.f(0x1)\n\t/a/main.go:3 +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:2 +0x1\n",
		"main.f(0x1)\n\t/a/main.go:3 +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:20 +0x1\n",
		"main.(*T).f(0x1, {0x2, 0x3})\n\t/a/main.go:3 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n",
		"net.f(...)\n\t/a/net.go:3\n...20 frames elided...\nmain.main()\n\t/a/main.go:9 +0x2\n",
	}
	var sc scanner
	add := func(text string, number int) bool {
		data := []byte(text)
		if _, plain := sc.stack.read(data, 0); !plain {
			t.Fatalf("not plain: %q", text)
		}
		return sc.tree.add(data, sc.gapsOf(data), number)
	}
	tr := &sc.tree
	for i, text := range texts {
		if !add(text, i) {
			t.Errorf("not added: %q", text)
		}
	}
	change := strings.NewReplacer("0x1)", "0xc000123456?)", "goroutine 1\n", "goroutine 345678\n", "(...)", "(0x7)")
	for i, text := range texts {
		for _, text := range []string{text, change.Replace(text)} {
			var leaf [lockFrames]span
			if at, end := tr.find([]byte("x"+text+"\nrest"), 1, &leaf); at != i || end != 1+len(text) {
				t.Errorf("found %d to %d, want %d to %d, of %q", at, end, i, 1+len(text), text)
			}
		}
	}
	for name, text := range map[string]string{
		"a longer word":      "main.f(0x1)\n\t/a/main.go:3 +0x12\n",
		"an odd argument":    "main.f(0x1&2)\n\t/a/main.go:3 +0x1\n",
		"no id":              "main.f(0x1)\n\t/a/main.go:3 +0x1\ncreated by main.main in goroutine x\n\t/a/main.go:2 +0x1\n",
		"an id cut off":      "main.f(0x1)\n\t/a/main.go:3 +0x1\ncreated by main.main in goroutine \n\t/a/main.go:2 +0x1\n",
		"one more frame":     texts[1] + "main.x()\n\t/a/main.go:9 +0x2\n",
		"the beginning":      "main.f(0x1)\n\t/a/main.go:3",
		"nothing":            "",
		"what never was one": "main.(0x1)\n\t/a/main.go:3 +0x1\n",
	} {
		var leaf [lockFrames]span
		if at, _ := tr.find([]byte(text+"\n"), 0, &leaf); at >= 0 {
			t.Errorf("%s: found %d of %q", name, at, text)
		}
	}
	// A gap where another has none is left to the exact way, and harms no other.
	if add("main.(0x1)\n\t/a/main.go:3 +0x1\n", len(texts)) {
		t.Error("added a gap where another has none")
	}
	for i, text := range texts {
		var leaf [lockFrames]span
		if at, _ := tr.find([]byte(text+"\n"), 0, &leaf); at != i {
			t.Errorf("found %d, want %d, of %q", at, i, text)
		}
	}
}

// regular reports whether a text is all goroutines, each with frames.
func regular(data []byte) bool {
	return len(data) > 0 && !slices.ContainsFunc(pieces(&scanner{}, data), func(r piece) bool { return !r.whole })
}

// sums adds up the goroutines by stack and all else that a header says.
func sums(dumps []goroutine.Dump) map[string]int {
	n := map[string]int{}
	for _, d := range dumps {
		for _, b := range d.Buckets {
			n["stack "+string(b.ID)] += b.Count
			n["locked"] += b.Locked
			n["leaked"] += b.Leaked
			for _, s := range b.States {
				n["state "+s.Name] += s.N
			}
			for _, w := range b.Waits {
				n["minutes "+strconv.Itoa(w.Minutes)] += w.N
			}
			for _, l := range b.Labels {
				for _, v := range l.Values {
					n["label "+l.Key+"="+v.Name] += v.N
				}
			}
			for id := range b.IDs.All() {
				n["id "+strconv.FormatUint(id, 10)]++
			}
		}
	}
	return n
}

// printed is a header as Go prints it.
type printed struct {
	ID             uint64
	State          string
	Minutes        uint32
	Locked, Leaked bool
	Crash          bool
	Labels         map[string]string
}

func (p printed) text(moved bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "goroutine %d ", p.ID)
	if p.Crash {
		b.WriteString("gp=0xc000002380 m=nil ")
	}
	b.WriteString("[" + p.State)
	if p.Leaked {
		b.WriteString(" (leaked)")
	}
	if p.Minutes > 0 {
		fmt.Fprintf(&b, ", %d minutes", p.Minutes)
	}
	if p.Locked {
		b.WriteString(", locked to thread")
	}
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(p.Labels)) {
		labels = append(labels, strconv.QuoteToASCII(k)+": "+strconv.QuoteToASCII(p.Labels[k]))
	}
	switch text := "{" + strings.Join(labels, ", ") + "}"; {
	case len(labels) == 0:
		b.WriteString("]:")
	case moved: // Go 1.27
		b.WriteString("] " + text + ":")
	default: // Go 1.26
		b.WriteString(" labels:" + text + "]:")
	}
	return b.String()
}

func headerOf(line string) (printed, bool) {
	var r record
	if !r.header([]byte(line)) {
		return printed{}, false
	}
	p := printed{ID: r.id, State: string(r.state.of([]byte(line))), Minutes: r.minutes, Locked: r.is(locked), Leaked: r.is(leaked), Crash: r.is(crash)}
	if !r.labels.empty() {
		p.Labels = map[string]string{}
		grammar.EachLabel(r.labels.of([]byte(line)), func(k, v []byte) { p.Labels[grammar.LabelText(k)] = grammar.LabelText(v) })
	}
	return p, true
}

// FuzzHeader reads any line as a header: what is read, printed as Go prints it,
// reads the same.
func FuzzHeader(f *testing.F) {
	seeds(f, 400_000, func(_ string, data []byte) {
		for line := range bytes.Lines(data) {
			if bytes.HasPrefix(line, grammar.Goroutine) && len(line)%7 == 0 {
				f.Add(string(bytes.TrimSpace(line)))
			}
		}
	})
	f.Add(`goroutine 8 [chan receive, 5 minutes] {foo: bar, path: "/a?b]:"}:`)
	f.Add(`goroutine 8 gp=0xc000 m=3 mp=0xc1 [select (no cases), 5 minutes, locked to thread labels:{"a": "x, 77 minutes"}]:`)
	f.Fuzz(func(t *testing.T, line string) {
		want, ok := headerOf(line)
		if !ok {
			return
		}
		for _, moved := range []bool{false, true} {
			text := want.text(moved)
			got, ok := headerOf(text)
			if diff := gocmp.Diff(want, got); diff != "" || !ok {
				t.Fatalf("%q, printed as %q (-want +got):\n%s", line, text, diff)
			}
		}
	})
}

// FuzzProfile reads any profile.proto: where the profile package finds it
// sound, the goroutines add up to what it says.
func FuzzProfile(f *testing.F) {
	seeds(f, 100_000, func(name string, data []byte) {
		if strings.HasSuffix(name, ".pb.gz") {
			p, err := profile.ParseData(data)
			if err != nil {
				f.Fatal(err)
			}
			var b bytes.Buffer
			if err := p.WriteUncompressed(&b); err != nil {
				f.Fatal(err)
			}
			f.Add(b.Bytes())
		}
	})
	var own bytes.Buffer // in the order of the runtime, which is not that of the profile package
	if err := pprof.Lookup("goroutine").WriteTo(&own, 0); err != nil {
		f.Fatal(err)
	}
	in, err := gzip.NewReader(&own)
	if err != nil {
		f.Fatal(err)
	}
	data, err := io.ReadAll(in)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		dumps, err := readProfile(bytes.NewReader(data))
		sound(t, dumps)
		if err != nil {
			if !errors.Is(err, ErrNoDump) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		p, err := profile.ParseUncompressed(data)
		if err != nil {
			t.Fatalf("read what the profile package does not: %v", err)
		}
		value, _ := goroutineValue(p)
		var want int64
		for _, s := range p.Sample {
			want += s.Value[value]
		}
		if got := int64(dumps[0].Goroutines); got != want {
			t.Fatalf("got %d goroutines, want %d", got, want)
		}
	})
}

// FuzzUnwrap puts a dump of any of the real goroutines, with any label, into
// any wrapping, and reads the same from it.
func FuzzUnwrap(f *testing.F) {
	var bodies []string
	for _, name := range wrapped {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", name))
		if err != nil {
			f.Fatal(err)
		}
		for text := range strings.SplitSeq(string(data), "\n\n") {
			if _, body, ok := strings.Cut(text, "\n"); ok && regular([]byte(text+"\n")) {
				bodies = append(bodies, strings.TrimRight(body, "\n"))
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(wrappings.All), cmp.Compare[string])
	for i := range names {
		f.Add([]byte{1, byte(i), 77, 200}, "a b", "select", uint8(i))
	}
	f.Fuzz(func(t *testing.T, pick []byte, label, state string, which uint8) {
		name := names[int(which)%len(names)]
		if len(pick) == 0 || len(pick) > 50 || len(label) > 4000 || strings.Trim(state, "abcdefghijklmnopqrstuvwxyz IO.") != "" || strings.TrimSpace(state) != state || state == "" {
			return // not what Go prints
		}
		var b strings.Builder
		for i, p := range pick {
			h := printed{ID: uint64(i + 1), State: state, Minutes: uint32(p % 3), Locked: p%5 == 0}
			if label != "" {
				h.Labels = map[string]string{"key": label}
			}
			b.WriteString(h.text(p%2 == 0) + "\n" + bodies[(int(p)*256+i)%len(bodies)] + "\n\n")
		}
		text := strings.TrimSuffix(b.String(), "\n")
		plain, err := Read(context.Background(), strings.NewReader(text), Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := Read(context.Background(), strings.NewReader(wrappings.All[name](text)), Options{Workers: 1})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := gocmp.Diff(factsOf(plain), factsOf(dumps), same); diff != "" {
			t.Fatalf("%s (-plain +wrapped):\n%s", name, diff)
		}
	})
}
