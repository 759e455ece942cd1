package trend_test

import (
	"fmt"
	"testing"
	"time"

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
	for _, writersPer := range []int{1, 2, 0} { // 0: of another function
		paired := writersPer == 1
		s := newServer()
		var readers, writers []uint64
		sizes := []int{4, 5, 7, 9}
		if writersPer == 2 {
			sizes = []int{2, 3, 4, 5}
		}
		for round, n := range sizes {
			for len(readers) < n {
				s.ids += 4
				readers, writers = append(readers, s.ids), append(writers, s.ids+1)
				if writersPer == 2 {
					writers = append(writers, s.ids+2)
				}
			}
			s.dump()
			d := &s.dumps[round]
			by := "dial"
			if writersPer == 0 {
				by = "other"
			}
			read, write := started(bucketOf("read", readers...), "readLoop", "dial", 70), started(bucketOf("write", writers...), "writeLoop", by, 71)
			read.States[0].Name = "IO wait"
			d.Buckets = append(d.Buckets, read, write)
			d.Goroutines += len(readers) + len(writers)
		}
		tr := trend.Compare(s.dumps)
		if w := series(&tr, "write"); w.Accused() == paired || has(w.Reasons, trend.FewPeers) != paired {
			t.Errorf("%d writers: %s %v: %v", writersPer, w.Verdict, w.Confidence, w.Reasons)
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
		t.Errorf("%v is %s, %v a dump: %v", s.Counts, s.Verdict, s.PerDump, s.Reasons)
	}
	tr = trend.Compare(row(0))
	if s := &tr.Series[0]; s.Verdict != trend.Turnover {
		t.Errorf("%v is %s: %v", s.Counts, s.Verdict, s.Reasons)
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
		// What begins late.
		{[]int{10, 10, 11, 10, 10, 10, 11, 10, 10, 10, 10, 14, 19, 23, 26, 30}, trend.Growing, false},
		{[]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}, trend.Growing, false},
		{[]int{70, 68, 71, 69, 70, 70, 69, 71, 70, 66, 68, 69, 70, 71, 73, 74}, trend.Stable, false},
		{[]int{40, 10, 10, 10, 10, 10, 10, 20, 30, 40, 50, 60, 70, 80}, trend.Growing, false},
		{[]int{10, 14, 13, 12, 10, 12, 13, 19}, trend.Grown, false},
		{[]int{90, 80, 70, 60, 50, 40, 30, 20, 25, 38, 50, 65, 80, 92, 105, 118}, trend.Growing, false},
		// Steps, few more, and the last of a pool.
		{[]int{9, 11, 11, 11, 12, 12, 12, 14, 14, 14}, trend.Growing, false},
		{[]int{4, 4, 5, 5, 6, 6, 7, 7}, trend.Growing, false},
		{[]int{63, 66, 66, 67, 67, 67, 69, 71, 72, 73}, trend.Growing, false},
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
			t.Errorf("%v is %s, %v: %v", tt.counts, s.Verdict, s.Confidence, s.Reasons)
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
			t.Errorf("%v is %s, %v: %v", x.Counts, x.Verdict, x.Confidence, x.Reasons)
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
			t.Errorf("%d dumps: %v is %s, %v a dump: %v", n, x.Counts, x.Verdict, x.PerDump, x.Reasons)
		}
	}
	// One of those that stayed has ended: they may be traffic that lasts.
	last := &s.dumps[4]
	for i := range last.Buckets {
		if b := &last.Buckets[i]; b.Count == 65 {
			*b = bucketOf("pool", b.IDs.First(65)[1:]...)
			last.Goroutines--
		}
	}
	tr := trend.Compare(s.dumps)
	if x := series(&tr, "pool"); x.Verdict != trend.Growing {
		t.Errorf("one ended: %v is %s: %v", x.Counts, x.Verdict, x.Reasons)
	}
}

// TestSmallSlowdown: what may slow down by chance is no pool that fills.
func TestSmallSlowdown(t *testing.T) {
	tr := trend.Compare(newServer().levels("leak", 10, 15, 17).dumps)
	if s := series(&tr, "leak"); s.Verdict != trend.Accumulating {
		t.Errorf("%v is %s: %v", s.Counts, s.Verdict, s.Reasons)
	}
}

// TestYoung: what rises in a process that has just started could be a pool,
// unless it waits for what no pool waits for, outgrows all pools, or comes by
// the same number with each turn of a short test.
func TestYoung(t *testing.T) {
	fast := young()
	fast.step = time.Minute
	sending := young()
	sending.group("leak").state = "chan send"
	late := young()
	late.step = 21 * time.Minute
	tests := map[string]struct {
		server *server
		sizes  []int
		want   trend.Verdict
	}{
		"could be a pool":         {young(), []int{10, 18, 25, 33}, trend.Growing},
		"sends":                   {sending, []int{10, 18, 25, 33}, trend.Accumulating},
		"outgrows the process":    {young(), []int{1, 100, 210}, trend.Accumulating},
		"large process":           {young(), []int{100, 200, 310}, trend.Growing},
		"turns of a test":         {fast, []int{10, 20, 30, 40, 50}, trend.Accumulating},
		"as even, but for long":   {young(), []int{10, 20, 30, 40, 50}, trend.Growing},
		"an hour after the start": {late, []int{10, 18, 25, 33}, trend.Accumulating},
	}
	for name, tt := range tests {
		tr := trend.Compare(tt.server.levels("leak", tt.sizes...).dumps)
		if s := series(&tr, "leak"); s.Verdict != tt.want {
			t.Errorf("%s: %v is %s: %v", name, s.Counts, s.Verdict, s.Reasons)
		}
	}
}

// TestMostOfIt: where one stack says nearly all of it, the go statement adds
// nothing.
func TestMostOfIt(t *testing.T) {
	s := newServer()
	for round, n := range []int{10, 22} {
		s.dump()
		d := &s.dumps[round]
		most, few := started(bucketOf("most", ids(n, 30_000, 2)...), "run", "start", 80), started(bucketOf("few", ids(1+3*round, 40_000, 2)...), "run", "start", 80)
		d.Buckets = append(d.Buckets, most, few)
		d.Goroutines += n + 1 + 3*round
	}
	tr := trend.Compare(s.dumps)
	for _, l := range tr.Leaks {
		if l.By != trend.ByStack || len(l.Members) != 1 {
			t.Errorf("%s, %d members: %v", l.By, len(l.Members), l.Series.Counts)
		}
	}
}

// TestConnectionsAreLessSure: connections may just not have been closed yet.
func TestConnectionsAreLessSure(t *testing.T) {
	s := newServer()
	s.group("read").state = "IO wait"
	for _, n := range []int{10, 20, 31, 40} {
		s.start("read", n-len(s.group("read").alive))
		s.levels("other", n)
	}
	tr := trend.Compare(s.dumps)
	if a, b := series(&tr, "read"), series(&tr, "other"); a.Verdict != trend.Accumulating || a.Confidence >= b.Confidence {
		t.Errorf("%s with %v, others with %v", a.Verdict, a.Confidence, b.Confidence)
	}
}

// TestShorterLife: that a shorter lifetime stayed at its size says less than a
// longer one would.
func TestShorterLife(t *testing.T) {
	s := newServer().levels("pool", 10, 10, 10)
	s.restart()
	tr := trend.Compare(s.levels("pool", 2, 4, 6, 8, 10).dumps)
	if p := series(&tr, "pool"); p.Verdict != trend.Growing {
		t.Errorf("%v is %s: %v", p.Counts, p.Verdict, p.Reasons)
	}
}
