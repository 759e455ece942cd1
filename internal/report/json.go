package report

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/blocked"
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
		Lives   []life   `json:"lives,omitempty"`
		Leaks   []leak   `json:"leaks,omitempty"`
		Buckets []bucket `json:"buckets"`
		Rules   []rule   `json:"rules,omitempty"`

		Blocked   []jsonResource `json:"blocked,omitempty"`
		Deadlocks []jsonDeadlock `json:"deadlocks,omitempty"`
	}
	life struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	// leak is something that accumulates, told once, whichever level shows it.
	leak struct {
		By         string             `json:"by"`
		Buckets    []string           `json:"buckets"`
		Counts     []int              `json:"counts"`
		Stuck      int                `json:"stuck"`
		Confidence *float64           `json:"confidence"`
		Why        string             `json:"why"`
		PerDump    *float64           `json:"per_dump"`
		PerHour    *float64           `json:"per_hour,omitempty"`
		Passes     map[string]float64 `json:"passes_hours,omitempty"`
		Proof      string             `json:"proof,omitempty"`
		Lives      []gain             `json:"lives,omitempty"`
		Site       *frame             `json:"site,omitempty"`
		CreatedBy  *frame             `json:"created_by,omitempty"`
		Owner      *frame             `json:"owner,omitempty"`
	}
	gain struct {
		Accumulates bool     `json:"accumulates"`
		PerDump     *float64 `json:"per_dump"`
		PerHour     *float64 `json:"per_hour,omitempty"`
	}
	step struct {
		Dump     int `json:"dump"` // number of the dump at its end, from 0
		Survived int `json:"survived"`
		Born     int `json:"born"`
		Ended    int `json:"ended"`
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
		Group      string                    `json:"group,omitempty"`
		Counts     []int                     `json:"counts"`
		Verdict    string                    `json:"verdict,omitempty"`
		VerdictBy  string                    `json:"verdict_by,omitempty"`
		Confidence *float64                  `json:"confidence,omitempty"`
		Survived   *int                      `json:"survived,omitempty"`
		Born       *int                      `json:"born,omitempty"`
		Ended      *int                      `json:"ended,omitempty"`
		Stuck      int                       `json:"stuck,omitempty"`
		Why        string                    `json:"why,omitempty"`
		Match      string                    `json:"match,omitempty"`
		Proof      string                    `json:"proof,omitempty"`
		Steps      []step                    `json:"steps,omitempty"`
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
		Idle       string                    `json:"idle,omitempty"`
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
	doc := document{Schema: 1, Kind: "dump", By: valid(t.By), Dumps: []dump{}, Buckets: []bucket{}, Rules: jsonRules(o.Gate)}
	diff := len(t.Dumps) > 1 && !o.NoVerdicts
	if diff {
		doc.Kind = "diff"
		for _, l := range t.Lives {
			doc.Lives = append(doc.Lives, life(l))
		}
		for i := range t.Leaks {
			doc.Leaks = append(doc.Leaks, jsonLeak(t, &t.Leaks[i]))
		}
	}
	if t.Mismatch != "" {
		doc.Notes = append(doc.Notes, valid(t.Mismatch))
	}
	for _, n := range t.Notes {
		doc.Notes = append(doc.Notes, valid(n))
	}
	for i := range t.Dumps {
		doc.Dumps = append(doc.Dumps, jsonDump(&t.Dumps[i], t.Restarted[i]))
	}
	for i := range t.Series {
		doc.Buckets = append(doc.Buckets, jsonBucket(t, &t.Series[i], diff, o.AllIDs))
	}
	if n := len(t.Dumps); n > 0 {
		d := &t.Dumps[n-1]
		who := blocked.Analyze(d, blocked.Options{Source: o.Source})
		doc.jsonBlocked(d, who, o.AllIDs)
		for i, why := range who.Idle {
			if k := slices.IndexFunc(doc.Buckets, func(b bucket) bool { return why != "" && b.ID == string(d.Buckets[i].ID) }); k >= 0 {
				doc.Buckets[k].Idle = why
			}
		}
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

func jsonLeak(t *trend.Trend, l *trend.Leak) leak {
	s := &l.Series
	x := leak{
		By: by(t, l.By), Buckets: []string{}, Counts: s.Counts, Stuck: s.Stuck, Confidence: rounded(s.Confidence), Why: valid(s.Why),
		PerDump: rounded(s.PerDump), PerHour: known(s.PerHour), Proof: string(s.Proof),
	}
	for _, m := range l.Members {
		x.Buckets = append(x.Buckets, string(t.Series[m].Bucket.ID))
	}
	for _, mark := range trend.Marks {
		if d, ok := s.Passes(mark); ok {
			if x.Passes == nil {
				x.Passes = map[string]float64{}
			}
			x.Passes[strconv.Itoa(mark)] = *rounded(d.Hours())
		}
	}
	if len(s.Lives) > 1 {
		for _, g := range s.Lives {
			x.Lives = append(x.Lives, gain{g.Accumulates, rounded(g.PerDump), known(g.PerHour)})
		}
	}
	if f := s.Bucket.Stack.Site(); f.Function != "" {
		x.Site = jsonFrame(&f)
	}
	if c := s.Bucket.Stack.CreatedBy(); c.Function != "" && l.By != trend.BySite {
		x.CreatedBy = jsonFrame(&c)
	}
	if f, ok := s.Bucket.Stack.Owner(); ok {
		x.Owner = jsonFrame(&f)
	}
	return x
}

// by names a level; that of a grouping is the grouping's name.
func by(t *trend.Trend, v trend.View) string {
	if v == trend.ByGroup {
		return valid(t.By)
	}
	return string(v)
}

// known leaves a rate out that is not known.
func known(f float64) *float64 {
	if f == 0 {
		return nil
	}
	return rounded(f)
}

func jsonSteps(s *trend.Series) []step {
	var steps []step
	for i, st := range s.Steps {
		if st.Known {
			steps = append(steps, step{i, st.Survived, st.Born, st.Ended})
		}
	}
	return steps
}

func jsonBucket(t *trend.Trend, s *trend.Series, diff, allIDs bool) bucket {
	b := s.Bucket
	x := bucket{ID: string(b.ID), Group: valid(s.Name), Counts: s.Counts, Stack: []frame{}}
	if diff {
		x.Verdict, x.VerdictBy = string(s.Verdict), by(t, s.VerdictBy)
		x.Stuck, x.Why, x.Match, x.Proof, x.Steps = s.Stuck, valid(s.Why), string(s.Match), string(s.Proof), jsonSteps(s)
		x.Confidence, x.PerDump = rounded(s.Confidence), rounded(s.PerDump)
		x.PerHour = known(s.PerHour)
		if s.HasIDs {
			x.Survived, x.Born, x.Ended = &s.Survived, &s.Born, &s.Ended
		}
	}
	if len(b.States) > 0 {
		x.States = countMap(b.States)
		x.Waits = &waits{b.Waits.Min(), b.Waits.Median(), b.Waits.Max()}
		x.Locked = &b.Locked
	}
	if len(b.States) > 0 || s.Leaked > 0 {
		x.Leaked = &s.Leaked
	}
	if f := b.Stack.Site(); f.Function != "" {
		x.Site = jsonFrame(&f)
	}
	if c := b.Stack.CreatedBy(); c.Function != "" {
		x.CreatedBy = jsonFrame(&c)
	}
	for f := range b.Stack.All() {
		x.Stack = append(x.Stack, *jsonFrame(&f))
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
