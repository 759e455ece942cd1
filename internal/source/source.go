// Package source opens what a dump is read from: a file, standard input, or
// the pprof endpoint of a running process. It also saves what was pulled.
package source

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
)

// Options say what may be done and used to get at a dump. The zero value is
// good.
type Options struct {
	Stdin    io.Reader            // what "-" means
	MaxBytes int64                // of a response, also unpacked; 0 means 256 MiB
	Now      func() time.Time     // nil means the clock
	Say      func(string)         // called with what the user must know before and after; may be nil
	Progress func(parse.Progress) // called with how far reading has come; may be nil
	// Partial is given the dumps of a file or pipe as far as they were read, now
	// and then; may be nil.
	Partial func([]goroutine.Dump)
	// Restore gives a dump that the runtime cut off the counts of another; nil
	// leaves it as it is.
	Restore func(cut, counts *goroutine.Dump)

	Timeout        time.Duration // of all that one pull asks; 0 means a minute
	ConnectTimeout time.Duration // 0 means 5 s
	Access         Access

	Level         Level
	Leak          bool // the goroutineleak profile: only what can never go on
	MaxGoroutines int  // above it LevelAuto keeps to counts; 0 means 10 000
}

// Level is how much a target is asked for. A level that the URL names
// counts where Options name none.
type Level string

// The levels. LevelAuto is debug=2 for a small process, debug=1 for a large one.
const (
	LevelAuto Level = ""
	Level0    Level = "0"
	Level1    Level = "1"
	Level2    Level = "2"
)

const (
	defaultTimeout        = time.Minute
	defaultConnectTimeout = 5 * time.Second
	defaultMaxBytes       = 256 << 20
	defaultMaxGoroutines  = 10_000
)

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o Options) say(s string) {
	if o.Say != nil {
		o.Say(s)
	}
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return defaultMaxBytes
}

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return defaultTimeout
}

func (o Options) connectTimeout() time.Duration {
	if o.ConnectTimeout > 0 {
		return o.ConnectTimeout
	}
	return defaultConnectTimeout
}

func (o Options) maxGoroutines() int {
	if o.MaxGoroutines > 0 {
		return o.MaxGoroutines
	}
	return defaultMaxGoroutines
}

// Input is an opened source.
type Input struct {
	io.ReadCloser
	Name    string    // may be shown: no secrets, no control characters
	Size    int64     // bytes; -1 if not known
	TakenAt time.Time // when the dump was taken; zero if the source does not say
	Latest  time.Time // nothing in it was written later; zero if not known
	Level   Level     // what a target was asked for
}

// Open opens a file, "-" for standard input, or a target.
func Open(ctx context.Context, arg string, o Options) (*Input, error) {
	if arg == "-" {
		if o.Stdin == nil {
			return nil, &Error{Kind: Usage, Name: "-", What: "no standard input"}
		}
		stdin := io.NopCloser(o.Stdin)
		if !regular(o.Stdin) {
			stdin = until(ctx, stdin)
		}
		return &Input{ReadCloser: stdin, Name: "stdin", Size: -1, Latest: o.now()}, nil
	}
	if IsTarget(arg) {
		return Pull(ctx, arg, o)
	}
	return openFile(ctx, arg)
}

// regular reports whether a reader is a regular file, which never blocks.
func regular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// Pull asks a target for a dump. The response is streamed; reading it fails if
// it ends early or grows too large.
func Pull(ctx context.Context, target string, o Options) (*Input, error) {
	t, err := NewTarget(target, o)
	if err != nil {
		return nil, err
	}
	return t.Open(ctx)
}

// hostPort is what looks like host:port, also ":6060", with what a URL can
// have before and behind it.
var hostPort = regexp.MustCompile(`^(?:[^/@\s]+@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\])?:\d{1,5}(?:[/?].*)?$`)

// IsTarget reports whether an argument names a target rather than a file. A
// file that is there wins over host:port.
func IsTarget(arg string) bool {
	if strings.Contains(arg, "://") {
		return true
	}
	if !strings.HasPrefix(arg, gopsScheme) && !hostPort.MatchString(arg) {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}
