package source_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gdump/internal/faultd"
	"gdump/internal/parse"
	"gdump/internal/source"
)

func server(t *testing.T) *faultd.Server {
	t.Helper()
	s := faultd.New()
	t.Cleanup(s.Close)
	return s
}

// notDump stands for parse.ErrNoDump where a test names a kind.
const notDump source.Kind = -1

func kindOf(err error) source.Kind {
	var e *source.Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, parse.ErrNoDump):
		return notDump
	}
	return 0
}

// TestFaults pulls from a server that misbehaves in every way and checks what
// is said, what is read, and which files are left.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := server(t)
	tests := []struct {
		fault      string
		kind       source.Kind
		says, hint string
		goroutines int    // read in spite of it
		left       string // file that is left
	}{
		{fault: "fine", goroutines: 2, left: "x.dump"},
		{fault: "within", goroutines: 2, left: "x.dump"},
		{fault: "as-html", goroutines: 2, left: "x.dump"},
		{fault: "as-json", goroutines: 2, left: "x.dump"},
		{fault: "gzip", goroutines: 2, left: "x.dump"},
		{fault: "cut-close", goroutines: 2, left: "x.dump"}, // its text tells that it is cut
		{fault: "slow-headers", kind: source.Target, says: "no response within 5s", hint: "--timeout"},
		{fault: "all-slow-headers", kind: source.Target, says: "no response within 5s", hint: "--timeout"},
		{fault: "slow-body", kind: source.Target, says: "not done within 5s: got ", hint: "x.dump.partial; raise --timeout", goroutines: 20, left: "x.dump.partial"},
		{fault: "all-slow-body", kind: source.Target, says: "not done within 5s: got ", hint: "x.dump.partial", goroutines: 20, left: "x.dump.partial"},
		{fault: "cut-length", kind: source.Partial, says: "the server closed early: got 180 of 280 bytes", hint: "x.dump.partial", goroutines: 2, left: "x.dump.partial"},
		{fault: "cut-chunk", kind: source.Partial, says: "the connection broke after 180 bytes: unexpected EOF", hint: "x.dump.partial", goroutines: 2, left: "x.dump.partial"},
		{fault: "gzip-cut", kind: source.Partial, says: "the connection broke after ", hint: "x.dump.partial", goroutines: 2, left: "x.dump.partial"},
		{fault: "endless", kind: source.Partial, says: "the response is larger than 1048576 bytes", hint: "x.dump.partial; --max-bytes", goroutines: 17000, left: "x.dump.partial"},
		{fault: "all-endless", kind: source.Partial, says: "the response is larger than 1048576 bytes", hint: "--max-bytes", goroutines: 17000, left: "x.dump.partial"},
		{fault: "gzip-bomb", kind: source.Partial, says: "larger than 1048576 bytes", hint: "--max-bytes", goroutines: 2, left: "x.dump.partial"},
		{fault: "file-bomb", kind: source.Partial, says: "unpacked, is larger than 1048576 bytes", hint: "--max-bytes", goroutines: 2, left: "x.dump.partial"},
		{fault: "reset", kind: source.Target, says: "connection reset before a response arrived"},
		{fault: "nothing", kind: source.Target, says: "the server closed the connection without a response"},
		{fault: "empty", kind: source.NotDump, says: "the response is empty"},
		{fault: "spaces", kind: source.NotDump, says: "the response is empty"},
		{fault: "no-content", kind: source.NotDump, says: "the response is empty"},
		{fault: "login", kind: source.NotDump, says: `got an HTML page ("Sign in \\x1b[31m")`, hint: "--header"},
		{fault: "all-login", kind: source.NotDump, says: `got an HTML page ("Sign in")`, hint: "--header"},
		{fault: "not-a-dump", kind: notDump, says: "it looks like text without a goroutine in it (nothing was saved)"},
		{fault: "brotli", kind: source.Target, says: `unsupported Content-Encoding "br"`},
		{fault: "self-loop", kind: source.Target, says: "too many redirects (5)"},
		{fault: "all-loop", kind: source.Target, says: "too many redirects (5)"},
		{fault: "elsewhere", kind: source.Target, says: "redirected to http://127.0.0.1:"},
		{fault: "all-away", kind: source.Target, says: "redirected to http://127.0.0.1:"},
		{fault: "to-file", kind: source.Target, says: "redirected to file://, not followed"},
		{fault: "to-metadata", kind: source.Target, says: "redirected to http://169.254.169.254, not followed"},
		{fault: "big-headers", kind: source.Target, says: "the headers of the response are larger than 1 MiB"},
		{fault: "kubernetes", kind: source.Target, says: `403 Forbidden: pods "x" is forbidden`, hint: "--token-file"},
		{fault: "unknown", kind: source.Target, says: "404 Not Found: Unknown profile", hint: "/debug/pprof/"},
		{fault: "busy", kind: source.Target, says: "503 Service Unavailable: later", hint: "not asked again; it says to wait: Retry-After 30"},
		{fault: "escape", kind: source.Target, says: `out\x1b]0;of\x07 luck‹U+202E›`},
		{fault: "html-refused", kind: source.Target, says: "answered 403 Forbidden"},
		{fault: "no-such-page", kind: source.Target, says: "404 Not Found", hint: "net/http/pprof"},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			o := source.Options{Timeout: time.Minute, MaxBytes: 1 << 20}
			if strings.Contains(tt.fault, "slow-") {
				o.Timeout = 5 * time.Second // long enough for a busy machine to come to the fault
			}
			p, err := source.NewTarget(s.URL+"/"+tt.fault, o)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			taken, err := p.Save(t.Context(), filepath.Join(dir, "x.dump"), false)
			if got := kindOf(err); got != tt.kind {
				t.Fatalf("kind %d (%v), want %d", got, err, tt.kind)
			}
			if err != nil {
				hold(t, "message", err.Error(), tt.says)
				var e *source.Error
				if errors.As(err, &e) {
					hold(t, "hint", e.Hint, tt.hint)
				}
			}
			n := 0
			if taken != nil && len(taken.Dumps) > 0 {
				n = taken.Dumps[0].Goroutines
			}
			if n < tt.goroutines || tt.goroutines == 0 && n > 0 {
				t.Errorf("%d goroutines read, want %d", n, tt.goroutines)
			}
			onlyFile(t, dir, tt.left)
		})
	}
	t.Cleanup(func() {
		if asked := s.Asked("other"); len(asked) > 0 {
			t.Errorf("another origin was asked: %v", asked[0].Header)
		}
		for _, fault := range []string{"slow-headers", "slow-body", "cut-length", "reset", "busy"} {
			full := 0
			for _, r := range s.Asked(fault) {
				if r.Method != http.MethodGet {
					t.Errorf("%s: asked by %s", fault, r.Method)
				}
				if strings.HasSuffix(r.URL.Path, "/goroutine") {
					full++
				}
			}
			if full != 1 {
				t.Errorf("%s: asked %d times for a profile, want once", fault, full)
			}
		}
	})
}

func hold(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s %q, want %q in it", what, got, want)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%s %q holds a control character", what, got)
	}
}

// onlyFile checks that a folder holds one dump of mode 0600, with or without
// its note, and nothing else; "" means nothing at all.
func onlyFile(t *testing.T, dir, want string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := want == ""
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case info.Mode() != 0o600:
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		case e.Name() == want:
			found = true
		case e.Name() != want+".meta" || want == "x.dump.partial":
			t.Errorf("%s was left", e.Name())
		}
	}
	if !found {
		t.Errorf("%s is not there", want)
	}
}

// TestNotHTTP asks what does not speak HTTP, or not as the URL says.
func TestNotHTTP(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	says := func(text string) string {
		addr, stop, err := faultd.Raw(func(c net.Conn) {
			c.Write([]byte(text))
			c.Read(make([]byte, 1024))
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		return addr
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, tt := range []struct{ name, target, says, hint string }{
		{"ssh", "http://" + says("SSH-2.0-OpenSSH_9.6\r\n"), "speaks SSH, not HTTP", ""},
		{"ssh by https", "https://" + says("SSH-2.0-OpenSSH_9.6\r\n"), "speaks SSH, not HTTP", ""},
		{"tls alert", "http://" + says("\x15\x03\x01\x00\x02\x02\x16"), "speaks TLS", "https://"},
		{"noise", "http://" + says("?\r\n\r\n"), "does not speak HTTP", ""},
		{"go tls server", strings.Replace(secure.URL, "https", "http", 1), "400 Bad Request", "https://"},
		{"plain server", strings.Replace(plain.URL, "http", "https", 1), "speaks plain HTTP", "http://"},
		{"closed port", closed.URL, "connection refused", "net/http/pprof"},
		{"no such host", "http://nope.invalid", "cannot resolve nope.invalid", ""},
		{"no such socket", "unix:///nowhere/x.sock", "no such socket", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := source.Pull(t.Context(), tt.target, source.Options{})
			if kindOf(err) != source.Target {
				t.Fatalf("%v", err)
			}
			hold(t, "message", err.Error(), tt.says)
			var e *source.Error
			errors.As(err, &e)
			hold(t, "hint", e.Hint, tt.hint)
		})
	}
}

// TestInterrupted cancels a pull before and within its answers.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := server(t)
	for _, fault := range []string{"all-slow-headers", "slow-headers", "slow-body"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, err := source.NewTarget(s.URL+"/"+fault, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for range tick.C {
					asked := s.Asked(fault)
					if n := len(asked); n > 0 && (fault[:4] == "all-" || strings.HasSuffix(asked[n-1].URL.Path, "goroutine")) {
						cancel()
						return
					}
				}
			}()
			dir := t.TempDir()
			_, err = p.Save(ctx, filepath.Join(dir, "x.dump"), false)
			if err == nil || !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v, want one that says interrupted", err)
			}
			hold(t, "message", err.Error(), "interrupted")
			if fault != "slow-body" {
				onlyFile(t, dir, "")
			}
		})
	}
}

// TestOneAtATime checks that a target is asked one thing at a time.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	busy := make(chan struct{}, 1)
	var overlaps int
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
		default:
			overlaps++
		}
		w.Write([]byte(faultd.Dump))
	}))
	t.Cleanup(web.Close)
	p, err := source.NewTarget(web.URL, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := p.TakeCounts(t.Context())
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if overlaps > 0 {
		t.Errorf("%d requests while another was running", overlaps)
	}
}

// TestTLS holds each way in which a certificate can be wrong to its message.
func TestTLS(t *testing.T) {
	t.Parallel()
	certs := newCertificates(t)
	tests := []struct {
		name       string
		server     *tls.Config
		access     source.Access
		kind       source.Kind
		says, hint string
		warns      string
	}{
		{name: "unknown authority", server: certs.serving("127.0.0.1", false), kind: source.Target, says: "not known here", hint: "--cacert"},
		{name: "trusted", server: certs.serving("127.0.0.1", false), access: source.Access{CACert: certs.ca}},
		{name: "another host", server: certs.serving("10.1.2.3", false), access: source.Access{CACert: certs.ca}, kind: source.Target, says: "for another host than 127.0.0.1"},
		{name: "expired", server: certs.serving("127.0.0.1", true), access: source.Access{CACert: certs.ca}, kind: source.Target, says: "has expired"},
		{name: "insecure", server: certs.serving("10.1.2.3", true), access: source.Access{Insecure: true}, warns: "not checked (--insecure)"},
		{name: "client certificate wanted", server: certs.asking(), access: source.Access{CACert: certs.ca}, kind: source.Target, says: "ended the TLS handshake", hint: "--cert"},
		{name: "client certificate", server: certs.asking(), access: source.Access{CACert: certs.ca, Cert: certs.client, Key: certs.key}},
		{name: "both in one file", server: certs.asking(), access: source.Access{CACert: certs.ca, Cert: certs.both}},
		{name: "no key", access: source.Access{Cert: certs.client}, kind: source.Usage, says: "--key is required"},
		{name: "key alone", access: source.Access{Key: certs.key}, kind: source.Usage, says: "--cert"},
		{name: "no certificate", access: source.Access{CACert: certs.key}, kind: source.Usage, says: "no certificate in it"},
		{name: "no file", access: source.Access{CACert: "nowhere.pem"}, kind: source.Usage, says: "--cacert nowhere.pem: no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(faultd.Dump)) }))
			web.Config.ErrorLog = quiet
			web.TLS = tt.server
			web.StartTLS()
			defer web.Close()
			var said []string
			in, err := source.Pull(t.Context(), web.URL, source.Options{Access: tt.access, Say: func(s string) { said = append(said, s) }})
			if got := kindOf(err); got != tt.kind || (err != nil) != (tt.kind != 0) {
				t.Fatalf("kind %d (%v), want %d", got, err, tt.kind)
			}
			hold(t, "said", strings.Join(said, " "), tt.warns)
			if err == nil {
				in.Close()
				return
			}
			hold(t, "message", err.Error(), tt.says)
			var e *source.Error
			errors.As(err, &e)
			hold(t, "hint", e.Hint, tt.hint)
		})
	}
}
