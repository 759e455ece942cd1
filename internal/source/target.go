package source

import (
	"net/url"
	"strings"

	"gdump/internal/goroutine"
)

const goroutinePath = "/debug/pprof/goroutine"

// parseTarget turns what the user typed into the URL of the goroutine profile.
// A path before /debug/pprof stays; a query that names a level stays.
func parseTarget(arg string) (*url.URL, error) {
	bad := func(what string) error {
		return &Error{Kind: Usage, Name: redacted(arg), What: what, Hint: "a target is host:port, :port, or a URL such as http://host:6060/debug/pprof/"}
	}
	text := arg
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
		return nil, bad("only http and https can be asked, not " + goroutine.Clean(u.Scheme))
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
	case strings.HasSuffix(path, goroutinePath), strings.HasSuffix(path, goroutinePath+"leak"):
	case strings.HasSuffix(path, "/debug/pprof"):
		path += "/goroutine"
	default:
		path += goroutinePath
	}
	u.Path, u.RawPath = path, ""
	if q := u.Query(); !q.Has("debug") {
		q.Set("debug", "2")
		u.RawQuery = q.Encode()
	}
	return u, nil
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
		case key == "debug" || key == "seconds" || key == "gc":
			q[key] = values
		default:
			q.Set(key, "REDACTED")
		}
	}
	c.RawQuery = q.Encode()
	return goroutine.Clean(c.String())
}

// redacted shows an argument that may not even be a URL.
func redacted(arg string) string {
	if u, err := url.Parse(arg); err == nil && u.Host != "" {
		return shown(u)
	}
	if i := strings.LastIndexByte(arg, '@'); i >= 0 {
		arg = arg[i+1:]
	}
	arg, _, _ = strings.Cut(arg, "?")
	return goroutine.Clean(arg)
}
