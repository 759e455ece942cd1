package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// json reads a line that is a JSON record. It says false if it is not one, or
// one that has no text for us.
func (m *machine) json(line []byte, at place) bool {
	var record map[string]any
	if json.Unmarshal(line, &record) != nil {
		return false
	}
	m.nested++
	defer func() { m.nested-- }()
	if text, ok := recordText(record); ok {
		if t := recordTime(record); !t.IsZero() {
			m.when = t
		}
		m.piece(recordKey(record), text, at)
		return true
	}
	documents := 0
	for _, text := range dumpsIn(record, nil) {
		if strings.Contains(strings.TrimRight(text, "\r\n"), "\n") {
			m.document(text, at)
			documents++
		}
	}
	for _, field := range []string{"message", "msg", "line"} {
		if text, ok := record[field].(string); ok && documents == 0 {
			m.piece(recordKey(record), strings.TrimRight(text, "\r\n")+"\n", at)
			return true
		}
	}
	return true
}

// recordText is the text of a record that wraps one line: of Docker's json-file
// driver, journald, Google Cloud logging and go test -json.
func recordText(record map[string]any) (string, bool) {
	for _, field := range []string{"log", "MESSAGE", "textPayload", "Output"} {
		switch v := record[field].(type) {
		case string:
			return v, true
		case []any: // journald writes what is not UTF-8 as numbers
			var b []byte
			for _, n := range v {
				f, ok := n.(float64)
				if !ok {
					return "", false
				}
				b = append(b, byte(f))
			}
			return string(b), true
		}
	}
	return "", false
}

// recordKey tells the records of one process from those of another.
func recordKey(record map[string]any) string {
	var b strings.Builder
	b.WriteString("json")
	for _, field := range []string{"stream", "_PID", "_HOSTNAME", "SYSLOG_IDENTIFIER", "Package", "container_id", "container_name", "pod", "pod_name", "kubernetes", "resource", "labels", "tag", "source", "hostname", "attrs"} {
		if v, ok := record[field]; ok {
			fmt.Fprintf(&b, "|%s=%v", field, v)
		}
	}
	return b.String()
}

func recordTime(record map[string]any) time.Time {
	for _, field := range []string{"time", "Time", "timestamp", "@timestamp", "ts"} {
		if v, ok := record[field].(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
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

// dumpsIn collects the strings of a record that hold a goroutine's header, in
// an order that does not depend on the map.
func dumpsIn(v any, found []string) []string {
	switch v := v.(type) {
	case string:
		for line := range strings.Lines(v) {
			if headerAt([]byte(strings.TrimRight(line, "\r\n"))) >= 0 {
				return append(found, v)
			}
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			found = dumpsIn(v[k], found)
		}
	case []any:
		for _, x := range v {
			found = dumpsIn(x, found)
		}
	}
	return found
}

// piece takes text of a record: whole lines, or a part of a line that the next
// record of the same key goes on with.
func (m *machine) piece(key, text string, at place) {
	// Only go test and Docker write the line's end; others write one line a record.
	s := m.exact(key)
	if !strings.HasSuffix(text, "\n") && (strings.Contains(key, "|Package=") || strings.Contains(key, "|stream=")) {
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

// document takes a text that holds a dump from its first to its last line.
func (m *machine) document(text string, at place) {
	key := "document at line " + strconv.Itoa(at.line)
	n := len(m.streams)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		m.take(key, []byte(line), at)
	}
	kept := m.streams[:0]
	for _, s := range m.streams {
		if s.key == key {
			s.end(true)
			continue
		}
		kept = append(kept, s)
	}
	clear(m.streams[len(kept):max(n, len(m.streams))])
	m.streams = kept
}

// quoted reads a dump in a quoted string, as in logfmt: msg="goroutine 1 [running]:\n...".
func (m *machine) quoted(line []byte, at place) bool {
	found := false
	for rest := line; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return found
		}
		rest = rest[i:]
		q, err := strconv.QuotedPrefix(string(rest))
		if err != nil {
			rest = rest[1:]
			continue
		}
		if text, err := strconv.Unquote(q); err == nil && strings.Contains(text, "\n") && len(dumpsIn(text, nil)) > 0 && m.nested < maxNested {
			m.nested++
			m.document(text, at)
			m.nested--
			found = true
		}
		rest = rest[len(q):]
	}
}
