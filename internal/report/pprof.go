package report

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"

	"github.com/google/pprof/profile"
)

// Pprof writes a goroutine profile (profile.proto, compressed) for go tool
// pprof. Samples carry the labels of the goroutines, and state, wait_minutes,
// created_by and bucket. In a comparison the samples of all dumps are in one
// profile, distinguished by the labels dump ("before" and "after", or 1, 2, 3 and
// so on) and verdict: -tagfocus dump=after shows one dump.
//
// This file and internal/parse are the only ones that know the types of
// google/pprof: what is written here is what is read there.
func Pprof(w io.Writer, t *trend.Trend, o Options) error {
	p := &pprofWriter{
		profile: profile.Profile{
			SampleType: []*profile.ValueType{{Type: profileType(t), Unit: "count"}},
			PeriodType: &profile.ValueType{Type: profileType(t), Unit: "count"},
			Period:     1,
			// Reading it back, the labels that are added here are recognized by this
			// from those of the program.
			Comments: []string{goroutine.ProfileComment},
			// Says that there is nothing to look up in a binary.
			Mapping: []*profile.Mapping{{ID: 1, HasFunctions: true, HasFilenames: true, HasLineNumbers: true}},
		},
		functions: map[[2]string]*profile.Function{},
		locations: map[location]*profile.Location{},
	}
	if n := len(t.Dumps); n > 0 && !t.Dumps[n-1].TakenAt.IsZero() {
		p.profile.TimeNanos = t.Dumps[n-1].TakenAt.UnixNano()
	}
	diff := len(t.Dumps) > 1 && !o.NoVerdicts && !t.Apart()
	for i := range t.Series {
		s := &t.Series[i]
		for j, b := range s.At {
			if b == nil {
				continue
			}
			more := map[string][]string{"bucket": {string(b.ID)}}
			if len(t.Dumps) > 1 {
				more["dump"] = []string{dumpLabel(j, len(t.Dumps))}
			}
			if diff {
				more["verdict"] = []string{string(s.Verdict)}
			}
			p.bucket(b, more)
		}
	}
	if err := p.profile.CheckValid(); err != nil {
		return err
	}
	if o.Plain {
		return p.profile.WriteUncompressed(w)
	}
	return p.profile.Write(w)
}

// profileType is what the samples are: a goroutineleak profile stays one.
func profileType(t *trend.Trend) string {
	if len(t.Dumps) == 0 || slices.ContainsFunc(t.Dumps, func(d goroutine.Dump) bool { return !d.LeaksOnly }) {
		return "goroutine"
	}
	return "goroutineleak"
}

func dumpLabel(i, n int) string {
	switch {
	case n > 2:
		return strconv.Itoa(i + 1)
	case i == 0:
		return "before"
	}
	return "after"
}

type pprofWriter struct {
	profile   profile.Profile
	functions map[[2]string]*profile.Function
	locations map[location]*profile.Location
}

type location struct {
	function, file string
	line           int
	remark         bool // on the stack, not a function of it
}

// bucket adds samples: one for each group of goroutines that differ in a label.
func (p *pprofWriter) bucket(b *goroutine.Bucket, more map[string][]string) {
	var stack []*profile.Location
	for _, r := range view.StackRows(b.Stack) {
		switch {
		case r.Prefix != "": // not a frame of this stack
		case r.Frame == nil:
			stack = append(stack, p.location(location{function: r.Remark, remark: true}))
		default:
			stack = append(stack, p.location(location{function: valid(r.Frame.Raw.Function), file: valid(r.Frame.Raw.File), line: r.Frame.Raw.Line}))
		}
	}
	for _, g := range b.Groups() {
		sample := &profile.Sample{Location: stack, Value: []int64{int64(g.N)}, Label: map[string][]string{}}
		for _, l := range g.Labels {
			key := labelKey(valid(l.Key))
			sample.Label[key] = append(sample.Label[key], valid(l.Value))
		}
		maps.Copy(sample.Label, more)
		if c := b.Stack.CreatedBy().Function; c != "" {
			sample.Label["created_by"] = []string{valid(c)}
		}
		if g.Leaked {
			sample.Label["leaked"] = []string{"true"}
		}
		if g.State != "" {
			sample.Label["state"] = []string{valid(g.State)}
			sample.NumLabel = map[string][]int64{"wait_minutes": {int64(g.Wait)}}
			sample.NumUnit = map[string][]string{"wait_minutes": {"minutes"}}
		}
		p.profile.Sample = append(p.profile.Sample, sample)
	}
}

// labelKey keeps a label of the program apart from those that are added here.
func labelKey(key string) string {
	switch key {
	case "state", "wait_minutes", "leaked", "created_by", "bucket", "dump", "verdict":
		return "label." + key
	}
	return key
}

func (p *pprofWriter) location(at location) *profile.Location {
	if l := p.locations[at]; l != nil {
		return l
	}
	f := p.functions[[2]string{at.function, at.file}]
	if f == nil {
		f = &profile.Function{ID: uint64(len(p.functions) + 1), Name: at.function, SystemName: at.function, Filename: at.file}
		if at.remark {
			f.SystemName = goroutine.ProfileRemark
		}
		p.functions[[2]string{at.function, at.file}] = f
		p.profile.Function = append(p.profile.Function, f)
	}
	l := &profile.Location{ID: uint64(len(p.locations) + 1), Mapping: p.profile.Mapping[0], Line: []profile.Line{{Function: f, Line: int64(at.line)}}}
	// Locations without an address of their own would be merged by tools that
	// distinguish them by it.
	l.Address = l.ID
	p.locations[at] = l
	p.profile.Location = append(p.profile.Location, l)
	return l
}
