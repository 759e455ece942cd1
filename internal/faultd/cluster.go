package faultd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
)

// Pod is a process of a Cluster.
type Pod struct {
	Name, Phase string
	Labels      map[string]string
	Port        int // that pprof is served at
	PortName    string
	Closed      bool // nothing listens there
	Page        func(page string) string
}

// Cluster is the part of a Kubernetes API server that gdump asks for: lists of
// pods, and the way through to them.
type Cluster struct {
	*httptest.Server
	mu        sync.Mutex
	pods      []Pod
	forbidden map[string]bool // "list", "proxy", "portforward"
	answers   map[string]http.HandlerFunc
	asked     []string
	headers   []http.Header
}

// NewCluster starts an API server for the pods of namespace shop.
func NewCluster(pods ...Pod) *Cluster {
	c := &Cluster{pods: pods, forbidden: map[string]bool{}, answers: map[string]http.HandlerFunc{}}
	c.Server = httptest.NewServer(c)
	return c
}

// Forbid takes a right from the user: list, proxy or portforward.
func (c *Cluster) Forbid(right string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forbidden[right] = true
}

// Redirect has a pod answer with another place, which the API server passes on.
func (c *Cluster) Redirect(pod, to string) {
	c.answer(pod, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
}

// Answer has a pod answer with a status and a text.
func (c *Cluster) Answer(pod string, status int, text string) {
	c.answer(pod, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	})
}

func (c *Cluster) answer(pod string, h http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[pod] = h
}

// Headers are those of the requests that came, in order.
func (c *Cluster) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]http.Header(nil), c.headers...)
}

// Asked are the requests that came, in order.
func (c *Cluster) Asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.asked...)
}

var (
	podsPath    = regexp.MustCompile(`^/api/v1/namespaces/([^/]+)/pods$`)
	proxyPath   = regexp.MustCompile(`^/api/v1/namespaces/shop/pods/([^/:]+):(\d+)/proxy/debug/pprof/(.*)$`)
	forwardPath = regexp.MustCompile(`^/api/v1/namespaces/shop/pods/([^/:]+)/portforward(?:/debug/pprof/(.*))?$`)
)

func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.headers = append(c.asked, r.URL.RequestURI()), append(c.headers, r.Header)
	if m := podsPath.FindStringSubmatch(r.URL.Path); m != nil {
		c.list(w, r, m[1])
	} else if m := proxyPath.FindStringSubmatch(r.URL.Path); m != nil {
		if !c.allowed(w, "proxy", "get", "pods/proxy", m[1]+":"+m[2]) {
			return
		}
		c.page(w, r, m[1], m[2], m[3])
	} else if m := forwardPath.FindStringSubmatch(r.URL.Path); m != nil {
		if !c.allowed(w, "portforward", "create", "pods/portforward", m[1]) {
			return
		}
		c.page(w, r, m[1], "", m[2])
	} else {
		refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	}
}

func (c *Cluster) allowed(w http.ResponseWriter, right, verb, resource, name string) bool {
	if !c.forbidden[right] {
		return true
	}
	refuse(w, http.StatusForbidden, "Forbidden", fmt.Sprintf(`pods %q is forbidden: User "dev" cannot %s resource %q in API group "" in the namespace "shop"`, name, verb, resource))
	return false
}

func (c *Cluster) list(w http.ResponseWriter, r *http.Request, namespace string) {
	if c.forbidden["list"] {
		refuse(w, http.StatusForbidden, "Forbidden", `pods is forbidden: User "dev" cannot list resource "pods" in API group "" in the namespace "shop"`)
		return
	}
	selector := r.URL.Query().Get("labelSelector")
	if strings.Count(selector, "=") > strings.Count(selector, ",")+1 {
		refuse(w, http.StatusBadRequest, "BadRequest", "found '=', expected: ',' or 'end of string'")
		return
	}
	type object = map[string]any
	items := []object{}
	for _, p := range c.pods {
		if namespace != "shop" || !selects(selector, p.Labels) {
			continue
		}
		items = append(items, object{
			"metadata": object{"name": p.Name, "namespace": namespace, "labels": p.Labels},
			"spec": object{"nodeName": "node-1", "containers": []object{{
				"name": "app", "image": "shop:" + p.Labels["version"], "ports": []object{{"name": "web", "containerPort": 8080}, {"name": p.PortName, "containerPort": p.Port}},
			}}},
			"status": object{"phase": p.Phase},
		})
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(object{"kind": "PodList", "apiVersion": "v1", "metadata": object{}, "items": items})
}

// selects reports whether labels fulfil a selector of the form a=b,c!=d.
func selects(selector string, labels map[string]string) bool {
	for part := range strings.SplitSeq(selector, ",") {
		if key, value, ok := strings.Cut(part, "!="); ok {
			if labels[key] == value {
				return false
			}
		} else if key, value, ok := strings.Cut(part, "="); ok && labels[key] != value {
			return false
		}
	}
	return true
}

func (c *Cluster) page(w http.ResponseWriter, r *http.Request, name, port, page string) {
	for _, p := range c.pods {
		if p.Name != name {
			continue
		}
		if h := c.answers[name]; h != nil {
			h(w, r)
			return
		}
		if p.Closed || port != "" && port != fmt.Sprint(p.Port) {
			refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "error trying to reach service: dial tcp 10.0.0.7:"+port+": connect: connection refused")
			return
		}
		if r.URL.RawQuery != "" {
			page += "?" + r.URL.RawQuery
		}
		if text := p.Page(page); text != "" {
			fmt.Fprint(w, text)
		} else {
			http.NotFound(w, r)
		}
		return
	}
	refuse(w, http.StatusNotFound, "NotFound", fmt.Sprintf("pods %q not found", name))
}

// refuse answers as the API server does.
func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "message": message, "reason": reason, "code": code})
}
