// Package knots has locks whose holder is hard to name.
package knots

import (
	"net"
	"sync"
	"time"

	"example.com/depot/truth"
)

type Store struct {
	Mu   sync.Mutex
	rows map[string]int
}

func (s *Store) Add(k string) {
	s.Mu.Lock()
	s.rows[k]++
	s.Mu.Unlock()
}

type Exporter struct {
	st   *Store
	conn net.Conn
}

func (e *Exporter) Flush() error {
	e.st.Mu.Lock()
	defer e.st.Mu.Unlock()
	b := make([]byte, len(e.st.rows)+1)
	_, err := e.conn.Read(b)
	return err
}

// OtherType is a lock of one type held by a method of another.
func OtherType() {
	s := &Store{rows: map[string]int{}}
	e := &Exporter{s, truth.Dial()}
	truth.Keep(e)
	truth.Res("store.Mu", "mutex", &s.Mu)
	go func() { truth.Me("", "store.Mu"); e.Flush() }()
	truth.Settle()
	for i := 0; i < 7; i++ {
		go func() { truth.Me("lock:store.Mu"); s.Add("x") }()
	}
	truth.Noise(2)
}

type Room struct {
	mu    sync.Mutex
	users []string
	msgs  chan string
	conn  net.Conn
}

func (r *Room) serve(id int) {
	truth.Me("recv:room.msgs")
	for m := range r.msgs {
		_ = m
	}
}
func (r *Room) snapshot() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b [32]byte
	r.conn.Read(b[:])
}
func (r *Room) Join(u string) {
	r.mu.Lock()
	r.users = append(r.users, u)
	r.mu.Unlock()
}

// SameType is one holder among many of the same type and object that do not hold.
func SameType() {
	r := &Room{msgs: make(chan string), conn: truth.Dial()}
	truth.Keep(r)
	truth.Res("room.mu", "mutex", &r.mu)
	truth.Res("room.msgs", "chan", r.msgs)
	for i := 0; i < 25; i++ {
		go r.serve(i)
	}
	go func() { truth.Me("", "room.mu"); r.snapshot() }()
	truth.Settle()
	for i := 0; i < 6; i++ {
		go func() { truth.Me("lock:room.mu"); r.Join("u") }()
	}
	truth.Noise(2)
}

type Pool struct {
	mu sync.Mutex
	n  int
}

func (p *Pool) trim(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n > 0 {
		time.Sleep(every)
		p.n--
	}
}

type Client struct {
	pool *Pool
	nc   net.Conn
}

func (c *Client) Do(b []byte) error {
	c.pool.mu.Lock()
	c.pool.n++
	c.pool.mu.Unlock()
	_, err := c.nc.Read(b) // without the lock
	return err
}

// LaterLine is many that are past their lock, and a holder elsewhere.
func LaterLine() {
	p := &Pool{}
	c := &Client{p, truth.Dial()}
	truth.Keep(c)
	truth.Res("pool.mu", "mutex", &p.mu)
	for i := 0; i < 15; i++ {
		go func() { truth.Me(""); c.Do(make([]byte, 4)) }()
	}
	truth.Settle()
	go func() { truth.Me("", "pool.mu"); p.trim(time.Hour) }()
	truth.Settle()
	for i := 0; i < 6; i++ {
		go func() { truth.Me("lock:pool.mu"); c.Do(make([]byte, 4)) }()
	}
	truth.Noise(2)
}

type Slot struct {
	mu  sync.Mutex
	who string
}

func (s *Slot) begin(who string) {
	s.mu.Lock()
	s.who = who
}
func (s *Slot) end() {
	s.who = ""
	s.mu.Unlock()
}

func migrate(s *Slot, c net.Conn) {
	s.begin("migrate")
	defer s.end()
	var b [16]byte
	c.Read(b[:])
}

func backup(s *Slot) {
	s.begin("backup")
	defer s.end()
}

// BeginEnd is a lock that one method takes and another gives back.
func BeginEnd() {
	s := &Slot{}
	c := truth.Dial()
	truth.Keep(s)
	truth.Res("slot.mu", "mutex", &s.mu)
	go func() { truth.Me("", "slot.mu"); migrate(s, c) }()
	truth.Settle()
	for i := 0; i < 4; i++ {
		go func() { truth.Me("lock:slot.mu"); migrate(s, c) }()
		go func() { truth.Me("lock:slot.mu"); backup(s) }()
	}
	truth.Noise(2)
}

type tally struct {
	mu sync.Mutex
	m  map[int]int
}

func (t *tally) inc(k int) {
	t.mu.Lock()
	t.m[k&1023]++
	t.mu.Unlock()
}

// Contended is a busy lock: nothing is wrong, although some wait at any moment.
func Contended() {
	t := &tally{m: map[int]int{}}
	truth.Keep(t)
	until := time.Now().Add(3 * time.Second)
	for i := 0; i < 40; i++ {
		go func() {
			truth.Idle()
			for k := 0; time.Now().Before(until); k++ {
				t.inc(k)
			}
		}()
	}
	truth.Noise(2)
}
