package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gdump/internal/cli"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gdump": func() {
			ctx, stop := cli.WithSignals(context.Background())
			status := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
			stop()
			os.Exit(status)
		},
	})
}

// TestScripts runs whole commands, each with its files, its output and its
// exit status.
func TestScripts(t *testing.T) {
	dumps, err := filepath.Abs(filepath.Join("..", "..", "testdata", "dumps"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("DUMPS", dumps)
			e.Setenv("CI", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"serve": serve,
			"lines": lines,

			"servefleet": serveFleet,
			"servebad":   serveBad,
		},
	})
}

// exits runs a command and checks its exit status: exits 3 gdump empty.txt.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var e interface{ ExitCode() int }
	switch {
	case errors.As(err, &e):
		got = e.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// lines checks that a file has at most so many lines: lines 24 stdout.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.Atoi(args[0])
	ts.Check(err)
	if n := strings.Count(ts.ReadFile(args[1]), "\n"); n > most {
		ts.Fatalf("%s has %d lines, more than %d", args[1], n, most)
	}
}

// serve starts a server on loopback that answers in the way of a name and sets
// $URL and $HOSTPORT: serve pprof.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	h, ok := servers[name]
	if !ok {
		ts.Fatalf("no server called %s", name)
	}
	s := httptest.NewServer(h)
	ts.Defer(s.Close)
	if name == "closed" {
		s.Close()
	}
	ts.Setenv("URL", s.URL)
	hostPort := strings.TrimPrefix(s.URL, "http://")
	ts.Setenv("HOSTPORT", hostPort)
	_, port, err := net.SplitHostPort(hostPort)
	ts.Check(err)
	ts.Setenv("PORT", port)
}

const dump = "goroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n\ngoroutine 7 [select, 5 minutes]:\nmain.wait()\n\t/app/main.go:9 +0x1\ncreated by main.main in goroutine 1\n\t/app/main.go:2 +0x1\n"

var servers = map[string]http.Handler{
	"pprof":  profiles(),
	"closed": http.NotFoundHandler(),
	"fixed":  answer(http.StatusOK, "text/plain", dump),
	"empty":  answer(http.StatusOK, "text/plain", ""),
	"login":  answer(http.StatusOK, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"),
	"404":    http.NotFoundHandler(),
	"401":    answer(http.StatusUnauthorized, "text/plain", "token \x1b[31mneeded"),
	"500":    answer(http.StatusInternalServerError, "text/plain", "out of luck"),
	"cut": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(dump)+100))
		io.WriteString(w, dump)
	}),
	"away": http.RedirectHandler("http://127.0.0.2:1/login", http.StatusFound),
}

// profiles serves net/http/pprof, as a program that imports it does.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/base/debug/pprof/", func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/base", http.HandlerFunc(pprof.Index)).ServeHTTP(w, r)
	})
	return mux
}

func answer(status int, kind, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}
