package fleet

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gdump/internal/source"
)

// engine is a Pyroscope server: the few of its calls that are needed.
type engine struct {
	server *source.Server
	tenant string
	wait   func(context.Context, time.Duration) error // between tries; a test has its own
}

func newEngine(where string, o Options) (*engine, error) {
	server, err := source.NewServer(where, o.Source)
	if err != nil {
		return nil, err
	}
	return &engine{server: server, tenant: o.Tenant, wait: sleep}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	tries    = 6
	pause    = 500 * time.Millisecond // before the second try; then twice as long each time
	maxPause = 30 * time.Second
	stumbles = 3 // tries of what the server fails to answer
)

// ask asks, and asks again where the server has too much to do; what only reads
// also where the server stumbles.
func (e *engine) ask(ctx context.Context, path, kind string, body []byte) ([]byte, error) {
	r := source.Request{Path: path, Type: kind, Body: body, Header: map[string]string{}}
	if e.tenant != "" {
		r.Header["X-Scope-OrgID"] = e.tenant
	}
	rest := pause
	for n := 1; ; n++ {
		b, err := e.server.Ask(ctx, r)
		var status *source.StatusError
		again := err != nil && n < tries && errors.As(err, &status)
		if again && status.Code != http.StatusTooManyRequests {
			again = strings.HasPrefix(path, querier) && status.Code >= http.StatusInternalServerError && n < stumbles
		}
		if !again {
			return b, e.explain(err, status)
		}
		if werr := e.wait(ctx, min(max(rest, status.After), maxPause)); werr != nil {
			return nil, err
		}
		rest *= 2
	}
}

// explain adds what would help to an error of Pyroscope's.
func (e *engine) explain(err error, status *source.StatusError) error {
	var se *source.Error
	if !errors.As(err, &se) || status == nil {
		return err
	}
	switch {
	case status.Code == http.StatusUnauthorized && strings.Contains(status.Said, "no org id"):
		se.Hint = "the server has tenants: --tenant NAME"
	case status.Code == http.StatusNotFound:
		se.Hint = "is it the URL of a Pyroscope server, up to the path it is served at?"
	}
	return err
}

// call is ask with JSON both ways.
func (e *engine) call(ctx context.Context, method string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	b, err := e.ask(ctx, method, "application/json", body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return &source.Error{Kind: source.Target, Name: e.server.Name(), What: "the answer to " + method[strings.LastIndexByte(method, '/')+1:] + " is not JSON", Hint: "is it the URL of a Pyroscope server?"}
	}
	return nil
}

const querier = "/querier.v1.QuerierService/"

// labelPair is a label in Pyroscope's JSON.
type labelPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// between is a time, in milliseconds.
type between struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// maxQuery is the longest time of one query that every server allows.
const maxQuery = 24 * time.Hour

// days cuts a time into pieces that can be queried, oldest first.
func days(from, to time.Time) []between {
	var all []between
	for from.Before(to) {
		end := from.Add(maxQuery)
		if end.After(to) {
			end = to
		}
		all = append(all, between{from.UnixMilli(), end.UnixMilli()})
		from = end
	}
	return all
}

// series are the label sets of the profiles that there are. Profiles that were
// pushed late are found without a time only.
func (e *engine) series(ctx context.Context, selector string, from, to time.Time) ([]map[string]string, error) {
	var all []map[string]string
	seen := map[string]bool{}
	for _, b := range append(days(from, to), between{}) {
		in := map[string]any{"matchers": []string{selector}}
		if b.End != 0 {
			in["start"], in["end"] = b.Start, b.End
		}
		var out struct {
			LabelsSet []struct{ Labels []labelPair }
		}
		if err := e.call(ctx, querier+"Series", in, &out); err != nil {
			return nil, err
		}
		for _, s := range out.LabelsSet {
			if key := fmt.Sprint(s.Labels); !seen[key] {
				seen[key] = true
				all = append(all, labelMap(s.Labels))
			}
		}
	}
	return all, nil
}

func labelMap(pairs []labelPair) map[string]string {
	m := map[string]string{}
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

// point is a time that has profiles, and the goroutines in them. The profiles
// are those of the resolution that ends at the time.
type point struct {
	at time.Time
	n  float64
}

// resolution is how near to each other two profiles of a process cannot be: no
// scrape is as fast.
const resolution = time.Second

// points are the times, from the start to before the end, at which there are profiles, for each set of values of
// labels. Sums are asked for: averages divide by the number of series.
func (e *engine) points(ctx context.Context, profileType, selector string, groupBy []string, b between) ([]group, error) {
	var out struct {
		Series []struct {
			Labels []labelPair
			Points []struct {
				Value     float64
				Timestamp string
			}
		}
	}
	in := map[string]any{
		// A step begins behind its start, and a point whose step ends behind the end
		// is left out.
		"start": b.Start - 1, "end": b.End - 1 + resolution.Milliseconds(), "profileTypeID": profileType, "labelSelector": selector,
		"groupBy": groupBy, "step": resolution.Seconds(), "aggregation": "TIME_SERIES_AGGREGATION_TYPE_SUM",
	}
	if err := e.call(ctx, querier+"SelectSeries", in, &out); err != nil {
		return nil, err
	}
	var groups []group
	for _, s := range out.Series {
		g := group{labels: labelMap(s.Labels)}
		for _, p := range s.Points {
			ms, err := strconv.ParseInt(p.Timestamp, 10, 64)
			if err == nil && p.Value > 0 && ms < b.End {
				g.points = append(g.points, point{time.UnixMilli(ms).UTC(), p.Value})
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

type group struct {
	labels map[string]string
	points []point
}

// profile is the profile of one point, in pprof's format.
func (e *engine) profile(ctx context.Context, profileType, selector string, at time.Time) ([]byte, error) {
	end := at.UnixMilli()
	var b []byte
	b = appendText(b, 1, profileType)
	b = appendText(b, 2, selector)
	b = appendNumber(b, 3, uint64(end-resolution.Milliseconds()+1))
	b = appendNumber(b, 4, uint64(end))
	return e.ask(ctx, querier+"SelectMergeProfile", "application/proto", b)
}

// appendText and appendNumber write fields of a protocol buffer.
func appendText(b []byte, field int, s string) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendNumber(b []byte, field int, n uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3), n)
}
