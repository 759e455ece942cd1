package trend_test

import (
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// up lets a server run for so many rounds before its first dump, each of which
// starts so many of a group, and then takes the dumps of as many more rounds.
func up(before []int, between ...int) *server {
	s := newServer()
	for _, n := range before {
		s.ids += 100
		s.start("pool", n)
	}
	s.dump()
	for _, n := range between {
		s.start("pool", n)
		s.dump()
	}
	return s
}

// TestPast: ids say when goroutines were started that the first dump shows.
func TestPast(t *testing.T) {
	tests := map[string]struct {
		server *server
		want   trend.Verdict
		why    trend.ReasonKind
	}{
		"filled before":            {up([]int{12, 10, 9, 7, 6, 5, 4, 3}, 2, 2, 2), trend.Growing, trend.Slows},
		"as many before":           {up([]int{2, 2, 2, 2, 2, 2, 2, 2}, 2, 2, 2), trend.Accumulating, ""},
		"more slowly before":       {up([]int{1, 0, 0, 0, 0, 0, 0, 0}, 7, 8, 7), trend.Accumulating, ""},
		"slow by chance":           {up([]int{3, 2, 3, 2, 3, 3, 2, 3}, 5, 2, 1), trend.Accumulating, ""},
		"slow":                     {up(nil, 50, 20, 10), trend.Growing, trend.Slows},
		"few of many":              {up([]int{2, 3, 2, 3, 2, 3, 2, 2}, 2, 0, 3), trend.Accumulating, ""},
		"few of many at once":      {up([]int{19, 0, 0, 0, 0, 0, 0, 0}, 2, 0, 3), trend.Growing, trend.FewRounds},
		"a step":                   {up([]int{2, 3, 2, 3, 2, 3, 2, 2}, 0, 0, 5), trend.Growing, trend.FewRounds},
		"a crowd at once":          {up([]int{40, 3, 3, 3, 3, 3, 3, 3}, 2, 2, 2), trend.Growing, trend.Slows},
		"less and less, as before": {up([]int{4, 4, 4, 4, 4, 4, 4, 4}, 7, 6, 5, 4), trend.Accumulating, ""},
		"a pause as before":        {up([]int{4, 0, 4, 0, 4, 0, 4, 0}, 5, 6, 0), trend.Accumulating, ""},
		"few":                      {up([]int{1, 1, 1, 1, 1, 1, 1, 1}, 1, 2, 1), trend.Accumulating, ""},
		"few, of which some began": {up([]int{4, 0, 0, 0, 0, 0, 0, 0}, 1, 2, 1), trend.Growing, trend.FewMore},
	}
	for name, tt := range tests {
		tr := trend.Compare(tt.server.dumps)
		s := series(&tr, "pool")
		if s.Verdict != tt.want || tt.why != "" && !has(s.Reasons, tt.why) {
			t.Errorf("%s: %v is %s, want %s: %v", name, s.Counts, s.Verdict, tt.want, s.Reasons)
		}
	}
}

// TestPastOfMany: what came before says how sure a few more of many are.
func TestPastOfMany(t *testing.T) {
	s := newServer()
	s.levels("pool", 100)
	s.dumps = nil
	for _, n := range []int{2, 3, 2, 3, 2, 3, 2, 2} {
		s.ids += 100
		s.start("pool", n)
	}
	s.dump()
	for _, n := range []int{2, 0, 3} {
		s.start("pool", n)
		s.dump()
	}
	tr := trend.Compare(s.dumps)
	if x := series(&tr, "pool"); x.Verdict != trend.Accumulating || x.Confidence != 0.88 {
		t.Errorf("%v is %s, %v: %v", x.Counts, x.Verdict, x.Confidence, x.Reasons)
	}
	tr = trend.Compare(up([]int{2, 3, 2, 3, 2, 3, 2, 2}, 2, 0, 3).dumps)
	if x := series(&tr, "pool"); x.Verdict != trend.Accumulating || x.Confidence != 0.92 {
		t.Errorf("%v is %s, %v: %v", x.Counts, x.Verdict, x.Confidence, x.Reasons)
	}
}

// TestPastOfPeers: a few connections more are no leak unless as many came
// before.
func TestPastOfPeers(t *testing.T) {
	for before, want := range map[int]trend.Verdict{0: trend.Growing, 2: trend.Accumulating} {
		s := newServer()
		s.group("pool").state = "IO wait"
		s.start("pool", 2)
		for range 8 {
			s.ids += 100
			s.start("pool", before)
		}
		s.dump()
		for range 3 {
			s.start("pool", 2)
			s.dump()
		}
		tr := trend.Compare(s.dumps)
		if x := series(&tr, "pool"); x.Verdict != want || has(x.Reasons, trend.FewPeers) != (want == trend.Growing) {
			t.Errorf("%d before: %v is %s: %v", before, x.Counts, x.Verdict, x.Reasons)
		}
	}
}

// TestPastInBlocks: where newcomers have lower ids than what was there before
// them, ids are no clock.
func TestPastInBlocks(t *testing.T) {
	s := up([]int{2, 3, 2, 3, 2, 3, 2, 2})
	g := s.group("pool")
	low := g.alive[len(g.alive)-1] - 1
	for _, n := range []int{2, 0, 3} {
		for range n {
			g.alive = append(g.alive, low)
			low -= 2
		}
		s.start("other", 1)
		s.dump()
	}
	tr := trend.Compare(s.dumps)
	if s := series(&tr, "pool"); s.Verdict != trend.Growing || !has(s.Reasons, trend.FewRounds) {
		t.Errorf("%v is %s: %v", s.Counts, s.Verdict, s.Reasons)
	}
}

// TestPastOfFew: what ended since says that more came than the first dump
// shows, and a pause is no chance then.
func TestPastOfFew(t *testing.T) {
	s := up([]int{8, 9, 8, 9, 8, 9, 8, 9}, 8, 0, 9)
	for i := range s.dumps[2:] {
		d := &s.dumps[2+i]
		for k := range d.Buckets {
			if b := &d.Buckets[k]; b.Stack.Site().Function == "example.com/app.pool" {
				*b = bucketOf("pool", b.IDs.First(b.Count)[1:]...)
				d.Goroutines--
			}
		}
	}
	tr := trend.Compare(s.dumps)
	if s := series(&tr, "pool"); s.Verdict != trend.Growing || !has(s.Reasons, trend.FewRounds) {
		t.Errorf("%v is %s: %v", s.Counts, s.Verdict, s.Reasons)
	}
}

// TestPastOfQuiet: where a process starts little else, most ids are those of
// the pool or of the leak itself. What it began with is not what came.
func TestPastOfQuiet(t *testing.T) {
	for _, tt := range []struct {
		first  int
		rounds []int
		want   trend.Verdict
	}{
		{0, []int{30, 24, 19, 15, 12, 10, 8, 6, 5, 4, 4, 4}, trend.Growing},
		{0, []int{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}, trend.Accumulating},
		{40, []int{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, trend.Accumulating},
	} {
		id, pool := uint64(60), ids(tt.first, 12, 1)
		var dumps []goroutine.Dump
		for round, n := range tt.rounds {
			id += 4
			for range n {
				id++
				pool = append(pool, id)
			}
			if round >= 7 {
				d := dumpOf("x", bucketOf("work", ids(8, 2, 1)...), bucketOf("pool", pool...), bucketOf("recent", id+1))
				d.TakenAt = time.Date(2026, 3, 1, round, 0, 0, 0, time.UTC)
				dumps = append(dumps, d)
			}
		}
		tr := trend.Compare(dumps)
		if s := series(&tr, "pool"); s.Verdict != tt.want || has(s.Reasons, trend.Slows) != (tt.want == trend.Growing) {
			t.Errorf("%v is %s: %v", s.Counts, s.Verdict, s.Reasons)
		}
	}
}

// TestWaited: where dumps have no times, a goroutine that waits shows that a
// process is young.
func TestWaited(t *testing.T) {
	for _, minutes := range []int{0, 5, 30} {
		s := young().levels("pool", 10, 18, 25, 33, 42, 49, 57, 65, 73)
		for i := range s.dumps {
			d := &s.dumps[i]
			d.TakenAt = time.Time{}
			b := &d.Buckets[0]
			b.Members = []goroutine.Member{{ID: b.IDs.First(1)[0], Wait: 3 + minutes*i}}
		}
		want := trend.Accumulating
		if minutes == 5 {
			want = trend.Growing
		}
		tr := trend.Compare(s.dumps)
		if s := series(&tr, "pool"); s.Verdict != want || has(s.Reasons, trend.WarmsUp) != (minutes == 5) {
			t.Errorf("%d minutes: %v is %s: %v", minutes, s.Counts, s.Verdict, s.Reasons)
		}
	}
}

// TestYouth: a process that has been up for longer than its dumps took is
// judged by its age where they took long, and by what they show where they did
// not.
func TestYouth(t *testing.T) {
	for _, tt := range []struct {
		rounds int // before the first dump
		step   time.Duration
		want   trend.Verdict
	}{
		{0, time.Minute, trend.Growing},
		{4, time.Minute, trend.Accumulating},
		{4, 5 * time.Minute, trend.Growing},
		{9, 5 * time.Minute, trend.Accumulating}, // it is older than an hour
		{0, 0, trend.Growing},
		{4, 0, trend.Accumulating},
		{12, 4 * time.Minute, trend.Accumulating},
		{4, 15 * time.Minute, trend.Accumulating},
	} {
		s := young()
		s.step = tt.step
		for range tt.rounds {
			s.start("pool", 8)
			s.ids += 100
		}
		s.start("pool", 3)
		s.levels("pool", 3+8*tt.rounds, 10+8*tt.rounds, 19+8*tt.rounds, 27+8*tt.rounds)
		for i := range s.dumps {
			if tt.step == 0 {
				s.dumps[i].TakenAt = time.Time{}
			}
		}
		tr := trend.Compare(s.dumps)
		if x := series(&tr, "pool"); x.Verdict != tt.want || has(x.Reasons, trend.WarmsUp) != (tt.want == trend.Growing) {
			t.Errorf("%d rounds before, every %s: %v is %s: %v", tt.rounds, tt.step, x.Counts, x.Verdict, x.Reasons)
		}
	}
}
