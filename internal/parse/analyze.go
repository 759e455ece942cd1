package parse

import (
	"bytes"
	"fmt"
	"io"

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
// way to be held to the folders that gdump may show. So that is left out, and
// it is not shown what the functions and files are.
func Analyze(s goroutine.Stack, args [][]uint64) (arguments []string, ok bool) {
	frames := s.Frames()
	if len(args) != len(frames) {
		return nil, false
	}
	var b bytes.Buffer
	b.WriteString("goroutine 1 [running]:\n")
	for i, f := range frames {
		if f.Package == "" && args[i] == nil {
			return nil, false // C code
		}
		b.WriteString("main.f(")
		for j, a := range args[i] {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "0x%x", a)
		}
		b.WriteString(")\n\t/f.go:1 +0x1\n")
	}
	b.WriteByte('\n')
	snap, _, err := pp.ScanSnapshot(&b, io.Discard, &pp.Opts{NameArguments: true})
	if err != nil && err != io.EOF || snap == nil || len(snap.Goroutines) != 1 || len(snap.Goroutines[0].Stack.Calls) != len(frames) {
		return nil, false
	}
	for i := range frames {
		arguments = append(arguments, snap.Goroutines[0].Stack.Calls[i].Args.String())
	}
	return arguments, true
}
