package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// gopsScheme begins a target that has the agent of github.com/google/gops
// instead of net/http/pprof: gops:PID or gops:HOST:PORT.
const gopsScheme = "gops:"

// The agent's commands, a byte each, which it answers with text.
const (
	gopsStacks = 0x1 // the full dump, as debug=2
	gopsStats  = 0x7 // "goroutines: 12" and more; costs nothing
)

var gopsPattern = regexp.MustCompile(`^gops:(?:(\d{1,10})|((?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9a-fA-F:.]+\])?:\d{1,5}))$`)

// parseGops reads gops:PID and gops:HOST:PORT.
func parseGops(arg string) (*address, error) {
	m := gopsPattern.FindStringSubmatch(arg)
	if m == nil {
		return nil, &Error{Kind: Usage, Name: Redact(arg), What: "not a gops target", Hint: "gops:PID is a process of this machine, gops:HOST:PORT an agent's address"}
	}
	where := m[1]
	if where == "" {
		where = m[2]
		if strings.HasPrefix(where, ":") {
			where = "localhost" + where
		}
	}
	a, err := parseAddress("http://localhost/")
	if err != nil {
		return nil, err
	}
	a.gops = where
	return a, nil
}

// agent speaks to a gops agent for an http.Client, so that all else is as with
// any target.
type agent struct {
	where string // PID or HOST:PORT
	dial  func(context.Context, string, string) (net.Conn, error)
}

// RoundTrip sends the command that a page of net/http/pprof stands for. Other
// pages are not there.
func (g *agent) RoundTrip(req *http.Request) (*http.Response, error) {
	command := map[string]byte{profile: gopsStacks, "": gopsStats}[req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]]
	resp := &http.Response{StatusCode: http.StatusNotFound, Status: "404 Not Found", Body: http.NoBody, Header: http.Header{}, Request: req}
	if command == 0 {
		return resp, nil
	}
	addr := g.where
	if !strings.Contains(addr, ":") {
		port, err := gopsPort(addr)
		if err != nil {
			return nil, err
		}
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	ctx := req.Context()
	conn, err := g.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	body := &agentBody{Conn: conn, ctx: ctx, stop: stop}
	if _, err := conn.Write([]byte{command}); err != nil {
		body.Close()
		return nil, err
	}
	br := bufio.NewReader(body)
	if _, err := br.Peek(1); err != nil {
		body.Close()
		return nil, err
	}
	resp.StatusCode, resp.Status, resp.ContentLength, resp.Body = http.StatusOK, "200 OK", -1, &buffered{br, body}
	return resp, nil
}

// agentBody is what an agent sends until it closes the connection.
type agentBody struct {
	net.Conn
	ctx  context.Context
	stop func() bool
}

func (b *agentBody) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = b.ctx.Err()
	}
	return n, err
}

func (b *agentBody) Close() error {
	b.stop()
	return b.Conn.Close()
}

// noAgent is a process without an agent.
type noAgent struct{ file, what string }

func (e *noAgent) Error() string { return e.what }

// gopsPort is the port of the agent in a process of this machine, which the
// agent leaves in a file for its clients.
func gopsPort(pid string) (string, error) {
	folder := os.Getenv("GOPS_CONFIG_DIR")
	if folder == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return "", &noAgent{what: "no folder of configuration to find the agent's port in: name it as gops:HOST:PORT"}
		}
		folder = filepath.Join(base, "gops")
	}
	name := filepath.Join(folder, pid)
	b, err := readSmall(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &noAgent{name, fmt.Sprintf("process %s has no gops agent: there is no file %s", pid, name)}
	case err != nil:
		return "", &noAgent{name, fmt.Sprintf("cannot read the agent's port: %s: %s", name, reason(err))}
	}
	port := string(bytes.TrimSpace(b))
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", &noAgent{name, fmt.Sprintf("%s does not hold a port", name)}
	}
	return port, nil
}

var gopsGoroutines = regexp.MustCompile(`(?m)^goroutines: (\d+)$`)

// gopsCount asks the agent for the number of goroutines.
func (t *Process) gopsCount(ctx context.Context) (int, error) {
	// An agent answers at once; an HTTP server waits for the rest of a request.
	short, cancel := context.WithTimeout(ctx, t.o.connectTimeout())
	defer cancel()
	resp, err := t.get(short, "", LevelAuto)
	if err != nil {
		if short.Err() != nil && ctx.Err() == nil {
			err = t.failure(Target, t.Name(), fmt.Sprintf("no response within %s", t.o.connectTimeout()), "is it the address of a gops agent?", err)
		}
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, indexLimit))
	if m := gopsGoroutines.FindSubmatch(text); m != nil {
		return strconv.Atoi(string(m[1]))
	}
	if err != nil && ctx.Err() != nil {
		return 0, t.cannotAsk(ctx, t.Name(), ctx.Err())
	}
	return 0, t.failure(NotDump, t.Name(), "the agent does not say how many goroutines there are", "is it the address of a gops agent?", nil)
}

// openGops asks for the full dump, the only one that an agent writes. It stops
// the process, so a large one is asked on demand only.
func (t *Process) openGops(ctx context.Context) (*Input, error) {
	switch {
	case t.o.Leak:
		return nil, &Error{Kind: Usage, Name: t.Name(), What: "a gops agent has no goroutineleak profile"}
	case t.o.Level == Level0 || t.o.Level == Level1:
		return nil, &Error{Kind: Usage, Name: t.Name(), What: "a gops agent writes full dumps only", Hint: "--level 2"}
	case t.o.Level != Level2:
		n, err := t.gopsCount(ctx)
		if err != nil {
			return nil, err
		}
		if limit := t.o.maxGoroutines(); n > limit {
			return nil, &Error{
				Kind: Usage, Name: t.Name(), What: fmt.Sprintf("%d goroutines, more than --max-goroutines %d: a gops agent writes full dumps only, which %s", n, limit, Cost(n)),
				Hint: "--level 2 insists",
			}
		}
	}
	return t.request(ctx, profile, Level2)
}
