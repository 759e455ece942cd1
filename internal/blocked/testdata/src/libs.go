// Command libs blocks in the ways that the patterns name, in libraries, and in
// ways that look like them. The dumps beside it are what it printed.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"runtime/pprof"
	"time"

	"github.com/eapache/channels"
	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	block, ok := ways[os.Args[1]]
	if !ok {
		log.Fatal("unknown: ", os.Args[1])
	}
	block()
	time.Sleep(400 * time.Millisecond)
	pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
}

var ways = map[string]func(){
	"grpc-stream-not-drained": func() {
		c := dial(100)
		for range 3 {
			run(func() { open(c) })
		}
	},
	"grpc-stream-not-drained.not": func() {
		c := dial(100)
		for range 3 {
			run(func() { follow(c) })
		}
	},
	"grpc-stream-quota": func() {
		c := dial(2)
		for range 2 {
			run(func() { follow(c) })
		}
		pause()
		for range 3 {
			run(func() { open(c) })
		}
	},
	"grpc-stream-quota.not": func() {
		c := dial(9)
		for range 3 {
			run(func() { follow(c) })
		}
	},
	"not-closed": func() {
		for range 12 {
			run(func() { channels.NewInfiniteChannel() })
		}
	},
	"not-closed.not": func() {
		for range 12 { // one for each part of the service
			channels.NewInfiniteChannel()
		}
	},
	"errgroup-limit": func() {
		run(func() {
			var g errgroup.Group
			g.SetLimit(1)
			g.Go(func() error {
				g.Go(func() error { return nil })
				return nil
			})
			g.Wait()
		})
	},
	"errgroup-limit.not": func() {
		run(func() {
			var g errgroup.Group
			g.SetLimit(2)
			for range 9 {
				g.Go(sleep)
			}
			g.Wait()
		})
	},
	"semaphore-exhausted": func() {
		s := semaphore.NewWeighted(2)
		for range 5 {
			run(func() { work(s) })
		}
	},
	"semaphore-exhausted.not": func() {
		s := semaphore.NewWeighted(9)
		for range 5 {
			run(func() { work(s) })
		}
	},
	"singleflight-slow": func() {
		var g singleflight.Group
		for range 4 {
			run(func() { fetch(&g, "key") })
		}
	},
	"singleflight-slow.not": func() {
		var g singleflight.Group
		for _, key := range []string{"a", "b", "c"} {
			run(func() { fetch(&g, key) })
		}
	},
	"singleflight-recursive": func() {
		var g singleflight.Group
		run(func() { again(&g, "key", "key") })
	},
	"singleflight-recursive.not": func() {
		var g singleflight.Group
		run(func() { fetch(&g, "b") })
		pause()
		run(func() { again(&g, "a", "b") })
	},
	"watch-not-read": func() {
		w := watcher()
		touch()
		keep = w
	},
	"watch-not-read.not": func() {
		w := watcher()
		run(func() {
			for range w.Events {
			}
		})
	},
}

var keep any

//go:noinline
func run(f func()) { go func() { f() }() }

func pause() { time.Sleep(50 * time.Millisecond) }

func sleep() error {
	time.Sleep(time.Hour)
	return nil
}

func dial(streams uint32) healthpb.HealthClient {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer(grpc.MaxConcurrentStreams(streams))
	healthpb.RegisterHealthServer(s, health.NewServer())
	go s.Serve(l)
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return healthpb.NewHealthClient(c)
}

//go:noinline
func open(c healthpb.HealthClient) {
	s, err := c.Watch(context.Background(), &healthpb.HealthCheckRequest{})
	if err != nil {
		log.Fatal(err)
	}
	s.Recv()
}

//go:noinline
func follow(c healthpb.HealthClient) {
	s, err := c.Watch(context.Background(), &healthpb.HealthCheckRequest{})
	if err != nil {
		log.Fatal(err)
	}
	for {
		if _, err := s.Recv(); err != nil {
			return
		}
	}
}

//go:noinline
func work(s *semaphore.Weighted) {
	if s.Acquire(context.Background(), 1) != nil {
		return
	}
	defer s.Release(1)
	sleep()
}

//go:noinline
func fetch(g *singleflight.Group, key string) {
	g.Do(key, func() (any, error) { return nil, sleep() })
}

//go:noinline
func again(g *singleflight.Group, key, other string) {
	g.Do(key, func() (any, error) {
		fetch(g, other)
		return nil, nil
	})
}

func watcher() *fsnotify.Watcher {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Add(os.TempDir()); err != nil {
		log.Fatal(err)
	}
	return w
}

func touch() {
	f, err := os.CreateTemp("", "")
	if err == nil {
		f.Close()
		os.Remove(f.Name())
	}
}
