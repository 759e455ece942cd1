package unwrap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
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
		in := &source{Reader: r}
		br := bufio.NewReaderSize(in, sniffSize)
		head, err := br.Peek(512)
		if err != nil && len(head) == 0 && err != io.EOF {
			return nil, err
		}
		p := &packed{in: in}
		switch {
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			p.kind = "gzip"
			p.Reader, err = gzip.NewReader(br)
		case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			p.kind = "zstd"
			p.Reader, err = zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		case bytes.HasPrefix(head, []byte{0xff, 0xfe}), isUTF16(head, 1):
			return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(br), nil
		case bytes.HasPrefix(head, []byte{0xfe, 0xff}), isUTF16(head, 0):
			return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(br), nil
		case bytes.HasPrefix(head, []byte("\ufeff")):
			_, err = br.Discard(len("\ufeff"))
			return br, err
		case !bytes.ContainsAny(head, "\n\x00") && bytes.IndexByte(head, '\r') >= 0: // line ends of old Macs
			return transform.NewReader(br, runes.Map(oldMac)), nil
		default:
			return br, nil
		}
		if err != nil {
			return nil, p.damage(err)
		}
		r = p
	}
	return r, nil
}

// source remembers the error of where data comes from, which says nothing of
// the data.
type source struct {
	io.Reader
	err error
}

// Read reads the data.
func (s *source) Read(b []byte) (n int, err error) {
	n, err = s.Reader.Read(b)
	if err != io.EOF {
		s.err = err
	}
	return n, err
}

// packed reads a compressed stream and says where it is damaged.
type packed struct {
	io.Reader
	in   *source
	kind string
	n    int64
}

// Read reads what comes out of the stream.
func (p *packed) Read(b []byte) (n int, err error) {
	n, err = p.Reader.Read(b)
	p.n += int64(n)
	if err != nil && err != io.EOF {
		err = p.damage(err)
	}
	return n, err
}

// damage makes a DamageError of a fault, unless it is the source's.
func (p *packed) damage(err error) error {
	if p.in.err != nil {
		return p.in.err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &DamageError{p.kind, p.n, err}
}

// isUTF16 reports whether nearly every second byte, from zero on, is 0, and
// hardly any other, as in UTF-16 text of a western language.
func isUTF16(head []byte, zero int) bool {
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	return len(head) >= 8 && 8*zeros[zero] >= 3*len(head) && 32*zeros[1-zero] <= len(head)
}

func oldMac(c rune) rune {
	if c == '\r' {
		return '\n'
	}
	return c
}
