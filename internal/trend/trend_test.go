package trend_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/parse"
	"gdump/internal/query"
	"gdump/internal/trend"
)

// read reads dumps of the corpus.
func read(t *testing.T, names ...string) []goroutine.Dump {
	t.Helper()
	var dumps []goroutine.Dump
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("../../testdata/dumps", name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse.Read(t.Context(), bytes.NewReader(data), parse.Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range d {
			d[i].Source = name
		}
		dumps = append(dumps, d...)
	}
	return dumps
}

// bucketOf is goroutines at one place of a made-up program.
func bucketOf(name string, ids ...uint64) goroutine.Bucket {
	frame := func(f string, line int) goroutine.Frame {
		return goroutine.Frame{Function: "example.com/app." + f, File: "/src/app.go", Line: line, Package: "example.com/app", Origin: goroutine.Main}
	}
	b := goroutine.Bucket{Count: len(ids), States: []goroutine.Count{{Name: "select", N: len(ids)}}}
	b.Stack = goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{frame(name, 10+len(name))}, CreatedBy: frame("start"+name, 90+len(name))})
	b.ID = b.Stack.ID()
	for _, id := range ids {
		b.IDs.Add(id)
	}
	return b
}

// elsewhere is a bucket started by another go statement of the same function.
func elsewhere(b goroutine.Bucket) goroutine.Bucket {
	by := b.Stack.CreatedBy()
	by.Line++
	b.Stack = goroutine.NewStack(goroutine.Parts{Frames: b.Stack.Frames(), CreatedBy: by})
	b.ID = b.Stack.ID()
	return b
}

func dumpOf(source string, buckets ...goroutine.Bucket) goroutine.Dump {
	d := goroutine.Dump{Source: source, Level: goroutine.Debug2, Buckets: buckets}
	for i := range buckets {
		d.Goroutines += buckets[i].Count
	}
	return d
}

// ids are from, from+by, and so on, n of them.
func ids(n int, from, by uint64) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = from + uint64(i)*by
	}
	return out
}

func verdicts(tr *trend.Trend) map[string]trend.Verdict {
	m := map[string]trend.Verdict{}
	for i := range tr.Series {
		m[strings.TrimPrefix(tr.Series[i].Bucket.Stack.Site().Function, "example.com/app.")] = tr.Series[i].Verdict
	}
	return m
}

// TestLeakpair: three moments of a leaky server whose truth is in the README of
// the corpus, at every level and across levels, give the same counts and name
// the same leaks.
func TestLeakpair(t *testing.T) {
	leaks := map[string]string{
		"main.(*Server).query.func1": "[50 500 1500]", "main.(*Server).watch": "[5 50 150]",
		"net/http.(*persistConn).readLoop": "[2 20 60]", "net/http.(*persistConn).writeLoop": "[2 20 60]",
	}
	for _, levels := range [][3]string{
		{"debug2.txt", "debug2.txt", "debug2.txt"},
		{"debug1.txt", "debug1.txt", "debug1.txt"},
		{"debug0.pb.gz", "debug0.pb.gz", "debug0.pb.gz"},
		{"debug2.txt", "debug1.txt", "debug0.pb.gz"},
		{"debug0.pb.gz", "debug2.txt", "debug1.txt"},
	} {
		var names []string
		for i, l := range levels {
			names = append(names, fmt.Sprintf("leakpair/v1.t%d.%s", i, l))
		}
		tr := trend.Compare(read(t, names...))
		found := map[string]string{}
		for i := range tr.Series {
			s := &tr.Series[i]
			if f := s.Bucket.Stack.Site().Function; leaks[f] != "" {
				found[f] = fmt.Sprint(s.Counts)
				// It sends for ever, which no pool does; the rest could fill.
				sure := f == "main.(*Server).query.func1" && levels[0] == "debug2.txt" && levels[2] == "debug2.txt"
				if s.Verdict != trend.Accumulating && s.Verdict != trend.Growing || sure && !s.Accused() {
					t.Errorf("%v: %s is %s, %v: %v", levels, f, s.Verdict, s.Confidence, s.Reasons)
				}
			} else if f == "main.(*Server).worker" && s.Verdict != trend.Stable {
				t.Errorf("%v: workers are %s: %v", levels, s.Verdict, s.Reasons)
			}
		}
		for f, want := range leaks {
			if found[f] != want {
				t.Errorf("%v: %s: got %s, want %s", levels, f, found[f], want)
			}
		}
	}
}

// TestHealthyServers: real servers, idle and then under clients.
func TestHealthyServers(t *testing.T) {
	for _, server := range []string{"nats", "prometheus", "caddy"} {
		for _, level := range []string{"debug2.txt", "debug1.txt", "debug0.pb.gz"} {
			tr := trend.Compare(read(t, "server/"+server+".a."+level, "server/"+server+".b."+level))
			for i := range tr.Series {
				if s := &tr.Series[i]; s.Verdict == trend.Accumulating {
					t.Errorf("%s, %s: %v %s: %v", server, level, s.Counts, s.Bucket.Stack.Site().Function, s.Reasons)
				}
			}
			if tr.Mismatch != nil {
				t.Errorf("%s, %s: %v", server, level, tr.Mismatch)
			}
		}
	}
}

// TestBuilds: another build of the same program, in which lines have moved.
func TestBuilds(t *testing.T) {
	for _, level := range []string{"debug2.txt", "debug1.txt"} {
		tr := trend.Compare(read(t, "leakpair/v1.t2."+level, "leakpair/v2.t2."+level))
		want := map[string]string{"main.(*Server).watch": "[150 150]", "main.(*Server).worker": "[16 16]", "main.(*Server).query.func1": "[1500 0]"}
		for i := range tr.Series {
			s := &tr.Series[i]
			f := s.Bucket.Stack.Site().Function
			if w := want[f]; w != "" && fmt.Sprint(s.Counts) != w {
				t.Errorf("%s: %s: got %v, want %s", level, f, s.Counts, w)
			}
			if f == "main.(*Server).watch" && s.Match != trend.MatchLines {
				t.Errorf("%s: matched by %s", level, s.Match)
			}
		}
		if warned(&tr, trend.OtherBuild) == nil {
			t.Errorf("%s: no word of the builds in %v", level, tr.Warnings)
		}
	}
	// Closures that are numbered anew.
	tr := trend.Compare(read(t, "gen126/zoo126_buildA.debug2only.txt", "gen126/zoo126_buildB.debug2only.txt"))
	one := 0
	for i := range tr.Series {
		s := &tr.Series[i]
		if s.Counts[0] == 0 || s.Counts[1] == 0 {
			one++
			t.Logf("%v %s", s.Counts, s.Bucket.Stack.Site().Function)
		}
	}
	if one > 4 {
		t.Errorf("%d of %d buckets of two builds have no counterpart", one, len(tr.Series))
	}
}

// TestFunctionGrouping never looks at lines.
func TestFunctionGrouping(t *testing.T) {
	g, err := query.ParseGrouping("function")
	if err != nil {
		t.Fatal(err)
	}
	tr := trend.Options{By: g.Name, Group: g.Of}.Compare(read(t, "leakpair/v1.t2.debug2.txt", "leakpair/v2.t2.debug2.txt"))
	if tr.By != "function" {
		t.Errorf("by %s", tr.By)
	}
	for i := range tr.Series {
		s := &tr.Series[i]
		if s.Name == "main.(*Server).watch" && fmt.Sprint(s.Counts) != "[150 150]" {
			t.Errorf("%s: %v", s.Name, s.Counts)
		}
	}
}

// warned is the warning of a kind; nil if there is none.
func warned(t *trend.Trend, kind trend.WarningKind) *trend.Warning {
	if i := slices.IndexFunc(t.Warnings, func(w trend.Warning) bool { return w.Kind == kind }); i >= 0 {
		return &t.Warnings[i]
	}
	return nil
}

// has reports whether there is a reason of a kind.
func has(reasons []trend.Reason, kind trend.ReasonKind) bool {
	return slices.ContainsFunc(reasons, func(r trend.Reason) bool { return r.Kind == kind })
}

func TestMismatch(t *testing.T) {
	tr := trend.Compare(read(t, "server/nats.a.debug2.txt", "server/prometheus.a.debug2.txt"))
	if tr.Mismatch == nil {
		t.Error("nats and prometheus are one program")
	}
	for _, pair := range [][2]string{{"leakpair/v1.t0.debug2.txt", "leakpair/v2.t2.debug0.pb.gz"}, {"server/nats.a.debug2.txt", "server/nats.b.debug1.txt"}, {"gen126/zoo126_buildA.debug2only.txt", "gen126/zoo126_trim.debug2only.txt"}} {
		if tr := trend.Compare(read(t, pair[0], pair[1])); tr.Mismatch != nil {
			t.Errorf("%v: %v", pair, tr.Mismatch)
		}
	}
}

// TestOrder: dumps that tell no time are put in order by their ids, those that
// do by their times.
func TestOrder(t *testing.T) {
	want := "[50 500 1500]"
	for _, order := range [][]int{{2, 0, 1}, {1, 2, 0}, {2, 1, 0}} {
		names := make([]string, 3)
		for i, n := range order {
			names[i] = fmt.Sprintf("leakpair/v1.t%d.debug2.txt", n)
		}
		dumps := read(t, names...)
		tr := trend.Compare(dumps)
		if got := fmt.Sprint(tr.Series[0].Counts); got != want || slices.Contains(tr.Restarted, true) || len(tr.Warnings) != 1 {
			t.Errorf("%v by ids: got %s, restarts %v, warnings %v", order, got, tr.Restarted, tr.Warnings)
		}
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, n := range order {
			dumps[i].TakenAt = start.Add(time.Duration(n) * time.Hour)
		}
		tr = trend.Compare(dumps)
		if got := fmt.Sprint(tr.Series[0].Counts); got != want || tr.Series[0].PerHour != 725 {
			t.Errorf("%v by times: got %s, %v an hour", order, got, tr.Series[0].PerHour)
		}
	}
}

// TestOrderGiven: the order given stands where it can be that of one life,
// though the highest id falls, and where sorting would have goroutines come
// back that were gone.
func TestOrderGiven(t *testing.T) {
	work := bucketOf("work", ids(8, 2, 1)...)
	a := dumpOf("a", work, bucketOf("pool", ids(10, 40, 1)...), bucketOf("pass", ids(20, 500, 1)...))
	b := dumpOf("b", work, bucketOf("pool", ids(10, 40, 1)...), bucketOf("leak", ids(3, 490, 1)...))
	c := dumpOf("c", work, bucketOf("pool", ids(10, 40, 1)...), bucketOf("leak", append(ids(3, 490, 1), ids(3, 900, 1)...)...))
	early := dumpOf("early", work, bucketOf("pool", ids(4, 40, 1)...))
	fresh := dumpOf("fresh", work, bucketOf("pool", 40, 41, 200))
	settled := dumpOf("settled", work, bucketOf("pool", ids(10, 40, 1)...), bucketOf("leak", ids(3, 490, 1)...))
	for _, dumps := range [][]goroutine.Dump{{a, b, c}, {early, a, c, fresh}, {early, b, c, settled}} {
		tr := trend.Compare(dumps)
		for i := range dumps {
			if tr.Dumps[i].Source != dumps[i].Source {
				t.Errorf("dump %d is %s, want %s; warnings %v", i, tr.Dumps[i].Source, dumps[i].Source, tr.Warnings)
			}
		}
	}
}

func TestForecast(t *testing.T) {
	dumps := read(t, "leakpair/v1.t0.debug2.txt", "leakpair/v1.t1.debug2.txt", "leakpair/v1.t2.debug2.txt")
	for i := range dumps {
		dumps[i].TakenAt = time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC)
	}
	tr := trend.Compare(dumps)
	d, ok := tr.Series[0].Passes(100_000)
	if want := 135*time.Hour + 52*time.Minute; !ok || d.Round(time.Minute) != want {
		t.Errorf("got %v, want %v", d, want)
	}
	if _, ok := tr.Series[0].Passes(1000); ok {
		t.Error("passes what it has passed")
	}
}

func TestTwins(t *testing.T) {
	d := read(t, "leakpair/v1.t1.debug2.txt")[0]
	tr := trend.Compare([]goroutine.Dump{d, d})
	if len(tr.Warnings) != 1 || tr.Warnings[0].Kind != trend.PerhapsSame {
		t.Errorf("warnings %v", tr.Warnings)
	}
	for i := range tr.Series {
		if v := tr.Series[i].Verdict; v != trend.Stable {
			t.Errorf("%s is %s", tr.Series[i].Bucket.Stack.Site().Function, v)
		}
	}
}

// TestCutOff: who is missing in a dump that was cut off has not ended.
func TestCutOff(t *testing.T) {
	dumps := []goroutine.Dump{
		dumpOf("a", bucketOf("leak", ids(10, 100, 3)...), bucketOf("work", ids(8, 2, 1)...)),
		dumpOf("b", bucketOf("leak", ids(20, 100, 3)...), bucketOf("work", ids(8, 2, 1)...)),
		dumpOf("cut", bucketOf("leak", ids(4, 100, 3)...)),
		dumpOf("c", bucketOf("leak", ids(40, 100, 3)...), bucketOf("work", ids(8, 2, 1)...)),
		dumpOf("d", bucketOf("leak", ids(50, 100, 3)...), bucketOf("work", ids(8, 2, 1)...)),
	}
	dumps[2].Truncated = true
	tr := trend.Compare(dumps)
	v := verdicts(&tr)
	if v["leak"] != trend.Accumulating || v["work"] != trend.Stable || slices.Contains(tr.Restarted, true) {
		t.Errorf("verdicts %v, restarts %v", v, tr.Restarted)
	}
	if w := warned(&tr, trend.NotAll); w == nil || w.Of != 1 || !slices.Equal(w.Names, []string{"cut"}) {
		t.Errorf("warnings %v", tr.Warnings)
	}
}

// TestManyCutOff: they are told of in one note.
func TestManyCutOff(t *testing.T) {
	var dumps []goroutine.Dump
	for i := range 5 {
		d := dumpOf(fmt.Sprint("cut", i), bucketOf("work", ids(8, 2, 1)...))
		d.TakenAt = time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
		d.Truncated = true
		dumps = append(dumps, d)
	}
	tr := trend.Compare(dumps)
	if w := warned(&tr, trend.NotAll); w == nil || w.Of != 0 || len(w.Names) != 5 {
		t.Errorf("warnings %v", tr.Warnings)
	}
	for i := 3; i < 5; i++ {
		dumps[i].Truncated = false
	}
	tr = trend.Compare(dumps)
	if w := warned(&tr, trend.NotAll); w == nil || w.Of != 1 || len(w.Names) != 3 {
		t.Errorf("warnings %v", tr.Warnings)
	}
}

// TestRestarts: what the ids of two dumps say.
func TestRestarts(t *testing.T) {
	work := bucketOf("work", ids(8, 2, 1)...)
	before := dumpOf("before", work, bucketOf("serve", ids(4, 20, 9)...), bucketOf("leak", ids(30, 100, 7)...))
	tests := []struct {
		name  string
		after goroutine.Dump
		want  bool
	}{
		{"the same life", dumpOf("after", work, bucketOf("serve", ids(4, 20, 9)...), bucketOf("leak", ids(60, 100, 7)...)), false},
		{"lower ids", dumpOf("after", work, bucketOf("serve", ids(4, 21, 9)...), bucketOf("leak", ids(10, 60, 5)...)), true},
		{"higher ids, others in low places", dumpOf("after", work, bucketOf("serve", ids(4, 22, 9)...), bucketOf("leak", ids(200, 61, 5)...)), true},
		{"an id that another function started", dumpOf("after", work, bucketOf("leak", append(ids(4, 20, 9), ids(300, 100, 7)...)...)), true},
		{"traffic that ended", dumpOf("after", work, bucketOf("serve", ids(4, 20, 9)...), bucketOf("leak", ids(25, 100, 7)...)), false},
		{"all that came after the start has ended", dumpOf("after", work), true},
		{"a start and a connection", dumpOf("after", work, bucketOf("serve", 14)), true},
		{"an id that another go statement of the function started", dumpOf("after", work, elsewhere(bucketOf("serve", ids(4, 20, 9)...)), bucketOf("leak", ids(60, 100, 7)...)), true},
		{"all replaced", dumpOf("after", bucketOf("work", ids(8, 1002, 1)...), bucketOf("serve", ids(4, 1020, 9)...), bucketOf("leak", ids(30, 1100, 7)...)), true},
	}
	for _, tt := range tests {
		at := func(d goroutine.Dump, minutes int) goroutine.Dump {
			d.TakenAt = time.Date(2026, 1, 1, 0, minutes, 0, 0, time.UTC)
			return d
		}
		timed := trend.Compare([]goroutine.Dump{at(before, 0), at(tt.after, 10)})
		if timed.Restarted[1] != tt.want {
			t.Errorf("%s: restarted %v, want %v", tt.name, timed.Restarted[1], tt.want)
		}
		if tt.want != (len(timed.Lives) == 2) || tt.want != (warned(&timed, trend.RestartedAt) != nil) {
			t.Errorf("%s: lives %v, warnings %v", tt.name, timed.Lives, timed.Warnings)
		}
	}
}

// TestWarmsUpAgain: in the short life after a restart a pool looks like a leak,
// but for the life before, in which it was full. More than that is a leak.
func TestWarmsUpAgain(t *testing.T) {
	compare := func(sizes ...int) trend.Trend {
		var dumps []goroutine.Dump
		base, before := uint64(10), 0
		for i, n := range sizes {
			if n < before { // another process
				base += 1000
			}
			before = n
			d := dumpOf(fmt.Sprint(i), bucketOf("work", ids(4, base, 1)...), bucketOf("serve", ids(2, base+10, 3)...),
				bucketOf("listen", base+20), bucketOf("pool", ids(n, base+100, 7)...))
			d.TakenAt = time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC)
			dumps = append(dumps, d)
		}
		return trend.Compare(dumps)
	}
	tests := []struct {
		sizes []int
		want  trend.Verdict
	}{
		{[]int{4, 8, 10, 10, 10, 10, 10, 2, 6, 10}, trend.Grown},
		{[]int{4, 8, 10, 10, 10, 10, 10, 2, 10, 18}, trend.Accumulating},
		{[]int{2, 6, 10}, trend.Accumulating},
		{[]int{10, 10, 10, 10, 2, 8}, trend.Grown},
	}
	for _, tt := range tests {
		tr := compare(tt.sizes...)
		if got := verdicts(&tr)["pool"]; got != tt.want {
			t.Errorf("%v: %s, want %s; %d lives", tt.sizes, got, tt.want, len(tr.Lives))
		}
	}
}

// TestBurst: the highest id falls also where a burst has ended. Who came while
// watched and is still there, no start would have brought back.
func TestBurst(t *testing.T) {
	at := func(minutes int, d goroutine.Dump) goroutine.Dump {
		d.TakenAt = time.Date(2026, 1, 1, 0, minutes, 0, 0, time.UTC)
		return d
	}
	work := bucketOf("work", ids(4, 2, 1)...)
	dumps := []goroutine.Dump{
		at(0, dumpOf("a", work)),
		at(1, dumpOf("b", work, bucketOf("pool", ids(8, 30, 2)...), bucketOf("burst", ids(100, 60, 2)...))),
		at(2, dumpOf("c", work, bucketOf("pool", ids(8, 30, 2)...))),
		at(3, dumpOf("d", work, bucketOf("pool", ids(8, 30, 2)...), bucketOf("burst", ids(20, 300, 1)...))),
	}
	tr := trend.Compare(dumps)
	if slices.Contains(tr.Restarted, true) {
		t.Errorf("restarts %v where a burst ended", tr.Restarted)
	}
	// New ones, with ids near those handed out last.
	few := []goroutine.Dump{dumps[1], at(2, dumpOf("c", work, bucketOf("pool", ids(8, 30, 2)...), bucketOf("burst", 251, 253)))}
	if tr = trend.Compare(few); slices.Contains(tr.Restarted, true) {
		t.Errorf("restarts %v where a burst ended and two came", tr.Restarted)
	}
}

// TestYounger: a process whose ids are those of the one before, but for waits.
func TestYounger(t *testing.T) {
	life := func(minutes int) goroutine.Dump {
		main, work := bucketOf("main", 1), bucketOf("work", ids(8, 2, 1)...)
		main.Stack = goroutine.NewStack(goroutine.Parts{Frames: main.Stack.Frames()})
		main.Waits, work.Waits = goroutine.Waits{{Minutes: minutes, N: 1}}, goroutine.Waits{{Minutes: minutes, N: 8}}
		d := dumpOf(fmt.Sprint(minutes), main, work)
		d.TakenAt = time.Date(2026, 1, 1, 0, minutes, 0, 0, time.UTC)
		return d
	}
	older, younger := life(30), life(5)
	younger.TakenAt = older.TakenAt.Add(time.Hour)
	if tr := trend.Compare([]goroutine.Dump{older, younger}); !tr.Restarted[1] {
		t.Error("a process whose waits are shorter is the same")
	}
	if tr := trend.Compare([]goroutine.Dump{life(5), life(30)}); tr.Restarted[1] {
		t.Error("a process whose waits are longer is another")
	}
}

// TestStuck names how many are stuck among those that pass.
func TestStuck(t *testing.T) {
	var dumps []goroutine.Dump
	passed := uint64(1000)
	var stuck []uint64
	for round := range 8 {
		passing := (round * 173) % 401
		for range 5 {
			passed += 3
			stuck = append(stuck, passed)
		}
		all := append(slices.Clone(stuck), ids(passing, passed+1, 2)...)
		passed += 2 * uint64(passing+1)
		dumps = append(dumps, dumpOf(fmt.Sprint(round), bucketOf("work", ids(8, 2, 1)...), bucketOf("busy", all...)))
	}
	tr := trend.Compare(dumps)
	s := &tr.Series[0]
	if s.Verdict != trend.Accumulating || s.Stuck < 30 || s.Stuck > 40 || s.PerDump != 5 {
		t.Errorf("%s, %d stuck, %v a dump: %v", s.Verdict, s.Stuck, s.PerDump, s.Reasons)
	}
	for i, st := range s.Steps {
		if i > 0 && (!st.Known || st.Survived+st.Born != s.Counts[i] || st.Survived+st.Ended != s.Counts[i-1]) {
			t.Errorf("step %d: %+v of %v", i, st, s.Counts)
		}
	}
}

// TestOnce tells a leak once, at the level that says it best.
func TestOnce(t *testing.T) {
	at := func(stack, creator string, id ...uint64) goroutine.Bucket {
		b := bucketOf(stack, id...)
		b.Stack = goroutine.NewStack(goroutine.Parts{
			Frames:    append(b.Stack.Frames(), bucketOf("run").Stack.Frames()[0]),
			CreatedBy: bucketOf(creator).Stack.CreatedBy(),
		})
		b.ID = b.Stack.ID()
		return b
	}
	var moving, spread []goroutine.Dump
	for n := uint64(1); n <= 6; n++ {
		var here, there []uint64
		for id := uint64(1); id <= 10*n; id++ {
			if (id*2654435761>>3+n)%2 == 0 {
				here = append(here, 100+id)
			} else {
				there = append(there, 100+id)
			}
		}
		work := bucketOf("work", ids(8, 2, 1)...)
		moving = append(moving, dumpOf(fmt.Sprint(n), work, at("a", "x", here...), at("b", "x", there...)))
		var from []goroutine.Bucket
		for s := range 12 {
			var some []uint64
			for k := uint64(1); k <= n; k++ {
				if (7*k+uint64(s))%11 == 0 {
					some = append(some, 1000*k+uint64(s))
				}
			}
			if len(some) > 0 {
				from = append(from, at("a", fmt.Sprintf("x%s", strings.Repeat("y", s)), some...))
			}
		}
		spread = append(spread, dumpOf(fmt.Sprint(n), append(from, work)...))
	}
	tr := trend.Compare(moving)
	if len(tr.Leaks) != 1 || tr.Leaks[0].By != trend.ByCreator || len(tr.Leaks[0].Members) != 2 || tr.Leaks[0].Series.Now() != 60 {
		t.Fatalf("moving: %+v", tr.Leaks)
	}
	for _, m := range tr.Leaks[0].Members {
		if s := &tr.Series[m]; s.Verdict != trend.Accumulating || s.VerdictBy != trend.ByCreator {
			t.Errorf("moving: %s by %s", s.Verdict, s.VerdictBy)
		}
	}
	tr = trend.Compare(spread)
	if len(tr.Leaks) != 1 || tr.Leaks[0].By != trend.BySite {
		t.Fatalf("spread: %+v", tr.Leaks)
	}
}

// TestProof joins what a goroutineleak profile marked with the growth.
func TestProof(t *testing.T) {
	var dumps []goroutine.Dump
	for n := 1; n <= 4; n++ {
		proved := bucketOf("proved", ids(10*n, 100, 20)...)
		proved.Leaked = 10 * n
		dumps = append(dumps, dumpOf(fmt.Sprint(n), bucketOf("work", ids(8, 2, 1)...), proved, bucketOf("global", ids(9*n, 101, 20)...)))
	}
	tr := trend.Compare(dumps)
	want := map[string]trend.Proof{"proved": trend.Proved, "global": trend.Reachable, "work": trend.Steady}
	for i := range tr.Series {
		name := strings.TrimPrefix(tr.Series[i].Bucket.Stack.Site().Function, "example.com/app.")
		if tr.Series[i].Proof != want[name] {
			t.Errorf("%s: got %q, want %q", name, tr.Series[i].Proof, want[name])
		}
	}
}

// TestProvedLeaks calls accumulating what the collector proved and what became
// more, whatever the counts alone would say.
func TestProvedLeaks(t *testing.T) {
	marked := func(b goroutine.Bucket, leaked int) goroutine.Bucket {
		b.Leaked = leaked
		return b
	}
	work := func() goroutine.Bucket { return bucketOf("work", ids(8, 2, 1)...) }
	profile := func(n int) goroutine.Dump {
		d := dumpOf("leaks", bucketOf("leak", ids(n, 100, 1)...))
		d.LeaksOnly, d.Level = true, goroutine.Debug1
		return d
	}
	tests := map[string]struct {
		dumps  []goroutine.Dump
		want   trend.Verdict
		leaked int
	}{
		"two dumps, the first with none": {
			[]goroutine.Dump{dumpOf("1", work()), dumpOf("2", work(), marked(bucketOf("leak", ids(2, 100, 1)...), 2))}, trend.Accumulating, 2,
		},
		"came to an end": {
			[]goroutine.Dump{
				dumpOf("1", work()), dumpOf("2", work(), bucketOf("leak", ids(30, 100, 1)...)),
				dumpOf("3", work(), bucketOf("leak", ids(30, 100, 1)...)), dumpOf("4", work(), marked(bucketOf("leak", ids(31, 100, 1)...), 30)),
			}, trend.Accumulating, 30,
		},
		"as many as before": {
			[]goroutine.Dump{dumpOf("1", work(), marked(bucketOf("leak", ids(30, 100, 1)...), 30)), dumpOf("2", bucketOf("work", ids(7, 2, 1)...), marked(bucketOf("leak", ids(30, 100, 1)...), 30))}, trend.Stable, 30,
		},
		"traffic grew, the leak did not": {
			[]goroutine.Dump{dumpOf("1", work(), marked(bucketOf("leak", ids(30, 100, 1)...), 4)), dumpOf("2", work(), marked(bucketOf("leak", ids(90, 120, 1)...), 4))}, trend.Grown, 4,
		},
		"a few amid traffic": {
			[]goroutine.Dump{dumpOf("1", work(), marked(bucketOf("leak", ids(90, 100, 1)...), 4)), dumpOf("2", work(), marked(bucketOf("leak", ids(60, 180, 1)...), 6))}, trend.Accumulating, 6,
		},
		"by a profile": {
			[]goroutine.Dump{dumpOf("1", work()), dumpOf("2", work(), bucketOf("leak", ids(3, 100, 1)...)), profile(3)}, trend.Accumulating, 3,
		},
		"by a profile taken later": {
			[]goroutine.Dump{dumpOf("1", work()), dumpOf("2", work(), bucketOf("leak", ids(3, 100, 1)...)), profile(5)}, trend.Accumulating, 5,
		},
		"by a profile that proves little of it": {
			[]goroutine.Dump{dumpOf("1", work()), dumpOf("2", work(), bucketOf("leak", ids(30, 100, 1)...)), profile(3)}, trend.New, 3,
		},
		"two profiles": {[]goroutine.Dump{profile(3), profile(4)}, trend.Accumulating, 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tr := trend.Compare(tt.dumps)
			for i := range tr.Series {
				s := &tr.Series[i]
				if s.Bucket.Stack.Site().Function != "example.com/app.leak" {
					continue
				}
				if s.Verdict != tt.want || s.Leaked != tt.leaked || s.Proof != trend.Proved {
					t.Errorf("got %s, %d leaked, %s; want %s, %d", s.Verdict, s.Leaked, s.Proof, tt.want, tt.leaked)
				}
				if leaks := len(tr.Leaks) > 0; leaks != (tt.want == trend.Accumulating) {
					t.Errorf("leaks: %+v", tr.Leaks)
				}
				if s.Verdict == trend.Accumulating && s.Confidence < 0.9 {
					t.Errorf("proved with confidence %v", s.Confidence)
				}
				return
			}
			t.Fatal("no such series")
		})
	}
}

// TestLeakProfile joins a leak profile, which lists only what leaked, with
// dumps that list all.
func TestLeakProfile(t *testing.T) {
	profile := read(t, "gen126/leak_goroutineleak.debug1.txt")
	profile[0].LeaksOnly = true
	all := read(t, "gen126/leak_goroutineleak.debug2.txt")
	for i := range all {
		for j := range all[i].Buckets {
			all[i].Buckets[j].Leaked = 0
		}
	}
	tr := trend.Compare([]goroutine.Dump{all[0], profile[0]})
	if len(tr.Dumps) != 1 || warned(&tr, trend.LeakProfile).N != 5 {
		t.Fatalf("%d dumps, warnings %v", len(tr.Dumps), tr.Warnings)
	}
	proved := 0
	for i := range tr.Series {
		if s := &tr.Series[i]; s.Proof == trend.Proved {
			proved += s.Now()
		}
	}
	if proved != 5 {
		t.Errorf("%d goroutines proved, want 5", proved)
	}
}

// TestCrashBesideDump: crash output shows frames that debug=2 hides, of the
// runtime, of method wrappers, and of what old compilers make of a go
// statement; every goroutine that debug=2 shows is found in it all the same.
func TestCrashBesideDump(t *testing.T) {
	for _, pair := range [][2]string{
		{"server/nats.a.debug2.txt", "server/nats_sigquit.log"},
		{"genold/go1.20.14_d2.txt", "genold/go1.20.14_quit.txt"},
		{"server/prometheus.a.debug2.txt", "server/prometheus_sigquit.log"},
	} {
		tr := trend.Compare(read(t, pair[0], pair[1]))
		lost := 0
		for i := range tr.Series {
			s := &tr.Series[i]
			if s.Counts[0] > 0 && s.Now() == 0 {
				t.Logf("%s: only in the dump: %v %s", pair[0], s.Counts, s.Bucket.Stack.Site().Function)
				lost++
			}
		}
		// The goroutine that took the dump, and the connection that asked for
		// it, are not in the crash.
		if lost > 3 {
			t.Errorf("%s: %d of %d buckets are not in %s", pair[0], lost, len(tr.Series), pair[1])
		}
	}
}

// TestOwnCodeFirst: among equals the reader's own code comes first, then a
// dependency's, then Go's.
func TestOwnCodeFirst(t *testing.T) {
	var dumps []goroutine.Dump
	for n := 1; n <= 4; n++ {
		own, other, std := bucketOf("z", ids(9*n, 100, 20)...), bucketOf("m", ids(9*n, 101, 20)...), bucketOf("a", ids(9*n, 102, 20)...)
		for b, o := range map[*goroutine.Bucket]goroutine.Origin{&own: goroutine.Main, &other: goroutine.Dependency, &std: goroutine.Stdlib} {
			b.Stack = b.Stack.Map(new(goroutine.Stacks), func(f goroutine.Frame) goroutine.Frame {
				f.Origin = o
				return f
			})
		}
		dumps = append(dumps, dumpOf(fmt.Sprint(n), std, other, own))
	}
	var got []string
	for _, tr := range []trend.Trend{trend.Compare(dumps), trend.One(dumps[0])} {
		for i := range tr.Series {
			got = append(got, strings.TrimPrefix(tr.Series[i].Bucket.Stack.Site().Function, "example.com/app."))
		}
		for i := range tr.Leaks {
			got = append(got, strings.TrimPrefix(tr.Leaks[i].Series.Bucket.Stack.Site().Function, "example.com/app."))
		}
	}
	if want := []string{"z", "m", "a", "z", "m", "a", "z", "m", "a"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestRateNeedsTime tells a rate by the hour only where a second or more was watched.
func TestRateNeedsTime(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for step, known := range map[time.Duration]bool{10 * time.Millisecond: false, time.Second: true, 0: false} {
		var dumps []goroutine.Dump
		for n := 1; n <= 3; n++ {
			d := dumpOf(fmt.Sprint(n), bucketOf("leak", ids(9*n, 100_000, 20)...))
			d.TakenAt = start.Add(time.Duration(n) * step)
			dumps = append(dumps, d)
		}
		if s := trend.Compare(dumps).Series[0]; s.Verdict != trend.Accumulating || s.PerHour > 0 != known {
			t.Errorf("%v apart: %s, %v an hour", step, s.Verdict, s.PerHour)
		}
	}
}
