package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leaf is a text in a JSON record, and where it stands: "_source.message",
// "streams[].values[][1]".
type leaf struct {
	path string
	key  string // tells the records of one process from those of another
	when time.Time
	text string
}

const (
	maxLeaves = 1 << 20 // texts of one JSON record that are looked at
	maxDepth  = 32      // of arrays and objects in one another
	maxFields = 64      // places in records that are known to hold lines of a dump
)

// matters reports whether a dump can begin in a line: whether the words are in
// it that all headers and reasons have. journald may write them in numbers.
func matters(line []byte) bool {
	if bytes.Contains(line, goroutineWord) || bytes.Contains(line, totalWord) || bytes.Contains(line, []byte(`"MESSAGE"`)) {
		return true
	}
	return slices.ContainsFunc(reasons, func(r []byte) bool { return bytes.Contains(line, r) })
}

// json reads a line that is a JSON record. It says false if it is not one.
func (m *machine) json(line []byte, at place) bool {
	if !m.records && !matters(line) {
		return json.Valid(line) // a log has many before the first that matters
	}
	m.records = true
	var record any
	if json.Unmarshal(line, &record) != nil {
		return false
	}
	m.nested++
	defer func() { m.nested-- }()
	leaves := collectLeaves(nil, leaf{key: "json", when: m.when}, record, 0)
	for _, l := range leaves {
		if !m.fields[l.path] && len(m.fields) < maxFields && !strings.Contains(oneLine(l.text), "\n") && startAt([]byte(oneLine(l.text))) >= 0 {
			if m.fields == nil {
				m.fields = map[string]bool{}
			}
			m.fields[l.path] = true
		}
	}
	// Lines come from the field in which a header was seen; before that, from
	// the field that by its name holds them.
	learned, best := false, len(lineFields)
	for _, l := range leaves {
		learned = learned || m.fields[l.path]
		best = min(best, lineField(l.path))
	}
	for _, l := range leaves {
		m.when = l.when
		switch {
		case strings.Contains(oneLine(l.text), "\n") && holdsHeader(l.text):
			m.document(l.text, at)
		case m.fields[l.path], !learned && best < len(lineFields) && lineField(l.path) == best:
			m.piece(l.key, l.text, at)
		}
	}
	return true
}

// lineFields are the fields that hold a line of output: of Docker, journald,
// Google Cloud logging, go test -json and JSON loggers, the surest first.
var lineFields = []string{"log", "MESSAGE", "textPayload", "Output", "message", "msg", "line", "stringValue", "short_message"}

func lineField(path string) int {
	name := path[strings.LastIndexAny(path, ".")+1:]
	if i := slices.Index(lineFields, name); i >= 0 {
		return i
	}
	return len(lineFields)
}

func oneLine(text string) string { return strings.TrimRight(text, "\r\n") }

func holdsHeader(text string) bool {
	for line := range strings.Lines(text) {
		if startAt([]byte(oneLine(line))) >= 0 {
			return true
		}
	}
	return false
}

// collectLeaves appends the texts in a record, in an order that does not
// depend on the map. in is what is known of where v stands.
func collectLeaves(leaves []leaf, in leaf, v any, depth int) []leaf {
	if len(leaves) >= maxLeaves || depth > maxDepth {
		return leaves
	}
	switch v := v.(type) {
	case string:
		in.text = v
		return append(leaves, in)
	case map[string]any:
		in.key += recordKey(v)
		if t := recordTime(v); !t.IsZero() {
			in.when = t
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			next := in
			next.path += "." + k
			leaves = collectLeaves(leaves, next, v[k], depth+1)
		}
	case []any:
		if text, ok := bytesText(v); ok {
			in.text = text
			return append(leaves, in)
		}
		inner := strings.HasSuffix(in.path, "[]")
		for i, x := range v {
			next := in
			if inner {
				next.path += "[" + strconv.Itoa(i) + "]"
			} else {
				next.path += "[]"
			}
			leaves = collectLeaves(leaves, next, x, depth+1)
		}
	}
	return leaves
}

// bytesText is the text that journald writes as an array of numbers, because
// it is not all printable.
func bytesText(v []any) (string, bool) {
	var b []byte
	for _, n := range v {
		f, ok := n.(float64)
		if !ok || f < 0 || f > 255 {
			return "", false
		}
		b = append(b, byte(f))
	}
	return string(b), len(b) > 0
}

// keyFields tell the records of one process from those of another.
var keyFields = []string{
	"stream", "_PID", "_HOSTNAME", "SYSLOG_IDENTIFIER", "Package", "container_id", "container_name", "pod", "pod_name", "kubernetes", "resource",
	"labels", "tag", "source", "hostname", "attrs", "service", "logStreamName",
}

func recordKey(record map[string]any) string {
	var b strings.Builder
	for _, field := range keyFields {
		if v, ok := record[field]; ok {
			fmt.Fprintf(&b, "|%s=%v", field, v)
		}
	}
	return b.String()
}

func recordTime(record map[string]any) time.Time {
	for _, field := range []string{"time", "Time", "timestamp", "@timestamp", "ts"} {
		switch v := record[field].(type) {
		case string:
			if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return t
			}
		case float64:
			if t := unixTime(v); !t.IsZero() {
				return t
			}
		}
	}
	if v, ok := record["__REALTIME_TIMESTAMP"].(string); ok {
		if us, err := strconv.ParseInt(v, 10, 64); err == nil {
			return time.UnixMicro(us).UTC()
		}
	}
	return time.Time{}
}

// unixTime reads a number of seconds or milliseconds, if it is a time between
// the years 2001 and 2100.
func unixTime(v float64) time.Time {
	const from, to = 1e9, 4.1e9
	switch {
	case v >= from && v < to:
		return time.UnixMicro(int64(v * 1e6)).UTC()
	case v >= from*1e3 && v < to*1e3:
		return time.UnixMilli(int64(v)).UTC()
	}
	return time.Time{}
}

// piece takes text of a record: whole lines, or a part of a line that the next
// record of the same key goes on with.
func (m *machine) piece(key, text string, at place) {
	// Only go test and Docker write the line's end; others write one line a record.
	s := m.exact(key)
	if !strings.HasSuffix(text, "\n") && (strings.Contains(key, "|Package=") || strings.Contains(key, "|stream=std")) {
		s.partial = append(s.partial, text...)
		if len(s.partial) < maxLine {
			return
		}
		text = ""
	}
	if len(s.partial) > 0 {
		text = string(s.partial) + text
		s.partial = nil
	}
	text = strings.TrimSuffix(text, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		m.take(key, []byte(line), at)
	}
}

// flushPartial takes what is left of a line in pieces.
func (s *stream) flushPartial() {
	if p := s.partial; len(p) > 0 {
		s.partial = nil
		s.m.take(s.key, p, s.at)
	}
}

// member reads a line of JSON that is spread over lines, one member of an
// object or element of an array each:
//
//	"textPayload": "goroutine 1 [running]:",
//
// It says false if the text is not one that holds lines of a dump.
func (m *machine) member(line []byte, at place) bool {
	line = bytes.TrimSuffix(bytes.TrimSpace(line), []byte{','})
	if len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"' {
		return false
	}
	name, value := "", line
	if first, err := strconv.QuotedPrefix(string(line)); err == nil && len(first) < len(line) {
		rest, ok := bytes.CutPrefix(line[len(first):], []byte(":"))
		if !ok {
			return false
		}
		name, value = first[1:len(first)-1], bytes.TrimLeft(rest, " ")
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return false
	}
	path := "member " + name
	if strings.Contains(oneLine(text), "\n") {
		if !holdsHeader(text) {
			return false
		}
		m.document(text, at)
		return true
	}
	if startAt([]byte(oneLine(text))) >= 0 && len(m.fields) < maxFields {
		if m.fields == nil {
			m.fields = map[string]bool{}
		}
		m.fields[path] = true
	}
	if !m.fields[path] && (name == "" || lineField(name) == len(lineFields)) {
		return false
	}
	m.nested++
	m.take(path, []byte(oneLine(text)), at)
	m.nested--
	return true
}
