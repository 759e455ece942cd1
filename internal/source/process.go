package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// Process is a target: a process that can be asked for a dump. It is asked one
// thing at a time, once: a dump stops the process for a moment, so it is
// neither tried again nor asked for with HEAD, which costs the same.
type Process struct {
	at           *address
	o            Options
	client       *http.Client
	headers      http.Header
	secrets      Secrets
	turn         turn
	heard        heard
	noIndex      atomic.Bool // the index page shows no count
	last         atomic.Int64
	warnInsecure sync.Once
}

// NewTarget makes a target of what the user typed. It asks nothing yet.
func NewTarget(arg string, o Options) (*Process, error) {
	if info, err := os.Stat(arg); err == nil && !info.IsDir() && !IsTarget(arg) {
		return nil, &Error{Kind: Usage, Name: goroutine.Clean(arg), What: "is a file, not a running process", Hint: "gdump " + goroutine.Clean(arg) + " shows it; a target is host:port, :port, unix:///path.sock or a URL"}
	}
	a, err := parseAddress(arg)
	if err != nil {
		return nil, err
	}
	return newProcess(a, arg, o)
}

// newProcess makes a target of an address that was read from arg.
func newProcess(a *address, arg string, o Options) (*Process, error) {
	if o.Level == LevelAuto {
		o.Level = a.level
	}
	o.Leak = o.Leak || a.leak
	t := &Process{at: a, o: o, turn: make(turn, 1)}
	client, err := newClient(a, o, &t.heard)
	if err != nil {
		return nil, err
	}
	t.client = client
	t.secrets.AddArgument(arg)
	if u := a.base.User; u != nil {
		password, _ := u.Password()
		t.secrets.AddLogin(u.Username(), password)
	}
	if t.headers, err = o.Access.headers(a.base.User != nil, &t.secrets); err != nil {
		return nil, err
	}
	return t, nil
}

// Name is the target as it may be shown.
func (t *Process) Name() string { return t.shown(t.page(), LevelAuto) }

// shown is a page of the target as it may be shown.
func (t *Process) shown(page string, level Level) string { return t.hide(t.at.shown(page, level)) }

// key is the same for two targets that are one.
func (t *Process) key() string {
	return t.at.url(t.page(), t.o.Level).String() + t.at.socket + t.at.gops + t.at.relay
}

// Took is how long the last request took.
func (t *Process) Took() time.Duration { return time.Duration(t.last.Load()) }

func (t *Process) page() string {
	if t.o.Leak {
		return profile + "leak"
	}
	return profile
}

// Count asks how many goroutines there are, in the way that costs least.
func (t *Process) Count(ctx context.Context) (int, error) {
	if err := t.turn.take(ctx); err != nil {
		return 0, t.cannotAsk(ctx, t.Name(), err)
	}
	defer t.turn.give()
	defer t.took(time.Now())
	ctx, cancel := t.limited(ctx)
	defer cancel()
	count := t.index
	if t.at.gops != "" {
		count = t.gopsCount
	}
	n, err := count(ctx)
	if n > 0 || err != nil {
		return n, err
	}
	in, err := t.request(ctx, profile, Level1)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	br := bufio.NewReader(in)
	n, ok := total(br)
	if !ok {
		return 0, &Error{Kind: NotDump, Name: in.Name, What: "the response contains no goroutine count"}
	}
	_, err = io.Copy(io.Discard, br)
	return n, err
}

// Open asks for the dump. At LevelAuto it asks for the count first, which is
// cheap, and for the full dump only if that will not hurt.
func (t *Process) Open(ctx context.Context) (*Input, error) { return t.open(ctx, t.o.Level) }

// OpenCounts asks for what costs least, whatever level is set: the stacks and
// how many goroutines are in each (debug=1).
func (t *Process) OpenCounts(ctx context.Context) (*Input, error) { return t.open(ctx, Level1) }

func (t *Process) open(ctx context.Context, level Level) (in *Input, err error) {
	if err := t.turn.take(ctx); err != nil {
		return nil, t.cannotAsk(ctx, t.Name(), err)
	}
	start := time.Now()
	ctx, cancel := t.limited(ctx)
	end := func() {
		cancel()
		t.took(start)
		t.turn.give()
	}
	defer func() {
		if err != nil {
			end()
			return
		}
		in.ReadCloser = &closing{ReadCloser: in.ReadCloser, end: end}
	}()
	switch {
	case t.at.gops != "":
		return t.openGops(ctx)
	case t.o.Leak:
		return t.openLeak(ctx, level)
	}
	switch level {
	case LevelAuto:
		return t.openAuto(ctx)
	case Level2:
		n, err := t.index(ctx)
		if err != nil {
			return nil, err
		}
		if n > t.o.maxGoroutines() {
			t.o.say(fmt.Sprintf("%s goroutines: debug=2 %s", number.Group(n), Cost(n)))
		}
	}
	return t.request(ctx, profile, level)
}

func (t *Process) openAuto(ctx context.Context) (*Input, error) {
	limit := t.o.maxGoroutines()
	n, err := t.index(ctx)
	if err != nil {
		return nil, err
	}
	if n > 0 && n <= limit {
		return t.request(ctx, profile, Level2)
	}
	in, err := t.request(ctx, profile, Level1)
	if err != nil {
		return nil, err
	}
	body := in.ReadCloser
	br := bufio.NewReader(body)
	if n == 0 {
		var ok bool
		if n, ok = total(br); !ok {
			n = limit + 1 // it serves one thing, whatever the level: that is the dump
		} else if n <= limit {
			_, err := io.Copy(io.Discard, br)
			body.Close()
			if err != nil {
				return nil, err
			}
			return t.request(ctx, profile, Level2)
		}
	}
	if _, ok := total(br); ok {
		t.o.say(fmt.Sprintf("%s goroutines, more than --max-goroutines %d: asked for debug=1 only, which has stacks and counts but no ids, states, waits and created by; debug=2 %s; --level 2 insists", number.Group(n), limit, Cost(n)))
	}
	in.ReadCloser = &buffered{br, body}
	return in, nil
}

// openLeak asks for the goroutines that the garbage collector proves stuck.
// The walk stops the process, and its cost can grow with the square of the
// waiters on one lock.
func (t *Process) openLeak(ctx context.Context, level Level) (*Input, error) {
	n, err := t.index(ctx)
	if err != nil {
		return nil, err
	}
	if limit := t.o.maxGoroutines(); n > limit {
		return nil, &Error{
			Kind: Usage, Name: t.Name(), What: fmt.Sprintf("%s goroutines, more than --max-goroutines %d: the search for leaked ones can stop the process for seconds", number.Group(n), limit),
			Hint: fmt.Sprintf("--max-goroutines %d insists", n+n/10),
		}
	}
	if level == LevelAuto {
		level = Level1
	}
	t.o.say("the goroutineleak profile forces a garbage collection and stops the process while it looks for leaked goroutines")
	return t.request(ctx, profile+"leak", level)
}

// request asks for a profile and looks at the response before any of it is used.
func (t *Process) request(ctx context.Context, page string, level Level) (*Input, error) {
	at := t.o.now().UTC()
	resp, err := t.get(ctx, page, level)
	if err != nil {
		return nil, err
	}
	in, err := t.accept(ctx, resp, t.shown(page, level))
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	in.TakenAt, in.Level = at, level
	return in, nil
}

// countInIndex is the row of the index page, as Go has written it over time:
// <td>53</td><td><a href='goroutine?debug=1'>, older ones without quotes or
// closing tags.
var countInIndex = regexp.MustCompile(`<td[^>]*>\s*(\d+)\s*(?:</td>)?\s*<td>\s*<a href=['"]?goroutine\?debug=1`)

const indexLimit = 1 << 20

// index reads the number of goroutines off the index page, which costs the
// process nothing (runtime.NumGoroutine). It is 0 if there is no such page.
func (t *Process) index(ctx context.Context) (int, error) {
	if t.noIndex.Load() {
		return 0, nil
	}
	resp, err := t.get(ctx, "", LevelAuto)
	if errors.As(err, new(*redirectError)) {
		t.noIndex.Store(true)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 0, t.refused(resp, t.Name())
	default:
		t.noIndex.Store(true)
		return 0, nil
	}
	br := bufio.NewReader(io.LimitReader(resp.Body, indexLimit))
	if first, err := br.Peek(1); err != nil || first[0] != '<' {
		t.noIndex.Store(true) // whatever this is, do not wait for all of it
		return 0, nil
	}
	page, err := io.ReadAll(br)
	if m := countInIndex.FindSubmatch(page); m != nil {
		return strconv.Atoi(string(m[1]))
	}
	if err != nil && ctx.Err() != nil {
		return 0, t.cannotAsk(ctx, t.Name(), ctx.Err())
	}
	t.noIndex.Store(true)
	return 0, nil
}

var totalLine = regexp.MustCompile(`^goroutine profile: total (\d+)\n`)

// total is the number in the first line of a debug=1 profile, which stays to
// be read.
func total(br *bufio.Reader) (int, bool) {
	for n := 32; n <= 64; n *= 2 {
		head, err := br.Peek(n)
		if m := totalLine.FindSubmatch(head); m != nil {
			v, err := strconv.Atoi(string(m[1]))
			return v, err == nil
		}
		if err != nil || !bytes.HasPrefix(head, []byte("goroutine profile:")) {
			break
		}
	}
	return 0, false
}

// closing gives the turn back when the body is closed.
type closing struct {
	io.ReadCloser
	once sync.Once
	end  func()
}

func (c *closing) Close() error {
	defer c.once.Do(c.end)
	return c.ReadCloser.Close()
}

// buffered is a body of which some has been looked at.
type buffered struct {
	io.Reader
	io.Closer
}
