package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"gdump/internal/goroutine"
)

const (
	defaultTimeout  = time.Minute
	defaultMaxBytes = 256 << 20
	connectTimeout  = 5 * time.Second
	maxRedirects    = 5
)

// Pull asks a target for a dump, once: a dump stops the process for a moment,
// so it is neither tried again nor asked for with HEAD, which costs the same.
// The answer is streamed; reading it fails if it ends early or grows too large.
func Pull(ctx context.Context, target string, o Options) (*Input, error) {
	u, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	name := shown(u)
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel()
		return nil, &Error{Kind: Usage, Name: name, What: "not a URL that can be asked", Err: err}
	}
	req.Header.Set("User-Agent", "gdump")
	takenAt := o.now().UTC()
	resp, err := client().Do(req)
	if err != nil {
		cancel()
		return nil, cannotAsk(name, u, timeout, err)
	}
	in, err := accept(resp, name, o)
	if err != nil {
		resp.Body.Close()
		cancel()
		return nil, err
	}
	in.TakenAt = takenAt
	in.ReadCloser = &closing{in.ReadCloser, cancel}
	return in, nil
}

// closing ends the request's context with its body.
type closing struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *closing) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout:    2 * connectTimeout,
			MaxResponseHeaderBytes: 1 << 20,
			DisableKeepAlives:      true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: sameOrigin,
	}
}

// sameOrigin follows redirects within the target only, and from http to https
// of the same host. Go itself would send credentials on to another port or
// from https to http.
func sameOrigin(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("too many redirects (%d)", maxRedirects)
	}
	from, to := via[0].URL, req.URL
	if to.Host == from.Host && to.Scheme == from.Scheme || to.Hostname() == from.Hostname() && from.Scheme == "http" && to.Scheme == "https" {
		return nil
	}
	return &redirectError{to.Scheme + "://" + to.Host}
}

type redirectError struct{ to string }

func (e *redirectError) Error() string { return "redirected to " + e.to + ", not followed" }

// cannotAsk puts into words why no answer came.
func cannotAsk(name string, u *url.URL, timeout time.Duration, err error) error {
	e := &Error{Kind: Target, Name: name, Err: err}
	var dns *net.DNSError
	var redirect *redirectError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	var netErr net.Error
	var urlErr *url.Error
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		e.What = "interrupted"
	case errors.As(err, &redirect):
		e.What = redirect.Error()
		e.Hint = "a login page in front of it? ask the process itself, not through the proxy"
	case strings.Contains(text, "too many redirects"):
		e.What = fmt.Sprintf("too many redirects (%d)", maxRedirects)
	case errors.As(err, &dns):
		e.What = "cannot resolve " + goroutine.Clean(u.Hostname())
	case errors.Is(err, syscall.ECONNREFUSED):
		e.What = "connection refused"
		e.Hint = "is the process running, and does it serve net/http/pprof there?"
	case errors.Is(err, syscall.ECONNRESET):
		e.What = "the connection was reset before an answer came"
	case errors.As(err, &unknown):
		e.What = "its certificate is signed by an authority that is not known here"
	case errors.As(err, &host):
		e.What = "its certificate is for another host"
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		e.What = "this port speaks plain HTTP, not TLS"
		e.Hint = "use http://"
	case strings.Contains(text, "malformed HTTP response"):
		e.What = "what answers there does not speak HTTP"
		e.Hint = "if it speaks TLS, use https://"
	case errors.Is(err, context.DeadlineExceeded):
		e.What = fmt.Sprintf("no answer within %s", timeout)
		e.Hint = "writing the dump of a large process takes long: raise --timeout"
	case errors.As(err, &netErr) && netErr.Timeout():
		e.What = fmt.Sprintf("no connection within %s", connectTimeout)
	case errors.Is(err, io.EOF):
		e.What = "the server closed the connection without an answer"
	default:
		if errors.As(err, &urlErr) {
			err = urlErr.Err
		}
		e.What = reason(err)
	}
	return e
}

// accept looks at an answer before any of it is used.
func accept(resp *http.Response, name string, o Options) (*Input, error) {
	if final := shown(resp.Request.URL); final != name {
		name = final
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refused(resp, name)
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, &Error{Kind: Target, Name: name, What: fmt.Sprintf("unsupported Content-Encoding %q", goroutine.Clean(enc))}
	}
	limit := o.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	body := &body{r: resp.Body, name: name, want: resp.ContentLength, limit: limit}
	br := bufio.NewReader(body)
	head, err := br.Peek(512)
	if len(bytes.TrimSpace(head)) == 0 {
		var e *Error
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, &Error{Kind: NotDump, Name: name, What: "the answer is empty"}
	}
	if isHTML(resp, head) {
		return nil, &Error{
			Kind: NotDump, Name: name, What: "got an HTML page" + pageTitle(head) + ", not a goroutine dump",
			Hint: "a login page in front of it? give the URL of the pprof endpoint itself, such as http://host:6060/debug/pprof/",
		}
	}
	return &Input{ReadCloser: struct {
		io.Reader
		io.Closer
	}{br, resp.Body}, Name: name, Size: resp.ContentLength}, nil
}

func isHTML(resp *http.Response, head []byte) bool {
	lower := bytes.ToLower(bytes.TrimSpace(head))
	if bytes.HasPrefix(lower, []byte("<!doctype html")) || bytes.HasPrefix(lower, []byte("<html")) {
		return true
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return kind == "text/html" && !bytes.Contains(head, []byte("goroutine "))
}

var title = regexp.MustCompile(`(?is)<title>\s*(.{1,80}?)\s*</title>`)

func pageTitle(head []byte) string {
	if m := title.FindSubmatch(head); m != nil {
		return fmt.Sprintf(" (%q)", goroutine.Clean(string(m[1])))
	}
	return ""
}

// refused tells the status of an answer and the first line of its body.
func refused(resp *http.Response, name string) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 2048))
	e := &Error{Kind: Target, Name: name, What: "the server answered " + goroutine.Clean(resp.Status)}
	if !isHTML(resp, head) {
		for line := range strings.Lines(string(head)) {
			if line = strings.TrimSpace(line); line != "" {
				line = goroutine.Clean(line)
				if r := []rune(line); len(r) > 200 {
					line = string(r[:200]) + "…"
				}
				e.What += ": " + line
				break
			}
		}
	}
	switch resp.StatusCode {
	case http.StatusNotFound:
		e.Hint = `does it serve net/http/pprof there? (import _ "net/http/pprof", and look at /debug/pprof/)`
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Hint = "the target wants credentials; put them into the URL (http://user:password@host/) or ask from inside"
	}
	return e
}

// body counts what comes and says so when less or more comes than should.
type body struct {
	r     io.Reader
	name  string
	n     int64
	want  int64
	limit int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.n >= b.limit {
		return 0, &Error{Kind: Target, Name: b.name, What: fmt.Sprintf("the answer is larger than %d bytes", b.limit), Hint: "raise --max-bytes"}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.limit-b.n)])
	b.n += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	e := &Error{Kind: Target, Name: b.name, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
		e.What = "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		e.What = fmt.Sprintf("not done in time: got %d bytes", b.n)
		e.Hint = "raise --timeout"
	case b.want > 0:
		e.What = fmt.Sprintf("the server closed early: got %d of %d bytes", b.n, b.want)
	default:
		e.What = fmt.Sprintf("the connection broke after %d bytes: %s", b.n, reason(err))
	}
	return n, e
}
