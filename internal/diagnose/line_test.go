package diagnose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// TestLine quotes the source where it is that of the dump, and nothing where the
// lines have moved since.
func TestLine(t *testing.T) {
	text, err := os.ReadFile("../blocked/testdata/mutex-abba/debug2.txt")
	if err != nil {
		t.Fatal(err)
	}
	moved := ""
	source := func(f goroutine.Frame) []blocked.SourceFile {
		name := goroutine.Base(f.File)
		data, err := os.ReadFile(filepath.Join("../blocked/testdata/src", name))
		if err != nil {
			return nil
		}
		return []blocked.SourceFile{{Name: "other.go"}, {Name: name, Data: append([]byte(moved), data...)}}
	}
	tr := trend.One(parsed(t, text)[0])
	f := Of(&tr, source).Findings()[0]
	if f.Kind != Deadlock || !strings.Contains(f.Line, ".Lock()") {
		t.Errorf("%s: %q at %s", f.Says, f.Line, f.Site.Place())
	}
	if last := strings.Join(f.lines(), "\n"); !strings.HasSuffix(last, f.Site.Place()+": "+f.Line) {
		t.Error(last)
	}
	moved = "\n\n\n"
	if f := Of(&tr, source).Findings()[0]; f.Line != "" {
		t.Errorf("%q of source that has moved", f.Line)
	}
	if f := Of(&tr, nil).Findings()[0]; f.Line != "" {
		t.Errorf("%q without source", f.Line)
	}
}

func TestCalls(t *testing.T) {
	site := goroutine.Frame{Function: "main.work", File: "/a.go", Line: 9}
	at := func(state string, above ...string) *goroutine.Bucket {
		var frames []goroutine.Frame
		for _, f := range above {
			frames = append(frames, goroutine.Frame{Function: f})
		}
		return &goroutine.Bucket{States: []goroutine.Count{{Name: state, N: 1}}, Stack: goroutine.NewStack(goroutine.Parts{Frames: append(frames, site)})}
	}
	for _, tt := range []struct {
		line string
		b    *goroutine.Bucket
		want bool
	}{
		{"s.mu.Lock()", at("sync.Mutex.Lock", "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock"), true},
		{"s.mu.Unlock()", at("sync.Mutex.Lock", "sync.(*Mutex).RLock"), false},
		{"f()", at("sleep", "main.work.func1"), false},
		{"ch <- v", at("chan send"), true},
		{"return v", at("chan send"), false},
		{"for v := range ch {", at("chan receive"), true},
		{"v := <-ch", at("chan receive"), true},
		{"select {", at("select"), true},
		{"case <-ch:", at("select"), false},
		{"x := a[3]", at("running"), false},
	} {
		if got := calls(tt.line, tt.b, site); got != tt.want {
			t.Errorf("%s in %s: %v", tt.line, tt.b.State(), got)
		}
	}
}
