package fleet_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gdump/internal/fleet"
	"gdump/internal/goroutine"
	"gdump/internal/source"
)

var t0 = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// history reads what a server has of six hours.
func history(t *testing.T, p *pyro, selector string, o fleet.Options) (*fleet.History, error) {
	t.Helper()
	s, err := fleet.Parse("pyroscope:" + p.URL + selector)
	if err != nil {
		t.Fatal(err)
	}
	if o.From.IsZero() {
		o.From, o.To, o.Step = t0, t0.Add(6*time.Hour), time.Hour
	}
	return s.History(t.Context(), o)
}

// counts are those of a call site in each step.
func counts(t *testing.T, h *fleet.History, site string) []int {
	t.Helper()
	tr := h.Trend()
	for i := range tr.Series {
		if tr.Series[i].Name == site {
			return tr.Series[i].Counts
		}
	}
	return nil
}

func labels(instance string) map[string]string {
	return map[string]string{"service_name": "shop", "instance": instance}
}

// TestExactCounts has scrapes each 15 s of two instances: a range would add
// them up, and a profile of all instances would not say whose they are.
func TestExactCounts(t *testing.T) {
	t.Parallel()
	for name, doubles := range map[string]bool{"once": false, "late profiles twice": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPyro(t)
			p.doubles = doubles
			for i := range 6 * 240 {
				at := t0.Add(time.Duration(i)*15*time.Second + 250*time.Millisecond)
				p.add(labels("a"), at, map[string]int{"main.serve": 20 + i/240, "": 3})
				p.add(labels("b"), at.Add(7*time.Second), map[string]int{"main.serve": 50})
			}
			h, err := history(t, p, `{service_name="shop"}`, fleet.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(counts(t, h, "main.serve")); got != "[70 71 72 73 74 75]" {
				t.Errorf("main.serve: %s", got)
			}
			if got := fmt.Sprint(counts(t, h, "(not started)")); got != "[3 3 3 3 3 3]" {
				t.Errorf("goroutines without frames: %s", got)
			}
			d := h.Trend().Dumps[2]
			if x := d.Fleet.Instances[1]; x.Name != "b" || x.Goroutines != 50 || x.TakenAt.Sub(t0.Add(2*time.Hour+7250*time.Millisecond)).Abs() > time.Second {
				t.Errorf("%+v", x)
			}
			for _, a := range p.asked {
				if a.path == "SelectMergeProfile" && (!strings.Contains(fmt.Sprint(a.body["labelSelector"]), `instance="`) || a.end-a.start >= 1000) {
					t.Errorf("asked for %v of %d ms", a.body["labelSelector"], a.end-a.start)
				}
			}
		})
	}
}

// TestTwoTypes has one instance with Alloy and one with the SDK, which call the
// profiles differently.
func TestTwoTypes(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	for i := range 6 {
		at := t0.Add(time.Duration(i) * time.Hour)
		p.add(labels("alloy"), at, map[string]int{"main.serve": 1})
		p.add(map[string]string{"service_name": "shop", "instance": "sdk", "__profile_type__": "goroutines:goroutine:count:goroutine:count"}, at, map[string]int{"main.serve": 10})
		p.add(map[string]string{"service_name": "shop", "instance": "cpu", "__profile_type__": "process_cpu:cpu:nanoseconds:cpu:nanoseconds"}, at, map[string]int{"main.serve": 100})
	}
	h, err := history(t, p, `{service_name="shop"}`, fleet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(counts(t, h, "main.serve")); got != "[11 11 11 11 11 11]" {
		t.Error(got)
	}
}

// TestDays asks for no more than a day at a time.
func TestDays(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	p.add(labels("a"), t0.Add(50*time.Hour), map[string]int{"main.serve": 4})
	h, err := history(t, p, `{service_name="shop"}`, fleet.Options{From: t0, To: t0.Add(100 * time.Hour), Step: 50 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(counts(t, h, "main.serve")); got != "[4]" {
		t.Error(got)
	}
	for _, a := range p.asked {
		if d := time.Duration(a.end-a.start) * time.Millisecond; d > 24*time.Hour+time.Second {
			t.Errorf("%s asked for %s", a.path, d)
		}
	}
}

// TestStored is the newest profile of each instance, as of a fleet at one
// moment. The states are derived, the labels clean, and the time is that of the
// series.
func TestStored(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	wait := "runtime.gopark runtime.chanrecv runtime.chanrecv1 main.wait"
	p.add(labels("a"), t0.Add(-9*time.Minute), map[string]int{wait: 1})
	p.add(labels("a"), t0.Add(-time.Minute), map[string]int{wait: 7})
	p.add(map[string]string{"service_name": "shop", "instance": "b\x1b[1m", "zone": "z\n1"}, t0.Add(-2*time.Minute), map[string]int{wait: 2})
	p.add(labels("gone"), t0.Add(-time.Hour), map[string]int{wait: 100})
	f := find(t, "pyroscope:"+p.URL+`{service_name="shop"}`, fleet.Options{To: t0, Tenant: "team", Source: source.Options{Access: source.Access{Token: "tok-99"}}})
	d, failed, err := f.Pull(t.Context())
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	if d.Goroutines != 9 || d.Level != goroutine.Debug0 || len(d.Fleet.Instances) != 2 {
		t.Errorf("%d goroutines, %s, %d instances", d.Goroutines, d.Level, len(d.Fleet.Instances))
	}
	if x := d.Fleet.Instances[1]; x.Name != `b\x1b[1m` || x.Label("zone") != `z\x0a1` || x.TakenAt.Sub(t0.Add(-2*time.Minute)).Abs() > time.Second {
		t.Errorf("%+v", x)
	}
	if s := d.Buckets[0].State(); s != "chan receive" {
		t.Errorf("state %q", s)
	}
	if said := fmt.Sprint(d.Problems); strings.Count(said, "states are derived") != 1 || strings.Contains(said, "a: ") || d.Incomplete() {
		t.Error(said)
	}
	for _, a := range p.asked {
		if a.header.Get("X-Scope-Orgid") != "team" || a.header.Get("Authorization") != "Bearer tok-99" {
			t.Errorf("%s: %v", a.path, a.header)
		}
		if a.path == "SelectSeries" && a.body["aggregation"] != "TIME_SERIES_AGGREGATION_TYPE_SUM" {
			t.Errorf("aggregation %v", a.body["aggregation"])
		}
	}
}

// TestDerivedOverTime says in a report over time, too, that states are derived.
func TestDerivedOverTime(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	for i := range 6 {
		at := t0.Add(time.Duration(i) * time.Hour)
		p.add(labels("a"), at, map[string]int{"runtime.gopark runtime.chanrecv runtime.chanrecv1 main.wait": 4})
		p.add(labels("b"), at, map[string]int{"main.run": 4})
	}
	h, err := history(t, p, `{service_name="shop"}`, fleet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := h.Trend()
	last := tr.Dumps[len(tr.Dumps)-1]
	if said := fmt.Sprint(last.Problems); strings.Count(said, "states are derived") != 1 || last.Incomplete() {
		t.Error(said)
	}
}

func TestBasicAuth(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	tryFind(t, "pyroscope:"+strings.Replace(p.URL, "http://", "http://1234:glc_abc@", 1)+`{service_name="shop"}`, fleet.Options{To: t0})
	if h := p.asked[0].header.Get("Authorization"); h != "Basic MTIzNDpnbGNfYWJj" {
		t.Error(h)
	}
}

// TestNoProfiles is an empty answer with status 200, which is no empty dump.
func TestNoProfiles(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	p.add(labels("a"), t0, map[string]int{"main.serve": 1})
	_, moment := tryFind(t, "pyroscope:"+p.URL+`{service_name="other"}`, fleet.Options{To: t0})
	_, over := history(t, p, `{service_name="other"}`, fleet.Options{})
	for _, err := range []error{moment, over} {
		var e *source.Error
		if !errors.As(err, &e) || e.Kind != source.NotDump || !strings.Contains(e.What, "no profiles matched") {
			t.Error(err)
		}
	}
}

// TestBadEngine answers as servers in trouble do.
func TestBadEngine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		says   string
		asks   int // at the most
	}{
		"html":      {200, "<!DOCTYPE html><title>Sign in</title>", `got an HTML page ("Sign in")`, 1},
		"no json":   {200, "ok", "the answer to Series is not JSON", 1},
		"nothing":   {200, "", "the answer to Series is not JSON", 1},
		"fails":     {500, `{"code":"internal","message":"boom \u001b[1m"}`, `500 Internal Server Error: boom \x1b[1m`, 3},
		"forbidden": {403, "no tok-secret-1 here", "403 Forbidden: no REDACTED here", 1},
		"tenants":   {401, "no org id", "no org id", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPyro(t)
			p.fail = func(string) (int, string) { return tt.status, tt.body }
			_, err := history(t, p, `{service_name="shop"}`, fleet.Options{Source: source.Options{Access: source.Access{Token: "tok-secret-1"}}})
			var e *source.Error
			if !errors.As(err, &e) || e.Kind != source.Target || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q", err, tt.says)
			}
			if len(p.asked) > tt.asks {
				t.Errorf("asked %d times", len(p.asked))
			}
			if name == "tenants" && !strings.Contains(hint(err), "--tenant") {
				t.Error(hint(err))
			}
		})
	}
}

// TestInstanceFails keeps what the others show.
func TestInstanceFails(t *testing.T) {
	t.Parallel()
	p := newPyro(t)
	for i := range 6 {
		p.add(labels("a"), t0.Add(time.Duration(i)*time.Hour), map[string]int{"main.serve": 1})
		p.add(labels("b"), t0.Add(time.Duration(i)*time.Hour+time.Minute), map[string]int{"main.serve": 2})
	}
	n := 0
	p.fail = func(path string) (int, string) {
		if path != "SelectMergeProfile" {
			return 0, ""
		}
		if n++; n <= 3 { // tries of the first
			return http.StatusBadRequest, `{"message":"no"}`
		}
		return 0, ""
	}
	h, err := history(t, p, `{service_name="shop"}`, fleet.Options{Parallel: 1})
	if err != nil || len(h.Failed) != 1 {
		t.Fatal(err, h.Failed)
	}
	tr := h.Trend()
	last := tr.Dumps[len(tr.Dumps)-1]
	if !last.Incomplete() || last.Goroutines != 3 {
		t.Errorf("%d goroutines, problems %v", last.Goroutines, last.Problems)
	}
}
