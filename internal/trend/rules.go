package trend

import "slices"

// rules are how verdicts are reached.
type rules struct {
	limits
	objections []objection
	doubts     []doubt
}

func usual() *rules { return &rules{defaultLimits(), objections(), doubts()} }

// without are the rules without one objection or doubt.
func (r *rules) without(kind ReasonKind) *rules {
	return &rules{
		r.limits,
		slices.DeleteFunc(slices.Clone(r.objections), func(o objection) bool { return o.kind == kind }),
		slices.DeleteFunc(slices.Clone(r.doubts), func(d doubt) bool { return d.kind == kind }),
	}
}
