// Package wrappings holds what is put around the dumps of tests: the prefixes
// and records of log systems, quotes, encodings, markup.
package wrappings

import (
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// PerLine puts each line of a text into what a log system makes of it.
func PerLine(wrap func(i int, line string) string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		i := 0
		for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
			b.WriteString(wrap(i, line))
			b.WriteByte('\n')
			i++
		}
		return b.String()
	}
}

// Before puts a text with a time in place of %t before each line.
func Before(format string) func(string) string {
	return Records(format + "%r")
}

// Stamped fills in the times and numbers that a format has in it, for a line.
func Stamped(format string, i int) string {
	at := time.Date(2026, 11, 24, 22, 45, 26, 123456789, time.UTC).Add(time.Duration(i) * 317 * time.Millisecond)
	for verb, layout := range map[string]string{
		"%nano": "2006-01-02T15:04:05.000000000Z07:00", "%iso": "2006-01-02T15:04:05-0700", "%log": "2006/01/02 15:04:05",
		"%micro": "2006-01-02T15:04:05.000000+00:00", "%seven": "2006-01-02T15:04:05.0000000Z", "%syslog": "Jan _2 15:04:05", "%clock": "15:04:05",
		"%full": "Mon 2006-01-02 15:04:05 MST", "%klog": "0102 15:04:05.000000", "%sql": "2006-01-02 15:04:05,000", "%ampm": "03:04:05 PM", "%nginx": "02/Jan/2006:15:04:05 +0000",
	} {
		format = strings.ReplaceAll(format, verb, at.Format(layout))
	}
	format = strings.ReplaceAll(format, "%unix", strconv.FormatInt(at.Unix(), 10))
	format = strings.ReplaceAll(format, "%tai", fmt.Sprintf("@4000000069%014x", at.UnixNano()&0xffffffffffff))
	format = strings.ReplaceAll(format, "%boot", fmt.Sprintf("%5d.%06d", 9+i/7, i*131%1000000))
	format = strings.ReplaceAll(format, "%i", strconv.Itoa(i+1))
	return strings.ReplaceAll(format, "%6i", fmt.Sprintf("%6d", i+1))
}

// Records puts each line into a format, such as a JSON object.
func Records(format string) func(string) string {
	return PerLine(func(i int, line string) string { return fill(format, i, line) })
}

// QuoteJSON is the text of a JSON string without its quotes.
func QuoteJSON(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(q[1 : len(q)-1])
}

func utf16Of(order binary.AppendByteOrder, bom bool) func(string) string {
	return func(s string) string {
		var b []byte
		if bom {
			b = order.AppendUint16(b, 0xfeff)
		}
		for _, u := range utf16.Encode([]rune(s)) {
			b = order.AppendUint16(b, u)
		}
		return string(b)
	}
}

//go:embed wrappings.txt
var table string

// All is what is around dumps in the wild. Each must come off without a trace.
// Those that a format describes are in wrappings.txt.
var All = read(map[string]func(string) string{
	"UTF-16LE":            utf16Of(binary.LittleEndian, true),
	"UTF-16BE":            utf16Of(binary.BigEndian, true),
	"UTF-16LE, no BOM":    utf16Of(binary.LittleEndian, false),
	"UTF-16 CRLF":         func(s string) string { return utf16Of(binary.LittleEndian, true)(strings.ReplaceAll(s, "\n", "\r\n")) },
	"CRI, partial":        PerLine(criPartial),
	"docker json, split":  PerLine(dockerPartial),
	"loki push":           lokiPush,
	"cloudwatch":          eventsPretty,
	"gcloud":              gcloudPretty,
	"journal json, bytes": PerLine(journalBytes),
	"rsyslog": PerLine(func(i int, line string) string {
		return Stamped("%syslog web-1 app[1234]: ", i) + strings.ReplaceAll(line, "\t", "#011")
	}),
	"rsyslog, one line": func(s string) string {
		return "Nov 24 22:45:26 web-1 app[1234]: " + strings.NewReplacer("\t", "#011", "\n", "#012").Replace(strings.TrimSuffix(s, "\n")) + "\n"
	},
	"quoted printable": mailText,
	"array of lines": func(s string) string {
		q, _ := json.Marshal(strings.Split(s, "\n"))
		return `{"level":"error","stack":` + string(q) + "}\n"
	},
	"escaped, bare": func(s string) string {
		if strings.Contains(s, `\`) {
			return s
		}
		return Stamped("%log ", 0) + strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s) + "\n"
	},
	"other pod":       interleaved("[pod/b/app] handled request 7 in 3ms\n", "[pod/a/app] "),
	"other pid":       interleaved("Nov 24 22:45:26 web-1 app[99]: main.other(0x1)\nNov 24 22:45:26 web-1 app[99]: \t/b/c.go:12 +0x3\n", "Nov 24 22:45:26 web-1 app[1234]: "),
	"other container": interleaved("db-1   | main.other(0x1)\ndb-1   | \t/b/c.go:12 +0x3\n", "web-1  | "),
	"foreign lines":   foreignLines,
})

// read adds the rows of the table to the wrappings.
func read(all map[string]func(string) string) map[string]func(string) string {
	for row := range strings.Lines(table) {
		kind, rest, _ := strings.Cut(row, " ")
		var words [3]string
		for i := range words {
			quoted, _ := strconv.QuotedPrefix(rest)
			words[i], _ = strconv.Unquote(quoted)
			rest = strings.TrimPrefix(rest[len(quoted):], " ")
		}
		switch kind {
		case "line":
			all[words[0]] = Records(words[1])
		case "text":
			all[words[0]] = func(s string) string { return fill(words[1], 0, s) }
		case "replace":
			all[words[0]] = func(s string) string { return strings.ReplaceAll(s, words[1], words[2]) }
		}
	}
	return all
}

// fill puts a text into a format: %r as it is, %s and %S as JSON quotes it once
// and twice, %q as Go quotes it, %h as HTML, %c as CSV, %n with the line ends of
// a terminal, %l without empty lines before it, %p indented, %y as a list of
// Python; %f is its first line.
func fill(format string, i int, s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return strings.NewReplacer("%r", s, "%s", QuoteJSON(s), "%S", QuoteJSON(QuoteJSON(s)), "%q", strconv.Quote(s), "%h", html.EscapeString(s),
		"%c", strings.ReplaceAll(s, `"`, `""`), "%n", strings.ReplaceAll(s, "\n", "\r\n"), "%l", strings.TrimLeft(s, "\n"),
		"%f", QuoteJSON(first), "%y", strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", "', '").Replace(s),
		"%p", "    "+strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ")+"\n").Replace(Stamped(format, i))
}

func criPartial(i int, line string) string {
	var b strings.Builder
	for len(line) > 20 {
		b.WriteString(Stamped("%nano stderr P ", i) + line[:20] + "\n")
		line = line[20:]
	}
	return b.String() + Stamped("%nano stderr F ", i) + line
}

func dockerPartial(i int, line string) string {
	var b strings.Builder
	for len(line) > 20 {
		n := 20
		for !utf8.RuneStart(line[n]) {
			n++
		}
		b.WriteString(Stamped(`{"log":"`+QuoteJSON(line[:n])+`","stream":"stderr","time":"%nano"}`, i) + "\n")
		line = line[n:]
	}
	return b.String() + Stamped(`{"log":"`+QuoteJSON(line)+`\n","stream":"stderr","time":"%nano"}`, i)
}

func journalBytes(i int, line string) string {
	n := make([]int, len(line))
	for j := range n {
		n[j] = int(line[j])
	}
	q, _ := json.Marshal(n)
	return Stamped(`{"MESSAGE":`+string(q)+`,"_PID":"1234","__REALTIME_TIMESTAMP":"%unix000000"}`, i)
}

func lokiPush(s string) string {
	var values [][2]string
	for i, line := range strings.Split(s, "\n") {
		values = append(values, [2]string{strconv.Itoa(1764024326000000000 + i), line})
	}
	q, _ := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"app": "web"}, "values": values}}})
	return string(q) + "\n"
}

func eventsPretty(s string) string {
	var events []map[string]any
	for i, line := range strings.Split(s, "\n") {
		events = append(events, map[string]any{"timestamp": 1764024326000 + i, "message": line, "ingestionTime": 1764024327000})
	}
	q, _ := json.MarshalIndent(map[string]any{"events": events}, "", "    ")
	return string(q) + "\n"
}

func gcloudPretty(s string) string {
	var entries []map[string]any
	for i, line := range strings.Split(s, "\n") {
		entries = append(entries, map[string]any{"insertId": strconv.Itoa(i), "resource": map[string]any{"type": "k8s_container", "labels": map[string]string{"pod_name": "web-1"}}, "textPayload": line, "timestamp": Stamped("%nano", i)})
	}
	q, _ := json.MarshalIndent(entries, "", "  ")
	return string(q) + "\n"
}

// mailText is how mail carries text: no line above 76 characters.
func mailText(s string) string {
	s = strings.NewReplacer("=", "=3D", "\t", "=09").Replace(s)
	return "Content-Transfer-Encoding: quoted-printable\n\n" + PerLine(func(_ int, line string) string {
		var b strings.Builder
		for len(line) > 75 {
			n := 75
			if i := strings.LastIndexByte(line[:n], '='); i > n-3 {
				n = i
			}
			b.WriteString(line[:n] + "=\n")
			line = line[n:]
		}
		return b.String() + line
	})(s)
}

func interleaved(other, prefix string) func(string) string {
	return PerLine(func(i int, line string) string {
		if i%3 == 1 {
			return other + prefix + line
		}
		return prefix + line
	})
}

// foreignLines puts whole lines of another writer between the two lines of frames.
func foreignLines(s string) string {
	return PerLine(func(i int, line string) string {
		if i > 4 && i%7 == 0 && strings.HasPrefix(line, "\t") {
			return "2026/11/24 22:45:26 http: TLS handshake error from 10.0.0.7:5123: EOF\n" + line
		}
		return line
	})(s)
}
