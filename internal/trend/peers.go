package trend

import (
	"slices"

	"gdump/internal/goroutine"
)

// findPeers finds series that wait for peers, or whose goroutines are born and
// end together with those of a go statement that do, in the same function: the
// two ends of a connection.
func (j *judged) findPeers() []bool {
	peer := make([]bool, len(j.series))
	type statement struct {
		members []int
		counts  []int
		poll    int
	}
	starters := map[string][]statement{}
	for _, g := range j.groups(statementKey) {
		st := statement{members: g, counts: make([]int, len(j.dumps))}
		for _, n := range g {
			s := &j.series[n]
			for i, k := range s.Counts {
				st.counts[i] += k
			}
			if peer[n] = polls(s.Bucket); peer[n] {
				st.poll += slices.Max(s.Counts)
			}
		}
		if by := j.series[g[0]].Bucket.Stack.CreatedBy().Function; by != "" {
			starters[by] = append(starters[by], st)
		}
	}
	for _, statements := range starters {
		for i := range statements {
			for k := range statements {
				a, b := &statements[i], &statements[k]
				if 2*b.poll > slices.Max(b.counts) && (i == k || together(a.counts, b.counts)) {
					for _, n := range a.members {
						peer[n] = true
					}
				}
			}
		}
	}
	return peer
}

// together reports whether two counts go the same way.
func together(a, b []int) bool {
	apart, all := 0, 0
	for i := range a {
		apart += max(a[i]-b[i], b[i]-a[i])
		all += max(a[i], b[i])
	}
	return all > 0 && 10*apart <= all+10
}

// polls reports whether most of a bucket's goroutines wait for the network.
func polls(b *goroutine.Bucket) bool {
	return mostly(b, func(state string) bool { return state == "IO wait" })
}

// blocked reports whether most of a bucket's goroutines are in a state in which
// no goroutine of a pool waits for work.
func blocked(b *goroutine.Bucket) bool {
	return mostly(b, func(state string) bool {
		switch state {
		case "chan send", "chan send (nil chan)", "chan receive (nil chan)", "select (no cases)",
			"sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
			return true
		}
		return false
	})
}

func mostly(b *goroutine.Bucket, is func(state string) bool) bool {
	n := 0
	for _, s := range b.States {
		if is(s.Name) {
			n += s.N
		}
	}
	return 2*n > b.Count
}
