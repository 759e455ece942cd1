package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"gdump/internal/goroutine"
)

// jsonStream writes one JSON value after the other, each encoded by itself, so
// that memory does not grow with what is written.
type jsonStream struct {
	w       *bufio.Writer
	buf     bytes.Buffer
	encoder *json.Encoder // into buf; it keeps what it needs to indent
	err     error         // of encoding; errors of writing stay in w until Flush
}

func newJSONStream(w io.Writer) *jsonStream {
	s := &jsonStream{w: bufio.NewWriter(w)}
	s.encoder = json.NewEncoder(&s.buf)
	s.encoder.SetEscapeHTML(false)
	return s
}

// value writes a value, indented if there is an indent; prefix begins all its
// lines but the first.
func (s *jsonStream) value(v any, prefix, indent string) {
	s.buf.Reset()
	s.encoder.SetIndent(prefix, indent)
	if err := s.encoder.Encode(v); err != nil && s.err == nil {
		s.err = err
		return
	}
	writeVisible(s.w, bytes.TrimSuffix(s.buf.Bytes(), []byte("\n")))
}

func (s *jsonStream) flush() error {
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

// writeVisible writes JSON with each character that a terminal obeys or does
// not show as an escape. Such characters are in strings only, so that the
// values stay the same.
func writeVisible(w *bufio.Writer, text []byte) {
	for len(text) > 0 {
		n := 0
		for n < len(text) && text[n] < 0x7f {
			n++
		}
		w.Write(text[:n])
		if text = text[n:]; len(text) == 0 {
			return
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case !goroutine.Hidden(r):
			w.Write(text[:size])
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(w, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(w, `\u%04x`, r)
		}
		text = text[size:]
	}
}

// jsonObject is an indented object being written.
type jsonObject struct {
	*jsonStream
	fields int
}

const jsonIndent = "  "

func (o *jsonObject) name(name string) {
	if o.fields++; o.fields == 1 {
		o.w.WriteString("{")
	} else {
		o.w.WriteString(",")
	}
	fmt.Fprintf(o.w, "\n"+jsonIndent+"%q: ", name)
}

// field writes a field of a few lines.
func (o *jsonObject) field(name string, v any) {
	o.name(name)
	o.value(v, jsonIndent, jsonIndent)
}

func (o *jsonObject) end() { o.w.WriteString("\n}\n") }

// jsonList writes a field whose elements are made one by one.
func jsonList[T any](o *jsonObject, name string, elements iter.Seq[T]) {
	const prefix = jsonIndent + jsonIndent
	o.name(name)
	sep := "["
	for x := range elements {
		o.w.WriteString(sep + "\n" + prefix)
		o.value(x, prefix, jsonIndent)
		sep = ","
	}
	if sep == "[" {
		o.w.WriteString("[]")
		return
	}
	o.w.WriteString("\n" + jsonIndent + "]")
}

// optionalField writes a list, or nothing if it is empty.
func optionalField[T any](o *jsonObject, name string, elements []T) {
	if len(elements) > 0 {
		o.field(name, elements)
	}
}
