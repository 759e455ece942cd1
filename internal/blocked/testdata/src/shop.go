// Command shop blocks in the ways that the patterns name, and in ways that look
// like them. The dumps beside it are what it printed.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

func main() {
	block, ok := ways[os.Args[1]]
	if !ok {
		log.Fatal("unknown: ", os.Args[1])
	}
	block()
	time.Sleep(400 * time.Millisecond)
	if len(os.Args) > 2 {
		runtime.GC()
		pprof.Lookup("goroutineleak").WriteTo(os.Stdout, 2)
		return
	}
	pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
}

var ways = map[string]func(){
	"lock-order": func() {
		a, b := &Account{}, &Ledger{}
		run(func() { a.Post(b) })
		run(func() { b.Audit(a) })
	},
	"lock-order.not": func() {
		a, b := &Account{}, &Ledger{}
		run(func() { b.Sleep() })
		pause()
		run(func() { a.Post(b) })
		pause()
		run(func() { a.Read() })
	},
	"self-deadlock": func() { run(func() { new(Cart).Clear() }) },
	"self-deadlock.not": func() {
		one, other := &Cart{}, &Cart{}
		run(func() { other.Pack() })
		pause()
		run(func() { one.Move(other) })
	},
	"rlock-upgrade": func() { run(func() { new(Prices).Refresh() }) },
	"rlock-upgrade.not": func() {
		one, other := &Prices{}, &Prices{}
		run(func() { other.Slow() })
		pause()
		run(func() { one.Copy(other) })
	},
	"recursive-rlock": func() {
		p := &Prices{}
		run(func() { p.Total() })
		time.Sleep(20 * time.Millisecond)
		run(func() { p.Set() })
	},
	"recursive-rlock.not": func() {
		p := &Prices{}
		run(func() { p.Slow() })
		pause()
		run(func() { p.Set() })
		pause()
		run(func() { p.Get() })
		run(func() { p.Get() })
	},
	"writer-pending": func() {
		p := &Prices{}
		run(func() { p.Sum() })
		pause()
		run(func() { p.Set() })
		pause()
		run(func() { p.Get() })
		run(func() { p.Get() })
	},
	"writer-pending.not": func() {
		p := &Prices{}
		run(func() { p.Slow() })
		pause()
		run(func() { p.Set() })
	},
	"lock-across-io": func() {
		s := &Store{conn: silent()}
		run(func() { s.Fetch() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-across-io.not": func() {
		s := &Store{conn: silent()}
		run(func() { s.Poll() })
		run(func() { s.Sleep() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-across-sleep": func() {
		s := &Store{}
		run(func() { s.Sleep() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-across-sleep.not": func() {
		s := &Store{conn: silent()}
		run(func() { s.Nap() })
		run(func() { s.Fetch() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-held-running": func() {
		s := &Store{}
		for range 3 {
			run(func() { s.Count() })
		}
	},
	"lock-held-running.not": func() {
		s := &Store{}
		go spin(1 << 62)
		run(func() { s.Sleep() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-without-holder": func() {
		s := &Store{}
		run(func() { s.Forget() })
		pause()
		run(func() { s.Get() })
		run(func() { s.Get() })
	},
	"lock-without-holder.not": func() {
		run(holdGlobal)
		pause()
		run(useGlobal)
		run(useGlobal)
	},
	"chan-under-lock": func() {
		h := &Hub{events: make(chan int)}
		run(func() { h.Publish() })
		pause()
		run(func() { h.Subscribe() })
		run(func() { h.Subscribe() })
	},
	"chan-under-lock.not": func() {
		h := &Hub{events: make(chan int)}
		run(func() { h.PublishAfter() })
		run(func() { h.Sleep() })
		pause()
		run(func() { h.Subscribe() })
		run(func() { h.Subscribe() })
	},
	"wait-under-lock": func() { run(func() { new(Batch).Run() }) },
	"wait-under-lock.not": func() {
		b := &Batch{}
		run(func() { b.Sleep() })
		pause()
		run(func() { b.RunAfter() })
	},
	"once-recursive": func() { run(func() { new(Config).load() }) },
	"once-recursive.not": func() {
		one, other := &Config{}, &Config{}
		run(func() { other.slow() })
		pause()
		run(func() { one.with(other) })
	},
	"once-slow": func() {
		c := &Config{}
		run(func() { c.slow() })
		pause()
		run(func() { c.slow() })
		run(func() { c.slow() })
	},
	"once-slow.not": func() {
		c := &Config{}
		c.once.Do(func() {})
		run(func() { c.slow() })
		run(func() { c.after() })
	},
	"waitgroup-stuck":     func() { go collect(3, 2, func() {}) },
	"waitgroup-stuck.not": func() { go collect(3, 3, func() { time.Sleep(time.Hour) }) },
	"waitgroup-slow":      func() { go collect(3, 3, func() { read(silent()) }) },
	"waitgroup-slow.not":  func() { go collect(3, 3, func() { time.Sleep(time.Hour) }) },
	"cond-not-signalled": func() {
		go func() {
			q := newQueue()
			for range 3 {
				run(func() { q.pop() })
			}
		}()
	},
	"cond-not-signalled.not": func() {
		q := newQueue()
		run(func() { q.work() })
		run(func() { q.feed() })
	},
	"abandoned-send": func() {
		for range 4 {
			go lookup(func(c chan string) { c <- "late" })
		}
	},
	"abandoned-send.not": func() { go produce(make(chan string)) },
	"abandoned-receive":  func() { go ask() },
	"abandoned-receive.not": func() {
		c := make(chan string)
		go receive(c)
		go later(c)
	},
	"pipeline-abandoned":     func() { run(func() { first(square(numbers(5))) }) },
	"pipeline-abandoned.not": func() { run(func() { slowly(square(numbers(5))) }) },
	"chan-cycle": func() {
		go func() {
			p, q := make(chan message), make(chan message)
			go pump(p, q)
			go pump(q, p)
		}()
	},
	"chan-cycle.not": func() {
		in, out := make(chan message), make(chan message)
		go pump(out, in)
		go pump(out, in)
		go later2(out)
	},
	"nil-channel": func() {
		go func() { var c chan int; <-c }()
	},
	"nil-channel.not": func() { c := make(chan int); go func() { <-c }(); keep = c },
	"select-forever":  func() { go func() { select {} }() },
	"select-forever.not": func() {
		c := make(chan int)
		keep = c
		go func() {
			select {
			case <-c:
			case c <- 1:
			}
		}()
	},
	"jobs-never-closed": func() { go process(3, false) },
	"jobs-never-closed.not": func() {
		jobs := make(chan int)
		keep = jobs
		for range 4 {
			go worker(jobs)
		}
	},
	"context-not-cancelled": func() {
		for range 12 {
			go request(watch)
		}
	},
	"context-not-cancelled.not": func() {
		for range 4 {
			go watch(context.Background(), make(chan int))
		}
	},
	"ticker-loop": func() {
		for range 12 {
			go request(func(context.Context, chan int) { tick() })
		}
	},
	"ticker-loop.not": func() {
		for range 12 {
			go request(tickUntil)
		}
	},
	"sql-pool-exhausted": func() {
		db := open()
		db.SetMaxOpenConns(2)
		go query(db, true)
		go query(db, true)
		pause()
		go query(db, false)
		go query(db, false)
	},
	"sql-pool-exhausted.not": func() {
		db := open()
		db.SetMaxOpenConns(2)
		go transaction(db)
		go transaction(db)
	},
	"sql-rows-not-closed": func() {
		db := open()
		for range 3 {
			go query(db, false)
		}
	},
	"sql-rows-not-closed.not": func() {
		db := open()
		for range 3 {
			go query(db, true)
		}
	},
	"sql-pool-nested": func() {
		db := open()
		db.SetMaxOpenConns(2)
		go nested(db)
		go nested(db)
	},
	"sql-pool-nested.not": func() {
		db := open()
		db.SetMaxOpenConns(1)
		go transaction(db)
		pause()
		go query(db, false)
	},
	"http-conns-exhausted": func() {
		c, url := client(1), server(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, long) })
		go get(c, url, func(*http.Response) { time.Sleep(time.Hour) })
		pause()
		go get(c, url, nil)
		go get(c, url, nil)
	},
	"http-conns-exhausted.not": func() {
		c := client(0)
		c.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			time.Sleep(time.Hour)
			return nil, io.EOF
		}
		go get(c, "http://shop.example.com/", nil)
		go get(c, "http://shop.example.com/", nil)
	},
	"http-body-not-closed": func() {
		c, url := client(0), server(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, long) })
		for range 3 {
			go get(c, url, func(*http.Response) {})
		}
	},
	"http-body-not-closed.not": func() {
		c, url := client(0), server(trickle)
		for range 3 {
			go get(c, url, func(r *http.Response) { io.Copy(io.Discard, r.Body) })
		}
	},
	"http-no-timeout": func() {
		c, url := client(0), server(hang)
		for range 3 {
			go get(c, url, nil)
		}
	},
	"http-no-timeout.not": func() {
		c, url := client(0), server(hang)
		c.Timeout = time.Hour
		c.Transport = traced{c.Transport}
		for range 3 {
			go get(c, url, nil)
		}
	},
	"http2-stream-quota": func() {
		c, url := http2(2, trickle)
		for range 2 {
			go get(c, url, func(*http.Response) { time.Sleep(time.Hour) })
		}
		pause()
		for range 3 {
			go get(c, url, nil)
		}
	},
	"http2-stream-quota.not": func() {
		c, url := http2(9, hang)
		for range 3 {
			go get(c, url, nil)
		}
	},
	"pipe-not-drained": func() {
		r, w := io.Pipe()
		keep = r
		run(func() { io.WriteString(w, "more") })
	},
	"pipe-not-drained.not": func() {
		r, w := io.Pipe()
		keep = w
		run(func() { io.Copy(io.Discard, r) })
	},
	"exec-wait":     func() { go command("sleep 60 & exit") },
	"exec-wait.not": func() { go command("sleep 60") },
	"log-blocked": func() {
		r, w, _ := os.Pipe()
		keep = r
		l := log.New(w, "", 0)
		for range 3 {
			go func() { l.Print(long) }()
		}
	},
	"log-blocked.not": func() {
		l := log.New(slowWriter{}, "", 0)
		for range 3 {
			go func() { l.Print("short") }()
		}
	},
}

var (
	keep   any
	global sync.Mutex
	long   = string(make([]byte, 1<<20))
)

//go:noinline
func run(f func()) { go func() { f() }() }

func pause() { time.Sleep(50 * time.Millisecond) }

//go:noinline
func spin(n int) (sum int) {
	for i := range n {
		sum += i * i
	}
	return sum
}

//go:noinline
func holdGlobal() {
	global.Lock()
	defer global.Unlock()
	time.Sleep(time.Hour)
}

//go:noinline
func useGlobal() {
	global.Lock()
	spin(1)
	global.Unlock()
}

// Account and Ledger lock each other.
type Account struct {
	mu sync.Mutex
	n  int
}

type Ledger struct {
	mu sync.Mutex
	n  int
}

//go:noinline
func (a *Account) Post(l *Ledger) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pause()
	l.Add(1)
}

//go:noinline
func (a *Account) Read() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

//go:noinline
func (l *Ledger) Add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += n
}

//go:noinline
func (l *Ledger) Audit(a *Account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pause()
	l.n = a.Read()
}

//go:noinline
func (l *Ledger) Sleep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	time.Sleep(time.Hour)
}

// Cart locks itself twice.
type Cart struct {
	mu sync.Mutex
	n  int
}

//go:noinline
func (c *Cart) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.n = 2; c.n > 0; {
		c.Remove()
	}
}

//go:noinline
func (c *Cart) Remove() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n--
}

//go:noinline
func (c *Cart) Move(to *Cart) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Remove()
	c.n++
}

//go:noinline
func (c *Cart) Pack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	time.Sleep(time.Hour)
}

// Prices are read and written.
type Prices struct {
	mu sync.RWMutex
	n  int
}

//go:noinline
func (p *Prices) Refresh() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.n == 0 {
		p.Set()
	}
}

//go:noinline
func (p *Prices) Set() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
}

//go:noinline
func (p *Prices) Get() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.n
}

//go:noinline
func (p *Prices) Total() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	pause()
	return p.n + p.Get()
}

//go:noinline
func (p *Prices) Slow() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	time.Sleep(time.Hour)
}

//go:noinline
func (p *Prices) Sum() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return spin(1<<62) + p.n
}

//go:noinline
func (p *Prices) Copy(from *Prices) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	from.Set()
	p.n = 1
}

// Store talks to a server.
type Store struct {
	mu   sync.Mutex
	conn net.Conn
	n    int
}

func silent() net.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func read(c net.Conn) { c.Read(make([]byte, 1)) }

//go:noinline
func (s *Store) Fetch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	read(s.conn)
	s.n++
}

//go:noinline
func (s *Store) Poll() {
	s.mu.Lock()
	s.n++
	s.mu.Unlock()
	read(s.conn)
	s.n++
}

//go:noinline
func (s *Store) Get() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

//go:noinline
func (s *Store) Sleep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(time.Hour)
	s.n++
}

//go:noinline
func (s *Store) Nap() {
	s.mu.Lock()
	s.mu.Unlock()
	time.Sleep(time.Hour)
	s.n++
}

//go:noinline
func (s *Store) Count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n = spin(1 << 62)
}

//go:noinline
func (s *Store) Forget() {
	s.mu.Lock()
	if s.n == 0 {
		return
	}
	s.mu.Unlock()
}

// Hub sends events.
type Hub struct {
	mu     sync.Mutex
	events chan int
	n      int
}

//go:noinline
func (h *Hub) Publish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events <- h.n
}

//go:noinline
func (h *Hub) PublishAfter() {
	h.mu.Lock()
	n := h.n
	h.mu.Unlock()
	h.events <- n
}

//go:noinline
func (h *Hub) Subscribe() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
}

//go:noinline
func (h *Hub) Sleep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	time.Sleep(time.Hour)
	h.n++
}

// Batch waits for its parts.
type Batch struct {
	mu sync.Mutex
	n  int
}

//go:noinline
func (b *Batch) Run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b.Part()
		}()
	}
	wg.Wait()
}

//go:noinline
func (b *Batch) RunAfter() {
	b.mu.Lock()
	b.n++
	b.mu.Unlock()
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b.Part()
		}()
	}
	wg.Wait()
}

//go:noinline
func (b *Batch) Part() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
}

//go:noinline
func (b *Batch) Sleep() {
	b.mu.Lock()
	b.n++
	b.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	time.Sleep(time.Hour)
}

// Config is loaded once.
type Config struct{ once sync.Once }

//go:noinline
func (c *Config) load() { c.once.Do(func() { c.load() }) }

//go:noinline
func (c *Config) slow() { c.once.Do(func() { time.Sleep(time.Hour) }) }

//go:noinline
func (c *Config) with(o *Config) { c.once.Do(func() { o.slow() }) }

//go:noinline
func (c *Config) after() {
	c.once.Do(func() {})
	time.Sleep(time.Hour)
}

//go:noinline
func collect(add, start int, part func()) {
	var wg sync.WaitGroup
	wg.Add(add)
	for range start {
		go func() {
			defer wg.Done()
			part()
		}()
	}
	wg.Wait()
}

type queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	n     int
}

func newQueue() *queue {
	q := &queue{}
	q.ready = sync.NewCond(&q.mu)
	return q
}

//go:noinline
func (q *queue) pop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 {
		q.ready.Wait()
	}
	q.n--
}

//go:noinline
func (q *queue) work() {
	for {
		q.pop()
	}
}

//go:noinline
func (q *queue) feed() {
	for {
		time.Sleep(time.Hour)
		q.mu.Lock()
		q.n++
		q.mu.Unlock()
		q.ready.Signal()
	}
}

//go:noinline
func lookup(answer func(chan string)) string {
	c := make(chan string)
	go answer(c)
	select {
	case s := <-c:
		return s
	case <-time.After(time.Nanosecond):
		return ""
	}
}

//go:noinline
func produce(c chan string) {
	go func() {
		for range 3 {
			c <- "next"
		}
	}()
	time.Sleep(time.Hour)
	for s := range c {
		fmt.Println(s)
	}
}

//go:noinline
func ask() {
	answer := make(chan string)
	go func(fail bool) {
		if fail {
			return
		}
		answer <- "yes"
	}(true)
	fmt.Println(<-answer)
}

//go:noinline
func receive(c chan string) { fmt.Println(<-c) }

//go:noinline
func later(c chan string) {
	time.Sleep(time.Hour)
	c <- "now"
}

func numbers(n int) chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			out <- i
		}
	}()
	return out
}

func square(in chan int) chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range in {
			out <- i * i
		}
	}()
	return out
}

//go:noinline
func first(in chan int) int { return <-in }

//go:noinline
func slowly(in chan int) {
	for i := range in {
		time.Sleep(time.Hour)
		fmt.Println(i)
	}
}

type message struct{ n int }

//go:noinline
func pump(to, from chan message) {
	for {
		to <- message{1}
		m := <-from
		m.n++
	}
}

//go:noinline
func later2(c chan message) {
	for {
		time.Sleep(time.Hour)
		<-c
	}
}

//go:noinline
func process(workers int, end bool) {
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				spin(j)
			}
		}()
	}
	for j := range 9 {
		jobs <- j
	}
	if end {
		close(jobs)
	}
	wg.Wait()
}

//go:noinline
func worker(jobs chan int) {
	for j := range jobs {
		spin(j)
	}
}

//go:noinline
func request(loop func(context.Context, chan int)) {
	ctx, _ := context.WithCancel(context.Background())
	go loop(ctx, make(chan int))
}

//go:noinline
func watch(ctx context.Context, events chan int) {
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-events:
			spin(n)
		}
	}
}

//go:noinline
func tick() {
	t := time.NewTicker(time.Hour)
	for range t.C {
		spin(1)
	}
}

//go:noinline
func tickUntil(ctx context.Context, _ chan int) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			spin(1)
		}
	}
}

// A database whose rows never end.
type (
	fakeDriver struct{}
	fakeConn   struct{}
	fakeTx     struct{}
	fakeStmt   struct{}
	fakeRows   struct{}
)

func (fakeDriver) Open(string) (driver.Conn, error)         { return fakeConn{}, nil }
func (fakeConn) Prepare(string) (driver.Stmt, error)        { return fakeStmt{}, nil }
func (fakeConn) Close() error                               { return nil }
func (fakeConn) Begin() (driver.Tx, error)                  { return fakeTx{}, nil }
func (fakeTx) Commit() error                                { return nil }
func (fakeTx) Rollback() error                              { return nil }
func (fakeStmt) Close() error                               { return nil }
func (fakeStmt) NumInput() int                              { return 0 }
func (fakeStmt) Exec([]driver.Value) (driver.Result, error) { return nil, nil }
func (fakeStmt) Query([]driver.Value) (driver.Rows, error)  { return fakeRows{}, nil }
func (fakeRows) Columns() []string                          { return []string{"n"} }
func (fakeRows) Close() error                               { return nil }
func (fakeRows) Next(dest []driver.Value) error             { dest[0] = int64(1); return nil }

func open() *sql.DB {
	sql.Register("fake", fakeDriver{})
	db, _ := sql.Open("fake", "")
	return db
}

//go:noinline
func query(db *sql.DB, stay bool) {
	ctx, cancel := context.WithCancel(context.Background())
	keep = cancel
	rows, err := db.QueryContext(ctx, "select n from goods")
	if err != nil {
		return
	}
	rows.Next()
	if stay {
		time.Sleep(time.Hour)
		rows.Close()
	}
}

//go:noinline
func transaction(db *sql.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return
	}
	time.Sleep(time.Hour)
	tx.Commit()
}

//go:noinline
func nested(db *sql.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return
	}
	pause()
	db.ExecContext(ctx, "delete from goods")
	tx.Commit()
}

func server(h http.HandlerFunc) string { return httptest.NewServer(h).URL }

func client(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxConnsPerHost: conns}}
}

// traced is a Transport that net/http does not know.
type traced struct{ http.RoundTripper }

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.RoundTripper.RoundTrip(r)
}

func hang(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Hour) }

func trickle(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "first")
	w.(http.Flusher).Flush()
	time.Sleep(time.Hour)
}

func http2(streams int, h http.HandlerFunc) (*http.Client, string) {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	s.StartTLS()
	c := s.Client()
	c.Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{StrictMaxConcurrentRequests: true}
	return c, s.URL
}

//go:noinline
func get(c *http.Client, url string, use func(*http.Response)) {
	resp, err := c.Get(url)
	if err != nil {
		log.Print(err)
		return
	}
	if use != nil {
		use(resp)
		return
	}
	resp.Body.Close()
}

//go:noinline
func command(script string) {
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = slowWriter{}
	cmd.Run()
}

type slowWriter struct{}

func (slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Hour)
	return len(p), nil
}
