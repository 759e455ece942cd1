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
const portForwardRule = rule + `, or for port-forward: {apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}`

// pods is the part of a list of pods that is looked at.
type pods struct {
	Kind    string
	Message string
	Items   []struct {
		Metadata struct {
			Name, Namespace string
			Labels          map[string]string
		}
		Spec struct {
			NodeName   string
			Containers []struct {
				Name, Image string
				Ports       []struct {
					Name          string
					ContainerPort int
				}
			}
		}
		Status struct{ Phase string }
	}
}

var kubernetesPattern = regexp.MustCompile(`^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)/([^:]*)(?::([A-Za-z0-9-]+))?$`)

// cluster is what the user's kubectl leads to.
type cluster struct {
	namespace string
	noProxy   atomic.Bool // the API server does not let the user through to pods
}

// findKubernetes lists pods with one raw request, through the user's kubectl:
// contexts, plugins for credentials and proxies are its business.
func findKubernetes(ctx context.Context, s *Selector, f *Fleet) error {
	m := kubernetesPattern.FindStringSubmatch(s.where)
	if m == nil {
		return &source.Error{Kind: source.Usage, Name: s.Name(), What: "not NAMESPACE/SELECTOR[:PORT]", Hint: "such as k8s:shop/app=web or k8s:shop/app=web,tier!=test:6060"}
	}
	c := &cluster{namespace: m[1]}
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
		port, named := defaultPort, m[3] == ""
		for _, container := range pod.Spec.Containers {
			for _, p := range container.Ports {
				if m[3] != "" && p.Name == m[3] || m[3] == "" && (p.Name == "pprof" || p.Name == "http-pprof" || p.Name == "debug") {
					port, named = p.ContainerPort, true
				}
			}
		}
		if n, err := strconv.ParseUint(m[3], 10, 16); err == nil && n > 0 {
			port, named = int(n), true
		}
		name := goroutine.Clean(pod.Metadata.Name)
		if !named {
			f.Notes = append(f.Notes, fmt.Sprintf("%s has no port called %s", name, goroutine.Clean(m[3])))
			continue
		}
		labels := map[string]string{}
		maps.Copy(labels, pod.Metadata.Labels)
		labels["namespace"], labels["pod"], labels["node"] = pod.Metadata.Namespace, pod.Metadata.Name, pod.Spec.NodeName
		if len(pod.Spec.Containers) > 0 {
			labels["image"] = pod.Spec.Containers[0].Image
		}
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
	o := f.o.Source
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
	if refused, ok := err.(*refusedError); ok && refused.status == http.StatusForbidden {
		e.Hint = fmt.Sprintf("%s (in namespace %s)", rule, c.namespace)
	}
	return e
}

// ask gets a page of a pod: by the proxy of the API server, and where that is
// refused through a port that is forwarded for this page.
func (c *cluster) ask(ctx context.Context, o source.Options, pod string, port int, page string) (*source.Answer, error) {
	if !c.noProxy.Load() {
		path := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy/debug/pprof/%s", c.namespace, pod, port, page)
		body, err := kubectlStream(ctx, path)
		refused, ok := err.(*refusedError)
		switch {
		case err == nil:
			return &source.Answer{Body: body}, nil
		case !ok:
			return nil, err
		case refused.status != http.StatusForbidden || !strings.Contains(refused.message, "pods/proxy"):
			return &source.Answer{Status: refused.status, Message: refused.message}, nil
		}
		c.noProxy.Store(true)
	}
	return c.forward(ctx, o, pod, port, page)
}

// forward gets a page through kubectl port-forward, which ends with the page.
func (c *cluster) forward(ctx context.Context, o source.Options, pod string, port int, page string) (*source.Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	local, ended, err := portForward(ctx, c.namespace, pod, port)
	if err != nil {
		cancel()
		if refused, ok := err.(*refusedError); ok && refused.status == http.StatusForbidden {
			return nil, &source.Error{Kind: source.Target, Name: pod, What: refused.message, Hint: fmt.Sprintf("%s (in namespace %s)", portForwardRule, c.namespace)}
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
