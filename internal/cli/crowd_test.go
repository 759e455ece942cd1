package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/cli"
)

// TestCrowd prints a dump in which no stack is there twice.
func TestCrowd(t *testing.T) {
	const n = 300
	var dump strings.Builder
	for i := range n {
		fmt.Fprintf(&dump, "goroutine %d [chan send]:\nmain.work%d()\n\t/app/work.go:%d +0x1\nmain.serve()\n\t/app/main.go:%d +0x1\ncreated by main.main\n\t/app/main.go:9 +0x1\n\n", i+1, i%70, i%70, i+1)
	}
	name := filepath.Join(t.TempDir(), "crowd.dump")
	if err := os.WriteFile(name, []byte(dump.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args       []string
		rows       int
		says, rest string
	}{
		{nil, 50, "300 goroutines in 300 different stacks: grouped by call site", "… and 20 more groups: --top 0 lists all\n"},
		{[]string{"--top", "0"}, 70, "grouped by call site", ""},
		{[]string{"--top", "60"}, 60, "grouped by call site", "… and 10 more groups: --top 0 lists all\n"},
		{[]string{"--by", "stack"}, 50, "", "… and 250 more buckets: --top 0 lists all\n"},
		{[]string{"--by", "stack", "--top", "0"}, n, "", ""},
		{[]string{"--format", "json"}, 0, `"by": "stack"`, ""},
	} {
		var out, errs bytes.Buffer
		status := cli.Run(t.Context(), append(tt.args, name), nil, &out, &errs)
		text := strings.ReplaceAll(out.String(), "\n", " ")
		rows := strings.Count(out.String(), "%  chan send")
		if status != 0 || rows != tt.rows || !strings.Contains(text, tt.says) || !strings.Contains(out.String(), tt.rest) || tt.rest == "" && strings.Contains(text, "lists all") {
			t.Errorf("%q: status %d, %d rows, want %d, %q and %q\n%s%s", tt.args, status, rows, tt.rows, tt.says, tt.rest, errs.String(), out.String())
		}
	}
}
