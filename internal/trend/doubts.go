package trend

// doubt is a reason to take back what was found in one lifetime because of what
// another shows.
type doubt struct {
	kind  ReasonKind
	then  Verdict // what the series is called where the doubt holds
	holds func(limits, *lifetime, *lifetime) (Reason, bool)
}

// lifetime is what a series did in a process lifetime.
type lifetime struct {
	finding
	dumps int
	end   int // the last count
}

func doubts() []doubt {
	return []doubt{
		{OtherLife, Grown, otherLife},
		{EqualTops, Growing, equalTops},
	}
}

// otherLife holds where as many were there at the end of another lifetime, no
// shorter, and they had stopped rising.
func otherLife(l limits, in, other *lifetime) (Reason, bool) {
	return Reason{Kind: OtherLife, N: other.end}, !rising(other.verdict) && other.dumps >= max(3, in.dumps) &&
		float64(other.end) >= (1-l.EqualTops)*float64(in.stuck)
}

// equalTops holds where another lifetime, longer or shorter, came to as many: a
// leak would have reached more or less.
func equalTops(l limits, in, other *lifetime) (Reason, bool) {
	apart := float64(other.end - in.stuck)
	return Reason{Kind: EqualTops, N: in.stuck, Of: other.end}, other.dumps > 1 && other.dumps != in.dumps &&
		max(apart, -apart) <= l.EqualTops*float64(in.stuck)
}

// doubted are the findings in each lifetime in the light of the others.
func (j *judged) doubted(s *Series, found []finding) []finding {
	lives := make([]lifetime, len(found))
	risen := false
	for i := range found {
		dumps := j.watched[i].dumps
		lives[i] = lifetime{finding: found[i], dumps: len(dumps)}
		if len(dumps) > 0 {
			lives[i].end = s.Counts[dumps[len(dumps)-1]]
		}
		risen = risen || rising(found[i].verdict)
	}
	if !risen || len(lives) < 2 || j.replicas > 0 {
		return found
	}
	for i := range lives {
		for k := range lives {
			for _, d := range j.doubts {
				if i == k || !rising(found[i].verdict) || d.then.Rank() <= found[i].verdict.Rank() {
					continue
				}
				if reason, holds := d.holds(j.limits, &lives[i], &lives[k]); holds {
					found[i].object(d.then, reason)
				}
			}
		}
	}
	return found
}
