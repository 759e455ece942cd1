// Package ledger has scenarios of mutexes.
package ledger

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"

	"example.com/depot/truth"
)

// Account is one of two things that lock each other.
type Account struct {
	owner   string
	mu      sync.Mutex
	balance int
}

func (a *Account) Transfer(to *Account, n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	time.Sleep(30 * time.Millisecond) // validate
	return to.deposit(n, a)
}

func (a *Account) deposit(n int, from *Account) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if from.balance < n {
		return errors.New("poor")
	}
	a.balance += n
	from.balance -= n
	return nil
}

func (a *Account) Balance() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.balance
}

// ABBA is two accounts that transfer to each other, and readers behind.
func ABBA() {
	x, y := &Account{owner: "x"}, &Account{owner: "y"}
	truth.Keep(x, y)
	truth.Res("x.mu", "mutex", &x.mu)
	truth.Res("y.mu", "mutex", &y.mu)
	go func() { truth.Me("lock:y.mu", "x.mu"); x.Transfer(y, 3) }()
	go func() { truth.Me("lock:x.mu", "y.mu"); y.Transfer(x, 4) }()
	time.Sleep(80 * time.Millisecond)
	for i := 0; i < 5; i++ {
		go func() { truth.Me("lock:x.mu"); x.Balance() }()
	}
	truth.Noise(4)
}

// three types, three locks, one ring

type Catalog struct {
	mu    sync.Mutex
	names map[string]int
	cart  *Cart
}
type Cart struct {
	items []string
	mu    sync.Mutex
	till  *Till
}
type Till struct {
	open  bool
	total int
	lock  sync.Mutex
	cat   *Catalog
}

func (c *Catalog) Rename(old, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	time.Sleep(30 * time.Millisecond)
	c.cart.replace(old, name)
	c.names[name] = c.names[old]
}
func (c *Catalog) price(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[name]
}
func (c *Cart) replace(old, name string) {
	c.mu.Lock()
	for i, s := range c.items {
		if s == old {
			c.items[i] = name
		}
	}
	c.mu.Unlock()
}
func (c *Cart) Checkout() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	time.Sleep(30 * time.Millisecond)
	return c.till.sum(c.items)
}
func (t *Till) sum(items []string) int {
	t.lock.Lock()
	defer t.lock.Unlock()
	n := 0
	for range items {
		n++
	}
	t.total += n
	return n
}
func (t *Till) Close(names []string) (n int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	time.Sleep(30 * time.Millisecond)
	for _, s := range names {
		n += t.cat.price(s)
	}
	t.open = false
	return n
}

// Ring is a deadlock of three.
func Ring() {
	cat := &Catalog{names: map[string]int{"a": 1}}
	cart := &Cart{items: []string{"a"}}
	till := &Till{cat: cat}
	cat.cart, cart.till = cart, till
	truth.Keep(cat)
	truth.Res("catalog.mu", "mutex", &cat.mu)
	truth.Res("cart.mu", "mutex", &cart.mu)
	truth.Res("till.lock", "mutex", &till.lock)
	go func() { truth.Me("lock:cart.mu", "catalog.mu"); cat.Rename("a", "b") }()
	go func() { truth.Me("lock:till.lock", "cart.mu"); cart.Checkout() }()
	go func() { truth.Me("lock:catalog.mu", "till.lock"); till.Close([]string{"a"}) }()
	truth.Noise(3)
}

// Journal locks itself twice.
type Journal struct {
	path  string
	lines []string
	mu    sync.Mutex
}

func (j *Journal) Append(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
	if len(j.lines) > 2 {
		j.rotate()
	}
}

func (j *Journal) rotate() {
	j.path += ".1"
	if j.Len() > 0 {
		j.lines = nil
	}
}

func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines)
}

// Twice is a goroutine that locks what it holds.
func Twice() {
	j := &Journal{}
	truth.Keep(j)
	truth.Res("journal.mu", "mutex", &j.mu)
	j.Append("1")
	j.Append("2")
	go func() { truth.Me("lock:journal.mu", "journal.mu"); j.Append("3") }()
	truth.Settle()
	for i := 0; i < 6; i++ {
		go func() { truth.Me("lock:journal.mu"); j.Append("x") }()
	}
	truth.Noise(2)
}

// Directory reads recursively while a writer waits.
type Directory struct {
	root    map[string][]string
	version int
	rw      sync.RWMutex
}

func (d *Directory) Walk(name string, depth int) int {
	d.rw.RLock()
	defer d.rw.RUnlock()
	n := 1
	for _, c := range d.root[name] {
		time.Sleep(40 * time.Millisecond)
		n += d.Walk(c, depth+1)
	}
	return n
}

func (d *Directory) Add(parent, name string) {
	d.rw.Lock()
	defer d.rw.Unlock()
	d.root[parent] = append(d.root[parent], name)
	d.version++
}

// RecursiveRead is RLock within RLock with a writer in between.
func RecursiveRead() {
	d := &Directory{root: map[string][]string{"/": {"a"}, "a": {"b"}}}
	truth.Keep(d)
	truth.Res("dir.rw", "rwmutex", &d.rw)
	truth.Res("dir.rw pending writer", "rwmutex", &d.rw)
	go func() { truth.Me("rlock:dir.rw pending writer", "dir.rw"); d.Walk("/", 0) }()
	time.Sleep(10 * time.Millisecond)
	go func() { truth.Me("wlock:dir.rw", "dir.rw pending writer"); d.Add("/", "c") }()
	time.Sleep(70 * time.Millisecond)
	for i := 0; i < 4; i++ {
		go func() { truth.Me("rlock:dir.rw pending writer"); d.Walk("b", 0) }()
	}
	truth.Noise(2)
}

// Mirror holds its lock over the network.
type Mirror struct {
	host  string
	conn  net.Conn
	r     *bufio.Reader
	mu    sync.Mutex
	state map[string]string
}

func (m *Mirror) Fetch(key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.state[key]; ok {
		return v, nil
	}
	if _, err := m.conn.Write([]byte("GET " + key + "\n")); err != nil {
		return "", err
	}
	line, err := m.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	m.state[key] = line
	return line, nil
}

func (m *Mirror) Stats() (n int) {
	m.mu.Lock()
	n = len(m.state)
	m.mu.Unlock()
	return n
}

// SlowIO is a pile behind a goroutine that reads from the network with the lock held.
func SlowIO() {
	c := truth.Dial()
	m := &Mirror{conn: c, r: bufio.NewReader(c), state: map[string]string{}}
	truth.Keep(m)
	truth.Res("mirror.mu", "mutex", &m.mu)
	go func() { truth.Me("", "mirror.mu"); m.Fetch("first") }()
	truth.Settle()
	for i := 0; i < 20; i++ {
		go func() { truth.Me("lock:mirror.mu"); m.Fetch("next") }()
	}
	for i := 0; i < 3; i++ {
		go func() { truth.Me("lock:mirror.mu"); m.Stats() }()
	}
	truth.Noise(4)
}

// Limiter sleeps with the lock held.
type Limiter struct {
	every time.Duration
	last  time.Time
	mu    sync.Mutex
}

func (l *Limiter) Take() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if d := l.every - now.Sub(l.last); d > 0 {
		time.Sleep(d)
		now = now.Add(d)
	}
	l.last = now
	return now
}

// Sleeper is a rate limiter that sleeps with its lock held.
func Sleeper() {
	l := &Limiter{every: time.Hour, last: time.Now()}
	truth.Keep(l)
	truth.Res("limiter.mu", "mutex", &l.mu)
	go func() { truth.Me("", "limiter.mu"); l.Take() }()
	truth.Settle()
	for i := 0; i < 10; i++ {
		go func() { truth.Me("lock:limiter.mu"); l.Take() }()
	}
	truth.Noise(2)
}

// Registry forgets to unlock.
type Registry struct {
	mu    sync.Mutex
	byKey map[string]int
}

func (r *Registry) Register(key string, n int) error {
	r.mu.Lock()
	if _, ok := r.byKey[key]; ok {
		return errors.New("registered twice") // and the lock is never released
	}
	r.byKey[key] = n
	r.mu.Unlock()
	return nil
}

// Forgotten is a lock whose holder is gone.
func Forgotten() {
	r := &Registry{byKey: map[string]int{}}
	truth.Keep(r)
	truth.Res("registry.mu", "mutex", &r.mu)
	r.Register("a", 1)
	go r.Register("a", 2)
	truth.Settle()
	for i := 0; i < 9; i++ {
		go func() { truth.Me("lock:registry.mu"); r.Register("b", 3) }()
	}
	truth.Noise(3)
}

// Snapshot is read slowly while a writer and new readers queue.
type Snapshot struct {
	data map[string]string
	lock sync.RWMutex
}

func (s *Snapshot) WriteTo(w net.Conn) error {
	s.lock.RLock()
	defer s.lock.RUnlock()
	buf := make([]byte, 1<<20)
	for i := 0; i < 64; i++ {
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
func (s *Snapshot) Put(k, v string) {
	s.lock.Lock()
	s.data[k] = v
	s.lock.Unlock()
}
func (s *Snapshot) Lookup(k string) string {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.data[k]
}

// SlowReader is a reader that writes to a client that does not read, a writer behind it, and readers
// behind the writer.
func SlowReader() {
	s := &Snapshot{data: map[string]string{}}
	truth.Keep(s)
	c := truth.Dial()
	truth.Res("snapshot.lock", "rwmutex", &s.lock)
	truth.Res("snapshot.lock pending writer", "rwmutex", &s.lock)
	go func() { truth.Me("", "snapshot.lock"); s.WriteTo(c) }()
	time.Sleep(100 * time.Millisecond)
	go func() { truth.Me("wlock:snapshot.lock", "snapshot.lock pending writer"); s.Put("a", "b") }()
	truth.Settle()
	for i := 0; i < 12; i++ {
		go func() { truth.Me("rlock:snapshot.lock pending writer"); s.Lookup("a") }()
	}
	for i := 0; i < 2; i++ {
		go func() { truth.Me("wlock:snapshot.lock pending writer"); s.Put("c", "d") }()
	}
	truth.Noise(3)
}

var (
	configMu sync.Mutex
	config   = map[string]string{}
)

func reload(c net.Conn) {
	configMu.Lock()
	defer configMu.Unlock()
	b := make([]byte, 128)
	n, _ := c.Read(b)
	config["x"] = string(b[:n])
}

func setting(k string) string {
	configMu.Lock()
	defer configMu.Unlock()
	return config[k]
}

// Global is a lock that is a variable of the package.
func Global() {
	c := truth.Dial()
	truth.Res("configMu", "mutex", &configMu)
	go func() { truth.Me("", "configMu"); reload(c) }()
	truth.Settle()
	for i := 0; i < 11; i++ {
		go func() { truth.Me("lock:configMu"); setting("x") }()
	}
	truth.Noise(3)
}

// Shard is one of many of one type: only one is stuck.
type Shard struct {
	id   int
	mu   sync.Mutex
	hits int
	conn net.Conn
}

func (s *Shard) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, 8)
	_, err := s.conn.Read(b)
	return err
}
func (s *Shard) Hit() {
	s.mu.Lock()
	s.hits++
	s.mu.Unlock()
}

// Poll reads without the lock: a decoy.
func (s *Shard) Poll() error {
	b := make([]byte, 8)
	_, err := s.conn.Read(b)
	s.Hit()
	return err
}

// Shards has six of a type; shard 2 is held, the others are polled without their lock.
func Shards() {
	var shards []*Shard
	for i := 0; i < 6; i++ {
		shards = append(shards, &Shard{id: i, conn: truth.Dial()})
	}
	truth.Keep(shards)
	truth.Res("shards[2].mu", "mutex", &shards[2].mu)
	for i, s := range shards {
		if i == 2 {
			go func() { truth.Me("", "shards[2].mu"); s.Sync() }()
			continue
		}
		go func() { truth.Me(""); s.Poll() }()
	}
	truth.Settle()
	for i := 0; i < 8; i++ {
		go func() { truth.Me("lock:shards[2].mu"); shards[2].Hit() }()
	}
	truth.Noise(2)
}

// Closure is a lock that is a variable of a function.
func Closure() {
	var mu sync.Mutex
	seen := map[string]bool{}
	c := truth.Dial()
	truth.Res("local mu", "mutex", &mu)
	visit := func(key string) bool {
		mu.Lock()
		defer mu.Unlock()
		if seen[key] {
			return true
		}
		b := make([]byte, 1)
		c.Read(b)
		seen[key] = true
		return false
	}
	truth.Keep(&mu)
	go func() { truth.Me("", "local mu"); visit("a") }()
	truth.Settle()
	for i := 0; i < 7; i++ {
		go func() { truth.Me("lock:local mu"); visit("b") }()
	}
	truth.Noise(2)
}
