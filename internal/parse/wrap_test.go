package parse

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/unwrap/wrappings"

	"github.com/google/go-cmp/cmp"
)

// facts is what wrapping must not change.
type facts struct {
	Goroutines int
	Truncated  bool
	Problems   []string
	Buckets    []goroutine.Bucket
}

// factsOf leaves out where in the source things stand, and when.
func factsOf(dumps []goroutine.Dump) []facts {
	var out []facts
	for _, d := range dumps {
		f := facts{Goroutines: d.Goroutines, Truncated: d.Truncated, Buckets: slices.Clone(d.Buckets)}
		for _, p := range d.Problems {
			f.Problems = append(f.Problems, p.Message)
		}
		for i := range f.Buckets {
			f.Buckets[i].Line = 0
		}
		out = append(out, f)
	}
	return out
}

// wrapped is what TestWrappings wraps: crash output, a SIGQUIT log, labels of
// Go 1.26 and 1.27, C frames, a test timeout, a leak profile.
var wrapped = []string{
	"gen126/misc_deadlock.txt", "server/nats_sigquit.log", "gen126/zoo126_min.debug2.txt", "gen127/zoo127_min.debug2.txt",
	"gen126/zoo126_quit_crash.txt", "gen126/zoo126_labels.txt", "gen126/zoo126_ancestors.txt", "gen126/misc_nested.txt",
	"gen126/cgosym_abort.txt", "gen126/gotest_timeout.txt", "gen127/leak_goroutineleak.debug2.txt", "genold/go1.10.8_d2.txt", "leakpair/v1.t0.debug2.txt",
	"gen126/zoo126_recovered_single.txt", "gen126/synctest_dump.txt", "gen126/zoo126_min.debug1.txt", "leakpair/v1.t1.debug1.txt",
}

// TestWrappings puts real dumps into everything that stands around dumps, and
// reads the same dumps from it.
func TestWrappings(t *testing.T) {
	long(t)
	for _, file := range wrapped {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", file))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Read(t.Context(), bytes.NewReader(data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := factsOf(plain)
		for name, wrap := range wrappings.All {
			if name == "indentation lost" && strings.Contains(string(data), "\n\tgoroutine ") {
				continue // a dump in a panic's text is told by its indentation
			}
			if name == "odd field" && bytes.HasPrefix(data, []byte("panic: ")) {
				continue // before a header is seen, nothing tells that field
			}
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				dumps, err := Read(t.Context(), strings.NewReader(wrap(string(data))), Options{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, factsOf(dumps), same); diff != "" {
					t.Errorf("-plain +wrapped:\n%.3000s", diff)
				}
			})
		}
	}
}
