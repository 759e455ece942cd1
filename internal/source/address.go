package source

import (
	"net/url"
	"strings"

	"gdump/internal/goroutine"
)

const (
	pprofPath = "/debug/pprof"
	profile   = "goroutine"
)

// address is where and what the user typed: the URL of the folder of profiles,
// the level that the query named, and the socket if there is no network.
type address struct {
	base   *url.URL // up to and without the slash after /debug/pprof
	socket string   // of unix://
	gops   string   // PID or HOST:PORT of an agent that is asked instead of pprof
	relay  string   // name of a process that is asked through a Relay
	level  Level
	leak   bool
}

// parseAddress reads host:port, :port, http(s)://host/base and
// unix:///path.sock:/base, each down to /debug/pprof/goroutine if one likes.
func parseAddress(arg string) (*address, error) {
	bad := func(what string) error {
		return &Error{Kind: Usage, Name: Redact(arg), What: what, Hint: "a target is host:port, :port, unix:///path.sock, or a URL such as http://host:6060/debug/pprof/"}
	}
	if strings.HasPrefix(arg, gopsScheme) {
		return parseGops(arg)
	}
	a := &address{}
	text := arg
	if rest, ok := strings.CutPrefix(text, "unix://"); ok {
		path, base, _ := strings.Cut(rest, ":/")
		path, query, _ := strings.Cut(path, "?")
		if !strings.HasPrefix(path, "/") {
			return nil, bad("the path of a socket begins with a slash: unix:///run/app.sock")
		}
		a.socket = path
		text = "http://localhost/" + base
		if query != "" {
			text += "?" + query
		}
	}
	if !strings.Contains(text, "://") {
		if strings.HasPrefix(text, ":") {
			text = "localhost" + text
		}
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, bad("not a URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, bad("only http, https and unix can be asked, not " + goroutine.Clean(u.Scheme))
	}
	if u.Hostname() == "" {
		if u.Port() == "" {
			return nil, bad("the URL names no host")
		}
		u.Host = "localhost:" + u.Port()
	}
	u.Fragment = ""
	path := strings.TrimRight(u.Path, "/")
	switch {
	case strings.HasSuffix(path, "/"+profile):
		path = strings.TrimSuffix(path, "/"+profile)
	case strings.HasSuffix(path, "/"+profile+"leak"):
		path = strings.TrimSuffix(path, "/"+profile+"leak")
		a.leak = true
	case strings.HasSuffix(path, pprofPath):
	default:
		path += pprofPath
	}
	u.Path, u.RawPath = path, ""
	q := u.Query()
	if q.Has("debug") {
		a.level = Level(q.Get("debug"))
		if a.level != Level0 && a.level != Level1 && a.level != Level2 {
			return nil, bad("debug must be 0, 1 or 2")
		}
		q.Del("debug")
		u.RawQuery = q.Encode()
	}
	a.base = u
	return a, nil
}

// url is the URL of a page beside the profiles. The query that the user typed
// goes with it: it may be what opens the door.
func (a *address) url(page string, level Level) *url.URL {
	u := *a.base
	u.Path += "/" + page
	q := u.Query()
	if level != LevelAuto {
		q.Set("debug", string(level))
	}
	u.RawQuery = q.Encode()
	return &u
}

// shown is how a page of the address is called in messages.
func (a *address) shown(page string, level Level) string {
	if a.relay != "" {
		return goroutine.Clean(a.relay)
	}
	if a.gops != "" {
		return gopsScheme + goroutine.Clean(a.gops)
	}
	s := shown(a.url(page, level))
	if a.socket != "" {
		s = "unix://" + goroutine.Clean(a.socket) + ":" + strings.TrimPrefix(s, "http://localhost")
	}
	return s
}

// shown is a URL as it may be printed: no user, no password, no query but the
// parameters of pprof itself.
func shown(u *url.URL) string {
	c := *u
	c.User = nil
	q := url.Values{}
	for key, values := range u.Query() {
		switch {
		case key == "debug" && len(values) == 1 && values[0] == "2":
		case shownParameter(key):
			q[key] = values
		default:
			q.Set(key, hidden)
		}
	}
	c.RawQuery = q.Encode()
	return goroutine.Clean(c.String())
}

// Redact shows an argument that may be a target, without its secrets.
func Redact(arg string) string {
	if u, err := url.Parse(arg); err == nil && u.Host != "" {
		return shown(u)
	}
	if i := strings.LastIndexByte(arg, '@'); i >= 0 && strings.Contains(arg, ":") {
		arg = arg[i+1:]
	}
	if before, query, ok := strings.Cut(arg, "?"); ok && strings.Contains(query, "=") {
		arg = before
	}
	return goroutine.Clean(arg)
}
