package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gdump/internal/goroutine"
)

// Server is an HTTP API that knows of processes: a list of targets, Prometheus,
// Pyroscope. It is asked with the credentials and the care of a target.
type Server struct{ p *Process }

// NewServer makes a server of the URL that the user typed. It asks nothing yet.
func NewServer(arg string, o Options) (*Server, error) {
	bad := func(what string) error {
		return &Error{Kind: Usage, Name: Redact(arg), What: what, Hint: "a server is a URL such as http://host:9090"}
	}
	text := arg
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, bad("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, bad("only http and https can be asked, not " + goroutine.Clean(u.Scheme))
	case u.Hostname() == "":
		return nil, bad("the URL names no host")
	}
	u.Fragment = ""
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	p, err := newProcess(&address{base: u}, arg, o)
	if err != nil {
		return nil, err
	}
	if t, ok := p.client.Transport.(*http.Transport); ok {
		t.DisableKeepAlives = false // what it is asked may be asked again
		t.MaxIdleConnsPerHost = 8
		t.IdleConnTimeout = 10 * time.Second
	}
	return &Server{p}, nil
}

// Name is the server as it may be shown.
func (s *Server) Name() string { return s.p.hide(shown(s.p.at.base)) }

// Host is the server's host and port.
func (s *Server) Host() string { return s.p.at.base.Host }

// Hide leaves the secrets that are sent out of a text, and control characters.
func (s *Server) Hide(text string) string { return s.p.hide(text) }

// Close ends connections that are kept for the next request.
func (s *Server) Close() { s.p.client.CloseIdleConnections() }

// Request is what a server is asked. Path is below that of its URL.
type Request struct {
	Path   string
	Query  url.Values
	Type   string // of the body; without one the request is a GET
	Body   []byte
	Header map[string]string // beside those of the user
}

// StatusError is an answer that is no 200.
type StatusError struct {
	Code  int
	Said  string        // the first line of the body, "" if it is HTML
	After time.Duration // to wait before the next try; 0 if the server does not say
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d", e.Code) }

// Ask asks, and returns the body of the answer.
func (s *Server) Ask(ctx context.Context, r Request) ([]byte, error) {
	p := s.p
	ctx, cancel := p.limited(ctx)
	defer cancel()
	u := *p.at.base
	u.Path += r.Path
	if len(r.Query) > 0 {
		q := u.Query()
		maps.Copy(q, r.Query)
		u.RawQuery = q.Encode()
	}
	method, body := http.MethodGet, io.Reader(nil)
	if r.Type != "" {
		method, body = http.MethodPost, bytes.NewReader(r.Body)
	}
	name := s.Name() + r.Path
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, &Error{Kind: Usage, Name: s.Name(), What: "not a URL that can be asked"}
	}
	p.addHeaders(req)
	if r.Type != "" {
		req.Header.Set("Content-Type", r.Type)
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, s.cannotAsk(ctx, name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, s.refused(resp, name)
	}
	limit := p.o.maxBytes()
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case int64(len(b)) > limit:
		return nil, p.failure(Target, name, fmt.Sprintf("the answer is larger than %d bytes", limit), "--max-bytes raises the limit", nil)
	case err != nil && ctx.Err() == nil:
		return nil, p.failure(Target, name, fmt.Sprintf("the connection broke after %d bytes: %s", len(b), reason(err)), "", err)
	case err != nil:
		return nil, s.cannotAsk(ctx, name, err)
	}
	if isHTML(resp, b[:min(len(b), 512)]) {
		return nil, p.failure(Target, name, "got an HTML page"+pageTitle([]byte(p.hide(string(b[:min(len(b), 2048)])))), "a login page in front of it? --header and --token-file send credentials", nil)
	}
	return b, nil
}

// cannotAsk says why no answer came, without the hints for processes.
func (s *Server) cannotAsk(ctx context.Context, name string, err error) error {
	err = s.p.cannotAsk(ctx, name, err)
	var e *Error
	if errors.As(err, &e) && (strings.Contains(e.Hint, "pprof") || strings.Contains(e.Hint, "dump of a large process")) {
		e.Hint = ""
	}
	return err
}

func (s *Server) refused(resp *http.Response, name string) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	status := &StatusError{Code: resp.StatusCode}
	if !isHTML(resp, head) {
		status.Said = s.p.hide(firstLine([]byte(s.p.secrets.Hide(string(head)))))
	}
	if after, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil && after > 0 {
		status.After = after
	}
	what := "the server answered " + resp.Status
	if status.Said != "" {
		what += ": " + status.Said
	}
	hint := ""
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = "the server wants credentials: https://user:password@host, --header 'Name: value', --header @file, --token-file or GDUMP_TOKEN"
	case http.StatusNotFound:
		hint = "is it the server's own URL, without a path of its API?"
	}
	return s.p.failure(Target, name, what, hint, status)
}
