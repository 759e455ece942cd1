// Package feed has scenarios of channels.
package feed

import (
	"context"
	"sync"
	"time"

	"example.com/depot/truth"
)

// Hub sends to its subscribers with the lock held.
type Hub struct {
	mu   sync.Mutex
	subs map[int]chan string
}

func (h *Hub) Publish(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.subs {
		ch <- s
	}
}

func (h *Hub) Leave(id int) {
	h.mu.Lock()
	delete(h.subs, id)
	h.mu.Unlock()
}

func (h *Hub) listen(id int, ch chan string) {
	for range ch {
		h.Leave(id) // the subscriber leaves instead of reading on
	}
}

// SendUnderLock is a publisher that sends with the lock its subscriber needs.
func SendUnderLock() {
	h := &Hub{subs: map[int]chan string{}}
	ch := make(chan string)
	h.subs[7] = ch
	truth.Keep(h)
	truth.Res("hub.mu", "mutex", &h.mu)
	truth.Res("subscription", "chan", ch)
	go func() { truth.Me("lock:hub.mu", "subscription"); h.listen(7, ch) }()
	go func() {
		truth.Me("send:subscription", "hub.mu")
		for i := 0; i < 3; i++ {
			h.Publish("x")
			h.mu.Lock()
			h.subs[7] = ch
			h.mu.Unlock()
		}
	}()
	truth.Settle()
	for i := 0; i < 5; i++ {
		go func() { truth.Me("lock:hub.mu"); h.Publish("y") }()
	}
	truth.Noise(2)
}

type peer struct {
	name    string
	in, out chan int
}

func (p *peer) run() {
	for i := 0; ; i++ {
		p.out <- i
		<-p.in
	}
}

// SendRing is two goroutines that both send first.
func SendRing() {
	a, b := make(chan int), make(chan int)
	truth.Res("a", "chan", a)
	truth.Res("b", "chan", b)
	go func() { truth.Me("send:b", "a"); (&peer{"left", a, b}).run() }()
	go func() { truth.Me("send:a", "b"); (&peer{"right", b, a}).run() }()
	truth.Noise(2)
}

func query(ctx context.Context, d time.Duration) (string, error) {
	out := make(chan string)
	name := truth.Res("answer", "chan", out)
	go func() {
		truth.Me("send:" + name)
		time.Sleep(d)
		out <- "late"
	}()
	select {
	case s := <-out:
		return s, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Abandoned is sends whose receiver gave up.
func Abandoned() {
	for i := 0; i < 30; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		query(ctx, 20*time.Millisecond)
		cancel()
	}
	truth.Noise(3)
}

type optional struct {
	updates chan int
	errs    chan error
}

func (o *optional) watch() {
	for e := range o.errs {
		_ = e
	}
}

func (o *optional) notify(n int) { o.updates <- n }

// NilChannels is receives and sends on channels never made.
func NilChannels() {
	o := &optional{}
	truth.Keep(o)
	for i := 0; i < 4; i++ {
		go func() { truth.Me("nilrecv:"); o.watch() }()
		go func() { truth.Me("nilsend:"); o.notify(i) }()
	}
	truth.Noise(2)
}

func forever(ready *sync.WaitGroup) {
	ready.Done()
	select {}
}

// Forever is select without cases.
func Forever() {
	var wg sync.WaitGroup
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() { truth.Me("selectnone:"); forever(&wg) }()
	}
	wg.Wait()
	truth.Noise(2)
}

type crew struct {
	jobs chan int
	wg   sync.WaitGroup
}

func (c *crew) work() {
	defer c.wg.Done()
	for j := range c.jobs {
		_ = j * j
	}
}

func runBatch(n int) {
	c := &crew{jobs: make(chan int)}
	truth.Res("jobs", "chan", c.jobs)
	truth.Res("crew.wg", "waitgroup", &c.wg)
	for i := 0; i < n; i++ {
		c.wg.Add(1)
		go func() { truth.Me("recv:jobs", "crew.wg"); c.work() }()
	}
	for i := 0; i < 20; i++ {
		c.jobs <- i
	}
	// close(c.jobs) is missing
	truth.Me("wg:crew.wg")
	c.wg.Wait()
}

// NeverClosed is a pool of workers whose jobs channel is never closed, and its owner waiting.
func NeverClosed() {
	go runBatch(8)
	truth.Noise(2)
}

// Answer waits for a reply under the lock that the one who replies needs.
type Server struct {
	mu    sync.Mutex
	n     int
	asks  chan chan int
	ready bool
}

func (s *Server) loop() {
	for a := range s.asks {
		s.mu.Lock()
		n := s.n
		s.mu.Unlock()
		a <- n
	}
}

func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := make(chan int)
	truth.Res("reply", "chan", a)
	s.asks <- a
	return <-a
}

// ReplyUnderLock waits for a reply with the lock that the replier needs.
func ReplyUnderLock() {
	s := &Server{asks: make(chan chan int)}
	truth.Keep(s)
	truth.Res("server.mu", "mutex", &s.mu)
	go func() { truth.Me("lock:server.mu", "reply"); s.loop() }()
	go func() { truth.Me("recv:reply", "server.mu"); s.Count() }()
	truth.Settle()
	for i := 0; i < 4; i++ {
		go func() { truth.Me("lock:server.mu"); s.Count() }()
	}
	truth.Noise(2)
}

// Forgotten contexts: goroutines that wait for a cancel that nobody calls.
func watchCtx(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// NotCancelled is contexts whose cancel is dropped.
func NotCancelled() {
	for i := 0; i < 12; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		truth.Keep(cancel)
		name := truth.Res("ctx", "chan", ctx.Done())
		go func() { truth.Me("select:" + name); watchCtx(ctx, time.Hour) }()
	}
	truth.Noise(3)
}

// stages of a pipeline whose last stage stopped at an error
func gen(n int) <-chan int {
	out := make(chan int)
	truth.Res("gen", "chan", out)
	go func() {
		truth.Me("send:gen")
		defer close(out)
		for i := 0; i < n; i++ {
			out <- i
		}
	}()
	return out
}
func square(in <-chan int) <-chan int {
	out := make(chan int)
	truth.Res("square", "chan", out)
	go func() {
		truth.Me("send:square", "gen")
		defer close(out)
		for v := range in {
			out <- v * v
		}
	}()
	return out
}

// Pipeline is stages blocked behind one that gave up.
func Pipeline() {
	for v := range square(gen(100)) {
		if v > 20 {
			break
		}
	}
	truth.Noise(2)
}
