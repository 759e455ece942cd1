package unwrap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

const (
	maxPacked = 3       // compressions one in another
	maxWindow = 8 << 20 // bytes that a zstd stream may make the decoder keep
	sniffSize = 64 << 10
)

// DamageError says where a compressed stream cannot be read further.
type DamageError struct {
	Kind   string // "gzip", "zstd"
	Offset int64  // bytes that came out before
	Err    error
}

// Error returns the kind of the stream, the place and the cause.
func (e *DamageError) Error() string {
	if e.Offset == 0 {
		return fmt.Sprintf("%s stream damaged at its start: %v", e.Kind, e.Err)
	}
	return fmt.Sprintf("%s stream damaged after %d bytes: %v", e.Kind, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Unpack takes compression, byte order marks, UTF-16 and the line ends of old
// Macs off. It goes by the first bytes, never by a name. Its memory does not
// depend on what the stream says of itself.
func Unpack(r io.Reader) (io.Reader, error) {
	for range maxPacked {
		br := bufio.NewReaderSize(r, sniffSize)
		head, err := br.Peek(512)
		if err != nil && len(head) == 0 && err != io.EOF {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			z, err := gzip.NewReader(br)
			if err != nil {
				return nil, damage("gzip", 0, err)
			}
			r = &packed{r: z, kind: "gzip"}
		case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, damage("zstd", 0, err)
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
		case isOldMac(br, head):
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

// Read reads what comes out of the stream.
func (p *packed) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	if err != nil && err != io.EOF {
		err = damage(p.kind, p.n, err)
	}
	return n, err
}

// damage turns a fault of the data into a DamageError, and leaves a fault of
// where the data comes from as it is.
func damage(kind string, n int64, err error) error {
	var corrupt flate.CorruptInputError
	var inner *DamageError
	switch {
	case errors.As(err, &inner):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &DamageError{kind, n, io.ErrUnexpectedEOF}
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), isZstdError(err):
		return &DamageError{kind, n, err}
	}
	return err
}

func isZstdError(err error) bool {
	for _, e := range []error{
		zstd.ErrMagicMismatch, zstd.ErrCRCMismatch, zstd.ErrReservedBlockType, zstd.ErrCompressedSizeTooBig, zstd.ErrBlockTooSmall,
		zstd.ErrUnexpectedBlockSize, zstd.ErrWindowSizeExceeded, zstd.ErrWindowSizeTooSmall, zstd.ErrDecoderSizeExceeded, zstd.ErrUnknownDictionary,
		zstd.ErrFrameSizeExceeded, zstd.ErrFrameSizeMismatch,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	// The decoder has further errors without a name.
	return bytes.Contains([]byte(err.Error()), []byte("corrupt")) || bytes.Contains([]byte(err.Error()), []byte("invalid"))
}

// isUTF16 reports whether nearly every second byte, from zero on, is 0, and
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

// isOldMac reports whether lines end in a carriage return alone. A source with
// long first lines shows that late.
func isOldMac(br *bufio.Reader, head []byte) bool {
	var err error
	for size := 4 << 10; err == nil && size <= br.Size() && !bytes.ContainsAny(head, "\r\n"); size *= 4 {
		head, err = br.Peek(size)
	}
	i := bytes.IndexByte(head, '\r')
	return i >= 0 && i < len(head)-1 && bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, 0) < 0
}

// oldMac reads text whose lines end in a carriage return alone.
type oldMac struct{ r io.Reader }

// Read reads with the line ends of Unix.
func (o oldMac) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
