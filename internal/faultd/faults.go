package faultd

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Dump is a small whole dump.
const Dump = "goroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n\ngoroutine 7 [select, 5 minutes]:\nmain.wait()\n\t/app/main.go:9 +0x1\ncreated by main.main in goroutine 1\n\t/app/main.go:2 +0x1\n"

type fault func(*Server, http.ResponseWriter, *http.Request)

// faults are what the server can do wrong, by the base path that asks for it.
// Those called all-… answer so for the index page too.
var faults = map[string]fault{
	"fine":             body("text/plain", Dump),
	"slow-headers":     func(s *Server, _ http.ResponseWriter, r *http.Request) { s.wait(r) },
	"all-slow-headers": func(s *Server, _ http.ResponseWriter, r *http.Request) { s.wait(r) },
	"slow-body":        stall,
	"all-slow-body":    stall,
	"cut-length": func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(Dump)+100))
		io.WriteString(w, Dump)
	},
	"cut-chunk": func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, Dump)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"cut-close": raw("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + Dump[:len(Dump)-40]),
	"reset": func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		c.Close()
	},
	"nothing":     raw(""),
	"endless":     endless,
	"all-endless": endless,
	"empty":       body("text/plain", ""),
	"spaces":      body("text/plain", "   \n\n"),
	"proxy-login": status(http.StatusProxyAuthRequired, "text/plain", "who are you?\n"),
	"no-content":  status(http.StatusNoContent, "text/plain", ""),
	"login":       body("text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign in \x1b[31m</title></head></html>"),
	"all-login":   body("text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"),
	"not-a-dump":  body("text/plain", "hello\n"),
	"as-html":     body("text/html", Dump),
	"as-json":     body("application/json", Dump),
	"brotli": func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "\x0b\x02\x80hello\x03")
	},
	"gzip":         compressed([]byte(Dump), 0),
	"gzip-cut":     compressed(bytes.Repeat([]byte(Dump), 2000), 12),
	"gzip-bomb":    bomb("gzip"),
	"file-bomb":    bomb(""),
	"self-loop":    redirect(func(_ *Server, r *http.Request) string { return r.URL.String() }),
	"all-loop":     redirect(func(_ *Server, r *http.Request) string { return r.URL.String() }),
	"elsewhere":    redirect(func(s *Server, _ *http.Request) string { return s.other.URL + "/take" }),
	"all-away":     redirect(func(s *Server, _ *http.Request) string { return s.other.URL + "/take" }),
	"to-file":      redirect(func(*Server, *http.Request) string { return "file:///etc/passwd" }),
	"to-metadata":  redirect(func(*Server, *http.Request) string { return "http://169.254.169.254/latest/" }),
	"within":       redirect(func(_ *Server, _ *http.Request) string { return "/fine/debug/pprof/goroutine?debug=2" }),
	"echo":         echo,
	"big-headers":  bigHeaders,
	"kubernetes":   status(http.StatusForbidden, "application/json", `{"kind":"Status","message":"pods \"x\" is forbidden"}`),
	"unknown":      status(http.StatusNotFound, "text/plain", "Unknown profile\n"),
	"busy":         busy,
	"escape":       status(http.StatusInternalServerError, "text/plain", "out\x1b]0;of\x07 luck\u202e\r\n"),
	"html-refused": status(http.StatusForbidden, "text/html", "<html><body>no</body></html>"),
}

func body(kind, text string) fault { return status(http.StatusOK, kind, text) }

func status(code int, kind, text string) fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		io.WriteString(w, text)
	}
}

// raw writes bytes to the connection and closes it.
func raw(text string) fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		io.WriteString(c, text)
	}
}

// wait waits until the client has had enough.
func (s *Server) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.stop.Done():
	}
}

// stall sends some goroutines, breaks off within one, and sends no more.
func stall(s *Server, w http.ResponseWriter, r *http.Request) {
	for n := range 20 {
		fmt.Fprintf(w, "goroutine %d [select]:\nmain.wait()\n\t/app/main.go:9 +0x1\n\n", n+1)
	}
	io.WriteString(w, "goroutine 21 [sel")
	http.NewResponseController(w).Flush()
	s.wait(r)
}

func endless(s *Server, w http.ResponseWriter, r *http.Request) {
	for n := 1; r.Context().Err() == nil && s.stop.Err() == nil; n++ {
		fmt.Fprintf(w, "goroutine %d [select]:\nmain.wait()\n\t/app/main.go:9 +0x1\n\n", n)
	}
}

func compressed(text []byte, cut int) fault {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text)
	z.Close()
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes()[:b.Len()-cut])
	}
}

// bomb is 64 MiB of nothing in 64 KiB, after a whole dump.
func bomb(encoding string) fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		} else {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		z := gzip.NewWriter(w)
		io.WriteString(z, Dump)
		line := bytes.Repeat([]byte{' '}, 1<<20)
		for range 64 {
			if _, err := z.Write(line); err != nil {
				return
			}
		}
		z.Close()
	}
}

func redirect(to func(*Server, *http.Request) string) fault {
	return func(s *Server, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to(s, r))
		w.WriteHeader(http.StatusFound)
	}
}

// echo refuses and tells all that it was sent.
func echo(_ *Server, w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintf(w, "bad %v %s %s %s", r.Header, user, password, r.URL.RawQuery)
}

func bigHeaders(_ *Server, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Big", strings.Repeat("x", 2<<20))
	io.WriteString(w, Dump)
}

func busy(_ *Server, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "30")
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, "later\n")
}
