package trend

import (
	"cmp"
	"slices"
	"time"

	"gdump/internal/goroutine"
)

// surroundings are what is known of a series from others, and of a lifetime.
type surroundings struct {
	sites [][]int // series that are parked at one call site
	site  []int   // of each series
	level map[siteAge][]int
	peer  []bool  // series that wait for peers
	youth []youth // of each lifetime
}

type siteAge struct{ life, site, age int }

// youth is what is known of the age of a process.
type youth struct {
	since float64       // the share of its age that lies after the first dump; 0 if not known
	span  time.Duration // of the dumps; 0 if not known
	first int           // goroutines of the first dump
}

func (j *judged) lookAround() surroundings {
	a := surroundings{sites: j.groups(siteKey), site: make([]int, len(j.series)), level: map[siteAge][]int{}}
	for i, g := range a.sites {
		for _, n := range g {
			a.site[n] = i
		}
	}
	a.peer = j.findPeers()
	for life := range j.lives {
		a.youth = append(a.youth, j.youthOf(life))
	}
	return a
}

// siblings are the levels of what else is parked at the site of some series, of
// those past an age; nil if there is nothing.
func (j *judged) siblings(life int, members []int, age int) []int {
	site := j.around.site[members[0]]
	if j.grouped || len(j.around.sites[site]) == 1 || !j.watched[life].ids {
		return nil
	}
	key := siteAge{life, site, age}
	all, ok := j.around.level[key]
	if !ok {
		all = make([]int, len(j.watched[life].dumps)-age)
		for _, n := range j.around.sites[site] {
			addLevel(all, &j.tracks[life][n], age, 1)
		}
		j.around.level[key] = all
	}
	level := slices.Clone(all)
	for _, n := range members {
		if j.around.site[n] == site {
			addLevel(level, &j.tracks[life][n], age, -1)
		}
	}
	return level
}

func addLevel(sum []int, t *track, age, sign int) {
	if t.since == nil {
		return
	}
	for i := range sum {
		for _, k := range t.since[i+age][:i+1] {
			sum[i] += sign * int(k)
		}
	}
}

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

// startIDs are those that a process hands out as it starts, at most.
const startIDs = 32

// age is the age of the process if its dumps were taken in so much time, or in
// so many rounds. It is infinite where the share is not known.
func (y *youth) age(span float64) float64 { return span / y.since }

// youthOf finds out how old a process was when its first dump was taken: by the
// goroutines that it had started, compared with those that it started since.
func (j *judged) youthOf(life int) youth {
	w := j.watched[life]
	if !w.ids || len(w.dumps) < 2 {
		return youth{}
	}
	first, last := w.dumps[0], w.dumps[len(w.dumps)-1]
	a, b := j.rosters.highest(first), j.rosters.highest(last)
	return youth{
		first: j.dumps[first].Goroutines,
		since: max(0, 1-max(0, float64(a)-startIDs)/float64(b)),
		span:  cmp.Or(j.span(first, last), waited(&j.dumps[first], &j.dumps[last])),
	}
}

// waited is the time between two dumps of which the times are not known, by how
// much longer a goroutine has waited; 0 if none does.
func waited(a, b *goroutine.Dump) time.Duration {
	before := map[uint64]int{}
	for i := range a.Buckets {
		for _, m := range a.Buckets[i].Members {
			before[m.ID] = m.Wait
		}
	}
	longest := 0
	for i := range b.Buckets {
		for _, m := range b.Buckets[i].Members {
			if wait, ok := before[m.ID]; ok {
				longest = max(longest, m.Wait-wait)
			}
		}
	}
	return time.Duration(longest) * time.Minute
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
