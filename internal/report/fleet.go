package report

import (
	"iter"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// jsonInstances are the dumps of the instances of a fleet. What could not be
// read of some is with the first.
func jsonInstances(d *goroutine.Dump) iter.Seq[dump] {
	return func(yield func(dump) bool) {
		whole := jsonDump(d, false)
		for i := range d.Fleet.Instances {
			x := jsonInstance(&d.Fleet.Instances[i])
			if i == 0 {
				x.Problems = whole.Problems
			}
			if !yield(x) {
				return
			}
		}
	}
}

func jsonInstance(i *goroutine.Instance) dump {
	x := dump{
		Source: valid(i.Source), Level: string(i.Level), Goroutines: i.Goroutines, Truncated: i.Truncated, Problems: []problem{},
		Instance: valid(i.Name), TargetLabels: targetLabels(i),
	}
	if !i.TakenAt.IsZero() {
		x.TakenAt = i.TakenAt.Format(time.RFC3339Nano)
	}
	return x
}

func targetLabels(i *goroutine.Instance) map[string]string {
	m := map[string]string{}
	for _, l := range i.Labels {
		m[valid(l.Key)] = valid(l.Value)
	}
	return m
}

// countsEach are the counts of a series in each dump, those of a fleet in each
// instance.
func countsEach(t *trend.Trend, s *trend.Series) []int {
	var counts []int
	for i := range t.Dumps {
		f := t.Dumps[i].Fleet
		switch {
		case f == nil || len(s.At) <= i:
			counts = append(counts, s.Counts[min(i, len(s.Counts)-1)])
		case s.At[i] == nil || s.At[i].Spread == nil:
			each := make([]int, len(f.Instances))
			if s.At[i] != nil {
				return s.Counts // a group that does not know its instances
			}
			counts = append(counts, each...)
		default:
			counts = append(counts, s.At[i].Spread.Counts()...)
		}
	}
	return counts
}

func jsonSpread(s *trend.Series) *instances {
	if s.Instances != nil {
		return jsonOverTime(s.Instances)
	}
	b := s.Bucket
	if b.Spread == nil {
		return nil
	}
	x := &instances{N: len(b.Spread.Shares), Of: len(b.Spread.Fleet.Instances)}
	if worst, _ := b.Spread.Worst(); worst != nil {
		x.Worst = valid(worst.Name)
	}
	return x
}

func jsonOverTime(i *trend.Instances) *instances {
	x := &instances{
		N: i.N, Of: i.Of, Worst: valid(i.Worst), Most: i.Most, Since: jsonTime(i.Since), Version: valid(i.Version),
		PerHour: known(i.PerHour), Restarts: i.Restarts, Hidden: i.Hidden,
	}
	for _, e := range i.Each {
		x.Each = append(x.Each, instanceDoes{valid(e.Name), string(e.Verdict), e.Now, known(e.PerHour), jsonTime(e.Since)})
	}
	return x
}

// jsonTime is "" where the time is not known.
func jsonTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
