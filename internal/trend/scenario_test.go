package trend_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// server is a process whose goroutines a test starts and ends, and its dumps.
type server struct {
	dumps  []goroutine.Dump
	step   time.Duration
	ids    uint64
	early  uint64 // the last id of those that were started long ago
	groups []*members
	lives  int
}

// members are the goroutines of one place.
type members struct {
	name, state string
	alive       []uint64
	elsewhere   bool // started by another go statement of the same function
}

// newServer is a process that has been up for long.
func newServer() *server {
	s := &server{step: 30 * time.Minute}
	s.restart()
	return s
}

// restart begins another process lifetime, in which the server warms up.
func (s *server) restart() {
	s.groups = nil
	s.lives++
	s.ids = uint64(s.lives)
	s.start("work", 8)
	s.start("listen", 1)
	s.ids += 1000*uint64(s.lives) + 500
	s.start("loop", 3)
	s.early = s.ids
	s.ids += 20_000
	s.start("recent", 1)
}

// young is a process that has just started.
func young() *server {
	s := &server{step: 5 * time.Minute, ids: 1}
	s.start("work", 8)
	return s
}

func (s *server) group(name string) *members {
	for _, g := range s.groups {
		if g.name == name {
			return g
		}
	}
	g := &members{name: name, state: "select"}
	s.groups = append(s.groups, g)
	return g
}

func (s *server) start(name string, n int) {
	g := s.group(name)
	for range n {
		s.ids += 2
		g.alive = append(g.alive, s.ids)
	}
}

// end ends the oldest of a group.
func (s *server) end(name string, n int) {
	g := s.group(name)
	g.alive = slices.Clone(g.alive[n:])
}

// dump takes a dump, after some goroutines that no dump shows.
func (s *server) dump() {
	s.ids += 100
	var buckets []goroutine.Bucket
	for _, g := range s.groups {
		if len(g.alive) == 0 {
			continue
		}
		b := bucketOf(strings.TrimSuffix(g.name, "2"), g.alive...)
		b.States[0].Name = g.state
		if g.elsewhere {
			b = elsewhere(b)
		}
		buckets = append(buckets, b)
	}
	d := dumpOf(fmt.Sprint("dump", len(s.dumps)), buckets...)
	d.TakenAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(len(s.dumps)) * s.step)
	s.dumps = append(s.dumps, d)
}

// levels brings a group to each of these sizes, with a dump of each. Those of
// the first were started long ago, if the server has been up for long.
func (s *server) levels(name string, sizes ...int) *server {
	g := s.group(name)
	if len(g.alive) == 0 && s.early > 0 {
		for range sizes[0] {
			s.early += 2
			g.alive = append(g.alive, s.early)
		}
	}
	for _, n := range sizes {
		if now := len(s.group(name).alive); n < now {
			s.end(name, now-n)
		} else {
			s.start(name, n-now)
		}
		s.dump()
	}
	return s
}

// series is what a trend says of the largest series of a place.
func series(t *trend.Trend, name string) *trend.Series {
	var found *trend.Series
	for i := range t.Series {
		s := &t.Series[i]
		if s.Bucket.Stack.Site().Function == "example.com/app."+name && (found == nil || s.Now() > found.Now()) {
			found = s
		}
	}
	return found
}
