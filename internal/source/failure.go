package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"syscall"

	"gdump/internal/goroutine"
)

// failure is an Error of this target. Whatever foreign text is in it comes
// clean and without the secrets that were sent: a server may echo them.
func (t *Process) failure(kind Kind, name, what, hint string, err error) *Error {
	return &Error{Kind: kind, Name: name, What: t.hide(what), Hint: t.hide(hint), Err: err}
}

func (t *Process) hide(s string) string { return goroutine.Clean(t.secrets.Hide(s)) }

// cannotAsk puts into words why no response came.
func (t *Process) cannotAsk(ctx context.Context, name string, err error) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err // without the URL and what may be secret in it
	}
	var own *Error
	if errors.As(err, &own) {
		return t.failure(own.Kind, name, own.What, own.Hint, err) // a relay's
	}
	what, hint := t.why(ctx, err)
	return t.failure(Target, name, what, hint, err)
}

func (t *Process) why(ctx context.Context, err error) (what, hint string) {
	var dns *net.DNSError
	var redirect *redirectError
	var proxy *proxyError
	var op *net.OpError
	var none *noAgent
	host := t.at.base.Hostname()
	if t.at.gops != "" {
		host = t.at.gops
	}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(ctx.Err(), context.Canceled):
		return "interrupted", ""
	case errors.As(err, &redirect):
		return redirect.Error(), "a login page in front of it? ask the process itself, not through the proxy"
	case errors.Is(err, errRedirects):
		return fmt.Sprintf("too many redirects (%d)", maxRedirects), ""
	case errors.As(err, &proxy):
		return proxy.Error(), "the proxy is set by HTTPS_PROXY; NO_PROXY lists hosts to reach without it"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "cannot connect to the proxy: " + reason(err), "the proxy is set by HTTP_PROXY or HTTPS_PROXY; NO_PROXY lists hosts to reach without it"
	case errors.As(err, &dns):
		return "cannot resolve " + host, ""
	case errors.As(err, &none):
		return none.what, "does the program call agent.Listen of github.com/google/gops?"
	case errors.Is(err, fs.ErrNotExist) && t.at.socket != "":
		return "no such socket", ""
	case errors.Is(err, syscall.ECONNREFUSED) && t.at.gops != "":
		return "connection refused", "is the process running, and is its gops agent?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "is the process running, and does it serve net/http/pprof there?"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset before a response arrived", ""
	}
	if what, hint := certificate(err, host); what != "" {
		return what, hint
	}
	if what, hint := protocol(err, t.heard.text()); what != "" {
		return what, hint
	}
	var netErr net.Error
	switch {
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout() && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("no connection within %s", t.o.connectTimeout()), "--connect-timeout waits longer"
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("no response within %s", t.o.timeout()), "writing the dump of a large process takes long: raise --timeout"
	case errors.As(err, &netErr) && netErr.Timeout():
		return fmt.Sprintf("no connection within %s", t.o.connectTimeout()), "--connect-timeout waits longer"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection without a response", ""
	}
	return reason(err), ""
}

// certificate says what is wrong with the certificate of the server, or of the client.
func certificate(err error, host string) (what, hint string) {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that is not known here", "--cacert FILE names one to trust"
	case errors.As(err, &wrongHost):
		return "its certificate is for another host than " + host, ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet", "look at the clocks of both machines"
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + reason(invalid), ""
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls: "):
		_, said, _ := strings.Cut(err.Error(), "tls: ")
		return "the server ended the TLS handshake: " + said, "if it wants a client certificate: --cert and --key"
	}
	return "", ""
}

// protocol says what is spoken there, if it is not HTTP. first is what came
// before the error.
func protocol(err error, first string) (what, hint string) {
	var record tls.RecordHeaderError
	text := err.Error()
	notHTTP := strings.Contains(text, "malformed HTTP") || strings.Contains(text, "readLoopPeekFail")
	switch {
	case strings.Contains(text, "server response headers exceeded"):
		return "the headers of the response are larger than 1 MiB", ""
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		if strings.HasPrefix(first, "SSH-") {
			return "this port speaks SSH, not HTTP", ""
		}
		return "this port speaks plain HTTP, not TLS", "use http://"
	case !notHTTP:
		return "", ""
	case strings.HasPrefix(first, "SSH-"):
		return "this port speaks SSH, not HTTP", ""
	case strings.HasPrefix(first, "\x15\x03"), strings.HasPrefix(first, "\x16\x03"):
		return "this port speaks TLS, not plain HTTP", "use https://"
	}
	return "this port does not speak HTTP", "if it speaks TLS, use https://"
}
