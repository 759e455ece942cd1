package parse

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"gdump/internal/goroutine"

	pp "github.com/maruel/panicparse/v2/stack"
)

// Analyze gives the arguments of each frame of a goroutine to look at, as
// panicparse writes them: a pointer that several frames have is named #1, #2
// and so on, so that one sees the same object on its way through the calls. It
// is false where panicparse does not read the stack.
//
// panicparse could also give the arguments the types that the source names, but
// for that it opens whichever file of this machine a dump names, and it has no
// way to be held to the folders that gdump may show. So that is left out.
func Analyze(s goroutine.Stack, args [][]uint64) (arguments []string, ok bool) {
	p := s.Parts()
	if len(args) != len(p.Frames) {
		return nil, false
	}
	frames := make([]frame, len(p.Frames))
	for i := range frames {
		var list bytes.Buffer
		for j, a := range args[i] {
			if j > 0 {
				list.WriteString(", ")
			}
			fmt.Fprintf(&list, "0x%x", a)
		}
		f := &p.Frames[i]
		frames[i] = frame{function: []byte(f.Function), args: list.Bytes(), file: []byte(f.File), line: f.Line, c: f.Package == "" && args[i] == nil}
	}
	calls, _, ok := panicparse(frames, frame{})
	if !ok {
		return nil, false
	}
	for i := range calls {
		arguments = append(arguments, calls[i].Args.String())
	}
	return arguments, true
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
	pkg := packageOf(name)
	slash := strings.LastIndexByte(pkg, '/') + 1
	head := pkg[:slash] + strings.ReplaceAll(pkg[slash:], ".", "%2e")
	name = strings.ReplaceAll(head+name[len(pkg):], "+", "%2b")
	return strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "%252", "%2")
}
