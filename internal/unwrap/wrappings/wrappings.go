// Package wrappings holds what is put around the dumps of tests: the prefixes
// and records of log systems, quotes, encodings, markup.
package wrappings

import (
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
	return PerLine(func(i int, line string) string { return Stamped(format, i) + line })
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

// Records puts each line into a JSON object.
func Records(format string) func(string) string {
	return PerLine(func(i int, line string) string {
		return strings.ReplaceAll(Stamped(format, i), "%s", QuoteJSON(line))
	})
}

// QuoteJSON is the text of a JSON string without its quotes.
func QuoteJSON(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(q[1 : len(q)-1])
}

// whole puts the text into one JSON string.
func whole(format string) func(string) string {
	return func(s string) string {
		return "starting\n" + strings.ReplaceAll(Stamped(format, 0), "%s", QuoteJSON(s)) + "\nstopped\n"
	}
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

// All is what is around dumps in the wild. Each must come off without a trace.
var All = map[string]func(string) string{
	"CRLF":              func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"CRCRLF":            func(s string) string { return strings.ReplaceAll(s, "\n", "\r\r\n") },
	"CR only":           func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
	"BOM":               func(s string) string { return "\ufeff" + s },
	"UTF-16LE":          utf16Of(binary.LittleEndian, true),
	"UTF-16BE":          utf16Of(binary.BigEndian, true),
	"UTF-16LE, no BOM":  utf16Of(binary.LittleEndian, false),
	"UTF-16 CRLF":       func(s string) string { return utf16Of(binary.LittleEndian, true)(strings.ReplaceAll(s, "\n", "\r\n")) },
	"blank lines twice": func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n\n\n") },
	"blank lines lost":  func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n") },
	"blank every line":  func(s string) string { return strings.ReplaceAll(s, "\n", "\n\n") },
	"tabs to 4":         func(s string) string { return strings.ReplaceAll(s, "\t", "    ") },
	"tabs to 8":         func(s string) string { return strings.ReplaceAll(s, "\t", "        ") },
	"indentation lost":  func(s string) string { return strings.ReplaceAll(s, "\n\t", "\n") },
	"indented 2":        Before("  "),
	"indented 4":        Before("    "),
	"indented tab":      Before("\t"),
	"trailing blanks":   PerLine(func(_ int, line string) string { return line + "   " }),
	"ANSI":              PerLine(func(_ int, line string) string { return "\x1b[31m" + line + "\x1b[0m" }),
	"ANSI prefix":       Before("\x1b[36mweb-1  |\x1b[0m "),
	"OSC 8":             PerLine(func(_ int, line string) string { return "\x1b]8;;file:///x\x1b\\" + line + "\x1b]8;;\x07" }),

	"CRI":                 Before("%nano stderr F "),
	"CRI, partial":        PerLine(criPartial),
	"docker json":         Records(`{"log":"%s\n","stream":"stderr","time":"%nano"}`),
	"logfmt":              Records(`time="%nano" level=error msg="%s"`),
	"logfmt, pod behind":  Records(`ts=%nano caller=run.go:%i line="%s" pod=web-1 n=%i`),
	"docker json, split":  PerLine(dockerPartial),
	"docker logs -t":      Before("%nano "),
	"compose":             Before("web-1  | "),
	"compose -t":          Before("web-1  | %nano "),
	"swarm":               Before("api.1.x7k2jd81hf0s@node-3    | "),
	"kubectl --prefix":    Before("[pod/web-7d4b9c6f5-x2x4z/app] "),
	"kubectl, timestamps": Before("[pod/web-7d4b9c6f5-x2x4z/app] %nano "),
	"stern":               Before("web-7d4b9c6f5-x2x4z app "),
	"fluentd":             Records(`{"log":"%s\n","stream":"stderr","time":"%nano","kubernetes":{"pod_name":"web-1","container_name":"app"}}`),
	"foreman":             Before("%clock web.1  | "),
	"pm2":                 Before("0|web  | "),
	"heroku":              Before("%micro app[web.1]: "),
	"fly":                 Before("%nano app[148e272c] iad [info] "),
	"aws logs tail":       Before("%micro web/app/3f1c0a9b "),
	"logcli":              Before("%nano {app=\"web\", pod=\"web-1\"} "),
	"logcli jsonl":        Records(`{"labels":{"app":"web"},"line":"%s","timestamp":"%nano"}`),
	"loki push":           lokiPush,
	"cloudwatch":          eventsPretty,
	"gcloud":              gcloudPretty,
	"gcp textPayload":     Records(`{"insertId":"a%i","textPayload":"%s","timestamp":"%nano","severity":"ERROR"}`),
	"gcp jsonPayload":     Records(`{"insertId":"a%i","jsonPayload":{"message":"%s"},"timestamp":"%nano"}`),
	"elastic":             Records(`{"_index":"logs","_id":"a%i","_source":{"@timestamp":"%nano","message":"%s","host":{"name":"web-1"}}}`),
	"datadog":             Records(`{"id":"a%i","attributes":{"timestamp":"%nano","message":"%s","service":"web"}}`),
	"otel":                Records(`{"timeUnixNano":"%unix000000000","body":{"stringValue":"%s"}}`),
	"vector":              Records(`{"host":"web-1","message":"%s","timestamp":"%nano"}`),
	"gelf":                Records(`{"version":"1.1","host":"web-1","short_message":"%s","timestamp":%unix.25}`),
	"odd field":           Records(`{"when":"%nano","what":"%s"}`),

	"journal short":       Before("Nov 24 22:45:26 web-1 app[1234]: "),
	"journal iso":         Before("%iso web-1 app[1234]: "),
	"journal full":        Before("%full web-1 app[1234]: "),
	"journal monotonic":   Before("[%boot] web-1 app[1234]: "),
	"journal json":        Records(`{"MESSAGE":"%s","_PID":"1234","__REALTIME_TIMESTAMP":"%unix000000"}`),
	"journal json, bytes": PerLine(journalBytes),
	"journal export": PerLine(func(i int, line string) string {
		return Stamped("__REALTIME_TIMESTAMP=%unix000000\n_PID=1234\nMESSAGE="+line+"\n_COMM=app\n", i)
	}),
	"syslog":      Before("<27>%syslog web-1 app[1234]: "),
	"syslog 5424": Before("<27>1 %micro web-1 app 1234 - - "),
	"rsyslog": PerLine(func(i int, line string) string {
		return Stamped("%syslog web-1 app[1234]: ", i) + strings.ReplaceAll(line, "\t", "#011")
	}),
	"rsyslog, one line": func(s string) string {
		return "Nov 24 22:45:26 web-1 app[1234]: " + strings.NewReplacer("\t", "#011", "\n", "#012").Replace(strings.TrimSuffix(s, "\n")) + "\n"
	},
	"kernel":   Before("[%boot] "),
	"multilog": Before("%tai "),
	"svlogd":   Before("%log.12345 "),

	"GHA":             Before("%seven "),
	"gh run view":     Before("build\tRun go test\t%seven "),
	"GitLab":          Before("%micro 00O "),
	"Jenkins":         Before("[%nano] "),
	"Jenkins elapsed": Before("%clock  "),
	"TeamCity":        Before("[%clock]W:\t [Step 2/3] "),
	"Buildkite":       Before("\x1b_bk;t=%unix123\x07"),
	"go test -json":   Records(`{"Time":"%nano","Action":"output","Package":"a/b","Test":"TestX","Output":"%s\n"}`),
	"tilt":            Before("web │ "),
	"ts":              Before("[%log] "),
	"python":          Before("%sql ERROR "),
	"12 hours":        Before("%ampm "),
	"access log":      Before("[%nginx] "),
	"nomad":           Before("%unix.123 "),
	"grep -n":         Before("%i:"),
	"grep -H -n":      Before("app.log:%i:"),
	"cat -n":          Before("%6i\t"),
	"diff":            Before("+"),

	"quoted mail":        Before("> "),
	"quoted twice":       Before("> > "),
	"quoted, no blank":   Before(">"),
	"quoted printable":   mailText,
	"mail signature":     func(s string) string { return "Hi,\n\nplease look:\n\n" + s + "\n-- \nA. Person\nGoroutine Inc.\n" },
	"markdown":           func(s string) string { return "It hangs:\n\n```\n" + s + "```\n\nWhat is this?\n" },
	"markdown, indented": func(s string) string { return "It hangs:\n\n" + Before("    ")(s) + "\nWhat is this?\n" },
	"HTML":               func(s string) string { return "<html><body><pre>" + html.EscapeString(s) + "</pre></body></html>\n" },
	"HTML, attributes": func(s string) string {
		return "<!DOCTYPE html>\n<pre class=\"log\" id=\"x1\">\n" + html.EscapeString(s) + "</pre>\n"
	},
	"HTML, details": func(s string) string {
		return "<details><summary>dump</summary><pre><code>" + html.EscapeString(s) + "</code></pre></details>\n"
	},
	"HTML, br": PerLine(func(_ int, line string) string { return html.EscapeString(line) + "<br>" }),
	"curl -i": func(s string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\r\n" + s
	},
	"curl -v": func(s string) string {
		return "* Connected to h (127.0.0.1) port 6060\n> GET /debug/pprof/goroutine?debug=2 HTTP/1.1\n> Host: h\n> \n< HTTP/1.1 200 OK\n< Content-Type: text/plain; charset=utf-8\n< \n" + s + "* Connection #0 to host h left intact\n"
	},
	"script": func(s string) string {
		return "Script started on 2026-11-24 22:45:26+00:00\n$ ./app\r\n" + strings.ReplaceAll(s, "\n", "\r\n") + "\nScript done\n"
	},

	"zap json":    whole(`{"level":"error","ts":"%nano","msg":"dump","stacktrace":"%s"}`),
	"slog json":   whole(`{"time":"%nano","level":"ERROR","msg":"%s"}`),
	"logrus json": whole(`{"level":"error","msg":"=== BEGIN goroutine stack dump ===\n%s\n=== END goroutine stack dump ===","time":"%nano"}`),
	"nested json": whole(`{"level":"error","error":{"kind":"panic","stack":"%s"},"time":"%nano"}`),
	"json in docker": func(s string) string {
		return Stamped(`{"log":"`+QuoteJSON(`{"level":"error","stack":"`+QuoteJSON(s)+`"}`+"\n")+`","stream":"stderr","time":"%nano"}`, 0) + "\n"
	},
	"json in CRI": func(s string) string {
		return Stamped(`%nano stderr F {"level":"error","stack":"`+QuoteJSON(s)+`"}`, 0) + "\n"
	},
	"array of lines": func(s string) string {
		q, _ := json.Marshal(strings.Split(s, "\n"))
		return `{"level":"error","stack":` + string(q) + "}\n"
	},
	"slog text": func(s string) string {
		return Stamped(`time=%nano level=ERROR msg="it hangs" stack=`, 0) + strconv.Quote(s) + " user=7\n"
	},
	"logrus text": func(s string) string { return Stamped(`time="%nano" level=error msg=`, 0) + strconv.Quote(s) + "\n" },
	"zap console": func(s string) string {
		return Stamped("%nano\tERROR\tapp/main.go:12\tit hangs\t", 0) + `{"stack": "` + QuoteJSON(s) + "\"}\n"
	},
	"escaped, bare": func(s string) string {
		if strings.Contains(s, `\`) {
			return s
		}
		return Stamped("%log ", 0) + strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s) + "\n"
	},
	"log.Print": func(s string) string {
		return Stamped("%log ", 0) + strings.TrimLeft(s, "\n") + Stamped("%log next\n", 1)
	},
	"klog": func(s string) string { return Stamped("E%klog       1 main.go:79] ", 0) + s },
	"csv": func(s string) string {
		return "time,message\n" + Stamped("%nano,\"", 0) + strings.ReplaceAll(s, `"`, `""`) + "\"\n"
	},
	"yaml": func(s string) string { return "message: |\n" + Before("  ")(s) + "level: error\n" },
	"pretty json": func(s string) string {
		return "{\n  \"level\": \"error\",\n  \"stack\": \"" + QuoteJSON(s) + "\",\n  \"n\": 7\n}\n"
	},
	"text around": func(s string) string {
		return "2026/11/24 22:45:26 listening on :8080\n" + s + "2026/11/24 22:45:27 bye\n"
	},
	"other pod":       interleaved("[pod/b/app] handled request 7 in 3ms\n", "[pod/a/app] "),
	"other pid":       interleaved("Nov 24 22:45:26 web-1 app[99]: main.other(0x1)\nNov 24 22:45:26 web-1 app[99]: \t/b/c.go:12 +0x3\n", "Nov 24 22:45:26 web-1 app[1234]: "),
	"other container": interleaved("db-1   | main.other(0x1)\ndb-1   | \t/b/c.go:12 +0x3\n", "web-1  | "),
	"foreign lines":   foreignLines,
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
