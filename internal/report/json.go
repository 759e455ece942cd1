package report

import (
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
)

const listedIDs = 100

// The shapes of the JSON report, schema 1: see schema.json in this folder.
type (
	life struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	// leak is something that accumulates or grows, once, whichever level shows it.
	leak struct {
		By         string             `json:"by"`
		Verdict    string             `json:"verdict"`
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
		Instances  *instances         `json:"instances,omitempty"`
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

		Instance     string            `json:"instance,omitempty"`
		TargetLabels map[string]string `json:"target_labels,omitempty"`
	}
	// instances says on how many of a fleet a bucket is.
	instances struct {
		N     int    `json:"n"`
		Of    int    `json:"of"`
		Worst string `json:"worst,omitempty"`

		// Over time, where n is the number of those on which it accumulates.
		Most     int            `json:"most,omitempty"`
		Since    string         `json:"since,omitempty"`
		Version  string         `json:"since_version,omitempty"`
		PerHour  *float64       `json:"per_hour,omitempty"`
		Restarts int            `json:"restarts,omitempty"`
		Hidden   int            `json:"hidden_by_restarts,omitempty"`
		Each     []instanceDoes `json:"each,omitempty"`
	}
	instanceDoes struct {
		Instance string   `json:"instance"`
		Verdict  string   `json:"verdict"`
		Now      int      `json:"now"`
		PerHour  *float64 `json:"per_hour,omitempty"`
		Since    string   `json:"since,omitempty"`
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
		Instances  *instances                `json:"instances,omitempty"`
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
// not UTF-8. Facts that the dumps do not have are left out.
func JSON(w io.Writer, t *trend.Trend, o Options) error {
	diff := len(t.Dumps) > 1 && !o.NoVerdicts && !t.Apart()
	kind := "dump"
	if diff {
		kind = "diff"
	}
	out := jsonObject{jsonStream: newJSONStream(w)}
	out.field("schema", 1)
	out.field("kind", kind)
	jsonList(&out, "dumps", func(yield func(dump) bool) {
		for i := range t.Dumps {
			if f := t.Dumps[i].Fleet; f != nil && !diff {
				for d := range jsonInstances(&t.Dumps[i]) {
					if !yield(d) {
						return
					}
				}
				continue
			}
			if !yield(jsonDump(&t.Dumps[i], t.Restarted[i])) {
				return
			}
		}
	})
	out.field("by", valid(t.By))
	if o.Package != "" {
		out.field("package", valid(o.Package))
		optionalField(&out, "tests", jsonTests(t))
	}
	optionalField(&out, "notes", jsonNotes(t))
	if diff {
		optionalField(&out, "lives", jsonLives(t))
		optionalField(&out, "leaks", jsonLeaks(t))
	}
	who := whoBlocks(t, &o)
	optionalField(&out, "findings", jsonFindings(o.diagnosis(t)))
	jsonList(&out, "buckets", func(yield func(bucket) bool) {
		for i := range t.Series {
			b := jsonBucket(t, &t.Series[i], diff, o.AllIDs)
			b.Idle = who.idle[b.ID]
			if !yield(b) {
				return
			}
		}
	})
	optionalField(&out, "rules", jsonRules(o.Gate))
	optionalField(&out, "blocked", who.resources)
	optionalField(&out, "deadlocks", who.deadlocks)
	optionalField(&out, "patterns", jsonPatterns(t, o.diagnosis(t)))
	if idle := o.diagnosis(t).Idle(); len(idle) > 0 {
		out.field("idle", countMap(idle))
	}
	out.end()
	return out.flush()
}

func jsonNotes(t *trend.Trend) []string {
	var notes []string
	if t.Mismatch != nil {
		notes = append(notes, diagnose.Mismatch(t))
	}
	return append(notes, view.Notes(t)...)
}

func jsonLives(t *trend.Trend) []life {
	var lives []life
	for _, l := range t.Lives {
		lives = append(lives, life(l))
	}
	return lives
}

func jsonLeaks(t *trend.Trend) []leak {
	var leaks []leak
	for i := range t.Leaks {
		leaks = append(leaks, jsonLeak(t, &t.Leaks[i]))
	}
	return leaks
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
		By: by(t, l.By), Verdict: string(s.Verdict), Buckets: []string{}, Counts: s.Counts, Stuck: s.Stuck, Confidence: rounded(s.Confidence), Why: view.Why(s),
		PerDump: rounded(s.PerDump), PerHour: known(s.PerHour), Proof: string(s.Proof), Instances: jsonSpread(s),
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
	x := bucket{ID: string(b.ID), Group: valid(s.Name), Counts: s.Counts, Stack: []frame{}, Instances: jsonSpread(s)}
	if !diff {
		x.Counts = countsEach(t, s)
	}
	if diff {
		x.Verdict, x.VerdictBy = string(s.Verdict), by(t, s.VerdictBy)
		x.Stuck, x.Why, x.Match, x.Proof, x.Steps = s.Stuck, view.Why(s), string(s.Match), string(s.Proof), jsonSteps(s)
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

// rule is the result of a rule, in JSON.
type rule struct {
	Rule    string   `json:"rule"`
	State   string   `json:"state"`
	Value   string   `json:"value,omitempty"`
	Limit   string   `json:"limit"`
	Why     string   `json:"why,omitempty"`
	Buckets []string `json:"buckets,omitempty"`
}

func jsonRules(g *gate.Result) []rule {
	if g == nil {
		return nil
	}
	var rules []rule
	for i := range g.Outcomes {
		o := &g.Outcomes[i]
		r := rule{Rule: valid(o.Rule.Text), State: string(o.State), Value: o.Value, Limit: o.Rule.Limit(), Why: valid(o.Why)}
		for _, s := range o.Blame {
			r.Buckets = append(r.Buckets, string(s.Bucket.ID))
		}
		rules = append(rules, r)
	}
	return rules
}
