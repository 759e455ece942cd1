package unwrap

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"

	"gdump/internal/grammar"
)

const (
	maxFields = 1 << 20 // texts and numbers of one JSON record that are looked at
	maxShaped = 64      // of a record from which the shape of others is learned
)

// record is a JSON object or array, read into its texts and numbers without
// copying them.
type record struct {
	line       []byte
	containers []container
	fields     []field
}

// container is an object or array of a record.
type container struct {
	parent, from int
	name         []byte // of the field that it is
	array, named bool   // named: it lies in a field that names the process
	size         int    // how many values it has
	id           []byte // those of them that name the process
}

// field is a text or number of a record.
type field struct {
	name     []byte // "" in an array
	index    int    // among the values of its container
	from, to int    // in the line, with quotes
	in       int    // the container
	named    bool
	bytes    bool // an array of numbers that are bytes, as journald writes text that is not all printable
}

// keyFields distinguish the records of one process from those of another.
var keyFields = []string{
	"stream", "_PID", "_HOSTNAME", "SYSLOG_IDENTIFIER", "Package", "container_id", "container_name", "pod", "pod_name", "kubernetes", "resource",
	"labels", "tag", "source", "hostname", "attrs", "service", "logStreamName",
}

// lineFields are the fields that hold a line of output: of Docker, journald,
// Google Cloud logging, go test -json and JSON loggers, the surest first.
var lineFields = []string{"log", "MESSAGE", "textPayload", "Output", "message", "msg", "line", "stringValue", "short_message"}

func lineField(name []byte) int {
	if i := slices.Index(lineFields, string(name)); i >= 0 {
		return i
	}
	return len(lineFields)
}

// read parses a line. It reports whether the line is one JSON object or array.
func (r *record) read(line []byte) bool {
	r.line = line
	in := -1 // the container being read
	var name []byte
	for i := skipBlanks(line, 0); i < len(line) && len(r.fields) < maxFields; i = skipBlanks(line, i) {
		c := line[i]
		if c == '}' || c == ']' {
			if in < 0 || r.containers[in].array != (c == ']') {
				return false
			}
			i++
			k := &r.containers[in]
			if in = k.parent; in < 0 {
				return skipBlanks(line, i) == len(line)
			}
			if k.named && !r.containers[in].named {
				r.names(in, k.name, line[k.from:i])
			}
		} else {
			f := field{name: name, from: i, in: in}
			size := byteArraySize(line[i:])
			if f.bytes = size > 0 && name != nil; !f.bytes {
				size = scalarSize(line[i:])
			}
			if in >= 0 {
				k := &r.containers[in]
				if next := skipBlanks(line, i+size); !k.array && name == nil { // a name
					if c != '"' || next == len(line) || line[next] != ':' {
						return false
					}
					name, i = line[i+1:i+size-1], next+1
					continue
				}
				f.index, f.named = k.size, k.named || slices.Contains(keyFields, string(name))
				k.size++
			}
			switch {
			case c == '{' || c == '[' && !f.bytes:
				r.containers = append(r.containers, container{parent: in, from: i, name: name, array: c == '[', named: f.named})
				in, name, i = len(r.containers)-1, nil, i+1
				continue
			case size == 0 || in < 0:
				return false
			}
			i += size
			f.to = i
			r.fields = append(r.fields, f)
			if f.named && !r.containers[in].named {
				r.names(in, name, line[f.from:i])
			}
		}
		name = nil
		if i = skipBlanks(line, i); i < len(line) && line[i] == ',' {
			i++
		} else if i == len(line) || line[i] != '}' && line[i] != ']' {
			return false
		}
	}
	return false
}

// names notes that a field of a container names the process.
func (r *record) names(in int, name, value []byte) {
	k := &r.containers[in]
	k.id = append(append(append(append(k.id, '|'), name...), '='), value...)
}

// identity is what the fields around a container say of the process.
func (r *record) identity(in int) []byte {
	var id []byte
	for ; in >= 0; in = r.containers[in].parent {
		id = append(id, r.containers[in].id...)
	}
	return id
}

// path names a field and what it lies in. The elements of an array share a
// path, unless they are arrays themselves.
func (r *record) path(f *field) string {
	path, k := string(f.name), &r.containers[f.in]
	if k.array && k.parent >= 0 && r.containers[k.parent].array {
		path = strconv.Itoa(f.index)
	}
	for len(k.name) == 0 && k.parent >= 0 {
		k = &r.containers[k.parent]
	}
	if len(k.name) > 0 {
		path = string(k.name) + "." + path
	}
	return path
}

// text is what a field holds.
func (r *record) text(f *field, buf []byte) []byte {
	raw := r.line[f.from:f.to]
	if !f.bytes {
		return unescape(buf, raw[1:len(raw)-1])
	}
	for word := range bytes.SplitSeq(raw[1:len(raw)-1], []byte{','}) {
		buf = append(buf, byte(grammar.Number(bytes.TrimSpace(word))))
	}
	return buf
}

// texts are the texts of a record but one, by their paths.
func (r *record) texts(but *field) (out []Field) {
	for i := range r.fields {
		f := &r.fields[i]
		if f != but && r.line[f.from] == '"' && f.to-f.from < heldBytes && len(out) < 32 {
			out = append(out, Field{r.path(f), string(r.text(f, nil))})
		}
	}
	return out
}

// pairs are the texts of a line of logfmt but the one that begins at a place.
func pairs(line []byte, but int) (out []Field) {
	for _, at := range pair.FindAllSubmatchIndex(line, 32) {
		value := line[at[4]:at[5]]
		if at[4] == but || len(value) >= heldBytes {
			continue
		}
		if len(value) > 1 && value[0] == '"' {
			value = unescape(nil, value[1:len(value)-1])
		}
		out = append(out, Field{string(line[at[2]:at[3]]), string(value)})
	}
	return out
}

// pair is key=value or key="value".
var pair = regexp.MustCompile(`([^ =]+)=("(?:[^"\\]|\\.)*"|[^ ]*)`)

// shape makes the shape of records that are like this one but for what their
// fields hold, nil if there is none.
func (r *record) shape(text *field) *shape {
	sh := &shape{escaped: true}
	p := &sh.before
	pos := 0
	for i := range r.fields {
		f := &r.fields[i]
		if f.bytes || len(r.fields) > maxShaped {
			return nil
		}
		if f == text {
			p.parts = append(p.parts, part{literal: string(r.line[pos : f.from+1])})
			p, pos = &sh.after, f.to-1
			continue
		}
		p.parts = append(p.parts, part{literal: string(r.line[pos:f.from])}, part{gap: value})
		if f.named {
			p.parts[len(p.parts)-1].gap = named
		}
		pos = f.to
	}
	p.parts = append(p.parts, part{literal: string(bytes.TrimRight(r.line[pos:], " \t"))})
	return sh
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
	return len(b) - len(bytes.TrimLeft(b, "0123456789-+.abcdefghijklmnopqrstuvwxyzE"))
}

// byteArraySize is the length of an array of numbers below 256 at the start of
// b, 0 if there is none.
func byteArraySize(b []byte) int {
	if len(b) < 2 || b[0] != '[' {
		return 0
	}
	n := len(b) - len(bytes.TrimLeft(b[1:], "0123456789, "))
	if n < 2 || n == len(b) || b[n] != ']' {
		return 0
	}
	for word := range bytes.SplitSeq(b[1:n], []byte{','}) {
		if grammar.Number(bytes.TrimSpace(word)) > 255 {
			return 0
		}
	}
	return n + 1
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}
