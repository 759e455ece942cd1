package goroutine

import (
	"slices"
	"strings"
	"time"
)

// Fleet is the processes whose dumps of one moment were added up to one.
type Fleet struct {
	Asked     int // processes that were asked; those without an answer are no instances
	Instances []Instance
}

// Instance is a process of a fleet.
type Instance struct {
	Name       string
	Labels     []Pair // of the target, by key
	Source     string
	TakenAt    time.Time
	Level      Level
	Goroutines int
	Truncated  bool
}

// Label is the value of a label of the target, "" if it has none.
func (i *Instance) Label(key string) string {
	n, ok := slices.BinarySearchFunc(i.Labels, key, func(p Pair, key string) int { return strings.Compare(p.Key, key) })
	if !ok {
		return ""
	}
	return i.Labels[n].Value
}

// Share is how many of a bucket's goroutines one instance has.
type Share struct{ Instance, N int }

// Spread is how a bucket's goroutines are spread over the instances of a fleet.
type Spread struct {
	Fleet  *Fleet
	Shares []Share // by instance; those that have none are left out
}

// Counts are the goroutines of each instance, in their order.
func (s *Spread) Counts() []int {
	counts := make([]int, len(s.Fleet.Instances))
	for _, x := range s.Shares {
		counts[x.Instance] += x.N
	}
	return counts
}

// Worst is the instance that has most, and how many.
func (s *Spread) Worst() (*Instance, int) {
	if len(s.Shares) == 0 {
		return nil, 0
	}
	worst := slices.MaxFunc(s.Shares, func(a, b Share) int { return a.N - b.N })
	return &s.Fleet.Instances[worst.Instance], worst.N
}

// By adds up the goroutines by what a function says of their instances, in the
// order of the instances.
func (s *Spread) By(name func(*Instance) string) []Count {
	var counts []Count
	at := map[string]int{}
	for _, x := range s.Shares {
		key := name(&s.Fleet.Instances[x.Instance])
		i, ok := at[key]
		if !ok {
			i = len(counts)
			at[key], counts = i, append(counts, Count{Name: key})
		}
		counts[i].N += x.N
	}
	return counts
}

// AddSpreads is two spreads over one fleet as one; nil if one is not known.
func AddSpreads(a, b *Spread) *Spread {
	if a == nil || b == nil || a.Fleet != b.Fleet {
		return nil
	}
	sum := &Spread{Fleet: a.Fleet}
	i, j := 0, 0
	for i < len(a.Shares) || j < len(b.Shares) {
		switch {
		case j == len(b.Shares) || i < len(a.Shares) && a.Shares[i].Instance < b.Shares[j].Instance:
			sum.Shares = append(sum.Shares, a.Shares[i])
			i++
		case i == len(a.Shares) || b.Shares[j].Instance < a.Shares[i].Instance:
			sum.Shares = append(sum.Shares, b.Shares[j])
			j++
		default:
			sum.Shares = append(sum.Shares, Share{a.Shares[i].Instance, a.Shares[i].N + b.Shares[j].N})
			i, j = i+1, j+1
		}
	}
	return sum
}
