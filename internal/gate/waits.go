package gate

import (
	"slices"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// waiting are the measures of who waits for whom in the last dump. One is enough
// for them.
var waiting = []measure{
	{
		name: "deadlocks", help: "groups of goroutines that wait for each other in the last dump", example: "deadlocks>0",
		of:     func(v *scope) (float64, error) { return float64(len(v.findings(diagnose.Deadlock))), v.known() },
		blames: func(v *scope, s *trend.Series) bool { return about(v.findings(diagnose.Deadlock), s) },
		says:   func(v *scope) string { return first(v.findings(diagnose.Deadlock)) },
	},
	{
		name: "blocked", help: "most goroutines that one lock, pool or deadlock blocks for 1m", example: "blocked>20", needsLimit: true,
		of: func(v *scope) (float64, error) {
			n := 0
			for _, f := range v.findings(blocking...) {
				n = max(n, f.Goroutines)
			}
			return float64(n), v.known()
		},
		blames: func(v *scope, s *trend.Series) bool { return about(v.over(), s) },
		says:   func(v *scope) string { return first(v.over()) },
	},
}

// blocking are the kinds of findings about goroutines that others keep waiting.
var blocking = []diagnose.Kind{diagnose.Deadlock, diagnose.Blocked, diagnose.Exhausted}

// findings are those of some kinds about series that count.
func (v *scope) findings(kinds ...diagnose.Kind) []diagnose.Finding {
	counts := map[goroutine.ID]bool{}
	for _, s := range v.series {
		counts[s.Bucket.ID] = true
	}
	var found []diagnose.Finding
	for _, f := range v.diagnosis.Findings() {
		if !slices.Contains(kinds, f.Kind) {
			continue
		}
		if slices.ContainsFunc(f.Buckets, func(id goroutine.ID) bool { return counts[id] }) {
			found = append(found, f)
		}
	}
	return found
}

// over are the findings of goroutines that wait, which trip the rule each.
func (v *scope) over() []diagnose.Finding {
	return slices.DeleteFunc(v.findings(blocking...), func(f diagnose.Finding) bool { return !v.rule.trips(float64(f.Goroutines)) })
}

// about reports whether one of some findings is about a series.
func about(found []diagnose.Finding, s *trend.Series) bool {
	return slices.ContainsFunc(found, func(f diagnose.Finding) bool { return slices.Contains(f.Buckets, s.Bucket.ID) })
}

// first is the sentence of the first finding; "" if there is none.
func first(found []diagnose.Finding) string {
	if len(found) == 0 {
		return ""
	}
	return found[0].Says
}
