package kernels

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Network is a server on loopback, with healthy clients and leaky ones.
type Network struct {
	server *httptest.Server
	client *http.Client
	leaky  *http.Client
	lock   sync.Mutex
	gate   chan struct{} // holds the requests in flight
	flight sync.WaitGroup
	peers  net.Listener
}

// NewNetwork starts the server.
func NewNetwork() (*Network, error) {
	n := &Network{gate: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/fast", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		n.lock.Lock()
		gate := n.gate
		n.lock.Unlock()
		n.flight.Done()
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/endless", endless)
	mux.HandleFunc("/stuck", func(http.ResponseWriter, *http.Request) { handlerStuck() })
	n.server = httptest.NewServer(mux)
	n.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	n.leaky = &http.Client{Transport: &http.Transport{}}
	var err error
	n.peers, err = net.Listen("tcp", "127.0.0.1:0")
	return n, err
}

// endless answers for as long as somebody listens.
func endless(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "head\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// handlerStuck starts what it then does not wait for.
func handlerStuck() {
	result := make(chan int)
	go func() { result <- 1 }()
}

// Kernels are what goes on in the network.
func (n *Network) Kernels() []Kernel {
	return []Kernel{
		{Name: "fastRequests", Round: n.fastRequests},
		{Name: "requestsInFlight", Round: n.requestsInFlight},
		{Name: "handlerStuck", Leaks: true, Round: n.stuckRequests},
		{Name: "bodyNotClosed", Leaks: true, Round: n.bodyNotClosed, Functions: []string{"net/http.(*Transport).dialConn", "net/http.(*connReader).startBackgroundRead", "gdump/internal/trend/kernels.endless"}},
		{Name: "readPeer", Leaks: true, Round: n.readPeer},
	}
}

func (n *Network) get(c *http.Client, path string) error {
	res, err := c.Get(n.server.URL + path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

// fastRequests are answered before the dump is taken; their connections stay.
func (n *Network) fastRequests(round int) {
	var wg sync.WaitGroup
	for range 4 + round%3 {
		wg.Go(func() { keep(n.get(n.client, "/fast")) })
	}
	wg.Wait()
}

// requestsInFlight are held until the next round.
func (n *Network) requestsInFlight(round int) {
	n.lock.Lock()
	close(n.gate)
	n.gate = make(chan struct{})
	n.lock.Unlock()
	for range (round * 7) % 12 {
		n.flight.Add(1)
		go func() { keep(n.get(n.client, "/slow")) }()
	}
	n.flight.Wait()
}

func (n *Network) stuckRequests(int) {
	for range 3 {
		keep(n.get(n.client, "/stuck"))
	}
}

// bodyNotClosed leaves a response that is not at its end: its connection and
// the two goroutines that serve it stay.
func (n *Network) bodyNotClosed(int) {
	for range 2 {
		res, err := n.leaky.Get(n.server.URL + "/endless") //nolint:bodyclose // the fault that is shown
		if err != nil {
			keep(err)
			continue
		}
		_, _ = bufio.NewReader(res.Body).ReadString('\n')
		keep(res)
	}
}

// readPeer reads from peers that never say anything, without a deadline.
func (n *Network) readPeer(int) {
	for range 5 {
		c, err := net.Dial("tcp", n.peers.Addr().String())
		if err != nil {
			keep(err)
			continue
		}
		peer, err := n.peers.Accept()
		keep(err)
		keep(peer)
		go func() {
			_, err := bufio.NewReader(c).ReadByte()
			keep(err)
		}()
	}
}
