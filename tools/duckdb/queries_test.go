// Package duckdb runs the queries of the documentation on archives that gdump
// wrote.
package duckdb

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/marcboeker/go-duckdb"
)

// TestQueries has a fleet of four, of which web-3 leaks, and asks about two
// moments of it.
func TestQueries(t *testing.T) {
	dir := t.TempDir()
	gdump := filepath.Join(dir, "gdump")
	build := exec.Command("go", "build", "-o", gdump, "./cmd/gdump")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	leaked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 1
		if strings.HasPrefix(r.URL.Path, "/web-3/") {
			n += leaked
		}
		fmt.Fprintf(w, "goroutine profile: total %d\n%d @ 0x1\n#\t0x1\tgithub.com/acme/bus.(*Conn).deliver+0x1\t/src/bus.go:40\n\n4 @ 0x2\n#\t0x2\tmain.serve+0x1\t/src/main.go:12\n\n", n+4, n)
	}))
	t.Cleanup(server.Close)
	var list []map[string]any
	for i := 1; i <= 4; i++ {
		list = append(list, map[string]any{"targets": []string{fmt.Sprintf("%s/web-%d", server.URL, i)}, "labels": map[string]string{"instance": fmt.Sprintf("web-%d", i), "version": fmt.Sprintf("v%d", 1+i/3)}})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "targets.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		leaked = 100 * (i + 1)
		cmd := exec.Command(gdump, "--format", "ndjson", "sd:targets.json", "-o", fmt.Sprintf("shop-%d.ndjson", i))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	page, err := os.ReadFile("../../docs/fleets.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	// The first row of each query.
	want := []string{
		"github.com/acme/bus.(*Conn).deliver 4 308 web-3 201",
		"web-3 v2 [101 201]",
		"v2 github.com/acme/bus.(*Conn).deliver 76",
	}
	queries := regexp.MustCompile("(?ms)^```sql\n(.*?)^```").FindAllStringSubmatch(string(page), -1)
	if len(queries) != len(want) {
		t.Fatalf("%d queries, want %d", len(queries), len(want))
	}
	for i, q := range queries {
		if got := first(t, db, q[1]); got != want[i] {
			t.Errorf("%s\ngave %s, want %s", q[1], got, want[i])
		}
	}
}

// first is the first row of a query.
func first(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v in\n%s", err, query)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatalf("no rows: %v, %v", err, rows.Err())
	}
	values, at := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	if err := rows.Scan(at...); err != nil {
		t.Fatal(err)
	}
	s := fmt.Sprint(values)
	return s[1 : len(s)-1]
}
