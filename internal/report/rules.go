package report

import (
	"fmt"

	"gdump/internal/gate"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// shownBlame is how many buckets are named for a rule that tripped.
const shownBlame = 10

// ruleLine is a rule's value and its limit, or why it has no value.
func ruleLine(o *gate.Outcome) string {
	if o.State == gate.Unknown {
		return goroutine.Clean(fmt.Sprintf("%s: %s", o.Rule.Name(), o.Why))
	}
	return goroutine.Clean(fmt.Sprintf("%s: %s (trips at %s)", o.Rule.Name(), o.Value, o.Rule.Limit()))
}

// blame is a bucket that tripped a rule: where it is, what it does, who
// started it and by what it can be found again.
func blame(s *trend.Series, dumps int) string {
	line := view.SiteName(s.Bucket)
	if place := s.Bucket.Stack.Site().Place(); place != "" {
		line += " at " + goroutine.Clean(place)
	}
	line += ": " + view.Title(s, dumps)
	if c := s.Bucket.Stack.CreatedBy(); c.Function != "" {
		line += fmt.Sprintf(" · created by %s at %s", goroutine.Clean(c.Name()), goroutine.Clean(c.Place()))
	}
	return line + " · bucket " + string(s.Bucket.ID)
}

// GateSummary says in a line the result of all rules.
func GateSummary(o Options) string {
	tripped, unknown := 0, 0
	for i := range o.Gate.Outcomes {
		switch o.Gate.Outcomes[i].State {
		case gate.Tripped:
			tripped++
		case gate.Unknown:
			unknown++
		case gate.Passed:
		}
	}
	line := fmt.Sprintf("%s, %d tripped", number.Plural(len(o.Gate.Outcomes), "rule", "rules"), tripped)
	if unknown > 0 {
		line += fmt.Sprintf(", %d unknown", unknown)
	}
	if o.Gate.Allowed > 0 {
		line += fmt.Sprintf("; %s excused by %s", number.Plural(o.Gate.Allowed, "bucket is", "buckets are"), goroutine.Clean(o.AllowName))
	}
	return line
}

// allowNotes are the notes of the allow list with its name.
func allowNotes(o Options) []string {
	var lines []string
	for _, n := range o.Gate.Notes {
		lines = append(lines, goroutine.Clean(o.AllowName+": "+n.String()))
	}
	return lines
}

// ruleWord is the state of a rule with a mark that says the same.
func ruleWord(s gate.State) string {
	switch s {
	case gate.Tripped:
		return "✗ tripped"
	case gate.Passed:
		return "✓ passed"
	case gate.Unknown:
	}
	return "? unknown"
}
