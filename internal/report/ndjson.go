package report

import (
	"io"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// row is a bucket in one dump. Its fields are those of the JSON report, but
// for count, which is counts there, and dump, the dump's place in the row
// of dumps, from 0.
type row struct {
	Schema  int    `json:"schema"`
	Dump    int    `json:"dump"`
	Source  string `json:"source"`
	TakenAt string `json:"taken_at,omitempty"`
	Level   string `json:"level"`
	Count   int    `json:"count"`
	bucket
	// Findings are the kinds of the findings about the bucket, in the newest dump.
	Findings []string `json:"findings,omitempty"`

	Instance     string            `json:"instance,omitempty"`
	TargetLabels map[string]string `json:"target_labels,omitempty"`

	Counts *struct{} `json:"counts,omitempty"` // hides that of the bucket: nil, so it is left out
}

// NDJSON writes a line of JSON for each bucket and dump, for programs that read
// tables. In a comparison a bucket that is not in a dump has a row there
// with count 0.
func NDJSON(w io.Writer, t *trend.Trend, o Options) error {
	out := newJSONStream(w)
	diff := len(t.Dumps) > 1 && !o.NoVerdicts && !t.Apart()
	about, idle := findingsOf(t, &o)
	for i := range t.Dumps {
		d := &t.Dumps[i]
		for j := range t.Series {
			s := &t.Series[j]
			if s.Counts[i] == 0 && !diff {
				continue
			}
			r := row{Schema: 1, Dump: i, Source: valid(d.Source), Level: string(d.Level), Count: s.Counts[i], bucket: jsonBucket(t, at(s, i), diff, o.AllIDs)}
			if i == len(t.Dumps)-1 {
				r.Findings, r.Idle = about[r.ID], idle[r.ID]
			}
			if !d.TakenAt.IsZero() {
				r.TakenAt = d.TakenAt.Format(time.RFC3339Nano)
			}
			if r.Instances != nil {
				r.Instances.Each = nil // as many as there are rows
			}
			if b := s.At[i]; b != nil && b.Spread != nil {
				rowsOfFleet(out, r, b.Spread)
				continue
			}
			out.value(r, "", "")
			out.w.WriteByte('\n')
		}
	}
	return out.flush()
}

// at is a series as its bucket is in one dump.
func at(s *trend.Series, dump int) *trend.Series {
	one := *s
	one.Bucket = s.At[dump]
	if one.Bucket == nil {
		one.Bucket = &goroutine.Bucket{ID: s.Bucket.ID, Stack: s.Bucket.Stack}
	}
	one.At = []*goroutine.Bucket{s.At[dump]}
	return &one
}

// rowsOfFleet writes a row for each instance of a fleet that has the bucket.
func rowsOfFleet(out *jsonStream, r row, s *goroutine.Spread) {
	for _, x := range s.Shares {
		d := jsonInstance(&s.Fleet.Instances[x.Instance])
		r.Source, r.TakenAt, r.Level, r.Instance, r.TargetLabels, r.Count = d.Source, d.TakenAt, d.Level, d.Instance, d.TargetLabels, x.N
		out.value(r, "", "")
		out.w.WriteByte('\n')
	}
}

// findingsOf are the kinds of the findings about each bucket, and why it is idle.
func findingsOf(t *trend.Trend, o *Options) (about map[string][]string, idle map[string]string) {
	about = map[string][]string{}
	for _, f := range o.diagnosis(t).Findings() {
		for _, id := range f.Buckets {
			about[string(id)] = append(about[string(id)], f.Code())
		}
	}
	return about, idleBuckets(t, o)
}
