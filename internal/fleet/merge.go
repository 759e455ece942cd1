package fleet

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// adding adds up dumps of processes to one of the fleet, each as it comes, so
// that no more of them than its counts stays in memory.
type adding struct {
	home    goroutine.Stacks
	buckets map[goroutine.ID]*goroutine.Bucket
	order   []goroutine.ID
	spread  map[goroutine.ID][]goroutine.Share
	went    goroutine.Dump
	fleet   *goroutine.Fleet
}

func newAdding(instances int) *adding {
	return &adding{buckets: map[goroutine.ID]*goroutine.Bucket{}, spread: map[goroutine.ID][]goroutine.Share{}, fleet: &goroutine.Fleet{Asked: instances}}
}

// add adds the dump of an instance.
func (a *adding) add(x goroutine.Instance, d *goroutine.Dump) {
	at := len(a.fleet.Instances)
	x.Source, x.TakenAt, x.Level, x.Goroutines, x.Truncated = d.Source, d.TakenAt, d.Level, d.Goroutines, d.Truncated
	a.fleet.Instances = append(a.fleet.Instances, x)
	a.went.Goroutines += d.Goroutines
	a.went.Truncated = a.went.Truncated || d.Truncated
	if a.went.Level == "" || d.Level == goroutine.Debug0 || a.went.Level != goroutine.Debug0 && d.Level == goroutine.Debug1 {
		a.went.Level = d.Level // what all have
	}
	if a.went.TakenAt.IsZero() || !d.TakenAt.IsZero() && d.TakenAt.Before(a.went.TakenAt) {
		a.went.TakenAt = d.TakenAt
	}
	a.went.GoVersion = cmp.Or(a.went.GoVersion, d.GoVersion)
	for _, p := range d.Problems {
		if p.Note { // true of all alike
			if !slices.Contains(a.went.Problems, p) {
				a.went.Problems = append(a.went.Problems, p)
			}
			continue
		}
		p.Message = x.Name + ": " + p.Message
		a.went.Problems = append(a.went.Problems, p)
	}
	for i := range d.Buckets {
		b := &d.Buckets[i]
		sum := a.buckets[b.ID]
		if sum == nil {
			sum = &goroutine.Bucket{ID: b.ID, Stack: b.Stack.Map(&a.home, func(f goroutine.Frame) goroutine.Frame { return f })}
			a.buckets[b.ID] = sum
			a.order = append(a.order, b.ID)
		}
		sum.Count += b.Count
		sum.Leaked += b.Leaked
		sum.Locked += b.Locked
		sum.States = goroutine.AddCounts(sum.States, b.States)
		sum.Waits = sum.Waits.Add(b.Waits)
		sum.Labels = addLabels(sum.Labels, b.Labels)
		a.spread[b.ID] = append(a.spread[b.ID], goroutine.Share{Instance: at, N: b.Count})
	}
}

// dump is the sum. Instances come by name, whenever they answered.
func (a *adding) dump(name string) goroutine.Dump {
	n := len(a.fleet.Instances)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return naturally(a.fleet.Instances[i].Name, a.fleet.Instances[j].Name)
	})
	fleet := &goroutine.Fleet{Asked: a.fleet.Asked}
	place := make([]int, n)
	for to, from := range order {
		place[from] = to
		fleet.Instances = append(fleet.Instances, a.fleet.Instances[from])
	}
	d := a.went
	d.Source, d.Fleet = name, fleet
	for _, id := range a.order {
		b := *a.buckets[id]
		shares := a.spread[id]
		for i := range shares {
			shares[i].Instance = place[shares[i].Instance]
		}
		slices.SortFunc(shares, func(x, y goroutine.Share) int { return x.Instance - y.Instance })
		b.Spread = &goroutine.Spread{Fleet: fleet, Shares: shares}
		d.Buckets = append(d.Buckets, b)
	}
	slices.SortFunc(d.Buckets, func(x, y goroutine.Bucket) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.ID, y.ID))
	})
	return d
}

// maxValues bounds what is kept of a label that has as many values as there
// are requests.
const maxValues = 200

func addLabels(sum, more []goroutine.Label) []goroutine.Label {
	for _, l := range more {
		i := slices.IndexFunc(sum, func(x goroutine.Label) bool { return x.Key == l.Key })
		if i < 0 {
			i = len(sum)
			sum = append(sum, goroutine.Label{Key: l.Key})
		}
		for _, v := range l.Values {
			if len(sum[i].Values) < maxValues || slices.ContainsFunc(sum[i].Values, func(c goroutine.Count) bool { return c.Name == v.Name }) {
				sum[i].Values = goroutine.AddCounts(sum[i].Values, []goroutine.Count{v})
			}
		}
	}
	return sum
}

// naturally orders names as people do: web-2 before web-10.
func naturally(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			if c := cmp.Or(cmp.Compare(x, y), cmp.Compare(a[:x], b[:y])); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
