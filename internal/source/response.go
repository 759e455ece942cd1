package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"gdump/internal/goroutine"
)

// accept looks at a response before any of it is used.
func (t *Process) accept(ctx context.Context, resp *http.Response, name string) (*Input, error) {
	if t.at.socket+t.at.gops+t.at.relay == "" {
		name = t.hide(shown(resp.Request.URL))
	}
	if resp.StatusCode == http.StatusNoContent {
		return nil, t.failure(NotDump, name, "the response is empty", "", nil)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, t.refused(resp, name)
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, t.failure(Target, name, fmt.Sprintf("unsupported Content-Encoding %q", enc), "", nil)
	}
	body := &body{t: t, ctx: ctx, r: resp.Body, name: name, want: resp.ContentLength, limit: t.o.maxBytes()}
	br := bufio.NewReader(body)
	head, err := br.Peek(512)
	if len(bytes.TrimSpace(head)) == 0 {
		var e *Error
		if errors.As(err, &e) {
			e.Kind = Target
			return nil, e
		}
		return nil, t.failure(NotDump, name, "the response is empty", "", nil)
	}
	if isHTML(resp, head) {
		return nil, t.failure(NotDump, name, "got an HTML page"+pageTitle([]byte(t.secrets.Hide(string(head))))+", not a goroutine dump",
			"a login page in front of it? --header and --token-file send credentials; or give the URL of the pprof endpoint itself, such as http://host:6060/debug/pprof/", nil)
	}
	return &Input{ReadCloser: &buffered{br, resp.Body}, Name: name, Size: resp.ContentLength}, nil
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

// refused reports the status of a response and what its body says about it.
func (t *Process) refused(resp *http.Response, name string) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 2048))
	head = []byte(t.secrets.Hide(string(head))) // before it is cut: half a secret would not be found
	who := "the server"
	if resp.StatusCode == http.StatusProxyAuthRequired {
		who = "the proxy"
	}
	what := who + " answered " + resp.Status
	said := ""
	if !isHTML(resp, head) {
		said = firstLine(head)
	}
	if said != "" {
		what += ": " + said
	}
	hint := ""
	switch resp.StatusCode {
	case http.StatusNotFound:
		hint = `does it serve net/http/pprof there? (import _ "net/http/pprof", and look at /debug/pprof/)`
		if t.o.Leak && strings.Contains(said, "Unknown profile") {
			hint = "the process has no goroutineleak profile: that needs Go 1.27, or 1.26 built with GOEXPERIMENT=goroutineleakprofile"
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		if t.at.relay == "" { // which brings none
			hint = "the target wants credentials: --header 'Name: value', --header @file, --token-file or GDUMP_TOKEN"
		}
	case http.StatusProxyAuthRequired:
		hint = "put its credentials into HTTP_PROXY or HTTPS_PROXY, or name the host in NO_PROXY"
	case http.StatusBadRequest:
		if strings.Contains(said, "HTTP request to an HTTPS server") {
			hint = "this port speaks TLS: use https://"
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		hint = "it was not asked again"
		if after := resp.Header.Get("Retry-After"); after != "" {
			hint += "; it says to wait: Retry-After " + after
		}
	}
	return t.failure(Target, name, what, hint, nil)
}

// firstLine is the first line of a body that says something: the message of a
// JSON object, else the first text.
func firstLine(body []byte) string {
	var object struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(body, &object) == nil && object.Message+object.Error != "" {
		body = []byte(object.Message)
		if len(body) == 0 {
			body = []byte(object.Error)
		}
	}
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line != "" {
			if r := []rune(line); len(r) > 200 {
				line = string(r[:200]) + "…"
			}
			return line
		}
	}
	return ""
}

// body counts what comes and says so when less or more comes than should.
type body struct {
	t     *Process
	ctx   context.Context
	r     io.Reader
	name  string
	n     int64
	want  int64
	limit int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.n >= b.limit {
		var one [1]byte
		if n, err := b.r.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, b.t.failure(Partial, b.name, fmt.Sprintf("the response is larger than %d bytes", b.limit), "--max-bytes raises the limit", nil)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.limit-b.n)])
	b.n += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(b.ctx.Err(), context.Canceled):
		err = b.t.failure(Target, b.name, fmt.Sprintf("interrupted after %d bytes", b.n), "", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded) || b.ctx.Err() != nil:
		err = b.t.failure(Target, b.name, fmt.Sprintf("not done within %s: got %d bytes", b.t.o.timeout(), b.n), "raise --timeout", err)
	case b.want > 0:
		err = b.t.failure(Partial, b.name, fmt.Sprintf("the server closed early: got %d of %d bytes", b.n, b.want), "", err)
	default:
		err = b.t.failure(Partial, b.name, fmt.Sprintf("the connection broke after %d bytes: %s", b.n, reason(err)), "", err)
	}
	return n, err
}
