package trend

import (
	"cmp"
	"slices"

	"gdump/internal/goroutine"
)

// Proof is what a goroutineleak profile says of a series, held together with
// its growth.
type Proof string

// The proofs. Proved leaks were found unreachable by the garbage collector.
// Reachable ones keep growing although the collector can still reach what they
// wait for: through a global variable, a channel held by a live stack, a timer;
// the collector proves nothing about those. Steady ones neither grow nor leak.
// None is known without a profile or marks in a dump.
const (
	NoProof   Proof = ""
	Proved    Proof = "proved"
	Reachable Proof = "reachable"
	Steady    Proof = "steady"
)

// splitProofs takes leak profiles, which list only what the collector proved
// leaked, out of dumps that list all. Where there is nothing else they are what
// is compared.
func splitProofs(all []goroutine.Dump) (dumps, proofs []goroutine.Dump) {
	for i := range all {
		if all[i].LeaksOnly {
			proofs = append(proofs, all[i])
		} else {
			dumps = append(dumps, all[i])
		}
	}
	if len(dumps) == 0 {
		return proofs, proofs
	}
	return dumps, proofs
}

// prove counts, for each series, what the collector proved leaked: by marks in
// the dumps, and by leak profiles, whose stacks are compared with those of the
// dumps. Dumps without a single mark say nothing: the profile may never have
// been taken.
func prove(m matched, proofs []goroutine.Dump) matched {
	m.marked = make([]bool, len(m.dumps))
	for i := range m.dumps {
		m.marked[i] = slices.ContainsFunc(m.dumps[i].Buckets, func(b goroutine.Bucket) bool { return b.Leaked > 0 })
		if !m.marked[i] {
			continue
		}
		m.proved = true
		for n := range m.series { // the newest dump with marks has them all
			m.series[n].Leaked = m.series[n].leakedIn(i)
			m.series[n].Checked = m.dumps[i].Checker
		}
	}
	for i := range proofs {
		m.proved = true
		m.proveBy(&proofs[i])
		kind := LeakProfile
		if proofs[i].Checker {
			kind = LeakList
		}
		m.warn(Warning{Kind: kind, Names: []string{proofs[i].Source}, N: proofs[i].Goroutines, Of: len(proofs[i].Buckets)})
	}
	return m
}

// proveBy counts what a leak profile lists. It knows no created by: where
// several series have the same frames, the largest is filled first.
func (m *matched) proveBy(profile *goroutine.Dump) {
	like := likeness{canonical: true}
	counts := map[string]int{}
	for i := range profile.Buckets {
		counts[like.key(profile.Buckets[i].Stack)] += profile.Buckets[i].Count
	}
	found := map[string]bool{}
	for i := len(m.dumps) - 1; i >= 0 && len(found) < len(counts); i-- {
		here := map[string][]int{}
		for j := range m.dumps[i].Buckets {
			n := int(m.home[i][j])
			k := like.key(m.dumps[i].Buckets[j].Stack)
			if n >= 0 && counts[k] > 0 && !found[k] && !slices.Contains(here[k], n) {
				here[k] = append(here[k], n)
			}
		}
		for k, series := range here {
			found[k] = true
			slices.SortStableFunc(series, func(a, b int) int { return cmp.Compare(m.series[b].Counts[i], m.series[a].Counts[i]) })
			left := counts[k]
			for _, n := range series {
				took := min(left, m.series[n].Counts[i])
				m.series[n].Checked = profile.Checker
				m.series[n].Leaked = max(m.series[n].Leaked, took)
				left -= took
			}
			m.series[series[0]].Leaked += left // the profile was taken later
		}
	}
}

// leakedIn is how many of a series are marked as leaked in a dump.
func (s *Series) leakedIn(dump int) int {
	if b := s.At[dump]; b != nil {
		return b.Leaked
	}
	return 0
}

// provedMore reports whether what the collector proved has become more in the
// last lifetime. That is a leak whatever its counts do: none of them can end.
func (j *judged) provedMore(s *Series) bool {
	dumps := j.watched[len(j.lives)-1].dumps
	if s.Leaked == 0 || len(dumps) < 2 {
		return false
	}
	first, last := dumps[0], dumps[len(dumps)-1]
	if j.marked[first] && j.marked[last] {
		return s.leakedIn(last) > s.leakedIn(first)
	}
	// When the others came is not known: most of the growth must be theirs.
	return s.Counts[last] > s.Counts[first] && 2*s.Leaked >= s.Now()
}

// joinProof says how the growth of a series and what the collector knows of it
// go together, if anything is known.
func (s *Series) joinProof(known bool) {
	switch {
	case !known:
	case s.Leaked > 0:
		s.Proof = Proved
	case rising(s.Verdict):
		s.Proof = Reachable
	default:
		s.Proof = Steady
	}
}
