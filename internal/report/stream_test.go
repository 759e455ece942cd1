package report

import (
	"fmt"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// pieces counts what is written, and keeps the largest piece.
type pieces struct{ all, largest int }

func (p *pieces) Write(b []byte) (int, error) {
	p.all += len(b)
	p.largest = max(p.largest, len(b))
	return len(b), nil
}

// TestStreams checks that no format collects its output: large reports are
// written in small pieces.
func TestStreams(t *testing.T) {
	d := goroutine.Dump{Source: "many.dump", Level: goroutine.Debug2}
	for i := range 4000 {
		s := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: fmt.Sprintf("main.work%d", i), File: "/app/main.go", Line: i, Package: "main", Origin: goroutine.Main}}})
		d.Buckets = append(d.Buckets, goroutine.Bucket{ID: s.ID(), Stack: s, Count: 1, States: []goroutine.Count{{Name: "select", N: 1}}})
		d.Goroutines++
	}
	tr := trend.One(d)
	for _, f := range Formats() {
		if f.Gate || f.Name == "folded" {
			continue
		}
		var p pieces
		if err := f.Write(&p, &tr, Options{Top: All, Plain: true}); err != nil {
			t.Fatal(err)
		}
		if p.all < 128<<10 || p.largest > 64<<10 {
			t.Errorf("%s: the largest piece of %d bytes has %d", f.Name, p.all, p.largest)
		}
	}
}
