package ui

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeysPage checks the table of keys in docs/keys.md against the keys there are.
func TestKeysPage(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "keys.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- keys: written by go test ./internal/ui -update -->\n", "<!-- end of keys -->"
	before, rest, ok := strings.Cut(string(data), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the keys")
	}
	want := keyTable()
	if got == want {
		return
	}
	if f := flag.Lookup("update"); f == nil || f.Value.String() != "true" {
		t.Fatalf("the table of keys is stale: make golden writes it\ngot\n%s\nwant\n%s", got, want)
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func keyTable() string {
	var b strings.Builder
	b.WriteString("| key | what it does | where |\n|---|---|---|\n")
	for _, k := range Keys() {
		b.WriteString("| `" + strings.Join(k.Keys, "` `") + "` | " + k.Does + " | " + k.Where + " |\n")
	}
	return b.String()
}
