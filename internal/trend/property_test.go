package trend_test

import (
	"slices"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/trend/sim"

	"pgregory.net/rapid"
)

// verdictOf is what a trend says of a kind of goroutine.
func verdictOf(dumps []goroutine.Dump, k sim.Kind) trend.Verdict {
	tr := trend.Compare(dumps)
	return sim.Said(&tr, k)
}

func kind(name string) sim.Kind {
	all := sim.Kinds()
	return all[slices.IndexFunc(all, func(k sim.Kind) bool { return k.Name == name })]
}

// plainLeaks are leaks that every comparison of a few dumps must show.
var plainLeaks = []string{"leak-steady", "leak-mutex", "leak-depths", "leak-moving", "leak-connections"}

// TestSame: a dump beside itself has no growth.
func TestSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 1, NoIDs: rapid.Bool().Draw(t, "no ids")})
		tr := trend.Compare([]goroutine.Dump{dumps[0], dumps[0]})
		for i := range tr.Series {
			if s := &tr.Series[i]; s.Verdict != trend.Stable || s.Change() != 0 || s.Born != 0 || s.Ended != 0 {
				t.Fatalf("%s: %s %v, %d born, %d ended", s.Bucket.Stack.Site().Function, s.Verdict, s.Counts, s.Born, s.Ended)
			}
		}
	})
}

// TestMirror: the dumps the other way round tell the story the other way round.
func TestMirror(t *testing.T) {
	mirror := map[trend.Verdict]trend.Verdict{trend.Growing: trend.Shrunk, trend.New: trend.Gone, trend.Gone: trend.New, trend.Grown: trend.Shrunk, trend.Shrunk: trend.Grown, trend.Stable: trend.Stable, trend.Turnover: trend.Turnover}
	rapid.Check(t, func(t *rapid.T) {
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 2, NoIDs: true, Quiet: true})
		there := trend.Compare(dumps)
		back := trend.Compare([]goroutine.Dump{dumps[1], dumps[0]})
		at := map[goroutine.ID]*trend.Series{}
		for i := range back.Series {
			at[back.Series[i].Bucket.ID] = &back.Series[i]
		}
		if len(there.Series) != len(back.Series) {
			t.Fatalf("%d series there, %d back", len(there.Series), len(back.Series))
		}
		for i := range there.Series {
			a := &there.Series[i]
			b := at[a.Bucket.ID]
			if a.Counts[0] != b.Counts[1] || a.Counts[1] != b.Counts[0] {
				t.Fatalf("counts %v and %v", a.Counts, b.Counts)
			}
			// What a change is measured by is the first count, so what is just
			// large seen from one side may be small seen from the other.
			if a.Counts[0] == 0 || a.Counts[1] == 0 || a.Verdict == trend.Growing || b.Verdict == trend.Growing {
				if there, back := a.Change() > 0, b.Change() > 0; there == back {
					t.Fatalf("%v: %s there, %s back", a.Counts, a.Verdict, b.Verdict)
				}
				continue
			}
			if want := mirror[a.Verdict]; b.Verdict != want && a.Verdict != trend.Stable && b.Verdict != trend.Stable {
				t.Fatalf("%v: %s there, %s back", a.Counts, a.Verdict, b.Verdict)
			}
		}
	})
}

// TestNoise: what else goes on in a process does not change the verdict on a leak.
func TestNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := kind(rapid.SampledFrom(plainLeaks).Draw(t, "leak"))
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: rapid.IntRange(4, 8).Draw(t, "dumps")})
		alone := slices.Clone(dumps)
		for i := range alone {
			alone[i].Buckets = slices.DeleteFunc(slices.Clone(alone[i].Buckets), func(b goroutine.Bucket) bool {
				return b.Stack.CreatedBy().Package != k.Package() && b.Stack.CreatedBy().Package != kind("workers").Package()
			})
		}
		amid, apart := verdictOf(dumps, k), verdictOf(alone, k)
		if amid != trend.Accumulating && amid != trend.Growing || apart != trend.Accumulating && apart != trend.Growing {
			t.Fatalf("%s is %s amid noise, %s alone", k.Name, amid, apart)
		}
	})
}

// TestDrop: without one of the dumps a leak is still one.
func TestDrop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := kind(rapid.SampledFrom(plainLeaks).Draw(t, "leak"))
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 6})
		drop := rapid.IntRange(0, 5).Draw(t, "drop")
		if got := verdictOf(slices.Delete(slices.Clone(dumps), drop, drop+1), k); got != trend.Accumulating && got != trend.Growing {
			t.Fatalf("%s without dump %d is %s", k.Name, drop, got)
		}
	})
}

// TestCutIDs: counts alone show a plain leak as well, with less confidence,
// and never claim to know who stayed.
func TestCutIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 10, Only: "leak-steady"}
		whole, _, _ := sim.Run(o)
		o.NoIDs = true
		cut, _, _ := sim.Run(o)
		a, b := trend.Compare(whole), trend.Compare(cut)
		x, y := &a.Series[0], &b.Series[0]
		if x.Verdict.Rank() > trend.Growing.Rank() || y.Verdict.Rank() > trend.Growing.Rank() || x.Accused() && y.Confidence >= x.Confidence {
			t.Fatalf("%s (%v) with ids, %s (%v) without: %v", x.Verdict, x.Confidence, y.Verdict, y.Confidence, y.Counts)
		}
		if y.HasIDs || y.Steps != nil || y.Survived != 0 {
			t.Fatalf("survivors without ids: %+v", y.Steps)
		}
	})
}

// TestShuffle: dumps of one life come in order by their ids, or by their times.
func TestShuffle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quiet := rapid.Bool().Draw(t, "quiet")
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 5, Quiet: quiet})
		want := trend.Compare(dumps)
		var mixed []goroutine.Dump
		for _, n := range rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order") {
			mixed = append(mixed, dumps[n])
		}
		got := trend.Compare(mixed)
		for i := range want.Dumps {
			if got.Dumps[i].Source != want.Dumps[i].Source {
				t.Fatalf("dump %d is %s, restarts %v", i, got.Dumps[i].Source, got.Restarted)
			}
		}
	})
}

// TestNothingLost: every goroutine of every dump is in one series.
func TestNothingLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: rapid.IntRange(1, 6).Draw(t, "dumps"), Restarts: rapid.IntRange(0, 1).Draw(t, "restarts")})
		tr := trend.Compare(dumps)
		for i := range tr.Dumps {
			n := 0
			for j := range tr.Series {
				n += tr.Series[j].Counts[i]
			}
			if n != tr.Dumps[i].Goroutines {
				t.Fatalf("dump %d: %d goroutines in series, %d in the dump", i, n, tr.Dumps[i].Goroutines)
			}
		}
	})
}

// TestRate: the rate an hour fits the rate a dump and the times.
func TestRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(1, 600).Draw(t, "minutes")
		dumps, _, _ := sim.Run(sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), Dumps: 5, Only: "leak-steady"})
		for i := range dumps {
			dumps[i].TakenAt = time.Unix(int64(i*minutes*60), 0)
		}
		tr := trend.Compare(dumps)
		s := &tr.Series[0]
		if want := s.PerDump * 60 / float64(minutes); s.PerHour < want*0.999 || s.PerHour > want*1.001 {
			t.Fatalf("%v a dump each %d minutes is %v an hour, want %v", s.PerDump, minutes, s.PerHour, want)
		}
	})
}
