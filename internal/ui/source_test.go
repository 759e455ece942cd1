package ui

import (
	"slices"
	"strings"
	"testing"

	"gdump/internal/code"
	"gdump/internal/goroutine"
)

// TestSourcePlace holds that the line of code is in sight at every size that
// has a stack pane of eight lines, above what else is known of the bucket, and
// that the reason why there is none takes one line with the file's name.
func TestSourcePlace(t *testing.T) {
	for _, size := range sizes[1:] {
		s := at(t, size.w, size.h, leak(t))
		lines := strings.Split(s.m.View(), "\n")
		code := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "▸33          ch <- work()") })
		ids := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "ids     ") })
		if code < 0 || ids >= 0 && ids < code {
			t.Errorf("%dx%d: code at %d, ids at %d:\n%s", size.w, size.h, code, ids, s.m.View())
		}
		// What has no room is what the stack scrolls to.
		if s.press("tab", "j", "j", "j", "j"); !strings.Contains(s.m.View(), "ids     ") {
			t.Errorf("%dx%d: the ids cannot be reached:\n%s", size.w, size.h, s.m.View())
		}
		s = at(t, size.w, size.h, load(t, "server/nats126.debug2.txt"))
		if v := s.m.View(); strings.Count(v, "source not found") != 1 || !strings.Contains(v, "/client.go ──") {
			t.Errorf("%dx%d: why there is no source:\n%s", size.w, size.h, v)
		}
	}
	f := goroutine.Frame{File: "/home/dev/src/zoo/main.go"}
	s := source{frame: &f, err: code.ErrNotFound}
	if got := whyNoSource(&s, 8); got != "source …" {
		t.Errorf("got %q", got)
	}
}
