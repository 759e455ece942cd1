package fleet_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/source"
)

// bucket is n goroutines in a stack of one frame.
func bucket(function string, n int) goroutine.Bucket {
	s := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{{Function: function, File: "/app/" + function + ".go", Line: 7}}})
	return goroutine.Bucket{ID: s.ID(), Stack: s, Count: n}
}

func push(t *testing.T, p *pyro, selector string, keep []string, dumps ...goroutine.Dump) (fleet.Pushed, error) {
	t.Helper()
	pusher, err := fleet.NewPusher("pyroscope:"+p.URL+selector, keep, fleet.Options{})
	if err != nil {
		return fleet.Pushed{}, err
	}
	var sum fleet.Pushed
	for i := range dumps {
		done, err := pusher.Push(t.Context(), &dumps[i])
		sum.Profiles += done.Profiles
		sum.Series += done.Series
		sum.Goroutines += done.Goroutines
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// TestPush reads back what was pushed, by two runs and each dump twice.
func TestPush(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	var dumps []goroutine.Dump
	for i := range 4 {
		dumps = append(dumps, goroutine.Dump{Source: "web-1_6060-20260302T100000Z.dump", TakenAt: t0.Add(time.Duration(i) * time.Hour), Goroutines: 30 + i, Buckets: []goroutine.Bucket{bucket("main.serve", 20), bucket("main.leak", 10+i)}})
	}
	for range 2 {
		if _, err := push(t, p, `{service_name="shop",version="v1"}`, nil, append(dumps, dumps...)...); err != nil {
			t.Fatal(err)
		}
	}
	h, err := history(t, p, `{service_name="shop"}`, fleet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(counts(t, h, "main.serve"), counts(t, h, "main.leak")); got != "[20 20 20 20] [10 11 12 13]" {
		t.Error(got)
	}
	if l := p.kept[0].labels; l["instance"] != "web-1_6060" || l["version"] != "v1" || l["__name__"] != "goroutine" {
		t.Errorf("%v", l)
	}
}

// TestPushNames names instances by what was pulled.
func TestPushNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"http://10.0.0.7:6060/debug/pprof/goroutine?debug=1": "10.0.0.7:6060",
		"dumps/web-1_6060-20260302T100000Z_2.dump":           "web-1_6060",
		"a.dump": "a.dump",
	} {
		p := newPyro(t)
		if _, err := push(t, p, `{service_name="shop"}`, nil, goroutine.Dump{Source: name, TakenAt: t0, Buckets: []goroutine.Bucket{bucket("main.f", 1)}}); err != nil {
			t.Fatal(err)
		}
		if got := p.kept[0].labels["instance"]; got != want {
			t.Errorf("%s: instance %q, want %q", name, got, want)
		}
	}
}

// TestPushStripsLabels has request ids, which would each be a series.
func TestPushStripsLabels(t *testing.T) {
	t.Parallel()
	b := bucket("main.serve", 6000)
	request, tenant := goroutine.Label{Key: "request"}, goroutine.Label{Key: "ten\x1bant", Values: []goroutine.Count{{Name: "a\x1b[1m", N: 4000}, {Name: strings.Repeat("ä", 3000), N: 2000}}}
	for i := range 6000 {
		request.Values = append(request.Values, goroutine.Count{Name: fmt.Sprint(i), N: 1})
	}
	b.Labels = []goroutine.Label{request, tenant}
	d := goroutine.Dump{Source: "x", TakenAt: t0, Goroutines: 6000, Buckets: []goroutine.Bucket{b}}
	for _, keep := range [][]string{nil, {"ten\x1bant"}} {
		p := newPyro(t)
		done, err := push(t, p, `{service_name="shop",instance="web-1"}`, keep, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(keep) == 0 {
			if done.Series != 1 || len(p.kept[0].labels) != 4 {
				t.Errorf("%d series, labels %v", done.Series, p.kept[0].labels)
			}
			continue
		}
		if done.Series != 2 || p.kept[0].labels["ten_ant"] == "" {
			t.Errorf("%d series, labels %v", done.Series, p.kept[0].labels)
		}
		for _, k := range p.kept {
			if v := k.labels["ten_ant"]; len(v) > 2048 || strings.ContainsRune(v, '\x1b') {
				t.Errorf("label %.20q of %d bytes", v, len(v))
			}
		}

	}
}

// TestPushSplits has more stacks than a profile may have samples.
func TestPushSplits(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	d := goroutine.Dump{Source: "web-1", TakenAt: t0}
	for i := range 35_000 {
		d.Buckets = append(d.Buckets, bucket(fmt.Sprintf("main.f%d", i), 2))
		d.Goroutines += 2
	}
	done, err := push(t, p, `{service_name="shop"}`, nil, d)
	if err != nil || done.Profiles != 3 || len(p.kept) != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	d2, failed, err := find(t, "pyroscope:"+p.URL+`{service_name="shop"}`, fleet.Options{To: t0.Add(time.Minute)}).Pull(t.Context())
	if err != nil || len(failed) > 0 || d2.Goroutines != 70_000 || len(d2.Buckets) != 35_000 {
		t.Errorf("read back %d goroutines in %d buckets, %v", d2.Goroutines, len(d2.Buckets), err)
	}
}

// TestPushLarge has few stacks, whose names are more than a profile may have.
func TestPushLarge(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	d := goroutine.Dump{Source: "web-1", TakenAt: t0}
	r := rand.New(rand.NewPCG(1, 2)) // what cannot be compressed
	for range 3000 {
		name := make([]byte, 2000)
		for i := range name {
			name[i] = byte('0' + r.IntN(64))
		}
		d.Buckets = append(d.Buckets, bucket("main."+string(name), 2))
		d.Goroutines += 2
	}
	done, err := push(t, p, `{service_name="shop"}`, nil, d)
	if err != nil || len(p.kept) < 2 {
		t.Fatalf("%+v, %d profiles kept, %v", done, len(p.kept), err)
	}
	read, _, err := find(t, "pyroscope:"+p.URL+`{service_name="shop"}`, fleet.Options{To: t0.Add(time.Minute)}).Pull(t.Context())
	if err != nil || read.Goroutines != 6000 {
		t.Errorf("read back %d goroutines, %v", read.Goroutines, err)
	}
}

// TestPushFleet pushes each instance of a fleet by itself.
func TestPushFleet(t *testing.T) {
	t.Parallel()
	s, p := newService(t), newPyro(t)
	s.add("web-1", map[string]int{"main.serve": 5})
	s.add("web-2", map[string]int{"main.serve": 7, "main.leak": 9})
	o := fleet.Options{Source: source.Options{Now: func() time.Time { return t0 }}}
	d, _, err := find(t, s.list(t, func(string) map[string]string { return map[string]string{"app.kubernetes.io/version": "v1"} }, "web-1", "web-2"), o).Pull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := push(t, p, `{service_name="shop"}`, nil, d); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range p.kept {
		got = append(got, fmt.Sprint(k.labels["instance"], " ", k.labels["app_kubernetes_io_version"], " ", len(k.p.Sample)))
	}
	slices.Sort(got)
	if fmt.Sprint(got) != "[web-1 v1 1 web-2 v1 2]" {
		t.Error(got)
	}
}

// TestPushBacksOff has a server that has too much to do.
func TestPushBacksOff(t *testing.T) {
	p := newPyro(t)
	p.fail = func(string) (int, string) { return http.StatusTooManyRequests, `{"message":"ingestion rate limit"}` }
	d := goroutine.Dump{Source: "web-1", TakenAt: t0, Goroutines: 1, Buckets: []goroutine.Bucket{bucket("main.f", 1)}}
	pusher, err := fleet.NewPusher("pyroscope:"+p.URL+`{service_name="shop"}`, nil, fleet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var waits []time.Duration
	fleet.SetWait(pusher, func(d time.Duration) { waits = append(waits, d) })
	if _, err := pusher.Push(t.Context(), &d); err == nil || !strings.Contains(err.Error(), "ingestion rate limit") {
		t.Error(err)
	}
	if got := fmt.Sprint(waits); got != "[2s 2s 2s 4s 8s]" { // the server said 2 s
		t.Error(got)
	}
	n := 0
	p.fail = func(string) (int, string) {
		if n++; n < 3 {
			return http.StatusTooManyRequests, ""
		}
		return 0, ""
	}
	if _, err := pusher.Push(t.Context(), &d); err != nil || len(p.kept) != 1 {
		t.Error(err, len(p.kept))
	}
}

func TestPushErrors(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	for selector, says := range map[string]string{
		`{}`:                      "the name of the service is missing",
		`{service_name=~"shop"}`:  "only = says which",
		`{service_name="x",a="b"`: "matchers end with }",
	} {
		if _, err := push(t, p, selector, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", selector, err)
		}
	}
	_, err := push(t, p, `{service_name="shop"}`, nil, goroutine.Dump{Source: "x.dump", Buckets: []goroutine.Bucket{bucket("main.f", 1)}})
	var e *source.Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "x.dump: has no time") || !strings.Contains(e.Hint, "--at") {
		t.Error(err)
	}
	if _, err := fleet.NewPusher("sd:x", nil, fleet.Options{}); err == nil || !strings.Contains(err.Error(), "pushed to a Pyroscope server") {
		t.Error(err)
	}
}
