package fleet_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// pyro is a Pyroscope server as it was found to behave, traps included. The
// real one is asked in tools/e2e.
type pyro struct {
	*httptest.Server
	mu      sync.Mutex
	kept    []stored
	fail    func(path string) (status int, body string) // of the next request
	doubles bool                                        // late profiles are counted twice
	asked   []asked
}

type asked struct {
	path   string
	header http.Header
	start  int64
	end    int64
	body   map[string]any
}

type stored struct {
	labels map[string]string
	at     time.Time
	p      *profile.Profile
}

func newPyro(t *testing.T) *pyro {
	p := &pyro{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// add keeps a profile of stacks of one frame.
func (p *pyro) add(labels map[string]string, at time.Time, stacks map[string]int) {
	x := &profile.Profile{SampleType: []*profile.ValueType{{Type: "goroutine", Unit: "count"}}, TimeNanos: at.UnixNano()}
	for name, n := range stacks {
		s := &profile.Sample{Value: []int64{int64(n)}}
		if name != "" {
			for frame := range strings.SplitSeq(name, " ") {
				f := &profile.Function{ID: uint64(len(x.Function) + 1), Name: frame, Filename: "/app/" + frame + ".go"}
				l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f, Line: 7}}}
				x.Function, x.Location = append(x.Function, f), append(x.Location, l)
				s.Location = append(s.Location, l)
			}
		}
		x.Sample = append(x.Sample, s)
	}
	l := map[string]string{"__profile_type__": "goroutine:goroutine:count:goroutine:count"}
	maps.Copy(l, labels)
	p.kept = append(p.kept, stored{l, at, x})
}

func (p *pyro) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var raw bytes.Buffer
	raw.ReadFrom(r.Body)
	a := asked{path: r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], header: r.Header}
	json.Unmarshal(raw.Bytes(), &a.body)
	number := func(key string) int64 {
		v, _ := a.body[key].(float64)
		return int64(v)
	}
	a.start, a.end = number("start"), number("end")
	if a.path == "SelectMergeProfile" {
		a.body, a.start, a.end = protoRequest(raw.Bytes())
	}
	p.asked = append(p.asked, a)
	if p.fail != nil {
		if status, body := p.fail(a.path); status != 0 {
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "2")
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return
		}
	}
	switch a.path {
	case "Push":
		p.push(w, raw.Bytes())
	case "Series":
		var sets []any
		for _, s := range p.kept {
			sets = append(sets, map[string]any{"labels": pairs(s.labels)})
		}
		answer(w, map[string]any{"labelsSet": sets})
	case "SelectSeries":
		p.series(w, a)
	case "SelectMergeProfile":
		p.merge(w, a)
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) }

func pairs(labels map[string]string) []map[string]string {
	var all []map[string]string
	for k, v := range labels {
		all = append(all, map[string]string{"name": k, "value": v})
	}
	return all
}

// protoRequest reads the fields of a request in protocol buffers.
func protoRequest(b []byte) (fields map[string]any, start, end int64) {
	fields = map[string]any{}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		v, n := binary.Uvarint(b)
		b = b[n:]
		switch key {
		case 1<<3 | 2, 2<<3 | 2:
			fields[map[uint64]string{1: "profileTypeID", 2: "labelSelector"}[key>>3]] = string(b[:v])
			b = b[v:]
		case 3 << 3:
			start = int64(v)
		case 4 << 3:
			end = int64(v)
		}
	}
	return fields, start, end
}

var condition = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*")`)

// matches are the profiles of a request.
func (p *pyro) matches(a asked) []stored {
	var all []stored
	for _, s := range p.kept {
		ms := s.at.UnixMilli()
		ok := s.labels["__profile_type__"] == a.body["profileTypeID"] && ms >= a.start && ms <= a.end
		for _, m := range condition.FindAllStringSubmatch(fmt.Sprint(a.body["labelSelector"]), -1) {
			v, _ := strconv.Unquote(m[2])
			ok = ok && s.labels[m[1]] == v
		}
		if ok {
			all = append(all, s)
		}
	}
	return all
}

// series sums the profiles in each step, which begins behind its start.
func (p *pyro) series(w http.ResponseWriter, a asked) {
	step := int64(a.body["step"].(float64) * 1000)
	sums := map[string]map[int64]int64{}
	labels := map[string]map[string]string{}
	for _, s := range p.matches(a) {
		by := map[string]string{}
		for _, name := range a.body["groupBy"].([]any) {
			if v := s.labels[name.(string)]; v != "" {
				by[name.(string)] = v
			}
		}
		k := fmt.Sprint(by)
		ts := a.start + (s.at.UnixMilli()-a.start+step-1)/step*step
		if ts > a.end {
			continue // its step ends behind the end
		}
		if sums[k] == nil {
			sums[k], labels[k] = map[int64]int64{}, by
		}
		for _, x := range s.p.Sample {
			sums[k][ts] += x.Value[0]
		}
		if a.body["aggregation"] != "TIME_SERIES_AGGREGATION_TYPE_SUM" {
			sums[k][ts] = 1
		}
	}
	var out []any
	for k, points := range sums {
		var ps []any
		for ts, v := range points {
			ps = append(ps, map[string]any{"value": v, "timestamp": fmt.Sprint(ts)})
		}
		out = append(out, map[string]any{"labels": pairs(labels[k]), "points": ps})
	}
	answer(w, map[string]any{"series": out})
}

// merge adds up all profiles of a time. Samples without frames are dropped, and
// the time is that of the query.
func (p *pyro) merge(w http.ResponseWriter, a asked) {
	var all []*profile.Profile
	for _, s := range p.matches(a) {
		x := s.p.Copy()
		x.Sample = slices.DeleteFunc(x.Sample, func(s *profile.Sample) bool { return len(s.Location) == 0 })
		all = append(all, x)
		if p.doubles {
			all = append(all, x.Copy())
		}
	}
	if len(all) == 0 {
		return
	}
	m, err := profile.Merge(all)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	m.TimeNanos = time.UnixMilli(a.end).UnixNano()
	m.WriteUncompressed(w)
}

// push keeps profiles, each once for its labels and time.
func (p *pyro) push(w http.ResponseWriter, body []byte) {
	var in struct {
		Series []struct {
			Labels  []struct{ Name, Value string }
			Samples []struct{ RawProfile string }
		}
	}
	json.Unmarshal(body, &in)
	for _, s := range in.Series {
		labels := map[string]string{"__profile_type__": "goroutine:goroutine:count:goroutine:count"}
		for _, l := range s.Labels {
			if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(l.Name) || len(l.Value) > 2048 {
				http.Error(w, `{"code":"invalid_argument","message":"invalid label name"}`, http.StatusBadRequest)
				return
			}
			labels[l.Name] = l.Value
		}
		for _, x := range s.Samples {
			raw, _ := base64.StdEncoding.DecodeString(x.RawProfile)
			q, err := profile.ParseData(raw)
			if err != nil || len(q.Sample) > 16000 || len(raw) > 4<<20 {
				http.Error(w, `{"code":"internal","message":"bad profile"}`, http.StatusInternalServerError)
				return
			}
			one := stored{labels, time.Unix(0, q.TimeNanos).UTC(), q}
			if !slices.ContainsFunc(p.kept, func(k stored) bool {
				return k.at.Equal(one.at) && fmt.Sprint(k.labels) == fmt.Sprint(one.labels)
			}) {
				p.kept = append(p.kept, one)
			}
		}
	}
	answer(w, map[string]any{})
}
