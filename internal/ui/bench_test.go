package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/trend"

	tea "github.com/charmbracelet/bubbletea"
)

const many = 100_000

// manyBuckets is a dump of 100 000 stacks, as no list should be.
func manyBuckets() trend.Trend {
	d := goroutine.Dump{Source: "big.dump", Level: goroutine.Debug2}
	var stacks goroutine.Stacks
	names := make([]string, 977)
	for i := range names {
		names[i] = fmt.Sprintf("github.com/acme/bus.(*Conn).deliver%d", i)
	}
	for i := range many {
		s := stacks.Add(goroutine.Parts{
			Frames: []goroutine.Frame{
				{Function: "internal/poll.runtime_pollWait", File: "/usr/local/go/src/runtime/netpoll.go", Line: 351, Package: "internal/poll", Origin: goroutine.Stdlib},
				{Function: names[i%len(names)], File: "/mod/bus/conn.go", Line: i, Package: "github.com/acme/bus", Module: "github.com/acme/bus@v1.4.2", Origin: goroutine.Dependency},
				{Function: "main.(*Hub).connect.func1", File: "/app/hub.go", Line: 52, Package: "main", Origin: goroutine.Main},
			},
			CreatedBy: goroutine.Frame{Function: "main.(*Hub).connect", File: "/app/pool.go", Line: 41, Package: "main", Origin: goroutine.Main},
		})
		d.Buckets = append(d.Buckets, goroutine.Bucket{
			ID: s.ID(), Stack: s, Count: 1 + i%50, States: []goroutine.Count{{Name: "chan send", N: 1 + i%50}}, Waits: goroutine.Waits{{Minutes: i % 90, N: 1 + i%50}},
		})
		d.Goroutines += 1 + i%50
	}
	return trend.One(d)
}

// BenchmarkKey presses keys with 100 000 buckets loaded and draws the screen
// after each. p99-ms is to be held against 16, what one frame may take.
func BenchmarkKey(b *testing.B) {
	s := at(b, 200, 50, manyBuckets())
	keys := []tea.KeyMsg{named["down"], named["pgdn"], named["end"], named["up"], named["tab"], named["tab"], named["home"], {Type: tea.KeyCtrlD}}
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		s.m.Update(keys[i%len(keys)])
		_ = s.m.View()
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms")
}

// BenchmarkFilter applies a filter to 100 000 buckets: the job that runs beside
// the keys. ms/op is to be held against 50.
func BenchmarkFilter(b *testing.B) {
	s := at(b, 200, 50, manyBuckets())
	for b.Loop() {
		msg := arrangeCmd(arrangement{filter: "deliver state:send wait:>10m -nowhere", series: s.m.trend.Series})()
		if rows := msg.(arrangedMsg).rows; len(rows) == 0 || len(rows) == many {
			b.Fatalf("%d rows", len(rows))
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/op")
}

// BenchmarkFirstFrame reads an ordinary dump and draws it. ms/op is to be held
// against 100.
func BenchmarkFirstFrame(b *testing.B) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "dumps", "server", "nats126.debug2.txt"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m := newModel(b.Context(), Config{Out: io.Discard, Load: func(ctx context.Context, _ func(Step)) (trend.Trend, error) {
			dumps, err := parse.Read(ctx, bytes.NewReader(data), parse.Options{})
			return trend.Compare(dumps), err
		}}, plain())
		s := &screen{b, m}
		s.send(tea.WindowSizeMsg{Width: 120, Height: 36})
		s.run(loadCmd(s.m.ctx, s.m.config.Load, make(chan Step, 1)))
		_ = s.m.View()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/op")
}

// manyWaiting is a dump in which 100 000 goroutines wait for one lock.
func manyWaiting(b *testing.B) trend.Trend {
	data, err := os.ReadFile(filepath.Join("..", "blocked", "testdata", "rwmutex-slow-reader", "debug2.txt"))
	if err != nil {
		b.Fatal(err)
	}
	var waiter []byte
	for block := range bytes.SplitSeq(data, []byte("\n\n")) {
		if bytes.Contains(block, []byte("(*Snapshot).Lookup")) {
			waiter = block[bytes.IndexByte(block, '['):]
		}
	}
	text := bytes.NewBuffer(data)
	for i := range many {
		fmt.Fprintf(text, "\ngoroutine %d %s\n", 1000+i, waiter)
	}
	dumps, err := parse.Read(b.Context(), text, parse.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return trend.Compare(dumps)
}

// BenchmarkBlocks walks through findings and who blocks whom where 100 000
// goroutines wait for one lock. p99-ms is to be held against 16.
func BenchmarkBlocks(b *testing.B) {
	s := at(b, 200, 50, manyWaiting(b))
	keys := []tea.KeyMsg{named["down"]}
	for _, k := range "f_L_" {
		keys = append(keys, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}})
	}
	keys[2], keys[4] = named["esc"], named["enter"]
	keys = append(keys, named["esc"], named["esc"], named["up"])
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		s.m.Update(keys[i%len(keys)])
		_ = s.m.View()
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms")
}
