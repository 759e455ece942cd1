package unwrap

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"gdump/internal/unwrap/wrappings"
)

// BenchmarkUnwrap measures how fast each wrapping comes off. Its MB/s are of
// wrapped text.
func BenchmarkUnwrap(b *testing.B) {
	for _, file := range []string{"leakpair/v1.t2.debug2.txt", "server/nats_sigquit.log"} {
		data, err := os.ReadFile("../../testdata/dumps/" + file)
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range []string{"CRI", "journal short", "docker json", "compose", "cat -n", "logfmt", "gcp textPayload", "journal json", "rsyslog", "CRLF", "zap json", "pods"} {
			var text []byte
			if name == "pods" {
				text = []byte(pods(string(data), 400))
			} else {
				text = []byte(wrappings.All[name](string(data)))
			}
			text = bytes.Repeat(text, 1+(8<<20)/len(text))
			b.Run(strings.TrimSuffix(file[strings.IndexByte(file, '_')+1:], ".txt")+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					n := 0
					r := New(func(c *Chunk) { n += len(c.Text); c.Free() })
					line := 1
					for rest := text; len(rest) > 0; {
						size := len(rest)
						if size > 256<<10 {
							size = bytes.LastIndexByte(rest[:256<<10], '\n') + 1
							if size == 0 {
								size = bytes.IndexByte(rest, '\n') + 1
							}
						}
						r.Feed(rest[:size], line, 0)
						line += bytes.Count(rest[:size], []byte{'\n'})
						rest = rest[size:]
					}
					r.Close()
					if n < len(data)/2 {
						b.Fatal("text is lost")
					}
				}
			})
		}
	}
}

// pods puts a dump into the log of so many pods, line by line in turn.
func pods(s string, n int) string {
	return wrappings.PerLine(func(i int, line string) string {
		return wrappings.Stamped("[pod/web-7d4b9c6f5-x"+strings.Repeat("y", i%n%3)+"%i/app] ", i%n) + line
	})(s)
}
