package demo

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// till takes money for what is on the shelves. Checkout locks the till, then
// the shelf; restock does it the other way round: a deadlock whenever the two
// meet. The fixed till has one order.
type till struct {
	mu    sync.Mutex
	taken int
}

type shelf struct {
	mu    sync.Mutex
	goods int
}

// aMoment is how long something slow takes between two locks, so that requests
// at the same time do meet.
const aMoment = 100 * time.Millisecond

// checkout sells one of the goods.
func (s *shop) checkout(w http.ResponseWriter, _ *http.Request) {
	if s.fixed {
		s.shelf.mu.Lock()
		defer s.shelf.mu.Unlock()
		s.till.mu.Lock()
		defer s.till.mu.Unlock()
	} else {
		s.till.mu.Lock()
		defer s.till.mu.Unlock()
		time.Sleep(aMoment)
		s.shelf.mu.Lock()
		defer s.shelf.mu.Unlock()
	}
	s.till.taken++
	s.shelf.goods--
	fmt.Fprintln(w, "sold")
}

// restock pays for new goods.
func (s *shop) restock(w http.ResponseWriter, _ *http.Request) {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	time.Sleep(aMoment)
	s.till.mu.Lock()
	defer s.till.mu.Unlock()
	s.till.taken--
	s.shelf.goods++
	fmt.Fprintln(w, "restocked")
}
