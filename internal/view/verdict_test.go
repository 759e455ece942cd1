package view

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gdump/internal/trend"

	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "rewrite the table of verdicts in docs")

// TestVerdicts checks that the table is complete: each verdict in the order in
// which trend sorts, with a sign of one cell.
func TestVerdicts(t *testing.T) {
	all := Verdicts
	for i, v := range all {
		if v.Name.Rank() != i {
			t.Errorf("%s is row %d, its rank is %d", v.Name, i, v.Name.Rank())
		}
		if ansi.StringWidth(v.Sign) != 1 || v.Buckets == "" || v.Meaning == "" {
			t.Errorf("%+v", v)
		}
		if Of(v.Name) != v {
			t.Errorf("Of(%s) is %+v", v.Name, Of(v.Name))
		}
	}
	if last := trend.Gone.Rank(); len(all) != last+1 {
		t.Errorf("%d rows, but %s has rank %d", len(all), trend.Gone, last)
	}
	if Of("") != (Verdict{Sign: " "}) {
		t.Errorf("without a verdict: %+v", Of(""))
	}
}

// TestVerdictsPage checks the table of verdicts in docs/verdicts.md against the one here.
func TestVerdictsPage(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "verdicts.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- verdicts: written by go test ./internal/view -update -->\n", "<!-- end of verdicts -->"
	before, rest, ok := strings.Cut(string(data), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the verdicts")
	}
	var want strings.Builder
	want.WriteString("| sign | verdict | meaning |\n|---|---|---|\n")
	for _, v := range Verdicts {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", v.Sign, v.Name, v.Meaning)
	}
	if got == want.String() {
		return
	}
	if !*update {
		t.Fatalf("the table of verdicts is stale: make golden writes it\ngot\n%s\nwant\n%s", got, want.String())
	}
	if err := os.WriteFile(name, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
