// Package demo is a small service that leaks goroutines, with a load for it,
// so that gdump can show what it does without anybody else's program.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	warmUp    = 9   // orders before the first dump
	orders    = 240 // orders between two dumps
	clients   = 8   // sending them at once
	settleFor = 5 * time.Second
)

// Dump is a dump of the service.
type Dump struct {
	Name string
	Text []byte
}

// Serve serves the shop at an address of this machine until ctx ends. In a fixed
// one nothing leaks and nothing deadlocks.
func Serve(ctx context.Context, log io.Writer, addr string, fixed bool) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if host == "" {
		host = "127.0.0.1" // it is a toy: not for the network
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	s := newShop(fixed)
	// A shop in a deadlock cannot be closed: it ends with the process.
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	fmt.Fprintf(log, "demo: a shop is open on http://%s: /order, /checkout, /restock; ctrl-c closes it\n", l.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("demo: %w", err)
	case <-ctx.Done():
		return errors.Join(server.Close(), ctx.Err())
	}
}

// Collect starts the service on loopback, pulls a dump, twice sends it orders,
// waits until those have passed and pulls again, and ends all it started. It
// writes its steps to log, a line each. pull fetches a dump from a pprof URL.
func Collect(ctx context.Context, log io.Writer, pull func(ctx context.Context, url string) ([]byte, error)) (dumps []Dump, err error) {
	s := newShop(false)
	defer s.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	var open atomic.Int64
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, st http.ConnState) {
		switch st {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		err = errors.Join(err, server.Close())
		<-served
	}()
	base := "http://" + l.Addr().String()
	fmt.Fprintf(log, "demo: a shop is open on %s\n", base)

	if err := send(ctx, base, warmUp, 1); err != nil {
		return nil, err
	}
	for i, name := range [...]string{"before", "between", "after"} {
		if i > 0 {
			if err := send(ctx, base, orders, clients); err != nil {
				return nil, err
			}
			fmt.Fprintf(log, "demo: sent %d orders, all answered\n", orders)
		}
		if err := settle(ctx, &open); err != nil {
			return nil, err
		}
		text, err := pull(ctx, base+"/debug/pprof/goroutine?debug=2")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(log, "demo: pulled the dump %s\n", name)
		dumps = append(dumps, Dump{name, text})
	}
	return dumps, nil
}

// send places n orders, some at once, and closes its connections.
func send(ctx context.Context, base string, n, atOnce int) error {
	tr := &http.Transport{MaxIdleConnsPerHost: atOnce}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	var next atomic.Int64
	errs := make(chan error, atOnce)
	for range atOnce {
		go func() {
			for next.Add(1) <= int64(n) {
				if err := order(ctx, client, base); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var err error
	for range atOnce {
		err = errors.Join(err, <-errs)
	}
	return err
}

func order(ctx context.Context, client *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/order", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("demo: the shop answered %s", resp.Status)
	}
	return nil
}

// settle waits until no connection to the shop is open, so that none of the
// load's own goroutines is in the dump.
func settle(ctx context.Context, open *atomic.Int64) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for open.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("demo: the load did not settle: %w", ctx.Err())
		}
	}
	return nil
}
