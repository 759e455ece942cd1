package report

import (
	"fmt"
	"slices"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// The shapes of who blocks whom in the JSON report.
type (
	jsonResource struct {
		On         string        `json:"on"`
		Address    string        `json:"address,omitempty"`
		Name       string        `json:"name,omitempty"`
		Site       *frame        `json:"site,omitempty"`
		Waiters    int           `json:"waiters"`
		Goroutines []uint64      `json:"goroutines"`
		Buckets    []string      `json:"buckets"`
		Longest    int           `json:"longest_minutes,omitempty"`
		Waits      *waits        `json:"wait_minutes,omitempty"`
		Mixed      bool          `json:"may_be_several,omitempty"`
		Holder     string        `json:"holder"`
		Proven     bool          `json:"proven"`
		Pattern    string        `json:"pattern,omitempty"`
		Confidence string        `json:"confidence,omitempty"`
		Suspects   []jsonSuspect `json:"suspects,omitempty"`
	}
	jsonSuspect struct {
		Goroutine  uint64   `json:"goroutine,omitempty"`
		Bucket     string   `json:"bucket"`
		State      string   `json:"state,omitempty"`
		Confidence string   `json:"confidence"`
		Why        []string `json:"why"`
		Blocks     int      `json:"blocks"`
		Root       bool     `json:"root,omitempty"`
	}
	jsonDeadlock struct {
		Goroutines []uint64 `json:"goroutines"`
		Buckets    []string `json:"buckets"`
		Behind     int      `json:"behind"`
		Confidence string   `json:"confidence"`
		Proven     bool     `json:"proven"`
	}
)

// blocking is who blocks whom in the newest dump, as the JSON report shows it.
type blocking struct {
	resources []jsonResource
	deadlocks []jsonDeadlock
	idle      map[string]string // by bucket
}

func whoBlocks(t *trend.Trend, o *Options) (out blocking) {
	if len(t.Dumps) == 0 {
		return out
	}
	d := &t.Dumps[len(t.Dumps)-1]
	r := o.diagnosis(t).Blocked()
	limit := listedIDs
	if o.AllIDs {
		limit = d.Goroutines
	}
	for i := range r.Resources {
		out.resources = append(out.resources, jsonBlocked(d, &r.Resources[i], limit))
	}
	for _, x := range r.Deadlocks {
		out.deadlocks = append(out.deadlocks, jsonDeadlock{x.IDs, bucketIDs(d, x.Buckets), x.Behind, x.Confidence.String(), x.Proven})
	}
	out.idle = idleBuckets(t, o)
	return out
}

// idleBuckets says why the goroutines of buckets of the newest dump are known to be
// idle.
func idleBuckets(t *trend.Trend, o *Options) map[string]string {
	idle := map[string]string{}
	if len(t.Dumps) == 0 {
		return idle
	}
	d := &t.Dumps[len(t.Dumps)-1]
	for i, why := range o.diagnosis(t).Blocked().Idle {
		if why != "" {
			idle[string(d.Buckets[i].ID)] = why
		}
	}
	return idle
}

func bucketIDs(d *goroutine.Dump, buckets []int) []string {
	ids := []string{}
	for _, b := range buckets {
		ids = append(ids, string(d.Buckets[b].ID))
	}
	return ids
}

func jsonBlocked(d *goroutine.Dump, x *blocked.Resource, limit int) jsonResource {
	j := jsonResource{
		On: string(x.Kind), Name: valid(x.Name), Waiters: x.Waiters, Goroutines: x.Goroutines(d, limit), Buckets: bucketIDs(d, x.Buckets), Longest: x.Longest,
		Mixed: x.MayBeMixed, Holder: x.Holder.String(), Proven: x.Proven, Pattern: string(x.Pattern), Confidence: x.Confidence.String(),
	}
	if d.Level.HasIDs() {
		j.Waits = waitMinutes(d, x)
	}
	if x.Address != 0 {
		j.Address = fmt.Sprintf("0x%x", x.Address)
	}
	if x.Site.Function != "" {
		j.Site = jsonFrame(&x.Site)
	}
	for k := range x.Suspects {
		s := &x.Suspects[k]
		y := jsonSuspect{Goroutine: s.ID, Bucket: string(d.Buckets[s.Bucket].ID), State: valid(s.State), Confidence: s.Confidence.String(), Blocks: s.Blocks, Root: s.Root}
		for _, w := range s.Why {
			y.Why = append(y.Why, valid(w.String()))
		}
		j.Suspects = append(j.Suspects, y)
	}
	return j
}

// waitMinutes is how long goroutines have waited for a resource. Of those that the
// dump does not list one by one the bucket's waits count.
func waitMinutes(d *goroutine.Dump, x *blocked.Resource) *waits {
	listed := map[uint64]bool{}
	for _, w := range x.Known {
		listed[w.ID] = true
	}
	var all []int
	for _, b := range x.Buckets {
		n := 0
		for _, m := range d.Buckets[b].Members {
			if listed[m.ID] {
				all = append(all, m.Wait)
				n++
			}
		}
		if w := d.Buckets[b].Waits; n < d.Buckets[b].Count && slices.Contains(x.Whole, b) {
			all = append(all, w.Min(), w.Median(), w.Max())
		}
	}
	if len(all) == 0 {
		return &waits{x.Longest, x.Longest, x.Longest}
	}
	slices.Sort(all)
	return &waits{all[0], all[len(all)/2], max(all[len(all)-1], x.Longest)}
}
