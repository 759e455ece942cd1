package run

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gdump/internal/source"
)

// TestPruneEvidence: the newest folders stay, and what is not evidence.
func TestPruneEvidence(t *testing.T) {
	const dump = "127.0.0.1_6060-20260101T000000Z.dump"
	tests := []struct {
		name   string
		limits source.Limits
		want   []string
	}{
		{"no limit", source.Limits{}, []string{"1", "2", "3", "4"}},
		{"two", source.Limits{Files: 2}, []string{"1", "3", "4"}},
		{"no room", source.Limits{Files: 9, Bytes: 1}, []string{"1", "4"}},
		{"room for two", source.Limits{Bytes: 80}, []string{"1", "3", "4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			name := func(n string) string { return filepath.Join(folder, "growth-2026010"+n+"T000000Z") }
			for _, n := range []string{"1", "2", "3", "4"} {
				if err := os.Mkdir(name(n), 0o700); err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{"report.txt", "verdict.json", dump} {
					if err := os.WriteFile(filepath.Join(name(n), file), make([]byte, 10), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			notes := filepath.Join(name("1"), "notes.md")
			other := filepath.Join(folder, "growth-of-beans")
			for _, file := range []string{notes, other} {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := PruneEvidence(folder, tt.limits); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range []string{"1", "2", "3", "4"} {
				if _, err := os.Stat(name(n)); err == nil {
					got = append(got, n)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("left %v, want %v", got, tt.want)
			}
			for _, file := range []string{notes, other} {
				if _, err := os.Stat(file); err != nil {
					t.Errorf("deleted what is not evidence: %v", err)
				}
			}
			_, err := os.Stat(filepath.Join(name("1"), dump))
			if kept := err == nil; kept != (len(tt.want) == 4) {
				t.Errorf("the dump of the oldest: %v", err)
			}
		})
	}
}
