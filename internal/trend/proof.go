package trend

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

// prove joins what the collector proved with the verdicts. Dumps without a
// single mark say nothing: the profile may never have been taken.
func (t *Trend) prove() {
	marked := false
	for i := range t.Dumps {
		for j := range t.Dumps[i].Buckets {
			marked = marked || t.Dumps[i].Buckets[j].Leaked > 0
		}
	}
	if !marked {
		return
	}
	for i := range t.Series {
		t.Series[i].Proof = t.Series[i].proof()
	}
	for i := range t.Leaks {
		t.Leaks[i].Series.Proof = t.Leaks[i].Series.proof()
	}
}

func (s *Series) proof() Proof {
	for _, b := range s.At {
		if b != nil && b.Leaked > 0 {
			return Proved
		}
	}
	if s.Verdict == Accumulating {
		return Reachable
	}
	return Steady
}
