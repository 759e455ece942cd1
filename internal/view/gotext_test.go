package view_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/parse"
	"gdump/internal/view"
)

// TestGoText holds that what is written as Go prints it is read as the same
// stack.
func TestGoText(t *testing.T) {
	for _, name := range []string{"server/nats126.debug2.txt", "gen126/zoo126_labels.txt", "gen126/zoo126_overflow_all.txt", "leakpair/v1.t2.debug2.txt", "server/nats126.debug1.txt"} {
		f, err := os.Open(filepath.Join("..", "..", "testdata", "dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		dumps, err := parse.Read(t.Context(), f, parse.Options{})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i := range dumps[0].Buckets {
			b := &dumps[0].Buckets[i]
			if b.Stack.Len() == 0 || b.State() == "" && dumps[0].Level.HasIDs() {
				continue
			}
			text := view.GoText(b)
			got, err := parse.Read(t.Context(), strings.NewReader(text), parse.Options{})
			if err != nil || len(got) != 1 || len(got[0].Buckets) != 1 {
				t.Fatalf("%s: %v, %d dumps of\n%s", name, err, len(got), text)
			}
			again := &got[0].Buckets[0]
			if again.ID != b.ID {
				t.Errorf("%s: read as %s, was %s:\n%s", name, again.ID, b.ID, text)
			}
			if len(b.Members) > 0 && (!again.IDs.Contains(b.Members[0].ID) || again.State() != b.Members[0].State || again.Waits.Max() != b.Members[0].Wait || again.Members[0].Creator != b.Members[0].Creator) {
				t.Errorf("%s: %+v read as %+v:\n%s", name, b.Members[0], again.Members[0], text)
			}
		}
	}
}
