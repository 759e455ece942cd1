package blocked_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gdump/internal/blocked"
)

// TestPatterns: each pattern has a dump that shows it and one that looks alike
// and does not, with the source at hand and without. Those that follow from the
// source alone are only found with it.
func TestPatterns(t *testing.T) {
	bySource := map[blocked.Pattern]bool{blocked.TickerLoop: true, blocked.ChanCycle: true, blocked.JobsNeverClosed: true}
	for _, p := range blocked.Patterns() {
		for _, o := range []blocked.Options{{}, {Source: source}} {
			name := string(p)
			if o.Source != nil {
				name += " with source"
			}
			t.Run(name, func(t *testing.T) {
				if got := shows(t, string(p)+".txt", p, o); !got && (o.Source != nil || !bySource[p]) {
					t.Error("not found where it is")
				}
				if shows(t, string(p)+".not.txt", p, o) {
					t.Error("found where it is not")
				}
			})
		}
		if p.Remedy() == "" || !strings.HasPrefix(p.Link(), "https://") {
			t.Errorf("%s: remedy %q, link %q", p, p.Remedy(), p.Link())
		}
	}
}

// shows reports whether a dump shows a pattern.
func shows(t *testing.T, file string, p blocked.Pattern, o blocked.Options) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pattern", file))
	if err != nil {
		t.Fatal(err)
	}
	d := read(t, text)
	r := blocked.Analyze(d, o)
	if testing.Verbose() {
		t.Log(summary(d, r))
	}
	return slices.ContainsFunc(r.Resources, func(x blocked.Resource) bool { return x.Pattern == p })
}
