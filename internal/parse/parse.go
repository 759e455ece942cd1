// Package parse reads goroutine dumps: bytes in, dumps with buckets out. It
// takes off what surrounds a dump (compression, log prefixes, JSON records),
// finds out the format, hashes each goroutine's stack, and parses the text of
// each distinct stack once.
package parse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
	"gdump/internal/unwrap"
)

// ErrNoDump is returned when a source holds no goroutine. The error that wraps
// it says what the source looks like instead.
var ErrNoDump = errors.New("no goroutines found")

// ErrTooLarge is returned when a source holds more than Options.MaxBytes.
var ErrTooLarge = errors.New("too large")

// Options says what Read may use. The zero value is good.
type Options struct {
	Workers  int   // goroutines that count; 0 means one per CPU
	MaxBytes int64 // limit after decompression; 0 means none
	// CountsOnly leaves out what a bucket has beside its stack and its number of
	// goroutines: ids, waits, states, labels, addresses and arguments.
	CountsOnly bool
	// Latest is a time that no stamp of the text is later than, such as when a
	// log was written last. It shows the year where a stamp leaves it out, as
	// those of syslog do; zero leaves such times unknown.
	Latest   time.Time
	Progress func(Progress) // called now and then, from one goroutine at a time; may be nil
	// Partial is called with what was read so far, each time that has doubled;
	// from one goroutine at a time; may be nil.
	Partial func([]goroutine.Dump)
}

// Progress is how far a Read has come.
type Progress struct {
	Bytes      int64 // read from the source, before decompression
	Goroutines int
}

// runtimeLimit is the size at which net/http/pprof cuts a debug=2 dump off
// without a mark: "Give up and use a truncated trace" in writeGoroutineStacks
// of runtime/pprof/pprof.go.
const runtimeLimit = 64 << 20

// Read reads every dump in r. It returns what it could read also when it
// returns an error: of the context, of the reader, or one that wraps ErrNoDump.
// Damage in the text is no error; it is in the problems of the dump.
func Read(ctx context.Context, r io.Reader, o Options) ([]goroutine.Dump, error) {
	count := &counted{r: r}
	in, err := unwrap.Unpack(count)
	if err != nil {
		return nil, err
	}
	decoded := &counted{r: in, max: o.MaxBytes}
	br := bufio.NewReaderSize(decoded, 64<<10)
	head, err := br.Peek(4096)
	if err != nil && len(head) == 0 {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it is empty", ErrNoDump)
		}
		return nil, err
	}
	var dumps []goroutine.Dump
	switch {
	case isProto(head):
		dumps, err = readProfile(br)
	case bytes.IndexByte(head, 0) >= 0 && !bytes.Contains(head, grammar.Goroutine):
		return nil, fmt.Errorf("%w: it looks like %s", ErrNoDump, looksLike(head))
	default:
		dumps, err = newReader(ctx, blockSize, o, count).dumps(br)
		if decoded.n == runtimeLimit && len(dumps) > 0 {
			last := &dumps[len(dumps)-1]
			last.Truncated = true
			last.Problems = append(last.Problems, goroutine.Problem{Message: "the Go runtime cut this dump off at 64 MiB: there are more goroutines than it shows"})
		}
	}
	switch {
	case len(dumps) > 0 && err != nil:
		dumps[len(dumps)-1].Truncated = true
	case err == nil && len(dumps) == 0:
		err = fmt.Errorf("%w: it looks like %s", ErrNoDump, looksLike(head))
	}
	return dumps, err
}

// counted counts the bytes read and stops at a limit.
type counted struct {
	r   io.Reader
	n   int64
	max int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.max > 0 {
		if c.n >= c.max {
			var one [1]byte
			if n, err := c.r.Read(one[:]); n == 0 {
				return 0, err
			}
			return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.max)
		}
		p = p[:min(int64(len(p)), c.max-c.n)]
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
