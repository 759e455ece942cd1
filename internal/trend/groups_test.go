package trend_test

import (
	"fmt"
	"strings"
	"testing"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// started gives a bucket an entry function and a go statement.
func started(b goroutine.Bucket, entry, by string, line int) goroutine.Bucket {
	creator := bucketOf(by).Stack.CreatedBy()
	creator.Line = line
	frame := bucketOf(entry).Stack.Frames()[0]
	frame.Function = "example.com/app." + entry
	b.Stack = goroutine.NewStack(goroutine.Parts{Frames: append(b.Stack.Frames(), frame), CreatedBy: creator})
	b.ID = b.Stack.ID()
	return b
}

// TestPlugins: one go statement starts many functions, of which each leaks too
// little to show: together they leak.
func TestPlugins(t *testing.T) {
	s := newServer()
	ids := make([][]uint64, 24)
	for round := range 6 {
		for k := range ids {
			if (7*k+round)%3 == 0 {
				s.ids += 2
				ids[k] = append(ids[k], s.ids)
			}
		}
		s.dump()
		d := &s.dumps[round]
		for k := range ids {
			if len(ids[k]) > 0 {
				d.Buckets = append(d.Buckets, started(bucketOf(fmt.Sprint("plugin", k), ids[k]...), fmt.Sprintf("(*plugin%d).Run", k), "launch", 40))
				d.Goroutines += len(ids[k])
			}
		}
	}
	tr := trend.Compare(s.dumps)
	if len(tr.Leaks) != 1 || tr.Leaks[0].By != trend.ByCreator || !tr.Leaks[0].Series.Accused() || tr.Leaks[0].Series.Now() != 48 {
		t.Fatalf("%d leaks", len(tr.Leaks))
	}
}

// TestClosures: the closures and instances of one line are one leak.
func TestClosures(t *testing.T) {
	s := newServer()
	for round := range 6 {
		s.dump()
		d := &s.dumps[round]
		for k, entry := range []string{"leak[int].func1", "leak[string].func1", "leak[bool].func2"} {
			b := started(bucketOf("wait", ids(3*(round+1), uint64(30_000+100*k), 2)...), entry, "spawn", 50)
			d.Buckets = append(d.Buckets, b)
			d.Goroutines += b.Count
		}
	}
	tr := trend.Compare(s.dumps)
	if len(tr.Leaks) != 1 || !tr.Leaks[0].Series.Accused() || len(tr.Leaks[0].Members) != 3 || tr.Leaks[0].Series.Gain != 45 {
		for _, l := range tr.Leaks {
			t.Errorf("%s %s %v", l.By, l.Series.Verdict, l.Series.Counts)
		}
	}
}

// TestPairs: of two goroutines for each connection, the one that does not wait
// for the network is judged as the one that does.
func TestPairs(t *testing.T) {
	for _, paired := range []bool{true, false} {
		s := newServer()
		var readers, writers []uint64
		for round, n := range []int{4, 5, 7, 9} {
			for len(readers) < n {
				s.ids += 3
				readers, writers = append(readers, s.ids), append(writers, s.ids+1)
			}
			s.dump()
			d := &s.dumps[round]
			by := "dial"
			if !paired {
				by = "other"
			}
			read, write := started(bucketOf("read", readers...), "readLoop", "dial", 70), started(bucketOf("write", writers...), "writeLoop", by, 71)
			read.States[0].Name = "IO wait"
			d.Buckets = append(d.Buckets, read, write)
			d.Goroutines += 2 * n
		}
		tr := trend.Compare(s.dumps)
		if w := series(&tr, "write"); w.Accused() == paired || strings.Contains(w.Why, "connections") != paired {
			t.Errorf("paired %v: %s %v: %s", paired, w.Verdict, w.Confidence, w.Why)
		}
	}
}

// TestLowestCounts: without ids, a leak under the swings of traffic raises the
// lowest counts.
func TestLowestCounts(t *testing.T) {
	row := func(leak int) []goroutine.Dump {
		var dumps []goroutine.Dump
		for i := range 21 {
			b := bucketOf("mixed")
			b.Count, b.States = 5+leak*i+[]int{0, 40, 17, 3, 31, 9}[i*7%6], nil
			d := dumpOf(fmt.Sprint(i), b)
			d.Level = goroutine.Debug1
			dumps = append(dumps, d)
		}
		return dumps
	}
	tr := trend.Compare(row(1))
	if s := &tr.Series[0]; s.Verdict != trend.Growing || s.Reasons[0].Kind != trend.LowestClimb || s.PerDump < 0.5 || s.PerDump > 1.5 {
		t.Errorf("%v is %s, %v a dump: %s", s.Counts, s.Verdict, s.PerDump, s.Why)
	}
	tr = trend.Compare(row(0))
	if s := &tr.Series[0]; s.Verdict != trend.Turnover {
		t.Errorf("%v is %s: %s", s.Counts, s.Verdict, s.Why)
	}
}

// TestCounts: without ids, counts that never fall accuse from eight on; load
// that grows falls now and then.
func TestCounts(t *testing.T) {
	tests := []struct {
		counts  []int
		want    trend.Verdict
		accused bool
	}{
		{[]int{10, 40}, trend.Growing, false},
		{[]int{10, 40, 70}, trend.Growing, false},
		{[]int{10, 40, 20}, trend.Turnover, false},
		{[]int{10, 20, 30, 40, 50, 60, 70, 80}, trend.Accumulating, true},
		{[]int{10, 20, 31, 29, 40, 51, 60, 72, 81}, trend.Accumulating, false},
		{[]int{10, 30, 22, 35, 28, 44, 37, 52, 41, 60}, trend.Growing, false},
		{[]int{10, 20, 30, 40, 50, 50, 50, 50, 50}, trend.Grown, false},
		{[]int{10, 30, 45, 55, 61, 64, 66, 67}, trend.Growing, false},
		{[]int{50, 51, 50, 52, 51, 50, 51, 52}, trend.Stable, false},
	}
	for _, tt := range tests {
		var dumps []goroutine.Dump
		for i, n := range tt.counts {
			b := bucketOf("leak")
			b.Count, b.States = n, nil
			d := dumpOf(fmt.Sprint(i), b)
			d.Level = goroutine.Debug0
			dumps = append(dumps, d)
		}
		tr := trend.Compare(dumps)
		if s := &tr.Series[0]; s.Verdict != tt.want || s.Accused() != tt.accused {
			t.Errorf("%v is %s, %v: %s", tt.counts, s.Verdict, s.Confidence, s.Why)
		}
	}
}

// TestBesideShrinking: a leak is no refill where far more became fewer at its
// call site than it grew by.
func TestBesideShrinking(t *testing.T) {
	s := newServer()
	s.start("pool", 100)
	s.start("pool2", 10)
	s.group("pool2").elsewhere = true
	for range 6 {
		s.dump()
		s.end("pool", 15)
		s.start("pool2", 4)
	}
	tr := trend.Compare(s.dumps)
	for i := range tr.Series {
		if x := &tr.Series[i]; x.Counts[0] == 10 && !x.Accused() {
			t.Errorf("%v is %s, %v: %s", x.Counts, x.Verdict, x.Confidence, x.Why)
		}
	}
}

// TestHidden: amid traffic that ends within a round, it takes five dumps to see
// that what stays piles up.
func TestHidden(t *testing.T) {
	s := newServer()
	var stuck []uint64
	for range 5 {
		g := s.group("pool")
		g.alive = append([]uint64{}, stuck...)
		s.start("pool", 5)
		stuck = append([]uint64{}, g.alive...)
		s.start("pool", 40)
		s.dump()
	}
	for n, want := range map[int]trend.Verdict{4: trend.Growing, 5: trend.Accumulating} {
		tr := trend.Compare(s.dumps[:n])
		if x := series(&tr, "pool"); x.Verdict != want || x.PerDump != 5 {
			t.Errorf("%d dumps: %v is %s, %v a dump: %s", n, x.Counts, x.Verdict, x.PerDump, x.Why)
		}
	}
}
