package ui

import (
	"maps"
	"slices"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/query"
	"gdump/internal/trend"
	"gdump/internal/view"
)

// prepared is a trend with what takes a look at all of its buckets, which is
// done before it is shown.
type prepared struct {
	trend trend.Trend
	lead  int // of a single dump the series that its first finding is about, -1 if that asks for no look
	diagnosed
	columns []view.Column
	natural []int    // widths of the columns
	labels  []string // keys, in order
	ofFleet bool     // the newest dump is of several processes
	targets []string // keys of labels of its instances, in order
	members *members // of groups; nil by stack
	folded  folded   // the noise, nothing if goroutines are grouped
}

// folded is series that the list has as one row.
type folded struct {
	row   int   // the series of all of them, -1 if there is none
	parts []int // in order
}

// has reports whether a series is one of those folded.
func (f *folded) has(series int) bool {
	_, ok := slices.BinarySearch(f.parts, series)
	return ok
}

// leadOf is the series that the first finding of a single dump is about, -1 if that
// asks for no look.
func leadOf(t *trend.Trend, first *diagnose.Finding) int {
	if len(t.Dumps) != 1 || len(first.Buckets) == 0 || view.Weight(first.Kind) != view.Bad {
		return -1
	}
	return slices.IndexFunc(t.Series, func(s trend.Series) bool { return s.Name == "" && s.Bucket.ID == first.Buckets[0] })
}

func prepare(t trend.Trend) prepared {
	d := diagnose.Of(&t, nil)
	p := prepared{trend: t, diagnosed: diagnosedBy(d), lead: d.Culprit()}
	if p.lead < 0 {
		p.lead = leadOf(&t, &p.findings[0])
	}
	p.measure()
	last := &t.Dumps[len(t.Dumps)-1]
	for i := range last.Buckets {
		for _, l := range last.Buckets[i].Labels {
			if !slices.Contains(p.labels, l.Key) && len(p.labels) < maxLabels {
				p.labels = append(p.labels, l.Key)
			}
		}
	}
	slices.Sort(p.labels)
	p.ofFleet, p.targets = last.Fleet != nil, targetKeys(last.Fleet)
	if g, err := query.ParseGrouping(t.By); err == nil {
		p.members = membersOf(&t, g)
	}
	p.folded.row = -1
	if n := view.FindNoise(&t); p.members == nil && n.Members != nil && !slices.Contains(n.Members, p.lead) {
		p.folded = folded{len(t.Series), n.Members}
		p.trend.Series = append(t.Series[:len(t.Series):len(t.Series)], n.Row)
	}
	return p
}

// targetKeys are the keys of labels that make groups of a fleet's instances; of
// one that all have alike, or each its own, there is nothing to be seen.
func targetKeys(f *goroutine.Fleet) []string {
	if f == nil {
		return nil
	}
	values := map[string]map[string]bool{}
	for i := range f.Instances {
		for _, l := range f.Instances[i].Labels {
			if values[l.Key] == nil {
				values[l.Key] = map[string]bool{}
			}
			values[l.Key][l.Value] = true
		}
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if n := len(values[key]); n > 1 && n < len(f.Instances) && len(keys) < maxLabels {
			keys = append(keys, key)
		}
	}
	return keys
}

// measure makes the columns.
func (p *prepared) measure() {
	p.columns = view.Columns(&p.trend)
	if len(p.blocks) > 0 {
		blocks := p.blocks
		p.columns = view.WithBlocks(p.columns, func(b *goroutine.Bucket) int { return blocks[b.ID] })
	}
	p.natural = view.Widths(p.columns, view.First(&p.trend, measured))
}

// maxLabels is how many label keys can be grouped by with one key after the other.
const maxLabels = 20
