package parse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/grammar"
	"gdump/internal/unwrap/wrappings"

	"github.com/google/go-cmp/cmp"
)

// told is what a dump says of itself.
type told struct {
	Level      goroutine.Level
	Goroutines int
	Reason     string
	At         string // "15:04:05 of the day", "" if not known
	Line       int
}

func toldBy(dumps []goroutine.Dump) []told {
	var out []told
	for _, d := range dumps {
		x := told{d.Level, d.Goroutines, d.Reason, "", d.Line}
		if !d.TakenAt.IsZero() {
			x.At = d.TakenAt.UTC().Format(time.TimeOnly)
		}
		out = append(out, x)
	}
	return out
}

// TestDumpsOfALog reads logs with several dumps: each has its time, its reason
// and its place.
func TestDumpsOfALog(t *testing.T) {
	one := "goroutine 1 [running]:\nmain.main()\n\t/a/main.go:3 +0x1\n"
	two := "goroutine 1 [select]:\nmain.main()\n\t/a/main.go:3 +0x1\n\ngoroutine 7 [chan receive]:\nmain.f(0x1)\n\t/a/main.go:8 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\n"
	tests := map[string]struct {
		text string
		want []told
	}{
		"restarts": {
			"2026/11/24 03:00:00 listening\nfatal error: all goroutines are asleep - deadlock!\n\n" + two + "exit status 2\n2026/11/24 03:12:00 listening\npanic: boom\n\n" + one + "exit status 2\n",
			[]told{{goroutine.Crash, 2, "fatal error: all goroutines are asleep - deadlock!", "03:00:00", 4}, {goroutine.Crash, 1, "panic: boom", "03:12:00", 17}},
		},
		"asked for twice": {
			"# 2026\n" + two + "\n" + two,
			[]told{{goroutine.Debug2, 2, "", "", 2}, {goroutine.Debug2, 2, "", "", 12}},
		},
		"served panics": {
			"2026/11/24 02:47:52 http: panic serving 127.0.0.1:39012: boom\n" + strings.Replace(one, " 1 ", " 21 ", 1) + "2026/11/24 02:47:59 http: panic serving 127.0.0.1:39013: boom\n" + strings.Replace(one, " 1 ", " 22 ", 1),
			[]told{{goroutine.Debug2, 1, "panic serving 127.0.0.1:39012: boom", "02:47:52", 2}, {goroutine.Debug2, 1, "panic serving 127.0.0.1:39013: boom", "02:47:59", 6}},
		},
		"served panics in a container's log": {
			wrappings.Before("app-1  | ")("2026/11/24 02:47:52 http: panic serving 127.0.0.1:39012: boom\n" + strings.Replace(one, " 1 ", " 21 ", 1) + "2026/11/24 02:47:59 http: panic serving 127.0.0.1:39013: boom\n" + strings.Replace(one, " 1 ", " 22 ", 1)),
			[]told{{goroutine.Debug2, 1, "panic serving 127.0.0.1:39012: boom", "02:47:52", 2}, {goroutine.Debug2, 1, "panic serving 127.0.0.1:39013: boom", "02:47:59", 6}},
		},
		"served panics of a JSON logger": {
			`{"time":"2026-11-24T10:00:00Z","msg":"http: panic serving 127.0.0.1:39012: boom\n` + wrappings.QuoteJSON(one) + `"}` + "\n",
			[]told{{goroutine.Debug2, 1, "panic serving 127.0.0.1:39012: boom", "10:00:00", 1}},
		},
		"panics behind a prefix of which the stacks have none": {
			"2026/11/24 02:47:52 panic: a\n" + one + "2026/11/24 02:47:59 panic: b\n" + strings.Replace(one, " 1 ", " 22 ", 1),
			[]told{{goroutine.Crash, 1, "panic: a", "02:47:52", 2}, {goroutine.Crash, 1, "panic: b", "02:47:59", 6}},
		},
		"two threads end the process": {
			"fatal error: concurrent map writes\nfatal error: concurrent map writes\n\n" + two + "\ngoroutine 9 [running]:\n\tgoroutine running on other thread; stack unavailable\ncreated by main.main\n\t/a/main.go:2 +0x1\n\n" +
				"goroutine 9 [running]:\nmain.g()\n\t/a/main.go:9 +0x1\ncreated by main.main\n\t/a/main.go:2 +0x1\nexit status 2\n",
			[]told{{goroutine.Crash, 3, "fatal error: concurrent map writes", "", 4}},
		},
		"a value of several lines": {
			"panic: cannot open:\n  file: /etc/x\nreason: none\n[signal SIGSEGV: segmentation violation]\n\n" + one,
			[]told{{goroutine.Crash, 1, "panic: cannot open: file: /etc/x reason: none", "", 6}},
		},
		"a log goes on behind a panic": {
			"panic: a\n\nlistening\n" + one,
			[]told{{goroutine.Crash, 1, "panic: a", "", 4}},
		},
		"a dump in a value": {
			"panic: a:\n\tgoroutine 7 [select]:\n\tmain.f()\n\n" + one,
			[]told{{goroutine.Crash, 1, "panic: a: …", "", 5}},
		},
		"recovered and printed": {
			"panic: boom\ngoroutine 7 [running]:\nruntime/debug.Stack()\n\t/go/stack.go:26 +0x5e\nmain.f.func1()\n\t/a/main.go:3 +0x1\npanic({0x1, 0x2})\n\t/go/panic.go:785 +0x132\nmain.f()\n\t/a/main.go:8 +0x1\n",
			[]told{{goroutine.Debug2, 1, "panic: boom", "", 2}},
		},
		"one panic in another": {
			"panic: first [recovered]\n\tpanic: second\n\tof two lines\n\n" + one,
			[]told{{goroutine.Crash, 1, "panic: first [recovered]; panic: second of two lines", "", 5}},
		},
		"SIGQUIT behind a prefix": {
			wrappings.Before("%nano stderr F ")("SIGQUIT: quit\nPC=0x46c2a1 m=0 sigcode=0\n\n" + two),
			[]told{{goroutine.Crash, 2, "SIGQUIT: quit", "22:45:26", 4}},
		},
		"test timeout": {
			"=== RUN   TestHang\npanic: test timed out after 1s\n\trunning tests:\n\t\tTestHang (1s)\n\t\tTestHang/sub (0s)\n\n" + strings.Replace(one, "1 [running]", "23 [running]", 1) + "created by testing.(*M).startAlarm\n\t/go/testing.go:9 +0x1\n\n" + two + "FAIL\ta/b\t1.0s\n",
			[]told{{goroutine.Crash, 3, "panic: test timed out after 1s; running tests: TestHang (1s), TestHang/sub (0s)", "", 7}},
		},
		"JSON logger": {
			`{"time":"2026-11-24T10:00:00Z","msg":"` + wrappings.QuoteJSON(one) + `"}` + "\n" + `{"time":"2026-11-24T11:00:00Z","msg":"` + wrappings.QuoteJSON(one) + `"}` + "\n",
			[]told{{goroutine.Debug2, 1, "", "10:00:00", 1}, {goroutine.Debug2, 1, "", "11:00:00", 2}},
		},
		"logfmt": {
			fmt.Sprintf("time=\"2026-11-24T10:00:00Z\" level=info msg=%q\n", one),
			[]told{{goroutine.Debug2, 1, "", "10:00:00", 1}},
		},
		"logfmt by lines, two processes": {
			interleave(wrappings.Records(`time="%nano" msg="%s" pod=a`)("panic: boom\n\n"+one), wrappings.Records(`time="%nano" msg="%s" pod=b`)("fatal error: bad\n\n"+two)),
			[]told{{goroutine.Crash, 1, "panic: boom", "22:45:26", 5}, {goroutine.Crash, 2, "fatal error: bad", "22:45:26", 6}},
		},
		"served panics between logfmt": {
			`level=error msg="panic: seen" err="goroutine pool"` + "\n" + one + `level=info err="goroutine 7 ended" msg="next"` + "\n" + strings.Replace(one, " 1 ", " 22 ", 1),
			[]told{{goroutine.Debug2, 1, "", "", 2}, {goroutine.Debug2, 1, "", "", 6}},
		},
		"counts, then words": {
			"goroutine profile: total 3\n3 @ 0x1\n#\t0x1\tmain.f+0x1\t/a/main.go:8\n\n" + two,
			[]told{{goroutine.Debug1, 3, "", "", 1}, {goroutine.Debug2, 2, "", "", 5}},
		},
		"a leak profile in JSON records": {
			wrappings.Records(`{"log":"%s\n","time":"%nano"}`)("goroutineleak profile: total 3\n3 @ 0x1\n#\t0x1\tmain.f+0x1\t/a/main.go:8\n"),
			[]told{{goroutine.Debug1, 3, "", "22:45:26", 1}},
		},
		"two processes": {
			interleave(wrappings.Before("[pod/a/app] ")(two), wrappings.Before("[pod/b/app] ")("panic: boom\n\n"+one)),
			[]told{{goroutine.Debug2, 2, "", "", 1}, {goroutine.Crash, 1, "panic: boom", "", 6}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dumps := read(t, tt.text)
			if diff := cmp.Diff(tt.want, toldBy(dumps)); diff != "" {
				t.Errorf("of\n%s\n-want +got:\n%s", tt.text, diff)
			}
			for _, d := range dumps {
				if at := bytes.Count([]byte(tt.text[:d.Offset]), []byte{'\n'}) + 1; at != d.Line {
					t.Errorf("offset %d is in line %d, the dump says line %d", d.Offset, at, d.Line)
				}
			}
		})
	}
}

// interleave takes lines of two texts in turn.
func interleave(a, b string) string {
	var out strings.Builder
	x, y := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	for i := range max(len(x), len(y)) {
		if i < len(x) {
			out.WriteString(x[i])
		}
		if i < len(y) {
			out.WriteString(y[i])
		}
	}
	return out.String()
}

// TestEveryHeader damages a real text in many ways: what begins like a header
// is a goroutine, or a problem with its line.
func TestEveryHeader(t *testing.T) {
	damages := map[string]func(line string, i int) string{
		"cut":       func(line string, i int) string { return line[:len(line)*(i%7)/7] },
		"doubled":   func(line string, i int) string { return line + line },
		"brackets":  func(line string, _ int) string { return strings.ReplaceAll(line, "]", "") },
		"colons":    func(line string, _ int) string { return strings.ReplaceAll(line, ":", "") },
		"half line": func(line string, _ int) string { return line[len(line)/2:] },
	}
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "goroutine %d [chan receive, %d minutes]:\nmain.f(0x1)\n\t/a/main.go:8 +0x1\ncreated by main.main in goroutine 1\n\t/a/main.go:2 +0x1\n\n", i+1, 2+i%5)
	}
	lines := strings.SplitAfter(text.String(), "\n")
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			damaged := make([]string, len(lines))
			for i, line := range lines {
				damaged[i] = line
				if i%13 == 5 && line != "\n" {
					damaged[i] = damage(strings.TrimSuffix(line, "\n"), i) + "\n"
				}
			}
			dumps := read(t, strings.Join(damaged, ""))
			read := 0
			for _, d := range dumps {
				read += d.Goroutines
				for _, p := range d.Problems {
					if strings.HasPrefix(p.Message, "bad goroutine header") {
						read++
					}
				}
			}
			headers := 0
			for _, line := range damaged {
				if grammar.LooksLikeHeader([]byte(line)) {
					headers++
				}
			}
			if read != headers {
				t.Errorf("%d goroutines and bad headers of %d lines that begin like a header", read, headers)
			}
		})
	}
}

// TestYearless: stamps of syslog and klog get the year that makes them the
// latest ones before the log was written last.
func TestYearless(t *testing.T) {
	dump := func(prefix string, id int) string {
		text := fmt.Sprintf("panic: boom\n\ngoroutine %d [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n", id)
		return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix) + "\n"
	}
	tests := []struct{ name, text, latest, want string }{
		{"new year", dump("Dec 31 23:59:58 web app[7]: ", 1) + dump("Jan  1 00:00:03 web app[9]: ", 2), "2026-01-02", "2025-12-31 23:59:58, 2026-01-01 00:00:03"},
		{"in another zone", dump("Mar  3 04:00:00 web app[7]: ", 1), "2026-03-03", "2026-03-03 04:00:00"},
		{"leap day", dump("Feb 29 12:00:00 web app[7]: ", 1), "2026-03-03", "2024-02-29 12:00:00"},
		{"klog", dump("E1124 22:45:26.500000       1 main.go:7] ", 1), "2026-11-24", "2026-11-24 22:45:26"},
		{"not known", dump("Mar  3 04:00:00 web app[7]: ", 1), "", ""},
		{"a year of its own", dump("2019-03-03T04:00:00Z web app[7]: ", 1), "2026-03-03", "2019-03-03 04:00:00"},
	}
	for _, tt := range tests {
		latest, _ := time.Parse(time.DateOnly, tt.latest)
		dumps, err := Read(t.Context(), strings.NewReader(tt.text), Options{Latest: latest})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, d := range dumps {
			if !d.TakenAt.IsZero() {
				got = append(got, d.TakenAt.Format(time.DateTime))
			}
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, s, tt.want)
		}
	}
}
