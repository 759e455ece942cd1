package unwrap

import (
	"bytes"
	"slices"
	"strconv"

	"gdump/internal/grammar"
)

const (
	maxFields = 1 << 20 // texts and numbers of one JSON record that are looked at
	maxDepth  = 32      // of arrays and objects in one another
)

// record is a JSON value, read into its texts and numbers without copying them.
type record struct {
	line       []byte
	containers []container
	fields     []field
}

// container is an object or array of a record.
type container struct {
	parent int
	name   []byte // of the field that it is
	path   uint64 // hash of the names on the way to it; elements of an array share it
	array  bool
	named  bool // it lies in a field that names the process
	id     []byte
}

// field is a text or number of a record.
type field struct {
	name     []byte // "" in an array
	path     uint64
	from, to int // in the line, with quotes
	in       int // the container
	named    bool
	bytes    bool // an array of numbers that are bytes, as journald writes text that is not all printable
}

func (f *field) isText(line []byte) bool { return line[f.from] == '"' }

// keyFields tell the records of one process from those of another.
var keyFields = []string{
	"stream", "_PID", "_HOSTNAME", "SYSLOG_IDENTIFIER", "Package", "container_id", "container_name", "pod", "pod_name", "kubernetes", "resource",
	"labels", "tag", "source", "hostname", "attrs", "service", "logStreamName",
}

// lineFields are the fields that hold a line of output: of Docker, journald,
// Google Cloud logging, go test -json and JSON loggers, the surest first.
var lineFields = []string{"log", "MESSAGE", "textPayload", "Output", "message", "msg", "line", "stringValue", "short_message"}

func lineField(name []byte) int {
	if i := slices.IndexFunc(lineFields, func(f string) bool { return f == string(name) }); i >= 0 {
		return i
	}
	return len(lineFields)
}

func isKeyField(name []byte) bool {
	return slices.ContainsFunc(keyFields, func(f string) bool { return f == string(name) })
}

// read parses a line that is one JSON object or array, reusing the record's
// memory. It reports whether the line is one.
func (r *record) read(line []byte) bool {
	r.line, r.containers, r.fields = line, r.containers[:0], r.fields[:0]
	i, ok := r.value(skipBlanks(line, 0), -1, nil, 14695981039346656037, false, 0)
	return ok && skipBlanks(line, i) == len(line)
}

// value reads a value at i and returns where it ends.
func (r *record) value(i, in int, name []byte, path uint64, named bool, depth int) (int, bool) {
	line := r.line
	if i >= len(line) || depth > maxDepth || len(r.fields) >= maxFields {
		return i, false
	}
	if line[i] != '{' && line[i] != '[' {
		n := scalarSize(line[i:])
		if n <= 0 || in < 0 {
			return i, false
		}
		r.fields = append(r.fields, field{name: name, path: path, from: i, to: i + n, in: in, named: named})
		return i + n, true
	}
	if n := byteArraySize(line[i:]); n > 0 && name != nil {
		r.fields = append(r.fields, field{name: name, path: path, from: i, to: i + n, in: in, bytes: true})
		return i + n, true
	}
	array := line[i] == '['
	self := len(r.containers)
	nested := array && in >= 0 && r.containers[in].array
	r.containers = append(r.containers, container{parent: in, name: name, path: path, array: array, named: named})
	closing := byte('}')
	if array {
		closing = ']'
	}
	i = skipBlanks(line, i+1)
	for n := 0; ; n++ {
		if i >= len(line) {
			return i, false
		}
		if line[i] == closing && n == 0 {
			return i + 1, true
		}
		key, keyPath, keyNamed := []byte(nil), path, named
		switch {
		case nested:
			keyPath = hash(path, strconv.AppendInt(nil, int64(n), 10))
		case array:
			keyPath = hash(path, []byte("[]"))
		default:
			size := grammar.QuotedSize(line[i:])
			if line[i] != '"' || size < 0 {
				return i, false
			}
			key = line[i+1 : i+size-1]
			if i = skipBlanks(line, i+size); i >= len(line) || line[i] != ':' {
				return i, false
			}
			i = skipBlanks(line, i+1)
			keyPath, keyNamed = hash(path, key), named || isKeyField(key)
		}
		from := i
		end, ok := r.value(i, self, key, keyPath, keyNamed, depth+1)
		if !ok {
			return end, false
		}
		if keyNamed && !named {
			c := &r.containers[self]
			c.id = append(append(append(append(c.id, '|'), key...), '='), line[from:end]...)
		}
		if i = skipBlanks(line, end); i >= len(line) {
			return i, false
		}
		switch line[i] {
		case closing:
			return i + 1, true
		case ',':
			i = skipBlanks(line, i+1)
		default:
			return i, false
		}
	}
}

// identity is what the fields around a container say of the process.
func (r *record) identity(in int) []byte {
	var id []byte
	for ; in >= 0; in = r.containers[in].parent {
		id = append(id, r.containers[in].id...)
	}
	return id
}

// text is what a field holds.
func (r *record) text(f *field, buf []byte) []byte {
	raw := r.line[f.from:f.to]
	if !f.bytes {
		return unescape(buf, raw[1:len(raw)-1])
	}
	n := 0
	for _, c := range raw {
		switch {
		case grammar.IsDigit(c):
			n = n*10 + int(c-'0')
		case c == ',' || c == ']':
			buf = append(buf, byte(n))
			n = 0
		}
	}
	return buf
}

// texts are the texts of a record but one, by their names.
func (r *record) texts(but *field) (out []Field) {
	for i := range r.fields {
		f := &r.fields[i]
		if raw := r.line[f.from:f.to]; f != but && f.isText(r.line) && len(raw) < heldBytes && len(out) < 32 {
			key := string(f.name)
			if in := r.containers[f.in].name; len(in) > 0 {
				key = string(in) + "." + key
			}
			out = append(out, Field{key, string(r.text(f, nil))})
		}
	}
	return out
}

// pairs are the texts of a line of logfmt but the one that begins at a place:
// key=value and key="value".
func pairs(line []byte, but int) (out []Field) {
	for pos := 0; len(out) < 32; {
		i := bytes.IndexByte(line[pos:], '=')
		if i < 0 {
			break
		}
		key := line[pos : pos+i]
		key = key[bytes.LastIndexByte(key, ' ')+1:]
		from := pos + i + 1
		size := bytes.IndexByte(line[from:], ' ')
		if size < 0 {
			size = len(line) - from
		}
		value := line[from : from+size]
		if len(value) > 0 && value[0] == '"' {
			if size = grammar.QuotedSize(line[from:]); size < 0 {
				break
			}
			value = unescape(nil, line[from+1:from+size-1])
		}
		if from != but && len(key) > 0 && len(value) < heldBytes {
			out = append(out, Field{string(key), string(value)})
		}
		pos = from + size
	}
	return out
}

// shape makes the pattern of records that are like this one but for what their
// fields hold. ok is false if there is none.
func (r *record) shape(text *field) (before, after pattern, ok bool) {
	p := &before
	pos := 0
	for i := range r.fields {
		f := &r.fields[i]
		if f == text {
			p.parts = append(p.parts, part{literal: bytes.Clone(r.line[pos : f.from+1])})
			p, pos = &after, f.to-1
			continue
		}
		if f.bytes || len(r.fields) > 64 {
			return before, after, false
		}
		p.parts = append(p.parts, part{literal: bytes.Clone(r.line[pos:f.from])})
		pos = f.to
		if f.named {
			p.parts = append(p.parts, part{gap: named})
		} else {
			p.parts = append(p.parts, part{gap: value})
		}
	}
	p.parts = append(p.parts, part{literal: bytes.Clone(bytes.TrimRight(r.line[pos:], " \t\r"))})
	return before, after, true
}

// scalarSize is the length of the JSON string, number or word at the start of
// b, 0 if there is none. A long text that may hold a dump is none.
func scalarSize(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if b[0] == '"' {
		n := bytes.IndexByte(b[1:], '"') + 1
		if n > 0 && b[n-1] != '\\' {
			return n + 1
		}
		return max(0, grammar.QuotedSize(b))
	}
	n := 0
	for n < len(b) && (grammar.IsDigit(b[n]) || b[n] == '-' || b[n] == '+' || b[n] == '.' || b[n] >= 'a' && b[n] <= 'z' || b[n] == 'E') {
		n++
	}
	return n
}

// byteArraySize is the length of an array of numbers below 256 at the start of
// b, 0 if there is none.
func byteArraySize(b []byte) int {
	digits, n := 0, 0
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case grammar.IsDigit(c):
			digits++
			if n = n*10 + int(c-'0'); n > 255 {
				return 0
			}
		case c == ',':
			n = 0
		case c == ']':
			if digits == 0 {
				return 0
			}
			return i + 1
		case c != ' ':
			return 0
		}
	}
	return 0
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func hash(h uint64, b []byte) uint64 {
	h = (h ^ '/') * 1099511628211
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
