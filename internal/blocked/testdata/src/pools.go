// Package pools has scenarios of pools, limits, WaitGroup, Once and Cond.
package pools

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"example.com/depot/truth"
)

// a driver that answers at once

type drv struct{}
type conn struct{}
type stmt struct{}
type tx struct{}
type rows struct{ n int }

func (drv) Open(string) (driver.Conn, error)              { return &conn{}, nil }
func (*conn) Prepare(string) (driver.Stmt, error)         { return &stmt{}, nil }
func (*conn) Close() error                                { return nil }
func (*conn) Begin() (driver.Tx, error)                   { return tx{}, nil }
func (tx) Commit() error                                  { return nil }
func (tx) Rollback() error                                { return nil }
func (*stmt) Close() error                                { return nil }
func (*stmt) NumInput() int                               { return -1 }
func (*stmt) Exec([]driver.Value) (driver.Result, error)  { return driver.RowsAffected(1), nil }
func (*stmt) Query(a []driver.Value) (driver.Rows, error) { return &rows{n: 5}, nil }
func (*rows) Columns() []string                           { return []string{"a"} }
func (*rows) Close() error                                { return nil }
func (r *rows) Next(d []driver.Value) error {
	if r.n--; r.n < 0 {
		return io.EOF
	}
	d[0] = int64(r.n)
	return nil
}

func init() { sql.Register("depot", drv{}) }

type Orders struct{ db *sql.DB }

func (o *Orders) First(ctx context.Context, id int) (n int, err error) {
	rows, err := o.db.QueryContext(ctx, "select a from t where id=?", id)
	if err != nil {
		return 0, err
	}
	if rows.Next() { // and rows are not closed
		err = rows.Scan(&n)
	}
	return n, err
}

// SQLRows is a pool emptied by rows that nobody closes.
func SQLRows() {
	db, _ := sql.Open("depot", "")
	db.SetMaxOpenConns(3)
	o := &Orders{db}
	truth.Keep(o)
	truth.Res("sql pool", "pool", db)
	for i := 0; i < 3; i++ {
		o.First(context.Background(), i)
	}
	for i := 0; i < 8; i++ {
		go func() { truth.Me("pool:sql pool"); o.First(context.Background(), i) }()
	}
	truth.Noise(3)
}

func (o *Orders) Ship(ctx context.Context, id int) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "update t set a=?", id); err != nil {
		return err
	}
	if err := o.audit(ctx, id); err != nil {
		return err
	}
	return tx.Commit()
}

func (o *Orders) audit(ctx context.Context, id int) error {
	_, err := o.db.ExecContext(ctx, "insert into audit values (?)", id) // not in the transaction
	return err
}

// SQLNested asks the pool for a second connection while it holds the last one.
func SQLNested() {
	db, _ := sql.Open("depot", "")
	db.SetMaxOpenConns(2)
	o := &Orders{db}
	truth.Keep(o)
	truth.Res("sql pool", "pool", db)
	var both sync.WaitGroup
	both.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			truth.Me("pool:sql pool", "sql pool")
			o.shipTogether(context.Background(), i, &both)
		}()
	}
	truth.Settle()
	for i := 0; i < 6; i++ {
		go func() { truth.Me("pool:sql pool"); o.Ship(context.Background(), i) }()
	}
	truth.Noise(2)
}

func (o *Orders) shipTogether(ctx context.Context, id int, both *sync.WaitGroup) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	both.Done()
	both.Wait()
	if err := o.audit(ctx, id); err != nil {
		return err
	}
	return tx.Commit()
}

type Prices struct{ c *http.Client }

func (p *Prices) Get(url string) (int, error) {
	r, err := p.c.Get(url)
	if err != nil {
		return 0, err
	}
	return r.StatusCode, nil // the body is not closed
}

// HTTPBodies is MaxConnsPerHost used up by bodies that nobody closes.
func HTTPBodies() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<16))
	}))
	p := &Prices{&http.Client{Transport: &http.Transport{MaxConnsPerHost: 2}}}
	truth.Keep(p, srv)
	truth.Res("connections", "pool", p.c.Transport)
	p.Get(srv.URL)
	p.Get(srv.URL)
	for i := 0; i < 9; i++ {
		go func() { truth.Me("pool:connections"); p.Get(srv.URL) }()
	}
	truth.Noise(2)
}

type crawler struct{ g *errgroup.Group }

func (c *crawler) visit(depth int) error {
	if depth == 0 {
		return nil
	}
	c.g.Go(func() error { return c.visit(depth - 1) })
	c.g.Go(func() error { return c.visit(depth - 1) })
	return nil
}

// GroupLimit starts tasks from tasks of a group that is full.
func GroupLimit() {
	g := new(errgroup.Group)
	g.SetLimit(2)
	c := &crawler{g}
	truth.Keep(c)
	truth.Res("group limit", "semaphore", g)
	truth.Res("group", "waitgroup", nil)
	go func() {
		truth.Me("wg:group")
		for i := 0; i < 2; i++ {
			g.Go(func() error {
				truth.Me("semaphore:group limit", "group limit", "group")
				time.Sleep(20 * time.Millisecond)
				return c.visit(3)
			})
		}
		time.Sleep(10 * time.Millisecond)
		g.Wait()
	}()
	truth.Noise(2)
}

type uploads struct {
	sem *semaphore.Weighted
}

func (u *uploads) put(ctx context.Context, bad bool) error {
	if err := u.sem.Acquire(ctx, 1); err != nil {
		return err
	}
	if bad {
		return errors.New("bad") // without release
	}
	u.sem.Release(1)
	return nil
}

// Semaphore is weights that were never given back.
func Semaphore() {
	u := &uploads{semaphore.NewWeighted(4)}
	truth.Keep(u)
	truth.Res("sem", "semaphore", u.sem)
	for i := 0; i < 4; i++ {
		u.put(context.Background(), true)
	}
	for i := 0; i < 10; i++ {
		go func() { truth.Me("semaphore:sem"); u.put(context.Background(), false) }()
	}
	truth.Noise(2)
}

type loader struct {
	flights singleflight.Group
	conn    net.Conn
}

func (l *loader) load(key string) (any, error) {
	v, err, _ := l.flights.Do(key, func() (any, error) {
		b := make([]byte, 4)
		_, err := l.conn.Read(b)
		return b, err
	})
	return v, err
}

// Flight is calls that wait for the first of their kind.
func Flight() {
	l := &loader{conn: truth.Dial()}
	truth.Keep(l)
	truth.Res("flight", "singleflight", nil)
	go func() { truth.Me("", "flight"); l.load("k") }()
	truth.Settle()
	for i := 0; i < 9; i++ {
		go func() { truth.Me("wg:flight"); l.load("k") }()
	}
	truth.Noise(2)
}

type Geo struct {
	once sync.Once
	tab  map[string]int
}

func (g *Geo) table() map[string]int {
	g.once.Do(g.init)
	return g.tab
}
func (g *Geo) init() {
	g.tab = map[string]int{}
	g.add("x")
}
func (g *Geo) add(k string) { g.table()[k] = len(g.tab) }

// OnceTwice is a Once whose function calls Do.
func OnceTwice() {
	g := &Geo{}
	truth.Keep(g)
	truth.Res("geo.once", "once", &g.once)
	go func() { truth.Me("once:geo.once", "geo.once"); g.table() }()
	truth.Settle()
	for i := 0; i < 5; i++ {
		go func() { truth.Me("once:geo.once"); g.table() }()
	}
	truth.Noise(2)
}

var (
	clientOnce sync.Once
	client     net.Conn
)

func shared(c net.Conn) net.Conn {
	clientOnce.Do(func() {
		b := make([]byte, 1)
		c.Read(b) // handshake
		client = c
	})
	return client
}

// OnceSlow is an initialisation that hangs, and all that wait for it.
func OnceSlow() {
	c := truth.Dial()
	truth.Res("clientOnce", "once", &clientOnce)
	go func() { truth.Me("", "clientOnce"); shared(c) }()
	truth.Settle()
	for i := 0; i < 8; i++ {
		go func() { truth.Me("once:clientOnce"); shared(c) }()
	}
	truth.Noise(2)
}

type Batch struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	done int
}

func (b *Batch) one(i int) {
	defer b.wg.Done()
	time.Sleep(20 * time.Millisecond)
	b.mu.Lock()
	b.done += i
	b.mu.Unlock()
}

func (b *Batch) Flush(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := 0; i < n; i++ {
		b.wg.Add(1)
		go func() { truth.Me("lock:batch.mu", "batch.wg"); b.one(i) }()
	}
	b.wg.Wait()
	return b.done
}

// WaitUnderLock waits for workers that need the lock it holds.
func WaitUnderLock() {
	b := &Batch{}
	truth.Keep(b)
	truth.Res("batch.mu", "mutex", &b.mu)
	truth.Res("batch.wg", "waitgroup", &b.wg)
	go func() { truth.Me("wg:batch.wg", "batch.mu"); b.Flush(6) }()
	truth.Noise(2)
}

func fanOut(n int) error {
	var wg sync.WaitGroup
	name := truth.Res("fan wg", "waitgroup", &wg)
	errs := make(chan error, n)
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() {
			if i == 2 {
				errs <- errors.New("early")
				return // without Done
			}
			wg.Done()
		}()
	}
	truth.Me("wg:" + name)
	wg.Wait()
	return nil
}

// Mismatch is a WaitGroup that one goroutine left without Done.
func Mismatch() {
	for i := 0; i < 3; i++ {
		go fanOut(5)
	}
	truth.Noise(2)
}

type Queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []int
}

func (q *Queue) Pop() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.ready.Wait()
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v
}

func (q *Queue) Push(v int) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock() // and no Signal
}

// Lost is a Cond that nobody signals.
func Lost() {
	q := &Queue{}
	q.ready = sync.NewCond(&q.mu)
	truth.Keep(q)
	truth.Res("queue.ready", "cond", q.ready)
	for i := 0; i < 6; i++ {
		go func() { truth.Me("cond:queue.ready"); q.Pop() }()
	}
	truth.Settle()
	q.Push(1)
	truth.Noise(2)
}

// Tokens is a channel as semaphore: those who hold a token read from the network.
type Tokens struct {
	slots chan struct{}
	conns []net.Conn
}

func (t *Tokens) call(i int) {
	t.slots <- struct{}{}
	defer func() { <-t.slots }()
	b := make([]byte, 2)
	t.conns[i].Read(b)
}

// Slots is a channel of tokens all taken.
func Slots() {
	t := &Tokens{slots: make(chan struct{}, 3)}
	for i := 0; i < 3; i++ {
		t.conns = append(t.conns, truth.Dial())
	}
	truth.Keep(t)
	truth.Res("slots", "chan", t.slots)
	for i := 0; i < 3; i++ {
		go func() { truth.Me("", "slots"); t.call(i) }()
	}
	truth.Settle()
	for i := 0; i < 7; i++ {
		go func() { truth.Me("send:slots"); t.call(0) }()
	}
	truth.Noise(2)
}
