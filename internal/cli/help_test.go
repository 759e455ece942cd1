package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"gdump/internal/cli"

	"github.com/charmbracelet/x/ansi"
)

// TestHelpFits checks that the short help of each command fits a terminal of 80
// by 24 with the prompt below it, and the full help its width.
func TestHelpFits(t *testing.T) {
	help := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if status := cli.Run(t.Context(), args, nil, &stdout, &stderr); status != 0 {
			t.Fatalf("%q: status %d: %s", args, status, &stderr)
		}
		return stdout.String()
	}
	commands := []string{""}
	for line := range strings.Lines(help("__complete", "help", "")) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); name != "" && name != "flags" && name[0] != ':' {
			commands = append(commands, name)
		}
	}
	if len(commands) < 9 {
		t.Fatalf("commands: got %q", commands)
	}
	for _, name := range append(commands, "man", "help") {
		short := help(strings.Fields(name + " -h")...)
		if n := strings.Count(short, "\n"); n > 23 {
			t.Errorf("gdump %s -h: %d lines\n%s", name, n, short)
		}
		for line := range strings.Lines(short + help(strings.Fields("help "+name)...) + help("help", "flags")) {
			if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); w > 80 {
				t.Errorf("help of %q: %d columns: %s", name, w, line)
			}
		}
	}
}
