package source

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/view/number"
)

const (
	// runtimeLimit is where net/http/pprof cuts off a debug=2 dump, in the
	// middle of a line and without a mark.
	runtimeLimit = 64 << 20
	countsSuffix = ".counts" // of the profile that restores a dump that was cut off
)

// restore asks for the counts that a dump cut off at 64 MiB lacks.
func (t *Process) restore(ctx context.Context, taken *Taken) {
	if t.o.Restore == nil {
		return
	}
	t.o.say("the Go runtime cut the dump off at 64 MiB; asking for debug=1, which has the true counts")
	in, err := t.OpenCounts(ctx)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(in)
		in.Close()
		taken.Counts = b
	}
	if err == nil {
		err = t.o.restore(ctx, &taken.Dumps[0], bytes.NewReader(taken.Counts))
	}
	if err != nil {
		t.o.say("the true counts could not be had: " + t.hide(err.Error()))
		taken.Counts = nil
	}
}

// restore gives a dump that was cut off the counts of a debug=1 profile taken
// right after it. States, waits and ids stay those of the goroutines that came.
func (o Options) restore(ctx context.Context, cut *goroutine.Dump, r io.Reader) error {
	dumps, err := parse.Read(ctx, r, parse.Options{MaxBytes: defaultMaxBytes})
	if err != nil {
		return err
	}
	if len(dumps) != 1 || dumps[0].Level != goroutine.Debug1 {
		return fmt.Errorf("the counts are no debug=1 profile")
	}
	came := cut.Goroutines
	o.Restore(cut, &dumps[0])
	cut.Problems = append(cut.Problems, goroutine.Problem{Message: fmt.Sprintf(
		"counts come from the debug=1 profile taken right after: %s goroutines; states, waits and IDs are known for %s", number.Group(cut.Goroutines), number.Group(came))})
	return nil
}
