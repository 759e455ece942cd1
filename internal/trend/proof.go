package trend

import (
	"fmt"

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

// prove joins what the collector proved with the verdicts: by marks in the
// dumps, and by leak profiles, whose stacks are held against those of the
// series. Dumps without a single mark say nothing: the profile may never have
// been taken.
func (t *Trend) prove(proofs []goroutine.Dump) {
	like := likeness{canonical: true}
	proved := map[string]bool{}
	for i := range proofs {
		for j := range proofs[i].Buckets {
			proved[like.key(proofs[i].Buckets[j].Stack)] = true
		}
		t.note(fmt.Sprintf("%s lists what the garbage collector proved leaked: %d goroutines in %d stacks", proofs[i].Source, proofs[i].Goroutines, len(proofs[i].Buckets)))
	}
	marked := len(proofs) > 0
	for i := range t.Dumps {
		for j := range t.Dumps[i].Buckets {
			if b := &t.Dumps[i].Buckets[j]; b.Leaked > 0 {
				marked = true
				proved[like.key(b.Stack)] = true
			}
		}
	}
	if !marked {
		return
	}
	for i := range t.Series {
		s := &t.Series[i]
		s.Proof = Steady
		switch {
		case proved[like.key(s.Bucket.Stack)]:
			s.Proof = Proved
		case s.Verdict == Accumulating:
			s.Proof = Reachable
		}
	}
	for i := range t.Leaks {
		l := &t.Leaks[i]
		l.Series.Proof = Reachable
		for _, m := range l.Members {
			if t.Series[m].Proof == Proved {
				l.Series.Proof = Proved
			}
		}
	}
}
