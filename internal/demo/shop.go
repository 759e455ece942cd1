package demo

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"gdump/internal/demo/bus"
)

// shop is a small service as there are many: a pool of workers, a janitor, a
// writer that waits for work, a handler that leaks, and two that lock in
// different orders. In a fixed one these three are mended.
type shop struct {
	fixed bool
	till  till
	shelf shelf

	bus    *bus.Conn
	jobs   chan job
	orders atomic.Int64

	mu      sync.Mutex
	pending []string
	flush   *sync.Cond
	closed  bool

	stop chan struct{}
	wg   sync.WaitGroup
}

type job struct {
	order int64
	done  chan<- string
}

const (
	workers = 16
	writers = 4
)

func newShop(fixed bool) *shop {
	s := &shop{fixed: fixed, bus: bus.Dial(), jobs: make(chan job), stop: make(chan struct{})}
	s.flush = sync.NewCond(&s.mu)
	for range workers {
		s.wg.Go(s.work)
	}
	for range writers {
		s.wg.Go(s.write)
	}
	s.wg.Go(s.sweep)
	return s
}

// handler serves the shop and its profiles on one address.
func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/order", s.order)
	mux.HandleFunc("/checkout", s.checkout)
	mux.HandleFunc("/restock", s.restock)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	return mux
}

// order has a worker price the order and waits for the bus to confirm it. The
// bus sends a receipt after the confirmation, which nobody here reads, and the
// subscription is not closed: its goroutine stays for ever, unless the shop is
// fixed.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	n := s.orders.Add(1)
	price := make(chan string, 1)
	select {
	case s.jobs <- job{n, price}:
	case <-r.Context().Done():
		return
	}
	topic := fmt.Sprintf("order.%d", n)
	sub := s.bus.Subscribe(topic)
	if s.fixed {
		defer s.bus.Unsubscribe(sub)
	}
	s.bus.Publish(bus.Message{Topic: topic, Body: "confirmed"})
	s.bus.Publish(bus.Message{Topic: topic, Body: "receipt"})
	confirmation := <-sub.C
	s.record(topic)
	fmt.Fprintln(w, topic, <-price, confirmation.Body)
}

// work prices orders.
func (s *shop) work() {
	for {
		select {
		case j := <-s.jobs:
			j.done <- fmt.Sprintf("%d.00", 10+j.order%90)
		case <-s.stop:
			return
		}
	}
}

// record queues a line for the writers.
func (s *shop) record(line string) {
	s.mu.Lock()
	s.pending = append(s.pending, line)
	s.mu.Unlock()
	s.flush.Signal()
}

// write takes what is pending, whenever there is something.
func (s *shop) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		s.pending = s.pending[:0]
		s.flush.Wait()
	}
}

// sweep is the janitor: it wakes up now and then.
func (s *shop) sweep() {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.flush.Broadcast()
		case <-s.stop:
			return
		}
	}
}

// close ends every goroutine of the shop, those that leaked too.
func (s *shop) close() {
	close(s.stop)
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.flush.Broadcast()
	s.bus.Close()
	s.wg.Wait()
}
