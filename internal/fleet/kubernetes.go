package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// defaultPort is where pprof is served by custom.
const defaultPort = 6060

// rule is what a Role needs for gdump, as its YAML.
const rule = `a Role needs: {apiGroups: [""], resources: ["pods", "pods/proxy"], verbs: ["get", "list"]}`

// portForwardRule is what is needed where the proxy of the API server may not
// be used.
const portForwardRule = rule + `, or for port-forward, which asks for the pod first: {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]} and {apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}`

// pods is the part of a list of pods that is looked at.
type pods struct {
	Kind    string
	Message string
	Items   []pod
}

type pod struct {
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Spec struct {
		NodeName                   string
		Containers, InitContainers []container
	}
	Status struct{ Phase string }
}

type container struct {
	Name, Image, RestartPolicy string
	Ports                      []struct {
		Name          string
		ContainerPort int
	}
}

// port is the port of a pod that is wanted, a number or a name; "" is the one
// that pprof is served at by its name, or by custom. The image is that of the
// container whose port it is.
func (p *pod) port(wanted string) (port int, image string, ok bool) {
	running := slices.Clone(p.Spec.Containers)
	for _, c := range p.Spec.InitContainers {
		if c.RestartPolicy == "Always" { // a sidecar: it goes on
			running = append(running, c)
		}
	}
	if len(running) > 0 {
		image = running[0].Image
	}
	for _, c := range running {
		if c.Name == p.Metadata.Annotations["kubectl.kubernetes.io/default-container"] {
			image = c.Image
		}
	}
	n, err := strconv.ParseUint(wanted, 10, 16)
	numbered := err == nil && n > 0
	names := []string{wanted}
	if wanted == "" {
		names = []string{"pprof", "http-pprof", "debug"}
	}
	for _, name := range names {
		for _, c := range running {
			for _, x := range c.Ports {
				if x.Name == name || numbered && x.ContainerPort == int(n) {
					return x.ContainerPort, c.Image, true
				}
			}
		}
	}
	if numbered {
		return int(n), image, true
	}
	return defaultPort, image, wanted == ""
}

var kubernetesPattern = regexp.MustCompile(`^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)/([^:]*)(?::([A-Za-z0-9-]+))?$`)

// cluster is what the user's kubectl leads to.
type cluster struct {
	namespace string
	proxy     apiProxy
	noProxy   atomic.Pointer[refusedError] // why the API server does not let the user through to pods
}

// findKubernetes lists pods with one raw request, through the user's kubectl:
// contexts, plugins for credentials and proxies are its business.
func findKubernetes(ctx context.Context, s *Selector, f *Fleet) error {
	m := kubernetesPattern.FindStringSubmatch(s.where)
	if m == nil {
		return &source.Error{Kind: source.Usage, Name: s.Name(), What: "not NAMESPACE/SELECTOR[:PORT]", Hint: "such as k8s:shop/app=web or k8s:shop/app=web,tier!=test:6060"}
	}
	c := &cluster{namespace: m[1]}
	c.proxy.namespace, c.proxy.abandon = c.namespace, f.o.Abandon
	path := "/api/v1/namespaces/" + c.namespace + "/pods"
	if m[2] != "" {
		path += "?labelSelector=" + url.QueryEscape(m[2])
	}
	b, err := kubectlRaw(ctx, f.o.Source, path)
	if err != nil {
		return c.cannotList(s, err)
	}
	var list pods
	if err := json.Unmarshal(b, &list); err != nil || !strings.HasSuffix(list.Kind, "List") {
		what := "kubectl gave no list of pods"
		if list.Message != "" {
			what = goroutine.Clean(list.Message)
		}
		return &source.Error{Kind: source.Target, Name: s.Name(), What: what}
	}
	idle := 0
	for _, pod := range list.Items {
		if pod.Status.Phase != "Running" {
			idle++
			continue
		}
		name := goroutine.Clean(pod.Metadata.Name)
		port, image, ok := pod.port(m[3])
		if !ok {
			f.Notes = append(f.Notes, fmt.Sprintf("%s has no port called %s", name, goroutine.Clean(m[3])))
			continue
		}
		labels := map[string]string{}
		maps.Copy(labels, pod.Metadata.Labels)
		labels["namespace"], labels["pod"], labels["node"], labels["image"] = pod.Metadata.Namespace, pod.Metadata.Name, pod.Spec.NodeName, image
		if err := c.add(f, pod.Metadata.Name, port, labels); err != nil {
			return err
		}
	}
	if idle > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%s not running", number.Plural(idle, "pod is", "pods are")))
	}
	f.looked = fmt.Sprintf("namespace %s has %s", c.namespace, number.Plural(len(list.Items), "pod", "pods"))
	if m[2] != "" {
		f.looked += " with " + goroutine.Clean(m[2])
	}
	return nil
}

// add adds a pod to the fleet.
func (c *cluster) add(f *Fleet, pod string, port int, labels map[string]string) error {
	if !podName.MatchString(pod) {
		f.Notes = append(f.Notes, goroutine.Clean(pod)+" is no name of a pod")
		return nil
	}
	o := f.o.forListed()
	where := pod + ":" + strconv.Itoa(port)
	relay := func(ctx context.Context, page string) (*source.Answer, error) { return c.ask(ctx, o, pod, port, page) }
	p, err := source.NewRelayed(c.namespace+"/"+where, relay, o)
	if err != nil {
		return err
	}
	x := Instance{Name: pod, Labels: targetLabels(labels), Shown: p.Name(), Process: p}
	x.take = func(ctx context.Context) (*goroutine.Dump, error) { return take(ctx, p, o.Level) }
	f.Instances = append(f.Instances, x)
	return nil
}

var podName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// cannotList says why there is no list of pods, and what would help.
func (c *cluster) cannotList(s *Selector, err error) error {
	e := &source.Error{Kind: source.Target, Name: s.Name(), What: goroutine.Clean(err.Error()), Err: err}
	if refused, ok := err.(*refusedError); ok {
		switch refused.status {
		case http.StatusForbidden:
			e.Hint = fmt.Sprintf("%s (in namespace %s)", rule, c.namespace)
		case http.StatusBadRequest:
			e.Kind, e.Hint = source.Usage, "labels are selected as by kubectl get pods -l: app=web,tier!=test"
		}
	}
	return e
}

// ask gets a page of a pod: by the proxy of the API server, and where that is
// refused through a port that is forwarded for this page.
func (c *cluster) ask(ctx context.Context, o source.Options, pod string, port int, page string) (*source.Answer, error) {
	refused := c.noProxy.Load()
	if refused == nil {
		resp, err := c.proxy.get(ctx, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy/debug/pprof/%s", c.namespace, pod, port, page))
		switch {
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusOK:
			return &source.Answer{Body: resp.Body}, nil
		case resp.StatusCode/100 == 3:
			resp.Body.Close()
			what := "redirected"
			if u, err := resp.Location(); err == nil && u.Host != "localhost" {
				what += " to " + u.Scheme + "://" + u.Host
			}
			return nil, &source.Error{Kind: source.Target, Name: pod, What: what + ", not followed"}
		}
		said, err := io.ReadAll(io.LimitReader(resp.Body, maxSaid))
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if refused = forbidden(resp.StatusCode, said); refused == nil {
			return &source.Answer{Status: resp.StatusCode, Message: string(said)}, nil
		}
		c.noProxy.Store(refused)
	}
	return c.forward(ctx, o, pod, port, page, refused)
}

// maxSaid bounds what is read of why a page is not to be had.
const maxSaid = 64 << 10

// forbidden is the API server's refusal to let the user through to pods; nil if
// an answer is another one.
func forbidden(status int, said []byte) *refusedError {
	var s struct{ Kind, Message string }
	if status != http.StatusForbidden || json.Unmarshal(said, &s) != nil || s.Kind != "Status" || !strings.Contains(s.Message, "pods/proxy") {
		return nil
	}
	return &refusedError{status, goroutine.Clean(s.Message)}
}

// forward gets a page through kubectl port-forward, which ends with the page.
func (c *cluster) forward(ctx context.Context, o source.Options, pod string, port int, page string, why *refusedError) (*source.Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	local, ended, err := portForward(ctx, c.namespace, pod, port)
	if err != nil {
		cancel()
		if refused, ok := err.(*refusedError); ok && refused.status == http.StatusForbidden {
			return nil, &source.Error{Kind: source.Target, Name: pod, What: why.message + "; and for port-forward: " + refused.message, Hint: fmt.Sprintf("%s (in namespace %s)", portForwardRule, c.namespace)}
		}
		return nil, err
	}
	end := func() {
		cancel()
		<-ended
	}
	body, err := source.Page(ctx, local, page, o)
	if err != nil {
		end()
		return nil, err
	}
	body.Body = &ending{body.Body, end}
	return body, nil
}

// ending ends what a body comes through when it is closed.
type ending struct {
	io.ReadCloser
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
