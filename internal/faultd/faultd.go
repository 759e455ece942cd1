// Package faultd is a server for tests that answers as badly as servers do:
// slowly, cut off, endlessly, as somebody else, or not at all. Only tests use
// it.
package faultd

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Server answers each fault under a base path of its own: a target is
// URL + "/cut-length", for the faults named in this package.
type Server struct {
	URL string

	http  *httptest.Server
	other *httptest.Server // another origin, which must never be asked
	stop  context.Context

	mu      sync.Mutex
	asked   map[string][]*http.Request
	process map[string]*process
}

// New starts a server on loopback.
func New() *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{stop: ctx, asked: map[string][]*http.Request{}, process: map[string]*process{}}
	s.other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note("other", r)
		http.NotFound(w, r)
	}))
	s.http = httptest.NewServer(s)
	s.http.Config.RegisterOnShutdown(cancel)
	s.URL = s.http.URL
	return s
}

// Close ends the server and all it is busy with.
func (s *Server) Close() {
	go s.http.Config.Shutdown(s.stop) // lets the slow handlers go
	<-s.stop.Done()
	s.http.Close()
	s.other.Close()
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, page, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.note(name, r)
	page = strings.TrimPrefix(page, "debug/pprof/")
	if p := s.processCalled(name); p != nil {
		p.serve(w, r, page)
		return
	}
	fault, ok := faults[name]
	if !ok || page == "" && !strings.HasPrefix(name, "all-") {
		http.NotFound(w, r)
		return
	}
	fault(s, w, r)
}

func (s *Server) note(name string, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[name] = append(s.asked[name], r)
}

// Asked are the requests for a fault, or for "other", the other origin.
func (s *Server) Asked(name string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.asked[name]...)
}

// Raw starts a listener on loopback that handles each connection by itself,
// and returns its address and what ends it.
func Raw(handle func(net.Conn)) (string, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return l.Addr().String(), func() { l.Close() }, nil
}
