package parse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

const maxWrappers = 3 // compressions one in another

// unpack takes compression and byte order marks off. It goes by the first
// bytes, never by a name.
func unpack(r io.Reader) (io.Reader, error) {
	for range maxWrappers {
		br := bufio.NewReaderSize(r, 64<<10)
		head, err := br.Peek(512)
		for size := 4 << 10; err == nil && size <= br.Size() && !bytes.ContainsAny(head, "\r\n"); size *= 4 {
			head, err = br.Peek(size) // how lines end is still to be seen
		}
		if err != nil && len(head) == 0 && err != io.EOF {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			z, err := gzip.NewReader(br)
			if err != nil {
				return nil, fmt.Errorf("gzip stream damaged at its start: %w", err)
			}
			r = &packed{r: z, kind: "gzip"}
		case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
			if err != nil {
				return nil, fmt.Errorf("zstd stream damaged at its start: %w", err)
			}
			r = &packed{r: z.IOReadCloser(), kind: "zstd"}
		case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
			return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(br), nil
		case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
			_, err := br.Discard(3)
			return br, err
		case isUTF16(head, 1):
			return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(br), nil
		case isUTF16(head, 0):
			return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(br), nil
		case bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, 0) < 0:
			return oldMac{br}, nil
		default:
			return br, nil
		}
	}
	return r, nil
}

// packed reads a compressed stream and says where it is damaged.
type packed struct {
	r    io.Reader
	kind string
	n    int64
}

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	if err != nil && err != io.EOF && isDamage(err) {
		err = fmt.Errorf("%s stream damaged after %d bytes: %w", p.kind, p.n, err)
	}
	return n, err
}

// isDamage tells a fault of the data from one of where it comes from.
func isDamage(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, zstd.ErrMagicMismatch) || errors.Is(err, zstd.ErrCRCMismatch) || errors.Is(err, zstd.ErrReservedBlockType) || errors.Is(err, zstd.ErrCompressedSizeTooBig) ||
		strings.Contains(err.Error(), "corrupt") || strings.Contains(err.Error(), "invalid input")
}

// isUTF16 reports whether nearly every second byte, from zero on, is one, and
// hardly any other, as in UTF-16 text of a western language.
func isUTF16(head []byte, zero int) bool {
	pairs := len(head) / 2
	if pairs < 4 {
		return false
	}
	var zeros [2]int
	for i := range 2 * pairs {
		if head[i] == 0 {
			zeros[i%2]++
		}
	}
	return 4*zeros[zero] >= 3*pairs && 16*zeros[1-zero] <= pairs
}

// oldMac reads text whose lines end in a carriage return alone.
type oldMac struct{ r io.Reader }

func (o oldMac) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// format is what the first bytes of an unpacked source say it is.
type format int

const (
	text       format = iota // goroutines in words or counts, alone or within a log
	proto                    // profile.proto, as debug=0 writes it
	unreadable               // nothing that gdump reads
)

func sniff(head []byte) format {
	switch {
	case isProto(head):
		return proto
	case bytes.IndexByte(head, 0) >= 0 && !bytes.Contains(head, goroutineWord):
		return unreadable
	}
	return text
}

// isProto reports whether the bytes begin like a profile: with a ValueType of a
// few bytes, whose own fields 1 and 2 are indexes. It is field 1 (sample_type),
// where the fields come in order, or field 11 (period_type), which the Go
// runtime writes first (printCountProfile in runtime/pprof/pprof.go).
func isProto(head []byte) bool {
	if len(head) < 3 || head[0] != 1<<3|2 && head[0] != 11<<3|2 {
		return false
	}
	n := int(head[1])
	return n <= 12 && len(head) > n+2 && (n == 0 || head[2] == 0x08 || head[2] == 0x10)
}

// looksLike describes a source that is not a dump, for the error message.
func looksLike(head []byte) string {
	lower := strings.ToLower(string(bytes.TrimSpace(head)))
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return "an ELF program"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "a zip archive"
	case bytes.HasPrefix(head, []byte("\x89PNG")):
		return "a PNG picture"
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page" + pageTitle(string(head))
	case strings.HasPrefix(lower, "{"), strings.HasPrefix(lower, "["):
		return "JSON without a dump in it"
	case lower == "":
		return "blank text"
	case bytes.Contains(head, []byte("WARNING: DATA RACE")):
		return "a data race report, which shows two goroutines and no dump"
	case hasReason(head):
		return "a crash without its goroutines, as GOTRACEBACK=none leaves it"
	case bytes.Contains(head, []byte(" profile: total ")):
		return "a profile of another kind"
	case bytes.ContainsFunc(head[:min(len(head), 512)], func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) || r == utf8.RuneError }):
		return "binary data"
	}
	return "text without a goroutine in it"
}

func hasReason(text []byte) bool {
	for line := range bytes.Lines(text) {
		if reasonIn(line) != nil {
			return true
		}
	}
	return false
}

var title = regexp.MustCompile(`(?is)<title>\s*(.{1,80}?)\s*</title>`)

func pageTitle(page string) string {
	if m := title.FindStringSubmatch(page); m != nil {
		return fmt.Sprintf(" (%q)", m[1])
	}
	return ""
}
