package demo

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// till takes money for what is on the shelf. Selling locks the till, then the
// shelf; refilling does it the other way round: a deadlock whenever the two
// meet. In a fixed shop selling never holds both.
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

// The methods are not inlined, as larger ones would not be: a dump has the
// objects of calls only.
//
//go:noinline
func (t *till) sell(from *shelf) {
	t.mu.Lock()
	defer t.mu.Unlock()
	time.Sleep(aMoment)
	from.take()
	t.taken++
}

//go:noinline
func (t *till) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken += n
}

//go:noinline
func (s *shelf) refill(paid *till) {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(aMoment)
	paid.add(-1)
	s.goods++
}

//go:noinline
func (s *shelf) take() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goods--
}

// checkout sells one of the goods.
func (s *shop) checkout(w http.ResponseWriter, _ *http.Request) {
	if s.fixed {
		s.shelf.take()
		s.till.add(1)
	} else {
		s.till.sell(&s.shelf)
	}
	fmt.Fprintln(w, "sold")
}

// restock pays for new goods.
func (s *shop) restock(w http.ResponseWriter, _ *http.Request) {
	s.shelf.refill(&s.till)
	fmt.Fprintln(w, "restocked")
}
