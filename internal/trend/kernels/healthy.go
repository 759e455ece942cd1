package kernels

import (
	"context"
	"sync"
	"time"
)

// Healthy are kernels that look like leaks at a glance.
func Healthy() []Kernel {
	return []Kernel{
		{Name: "constantWorkers", Round: constantWorkers()},
		{Name: "poolWarmsUp", Round: poolWarmsUp()},
		{Name: "batchFlushes", Round: batchFlushes()},
		{Name: "cacheEntries", Round: cacheEntries()},
		{Name: "tickerReplaced", Round: tickerReplaced()},
		{Name: "connectionsComeAndGo", Round: connectionsComeAndGo()},
		{Name: "workersMove", Round: workersMove()},
		{Name: "burstPasses", Round: burstPasses()},
		{Name: "retriesThenEnds", Round: retriesThenEnds()},
	}
}

// group is goroutines that wait until they are told to end.
type group struct {
	stop chan struct{}
	wg   sync.WaitGroup
}

func newGroup() *group { return &group{stop: make(chan struct{})} }

func (g *group) end() {
	close(g.stop)
	g.wg.Wait()
}

func constantWorkers() func(int) {
	jobs := make(chan func(), 100)
	return func(n int) {
		for range 8 {
			if n == 0 {
				go func() {
					for f := range jobs {
						f()
					}
				}()
			}
			jobs <- func() { keep(n) }
		}
	}
}

// poolWarmsUp has its 24 workers after two rounds.
func poolWarmsUp() func(int) {
	jobs := make(chan func())
	size := 0
	return func(n int) {
		for want := min(24, 12*n); size < want; size++ {
			go func() {
				for f := range jobs {
					f()
				}
			}()
		}
	}
}

// batchFlushes collects for three rounds, then ends all it has.
func batchFlushes() func(int) {
	g := newGroup()
	return func(n int) {
		if n%3 == 2 {
			g.end()
			g = newGroup()
		}
		for range 10 {
			mine := g
			mine.wg.Go(func() {
				<-mine.stop
			})
		}
	}
}

// cacheEntries live for two rounds, and have since before the first dump.
func cacheEntries() func(int) {
	var alive []*group
	return func(int) {
		g := newGroup()
		for range 12 {
			g.wg.Go(func() {
				<-g.stop
			})
		}
		alive = append(alive, g)
		if len(alive) > 2 {
			alive[0].end()
			alive = alive[1:]
		}
	}
}

func tickerReplaced() func(int) {
	var g *group
	return func(int) {
		if g != nil {
			g.end()
		}
		mine := newGroup()
		g = mine
		mine.wg.Go(func() {
			t := time.NewTicker(time.Hour)
			defer t.Stop()
			select {
			case <-t.C:
			case <-mine.stop:
			}
		})
	}
}

// connectionsComeAndGo live for one to four rounds.
func connectionsComeAndGo() func(int) {
	leaves := map[int][]*group{}
	return func(n int) {
		for _, g := range leaves[n] {
			g.end()
		}
		for i := range 8 {
			g := newGroup()
			g.wg.Go(func() {
				<-g.stop
			})
			at := n + 1 + (i*i+n)%4
			leaves[at] = append(leaves[at], g)
		}
	}
}

// workersMove wait at one of two places, another each round.
func workersMove() func(int) {
	var turn [2]chan struct{}
	turn[0], turn[1] = make(chan struct{}, 6), make(chan struct{}, 6)
	return func(n int) {
		for range 6 {
			if n == 0 {
				go func() {
					for {
						waitHere(turn[0])
						waitThere(turn[1])
					}
				}()
				continue
			}
			turn[(n-1)%2] <- struct{}{}
		}
	}
}

func waitHere(c chan struct{})  { <-c }
func waitThere(c chan struct{}) { <-c }

// burstPasses starts many in one round, which are gone in the next.
func burstPasses() func(int) {
	var g *group
	return func(n int) {
		if g != nil {
			g.end()
			g = nil
		}
		if n%3 == 1 {
			mine := newGroup()
			g = mine
			for range 100 {
				mine.wg.Go(func() {
					<-mine.stop
				})
			}
		}
	}
}

// retriesThenEnds waits with a deadline that its caller ends.
func retriesThenEnds() func(int) {
	var cancel context.CancelFunc
	var wg sync.WaitGroup
	return func(int) {
		if cancel != nil {
			cancel()
			wg.Wait()
		}
		var ctx context.Context
		ctx, cancel = context.WithTimeout(context.Background(), time.Hour)
		for range 5 {
			wg.Go(func() { <-ctx.Done() })
		}
	}
}
