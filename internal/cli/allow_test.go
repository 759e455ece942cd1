package cli

import (
	"os"
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

// TestAllowBucket adds entries to the allow list of the folder, and leaves one
// with mistakes as it is.
func TestAllowBucket(t *testing.T) {
	t.Chdir(t.TempDir())
	bucket := func(function string) *goroutine.Bucket {
		s := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, Package: "main", Origin: goroutine.Main}}})
		return &goroutine.Bucket{ID: s.ID(), Stack: s}
	}
	want := "site main.run\n  reason: it is ours\n"
	if name, content, err := allowBucket(bucket("main.run"), "it is ours"); err != nil || name != allowFile || content != want {
		t.Fatalf("got %s, %q, %v", name, content, err)
	}
	if _, _, err := allowBucket(bucket("main.run"), "again"); err == nil || !strings.Contains(err.Error(), "has an entry for it already") {
		t.Errorf("the same again: %v", err)
	}
	// A file may not end in a newline.
	if err := os.WriteFile(allowFile, []byte(strings.TrimSuffix(want, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	want += "site main.stop\n  reason: too\n"
	if _, content, err := allowBucket(bucket("main.stop"), "too"); err != nil || content != want {
		t.Errorf("got %q, %v", content, err)
	}
	if data, err := os.ReadFile(allowFile); err != nil || string(data) != want {
		t.Errorf("the file has %q, %v", data, err)
	}
	const bad = "site main.run\n"
	if err := os.WriteFile(allowFile, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := allowBucket(bucket("main.other"), "x"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("with mistakes: %v", err)
	}
	if data, err := os.ReadFile(allowFile); err != nil || string(data) != bad {
		t.Errorf("the file has %q, %v", data, err)
	}
}
