package trend

// Objections are the kinds of the objections and doubts.
func Objections() []ReasonKind {
	var kinds []ReasonKind
	r := usual()
	for _, o := range r.objections {
		kinds = append(kinds, o.kind)
	}
	for _, d := range r.doubts {
		kinds = append(kinds, d.kind)
	}
	return kinds
}

// Without are options that leave out an objection.
func Without(kind ReasonKind) Options { return Options{rules: usual().without(kind)} }
