package book

import (
	"net"
	"sync"
)

// Index is read from the network.
type Index struct {
	mu    sync.RWMutex
	conn  net.Conn
	words []string
}

// Put waits for the readers.
func (x *Index) Put() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.words = nil
}

// Load reads while it holds the lock.
func (x *Index) Load() {
	x.mu.RLock()
	defer x.mu.RUnlock()
	b := make([]byte, 512)
	_, _ = x.conn.Read(b)
}
