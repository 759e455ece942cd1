package source_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gdump/internal/source"
)

// TestSaveTogether saves dumps of one second in one folder at the same time, as
// two watches do: none is lost, and each limit is for the dumps of its target.
func TestSaveTogether(t *testing.T) {
	t.Parallel()
	s := server(t)
	dir := t.TempDir()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := source.Options{Now: func() time.Time { return at }}
	const n = 20
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			p, err := source.NewTarget(s.URL+"/fine", o)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := p.Save(t.Context(), dir+string(filepath.Separator), false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := func(pattern string) int {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if got := count("*.dump"); got != n {
		t.Errorf("%d dumps, want %d", got, n)
	}
	if got := count(".*"); got != 0 {
		t.Errorf("%d temporary files are left", got)
	}
	other, err := source.NewTarget(s.URL+"/gzip", o)
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Hour)
	taken, err := other.Save(t.Context(), dir+string(filepath.Separator), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Prune(dir, source.Limits{Files: 1}); err != nil {
		t.Fatal(err)
	}
	if got := count("*.dump"); got != n+1 {
		t.Errorf("%d dumps, want %d: those of another target are gone", got, n+1)
	}
	p, err := source.NewTarget(s.URL+"/fine", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Prune(dir, source.Limits{Files: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(taken.File); err != nil || count("*.dump") != 3 {
		t.Errorf("%v, %d dumps, want 3", err, count("*.dump"))
	}
}
