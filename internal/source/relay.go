package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Answer is what a Relay brought.
type Answer struct {
	Status  int    // as of HTTP; 0 is 200
	Message string // why it is not 200
	Body    io.ReadCloser
}

// Relay is another way to a process than the network: it gets a page below
// /debug/pprof/, such as "goroutine?debug=1".
type Relay func(ctx context.Context, page string) (*Answer, error)

// NewRelayed makes a target that is asked through a relay. The name is shown,
// and names its files.
func NewRelayed(name string, relay Relay, o Options) (*Process, error) {
	base := &url.URL{Scheme: "http", Host: "localhost", Path: pprofPath}
	t, err := newProcess(&address{base: base, relay: name}, "", o)
	if err != nil {
		return nil, err
	}
	t.client = &http.Client{Transport: &relayed{relay}}
	return t, nil
}

type relayed struct{ relay Relay }

// RoundTrip asks the relay.
func (r *relayed) RoundTrip(req *http.Request) (*http.Response, error) {
	page := strings.TrimPrefix(req.URL.Path, pprofPath+"/")
	if req.URL.RawQuery != "" {
		page += "?" + req.URL.RawQuery
	}
	a, err := r.relay(req.Context(), page)
	if err != nil {
		return nil, err
	}
	resp := &http.Response{StatusCode: a.Status, Header: http.Header{}, Body: a.Body, ContentLength: -1, Request: req}
	if a.Status == 0 {
		resp.StatusCode = http.StatusOK
	}
	resp.Status = fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if a.Body == nil {
		resp.Body = io.NopCloser(strings.NewReader(a.Message))
	}
	return resp, nil
}

// Page gets a page below /debug/pprof/ of a process, for a Relay.
func Page(ctx context.Context, hostPort, page string, o Options) (*Answer, error) {
	path, query, _ := strings.Cut(page, "?")
	t, err := NewTarget("http://"+hostPort+pprofPath+"/?"+query, o)
	if err != nil {
		return nil, err
	}
	resp, err := t.get(ctx, path, t.at.level)
	if err != nil {
		return nil, err
	}
	return &Answer{Status: resp.StatusCode, Body: resp.Body}, nil
}
