package parse

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"

	"github.com/google/go-cmp/cmp"
	pp "github.com/maruel/panicparse/v2/stack"
)

// TestFramesLikePanicparse compares the frames that gdump reads with those that
// panicparse does, for every plain goroutine of the corpus.
func TestFramesLikePanicparse(t *testing.T) {
	n := 0
	for _, row := range readTruth(t) {
		if row.kind == "pb" || row.kind == "debug1" || strings.HasSuffix(row.file, ".gz") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(*corpus, row.file))
		if err != nil {
			t.Fatal(err)
		}
		for text := range bytes.SplitSeq(data, []byte("\n\n")) {
			text = append(bytes.TrimRight(text, "\n"), '\n')
			var own stack
			if !grammar.LooksLikeHeader(text) {
				continue
			}
			if end, plain := own.read(text, bytes.IndexByte(text, '\n')+1); !plain || end != len(text) || len(own.frames) == 0 {
				continue
			}
			calls, by, ok := panicparse(own.frames, own.creator)
			if !ok {
				t.Errorf("%s: panicparse did not read\n%s", row.file, text)
				continue
			}
			type fact struct {
				Function, File string
				Line           int
			}
			var want, got []fact
			for i := range calls {
				want = append(want, fact{calls[i].Func.Complete, calls[i].RemoteSrcPath, calls[i].Line})
				got = append(got, fact{string(own.frames[i].function), string(own.frames[i].file), own.frames[i].line})
			}
			if by != nil {
				want = append(want, fact{by.Func.Complete, by.RemoteSrcPath, by.Line})
				got = append(got, fact{string(own.creator.function), string(own.creator.file), own.creator.line})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-panicparse +own):\n%s", row.file, diff)
			}
			n++
		}
	}
	if n < 1000 {
		t.Errorf("compared %d stacks only", n)
	}
}

func TestAnalyze(t *testing.T) {
	d := read(t, "goroutine 7 [select]:\nmain.f(0xc000102000, {0x1, 0x2})\n\t/a/main.go:8 +0x1\nmain.g(0x5, 0xc000102000)\n\t/a/main.y:9 +0x1\nmain.main(...)\n\t/a/main.go:10\n")[0]
	k := &d.Buckets[0]
	got, ok := Analyze(k.Stack, k.Members[0].Args)
	if diff := cmp.Diff([]string{"#1, 1, 2", "5, #1", ""}, got); diff != "" || !ok {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := Analyze(k.Stack, nil); ok {
		t.Error("analyzed a stack without its arguments")
	}
	c := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: "ns::f(int)", File: "/a/f.cpp", Line: 3}}})
	if _, ok := Analyze(c, [][]uint64{nil}); ok {
		t.Error("analyzed a frame of C code")
	}
}

// panicparse reads frames of Go code, and where they were created. The text it
// gets is brought into the shape that version 2.5.0 reads right: "+" kept from
// its URL decoding, and ".go" behind file names of any other ending.
func panicparse(frames []frame, creator frame) (calls []pp.Call, by *pp.Call, ok bool) {
	// It indexes past the end of names such as "a%" (v2.5.0).
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var b bytes.Buffer
	b.WriteString("goroutine 1 [running]:\n")
	put := func(format string, f *frame) {
		ending := ""
		if !bytes.HasSuffix(f.file, []byte(".go")) && !bytes.HasSuffix(f.file, []byte(".s")) {
			ending = oddEnding
		}
		fmt.Fprintf(&b, format, encodeName(string(f.function)), f.args, f.file, ending, f.line)
	}
	for i := range frames {
		if frames[i].c {
			return nil, nil, false
		}
		put("%s(%s)\n\t%s%s:%d +0x1\n", &frames[i])
	}
	if creator.function != nil {
		put("created by %s%s\n\t%s%s:%d +0x1\n", &creator)
	}
	b.WriteByte('\n')
	snap, _, err := pp.ScanSnapshot(&b, io.Discard, &pp.Opts{NameArguments: true})
	if err != nil && err != io.EOF || snap == nil || len(snap.Goroutines) != 1 {
		return nil, nil, false
	}
	g := snap.Goroutines[0]
	for _, list := range [][]pp.Call{g.Stack.Calls, g.CreatedBy.Calls} {
		for i := range list {
			list[i].RemoteSrcPath = strings.TrimSuffix(list[i].RemoteSrcPath, oddEnding)
		}
	}
	if len(g.CreatedBy.Calls) == 1 {
		by = &g.CreatedBy.Calls[0]
	}
	return g.Stack.Calls, by, len(g.Stack.Calls) == len(frames) && (by != nil) == (creator.function != nil)
}

const oddEnding = "\x00.go"

// encodeName writes a decoded name such that panicparse decodes it to the same
// and finds the package's end at the right dot.
func encodeName(name string) string {
	pkg := goroutine.PackageOf(name)
	slash := strings.LastIndexByte(pkg, '/') + 1
	head := pkg[:slash] + strings.ReplaceAll(pkg[slash:], ".", "%2e")
	name = strings.ReplaceAll(head+name[len(pkg):], "+", "%2b")
	return strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "%252", "%2")
}
