package parse

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/unwrap/wrappings"

	"github.com/google/go-cmp/cmp"
)

// TestWrappedBlocks reads wrapped dumps in small blocks, of which workers take
// the wrapping off, damaged or not: the result is that of reading line by line.
func TestWrappedBlocks(t *testing.T) {
	foreign := []string{
		"", "2026/01/01 00:00:00 some log line", "2026-11-24T22:45:26.1Z stderr P a part", "\x1b[31merror\x1b[0m", `{"log":"half","stream":"stderr"}`,
		`{"log":"two\nlines\n","stream":"stderr","time":"2026-11-24T22:45:26.1Z"}`,
	}
	names := []string{
		"CRI", "docker json", "logfmt", "docker logs -t", "compose", "compose -t", "swarm", "kubectl --prefix", "kubectl, timestamps", "stern", "fluentd",
		"journal short", "journal iso", "gcp textPayload", "otel", "vector", "heroku", "GHA", "quoted mail",
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for _, file := range []string{"leakpair/v1.t0.debug2.txt", "server/nats_sigquit.log"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if wrappings.All[name] == nil {
				t.Fatal(name)
			}
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewSource(1))
				for round := range rounds {
					lines := strings.SplitAfter(wrappings.All[name](strings.Repeat(string(data)+"\n", 2)), "\n")
					for range 3 * round {
						at, other := r.Intn(len(lines)), r.Intn(len(lines))
						switch r.Intn(3) {
						case 0:
							lines[at] = ""
						case 1:
							lines[at], lines[other] = lines[other], lines[at]
						case 2:
							lines[at] += foreign[r.Intn(len(foreign))] + "\n"
						}
					}
					text := []byte(strings.Join(lines, ""))
					want := readBlocks(t, text, len(text)+1, 1)
					for _, size := range []int{1000, 4000} {
						if diff := cmp.Diff(want, readBlocks(t, text, size, 1+size%3), same); diff != "" {
							t.Fatalf("round %d, blocks of %d bytes (-line by line +blocks):\n%.3000s", round, size, diff)
						}
					}
				}
			})
		}
	}
}

// TestPods reads the logs of two processes that are mixed: what one said before
// its dump is found behind the other's goroutines.
func TestPods(t *testing.T) {
	dump := func(pod, from string) string {
		var b bytes.Buffer
		for i := range 40 {
			for line := range strings.Lines("goroutine " + from + string(rune('0'+i/10)) + string(rune('0'+i%10)) + " [select]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1d\n\n") {
				b.WriteString("[pod/" + pod + "] " + line)
			}
		}
		return b.String()
	}
	text := []byte("[pod/b] panic: boom\n[pod/b] \n" + dump("a", "1") + dump("b", "2") + dump("a", "3"))
	want := readBlocks(t, text, len(text)+1, 1)
	if len(want) != 2 || want[1].Reason != "panic: boom" && want[0].Reason != "panic: boom" {
		t.Fatalf("want two dumps, one with its reason: %+v", want)
	}
	for _, size := range []int{500, 1500} {
		if diff := cmp.Diff(want, readBlocks(t, text, size, 2), same); diff != "" {
			t.Errorf("blocks of %d bytes (-line by line +blocks):\n%.3000s", size, diff)
		}
	}
}
