package trend_test

import (
	"slices"
	"testing"

	"gdump/internal/trend"
)

// scenarios are for each objection what only it calls by its right name.
func scenarios() map[trend.ReasonKind]struct {
	server *server
	want   trend.Verdict
} {
	type scenario = struct {
		server *server
		want   trend.Verdict
	}
	all := map[trend.ReasonKind]scenario{
		trend.Halted:      {newServer().levels("pool", 10, 12, 14, 17, 20, 28, 36, 36), trend.Growing},
		trend.Paused:      {newServer().levels("pool", 10, 15, 20, 25, 30, 35, 35, 35, 35, 35), trend.Grown},
		trend.TwoDumps:    {newServer().levels("pool", 10, 40), trend.Growing},
		trend.Slows:       {newServer().levels("pool", 10, 22, 31, 37, 42, 46, 49, 52), trend.Growing},
		trend.FewRounds:   {newServer().levels("pool", 10, 10, 16, 16, 16, 16, 16, 16, 22, 22, 28), trend.Growing},
		trend.FewMore:     {newServer().levels("pool", 10, 11, 12, 13), trend.Growing},
		trend.LittleOfAll: {newServer().levels("pool", 63, 66, 66, 67, 67, 67, 69, 71, 72, 73), trend.Growing},
		trend.WarmsUp:     {young().levels("pool", 10, 18, 25, 33), trend.Growing},
	}
	s := newServer()
	s.start("pool", 100)
	for range 8 {
		s.dump()
		s.start("pool", 5)
		s.end("pool", 4)
	}
	all[trend.Replaced] = scenario{s, trend.Stable}
	s = newServer()
	s.start("pool", 30)
	s.start("pool2", 5)
	s.group("pool2").elsewhere = true
	for range 6 {
		s.dump()
		s.end("pool", 5)
		s.start("pool2", 5)
	}
	all[trend.Elsewhere] = scenario{s, trend.Grown}
	s = newServer().levels("pool", 50)
	for range 5 {
		s.start("pool", 10)
		s.end("pool", 1)
		s.dump()
	}
	all[trend.SomeEnd] = scenario{s, trend.Growing}
	s = newServer()
	s.group("pool").state = "IO wait"
	all[trend.FewPeers] = scenario{s.levels("pool", 4, 5, 7, 9), trend.Growing}
	// Each round brings ten that end within it, six that stay a round longer,
	// and four that stay for long.
	s = newServer()
	var short, long []uint64
	for range 6 {
		g := s.group("pool")
		g.alive = slices.DeleteFunc(g.alive, func(id uint64) bool { return slices.Contains(long, id) || slices.Contains(short, id) })
		g.alive = append(g.alive, short...)
		long, short = short, nil
		s.start("pool", 6)
		short = slices.Clone(g.alive[len(g.alive)-6:])
		s.start("pool", 4)
		s.dump()
	}
	all[trend.Mingles] = scenario{s, trend.Growing}
	s = newServer().levels("pool", 4, 8, 10, 10, 10, 10, 10)
	s.restart()
	all[trend.OtherLife] = scenario{s.levels("pool", 2, 6, 10), trend.Grown}
	s = newServer().levels("pool", 10, 20, 30, 40)
	s.restart()
	all[trend.EqualTops] = scenario{s.levels("pool", 8, 16, 24, 32, 40), trend.Growing}
	return all
}

// TestAblation takes each objection out in turn: the scenario that needs it
// goes wrong, and with it is right.
func TestAblation(t *testing.T) {
	all := scenarios()
	for _, kind := range trend.Objections() {
		s, ok := all[kind]
		if !ok {
			t.Errorf("%s: no scenario needs it", kind)
			continue
		}
		with, without := trend.Compare(s.server.dumps), trend.Without(kind).Compare(s.server.dumps)
		a, b := series(&with, "pool"), series(&without, "pool")
		if a.Verdict != s.want {
			t.Errorf("%s: %v is %s, want %s: %v", kind, a.Counts, a.Verdict, s.want, a.Reasons)
		}
		if b.Verdict == s.want {
			t.Errorf("%s: %v is %s without it, too: %v", kind, b.Counts, b.Verdict, b.Reasons)
		}
	}
}
