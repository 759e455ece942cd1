package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/pprof/profile"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// The limits of a Pyroscope server as it is installed.
const (
	maxSamples   = 15_000  // of 16 000 in a profile
	maxPush      = 3 << 20 // bytes of a profile, of 4 MiB
	perSecond    = 3 << 20 // bytes, of 4 MB for a tenant
	maxLabels    = 28      // of a series, of 30
	maxLabelText = 1024    // of 2048
)

// Pusher writes dumps to a Pyroscope server.
type Pusher struct {
	*engine
	name   string
	labels map[string]string // of the selector
	keep   []string          // labels of goroutines that become labels of series
	sent   int               // bytes
	began  time.Time
	now    func() time.Time
	known  map[string]bool // series and times that were pushed
}

// NewPusher makes a pusher of a selector, whose matchers of the form a="b" are
// the labels of what is pushed. keep names labels of goroutines that stay.
func NewPusher(arg string, keep []string, o Options) (*Pusher, error) {
	s, err := Parse(arg)
	if err != nil {
		return nil, err
	}
	usage := func(what, hint string) error {
		return &source.Error{Kind: source.Usage, Name: s.Name(), What: what, Hint: hint}
	}
	if s.kind != pyroscope {
		return nil, usage("profiles are pushed to a Pyroscope server", `such as 'pyroscope:http://host:4040{service_name="shop"}'`)
	}
	p := &Pusher{name: s.Name(), labels: map[string]string{}, keep: keep, now: o.Source.Now, known: map[string]bool{}}
	if p.now == nil {
		p.now = time.Now
	}
	for _, m := range s.matchers {
		if m.op != "=" {
			return nil, usage("a push needs labels, not a choice of them: only = says which", "")
		}
		p.labels[labelName(m.name)] = m.value
	}
	if p.labels["service_name"] == "" {
		return nil, usage("the name of the service is missing", `add it: 'pyroscope:URL{service_name="shop"}'`)
	}
	if p.engine, err = newEngine(s.where, o); err != nil {
		return nil, err
	}
	return p, nil
}

// Pushed is what a push came to.
type Pushed struct{ Profiles, Goroutines, Series int }

// Push writes a dump: of a fleet that of each instance. The dump's time is the
// profile's, so that a dump that is pushed twice counts once.
func (p *Pusher) Push(ctx context.Context, d *goroutine.Dump) (Pushed, error) {
	var done Pushed
	for _, one := range instancesOf(d) {
		if one.at.IsZero() {
			return done, &source.Error{Kind: source.Usage, Name: d.Source, What: "has no time, and the server goes by times", Hint: "gdump pull saves when a dump was taken; or --at 2026-01-02T15:04:05Z"}
		}
		if p.labels["instance"] != "" {
			one.labels["instance"] = p.labels["instance"]
		}
		for _, series := range p.series(d, one) {
			for i, samples := range chunks(series.samples) {
				// A second profile of a series at one time would be taken for the
				// first one again.
				at := one.at.Add(time.Duration(i) * time.Millisecond)
				if err := p.send(ctx, series.labels, at, samples); err != nil {
					return done, err
				}
				done.Profiles++
			}
			done.Series++
		}
		done.Goroutines += one.goroutines
	}
	return done, nil
}

// one is the dump of one instance, to be pushed.
type one struct {
	at         time.Time
	labels     map[string]string
	count      func(*goroutine.Bucket) int
	goroutines int
}

// instancesOf are the dumps of the instances of a fleet, or the one that there
// is.
func instancesOf(d *goroutine.Dump) []one {
	if d.Fleet == nil {
		name := d.Source
		if m := savedName.FindStringSubmatch(name); m != nil {
			name = m[1]
		} else if _, rest, ok := strings.Cut(name, "://"); ok {
			name, _, _ = strings.Cut(rest, "/debug/pprof")
		}
		return []one{{d.TakenAt, map[string]string{"instance": name}, func(b *goroutine.Bucket) int { return b.Count }, d.Goroutines}}
	}
	var all []one
	for i := range d.Fleet.Instances {
		x := &d.Fleet.Instances[i]
		labels := map[string]string{}
		for _, l := range x.Labels {
			labels[labelName(l.Key)] = l.Value
		}
		labels["instance"] = x.Name
		all = append(all, one{cmp.Or(x.TakenAt, d.TakenAt), labels, func(b *goroutine.Bucket) int {
			if b.Spread == nil {
				return 0
			}
			for _, s := range b.Spread.Shares {
				if s.Instance == i {
					return s.N
				}
			}
			return 0
		}, x.Goroutines})
	}
	return all
}

// savedName is the name of a dump that gdump saved: HOST_PORT-TIME.dump.
var savedName = regexp.MustCompile(`^(?:.*[/\\])?(.+)-\d{8}T\d{6}Z(?:_\d+)?\.dump(?: \(.*)?$`)

var notInName = regexp.MustCompile(`[^a-zA-Z0-9_]`)

// labelName is a name that the server takes.
func labelName(s string) string {
	s = notInName.ReplaceAllString(s, "_")
	if s == "" || '0' <= s[0] && s[0] <= '9' {
		s = "_" + s
	}
	return s
}

// labelValue is a value that the server takes, and gives back as it can be
// shown.
func labelValue(s string) string {
	s = goroutine.Clean(s)
	for len(s) > maxLabelText || !utf8.ValidString(s) {
		s = s[:min(len(s)-1, maxLabelText)]
	}
	return s
}

// sample is a stack and how many goroutines are in it.
type sample struct {
	stack goroutine.Stack
	n     int
}

// pushSeries is the samples of one set of labels.
type pushSeries struct {
	labels  []labelPair
	samples []sample
}

// series divides an instance's goroutines by the labels that are kept. Labels
// of goroutines that are not, such as ids of requests, would each be a series.
func (p *Pusher) series(d *goroutine.Dump, x one) []pushSeries {
	base := map[string]string{"__name__": "goroutine"}
	names := make([]string, 0, len(x.labels))
	for k := range x.labels {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range append([]string{"instance"}, names...) {
		if v := labelValue(x.labels[k]); len(base) < maxLabels && v != "" && !strings.HasPrefix(k, "__") {
			base[k] = v
		}
	}
	for k, v := range p.labels {
		base[k] = labelValue(v)
	}
	at := map[string]int{}
	var all []pushSeries
	for i := range d.Buckets {
		b := &d.Buckets[i]
		n := x.count(b)
		if n == 0 {
			continue
		}
		for _, g := range p.kept(b, n, d.Fleet == nil) {
			key := fmt.Sprint(g.Labels)
			j, ok := at[key]
			if !ok {
				j = len(all)
				at[key] = j
				labels := pairs(base)
				for _, l := range g.Labels {
					labels = append(labels, labelPair{labelName(l.Key), labelValue(l.Value)})
				}
				slices.SortFunc(labels, func(a, b labelPair) int { return strings.Compare(a.Name, b.Name) })
				all = append(all, pushSeries{labels: labels})
			}
			all[j].samples = append(all[j].samples, sample{b.Stack, g.N})
		}
	}
	return all
}

func pairs(m map[string]string) []labelPair {
	var all []labelPair
	for k, v := range m {
		all = append(all, labelPair{k, v})
	}
	return all
}

// kept are a bucket's goroutines by the labels that are kept.
func (p *Pusher) kept(b *goroutine.Bucket, n int, labelled bool) []goroutine.Group {
	if len(p.keep) == 0 || len(b.Labels) == 0 || !labelled {
		return []goroutine.Group{{N: n}}
	}
	var out []goroutine.Group
	for _, g := range b.Groups() {
		var labels []goroutine.Pair
		for _, l := range g.Labels {
			if slices.Contains(p.keep, l.Key) {
				labels = append(labels, l)
			}
		}
		out = append(out, goroutine.Group{N: g.N, Labels: labels})
	}
	return out
}

// chunks divides samples into profiles that the server takes.
func chunks(samples []sample) [][]sample {
	return slices.Collect(slices.Chunk(samples, maxSamples))
}

// send pushes one profile, smaller ones where it is too large.
func (p *Pusher) send(ctx context.Context, labels []labelPair, at time.Time, samples []sample) error {
	raw, err := encode(at, samples)
	if err != nil {
		return err
	}
	if len(raw) > maxPush && len(samples) > 1 {
		half := len(samples) / 2
		if err := p.send(ctx, labels, at, samples[:half]); err != nil {
			return err
		}
		return p.send(ctx, labels, at.Add(time.Duration(half)*time.Microsecond), samples[half:])
	}
	key := fmt.Sprint(labels, at.UnixNano())
	if p.known[key] {
		return nil
	}
	if err := p.pace(ctx, len(raw)); err != nil {
		return err
	}
	type rawSample struct {
		RawProfile string `json:"rawProfile"`
	}
	type rawSeries struct {
		Labels  []labelPair `json:"labels"`
		Samples []rawSample `json:"samples"`
	}
	body, err := json.Marshal(map[string]any{"series": []rawSeries{{labels, []rawSample{{base64.StdEncoding.EncodeToString(raw)}}}}})
	if err != nil {
		return err
	}
	_, err = p.ask(ctx, "/push.v1.PusherService/Push", "application/json", body)
	var status *source.StatusError
	var e *source.Error
	if errors.As(err, &e) && errors.As(err, &status) && status.Code == http.StatusInternalServerError {
		e.Hint = "a server answers 500 also to a profile that it does not take, as one older than its limits allow"
	}
	if err == nil {
		p.known[key] = true
	}
	return err
}

// pace waits until the server can take so many bytes more.
func (p *Pusher) pace(ctx context.Context, n int) error {
	now := p.now()
	if p.began.IsZero() {
		p.began = now
	}
	p.sent += n
	ahead := time.Duration(float64(p.sent)/perSecond*float64(time.Second)) - now.Sub(p.began) - time.Second
	if ahead <= 0 {
		return nil
	}
	return p.wait(ctx, ahead)
}

// encode writes samples as a profile like those of net/http/pprof.
func encode(at time.Time, samples []sample) ([]byte, error) {
	kind := &profile.ValueType{Type: "goroutine", Unit: "count"}
	p := &profile.Profile{SampleType: []*profile.ValueType{kind}, PeriodType: kind, Period: 1, TimeNanos: at.UnixNano()}
	functions := map[[2]string]*profile.Function{}
	locations := map[goroutine.Frame]*profile.Location{}
	for _, s := range samples {
		x := &profile.Sample{Value: []int64{int64(s.n)}}
		for f := range s.stack.All() {
			l := locations[f]
			if l == nil {
				fn := functions[[2]string{f.Function, f.File}]
				if fn == nil {
					fn = &profile.Function{ID: uint64(len(p.Function) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
					functions[[2]string{f.Function, f.File}] = fn
					p.Function = append(p.Function, fn)
				}
				l = &profile.Location{ID: uint64(len(p.Location) + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
				locations[f] = l
				p.Location = append(p.Location, l)
			}
			x.Location = append(x.Location, l)
		}
		if len(x.Location) == 0 {
			continue // a goroutine that has not started: the server drops it
		}
		p.Sample = append(p.Sample, x)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return nil, fmt.Errorf("a profile of %s: %w", number.Plural(len(samples), "stack", "stacks"), err)
	}
	return b.Bytes(), nil
}
