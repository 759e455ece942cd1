package fleet

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// apiProxy is a kubectl proxy, through which pages of pods are asked for. Of
// kubectl get --raw a pod could have another server asked, with the user's
// token: that follows redirects. It runs while something is asked, on a socket
// that only the user can reach.
type apiProxy struct {
	namespace string
	abandon   func(func()) func() // registers what must not be left behind

	mu     sync.Mutex
	users  int
	client *http.Client
	end    func()
}

var serving = regexp.MustCompile(`^Starting to serve on (.*)`)

// get asks for a path of the API server. Redirects are not followed.
func (p *apiProxy) get(ctx context.Context, path string) (*http.Response, error) {
	client, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		p.leave()
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		p.leave()
		return nil, err
	}
	resp.Body = &ending{resp.Body, sync.OnceFunc(p.leave)}
	return resp, nil
}

// enter starts kubectl if nobody else has.
func (p *apiProxy) enter(ctx context.Context) (*http.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users == 0 {
		if err := p.start(ctx); err != nil {
			return nil, err
		}
	}
	p.users++
	return p.client, nil
}

// leave ends kubectl if nobody else uses it.
func (p *apiProxy) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users--; p.users == 0 {
		p.end()
	}
}

func (p *apiProxy) start(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "gdump-kubectl-") // nobody else may enter
	if err != nil {
		return err
	}
	remove := func() { os.RemoveAll(folder) }
	kept := func() {}
	if p.abandon != nil {
		kept = p.abandon(remove)
	}
	// It outlives the request that starts it, but not a start that is given up.
	child, cancel := context.WithCancel(context.WithoutCancel(ctx))
	starting := context.AfterFunc(ctx, cancel)
	socket := filepath.Join(folder, "api")
	_, ended, err := serve(child, serving, "proxy", "--unix-socket="+socket,
		"--accept-paths=^/api/v1/namespaces/"+p.namespace+"/pods/[^/]+/proxy/debug/pprof/", "--reject-methods=^(POST|PUT|PATCH|DELETE)$")
	if starting(); err != nil {
		cancel()
		remove()
		kept()
		return err
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	p.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	p.end = func() {
		transport.CloseIdleConnections()
		cancel()
		<-ended
		remove()
		kept()
	}
	return nil
}
