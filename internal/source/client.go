package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const maxRedirects = 5

// newClient makes the client of one target. A connection serves one request:
// Go asks again on its own when a reused connection turns out to be closed,
// and a dump must not be asked for twice.
func newClient(a *address, o Options, h *heard) (*http.Client, error) {
	tlsConfig, err := o.Access.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: o.connectTimeout()}
	if a.gops != "" {
		return &http.Client{Transport: &agent{where: a.gops, dial: h.listen(dialer.DialContext)}}, nil
	}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            h.listen(dialer.DialContext),
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    2 * o.connectTimeout(),
		MaxResponseHeaderBytes: 1 << 20,
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyError{proxy, resp.Status}
			}
			return nil
		},
	}
	if a.socket != "" {
		t.Proxy = nil
		t.DialContext = h.listen(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", a.socket)
		})
	}
	return &http.Client{Transport: t, CheckRedirect: sameOrigin}, nil
}

// heard is the first that came over the connection in use: it shows what is
// spoken there. What speaks before it is asked, as SSH does, net/http only
// reports as a broken connection.
type heard struct{ first atomic.Value }

func (h *heard) listen(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		h.first.Store("")
		return &listening{Conn: c, heard: h}, nil
	}
}

func (h *heard) text() string {
	s, _ := h.first.Load().(string)
	return s
}

type listening struct {
	net.Conn
	heard *heard
	once  sync.Once
}

func (l *listening) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.once.Do(func() { l.heard.first.Store(string(p[:min(n, 16)])) })
	}
	return n, err
}

// proxyError is a proxy that does not let a request through.
type proxyError struct {
	proxy  *url.URL
	status string
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s answered %s", shown(e.proxy), e.status)
}

// sameOrigin follows redirects within the target only, and from http to https
// of the same host. Go itself would send credentials on to another port or
// from https to http.
func sameOrigin(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errRedirects
	}
	from, to := via[0].URL, req.URL
	same := to.Scheme == from.Scheme && to.Host == from.Host
	upgraded := from.Scheme == "http" && to.Scheme == "https" && to.Hostname() == from.Hostname() && to.Port() == from.Port()
	if same || upgraded {
		return nil
	}
	return &redirectError{to.Scheme + "://" + to.Host}
}

var errRedirects = errors.New("too many redirects")

type redirectError struct{ to string }

func (e *redirectError) Error() string { return "redirected to " + e.to + ", not followed" }

// turn lets one request at a time through to a target.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// limited is a context for all that one pull asks.
func (t *Process) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, t.o.timeout())
}

// get asks for one page. The caller has the turn.
func (t *Process) get(ctx context.Context, page string, level Level) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.at.url(page, level).String(), nil)
	name := t.Name()
	if err != nil {
		return nil, &Error{Kind: Usage, Name: name, What: "not a URL that can be asked", Err: err}
	}
	t.addHeaders(req)
	if t.o.Access.Insecure && t.at.base.Scheme == "https" {
		t.warnInsecure.Do(func() {
			t.o.say(fmt.Sprintf("warning: %s: its certificate is not checked (--insecure)", t.shown("", LevelAuto)))
		})
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, t.cannotAsk(ctx, name, err)
	}
	return resp, nil
}

// addHeaders adds what the user wants sent.
func (t *Process) addHeaders(req *http.Request) {
	maps.Copy(req.Header, t.headers)
	if h := t.headers.Get("Host"); h != "" {
		req.Host = h
		req.Header.Del("Host")
	}
	req.Header.Set("User-Agent", "gdump")
}

// took is how long a request took, for the pace of the next one.
func (t *Process) took(start time.Time) { t.last.Store(int64(time.Since(start))) }
