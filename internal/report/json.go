package report

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

const listedIDs = 100

// The shapes of the JSON report, schema 1: see schema.json beside this file.
type (
	document struct {
		Schema  int      `json:"schema"`
		Kind    string   `json:"kind"`
		Dumps   []dump   `json:"dumps"`
		By      string   `json:"by"`
		Notes   []string `json:"notes,omitempty"`
		Buckets []bucket `json:"buckets"`
	}
	dump struct {
		Source     string    `json:"source"`
		TakenAt    string    `json:"taken_at,omitempty"`
		Level      string    `json:"level"`
		Reason     string    `json:"reason,omitempty"`
		GoVersion  string    `json:"go_version,omitempty"`
		Goroutines int       `json:"goroutines"`
		Truncated  bool      `json:"truncated"`
		Restarted  bool      `json:"restarted"`
		Problems   []problem `json:"problems"`
	}
	problem struct {
		Line    int    `json:"line,omitempty"`
		Message string `json:"message"`
	}
	bucket struct {
		ID         string                    `json:"id"`
		Counts     []int                     `json:"counts"`
		Verdict    string                    `json:"verdict,omitempty"`
		VerdictBy  string                    `json:"verdict_by,omitempty"`
		Confidence *float64                  `json:"confidence,omitempty"`
		Survived   *int                      `json:"survived,omitempty"`
		Born       *int                      `json:"born,omitempty"`
		Ended      *int                      `json:"ended,omitempty"`
		PerDump    *float64                  `json:"per_dump,omitempty"`
		PerHour    *float64                  `json:"per_hour,omitempty"`
		States     map[string]int            `json:"states,omitempty"`
		Waits      *waits                    `json:"wait_minutes,omitempty"`
		Site       *frame                    `json:"site,omitempty"`
		CreatedBy  *frame                    `json:"created_by,omitempty"`
		Stack      []frame                   `json:"stack"`
		Labels     map[string]map[string]int `json:"labels,omitempty"`
		Locked     *int                      `json:"locked,omitempty"`
		Leaked     *int                      `json:"leaked,omitempty"`
		Goroutines []uint64                  `json:"goroutines,omitempty"`
	}
	waits struct {
		Min    int `json:"min"`
		Median int `json:"median"`
		Max    int `json:"max"`
	}
	frame struct {
		Function string `json:"function"`
		File     string `json:"file,omitempty"`
		Line     int    `json:"line,omitempty"`
		Package  string `json:"package,omitempty"`
		Module   string `json:"module,omitempty"`
		Origin   string `json:"origin,omitempty"`
	}
)

// JSON writes a trend for programs: kind "dump" without verdicts for one dump,
// "diff" for more. Names stay as they are in the dump, but for bytes that are
// not UTF-8. Facts that the dumps do not hold are left out.
func JSON(w io.Writer, t *trend.Trend, o Options) error {
	doc := document{Schema: 1, Kind: "dump", By: "stack", Dumps: []dump{}, Buckets: []bucket{}, Notes: t.Notes}
	diff := len(t.Dumps) > 1 && !o.NoVerdicts
	if diff {
		doc.Kind = "diff"
	}
	for i := range t.Dumps {
		doc.Dumps = append(doc.Dumps, jsonDump(&t.Dumps[i], t.Restarted[i]))
	}
	for i := range t.Series {
		doc.Buckets = append(doc.Buckets, jsonBucket(&t.Series[i], diff, o.AllIDs))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

func jsonDump(d *goroutine.Dump, restarted bool) dump {
	x := dump{
		Source: valid(d.Source), Level: string(d.Level), Reason: valid(d.Reason), GoVersion: d.GoVersion,
		Goroutines: d.Goroutines, Truncated: d.Truncated, Restarted: restarted, Problems: []problem{},
	}
	if !d.TakenAt.IsZero() {
		x.TakenAt = d.TakenAt.Format(time.RFC3339Nano)
	}
	for _, p := range d.Problems {
		x.Problems = append(x.Problems, problem{p.Line, valid(p.Message)})
	}
	return x
}

func jsonBucket(s *trend.Series, diff, allIDs bool) bucket {
	b := s.Bucket
	x := bucket{ID: string(b.ID), Counts: s.Counts, Stack: []frame{}}
	if diff {
		x.Verdict, x.VerdictBy = string(s.Verdict), "stack"
		x.Confidence, x.PerDump = rounded(s.Confidence), rounded(s.PerDump)
		if s.PerHour != 0 {
			x.PerHour = rounded(s.PerHour)
		}
		if s.HasIDs {
			x.Survived, x.Born, x.Ended = &s.Survived, &s.Born, &s.Ended
		}
	}
	if len(b.States) > 0 {
		x.States = countMap(b.States)
		x.Waits = &waits{b.Waits.Min(), b.Waits.Median(), b.Waits.Max()}
		x.Locked, x.Leaked = &b.Locked, &b.Leaked
	}
	if f := b.Stack.Site(); f.Function != "" {
		x.Site = jsonFrame(&f)
	}
	if b.Stack.CreatedBy.Function != "" {
		x.CreatedBy = jsonFrame(&b.Stack.CreatedBy)
	}
	for i := range b.Stack.Frames {
		x.Stack = append(x.Stack, *jsonFrame(&b.Stack.Frames[i]))
	}
	for _, l := range b.Labels {
		if x.Labels == nil {
			x.Labels = map[string]map[string]int{}
		}
		x.Labels[valid(l.Key)] = countMap(l.Values)
	}
	if last := s.At[len(s.At)-1]; last != nil {
		n := listedIDs
		if allIDs {
			n = last.IDs.Len()
		}
		x.Goroutines = last.IDs.First(n)
	}
	return x
}

func jsonFrame(f *goroutine.Frame) *frame {
	return &frame{valid(f.Function), valid(f.File), f.Line, valid(f.Package), valid(f.Module), string(f.Origin)}
}

func countMap(counts []goroutine.Count) map[string]int {
	m := map[string]int{}
	for _, c := range counts {
		m[valid(c.Name)] += c.N
	}
	return m
}

func rounded(f float64) *float64 {
	f = math.Round(f*1000) / 1000
	return &f
}

func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
