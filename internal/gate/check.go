package gate

import (
	"fmt"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/query"
	"gdump/internal/trend"
)

// State is the result of a rule.
type State string

// The states of a rule. Unknown is a rule that the dumps do not let one decide,
// such as a wait in a dump without waits; it does not pass.
const (
	Passed  State = "passed"
	Tripped State = "tripped"
	Unknown State = "unknown"
)

// Outcome is a rule with the value that was measured.
type Outcome struct {
	Rule  Rule
	State State
	Value string          // as the limit is written; "" if unknown
	Why   string          // why it is unknown, what was left open although it passed, or what tripped it
	Blame []*trend.Series // what tripped it, in the order of the trend
}

// Result is the outcome of all rules.
type Result struct {
	Outcomes []Outcome
	Allowed  int    // series that the allow list excused
	Notes    []Note // of the allow list: entries unused and expired
}

// Note is something to know about an entry of the allow list.
type Note struct {
	Line int
	Text string
}

func (n Note) String() string { return fmt.Sprintf("line %d: %s", n.Line, n.Text) }

// Check judges what a diagnosis is of. today decides which entries of the allow list have
// expired. An excused series counts for no rule.
func Check(d *diagnose.Diagnosis, rules []Rule, allow *AllowList, today time.Time) Result {
	t := d.Trend
	excused, notes := allow.apply(t, today)
	res := Result{Allowed: len(excused), Notes: notes}
	for i := range rules {
		v := &scope{rule: &rules[i], trend: t, diagnosis: d, from: lifeStart(t)}
		for j := range t.Series {
			s := &t.Series[j]
			if !excused[s] && rules[i].in.MatchRow(query.Row{Bucket: s.Bucket, Verdict: string(s.Verdict), Change: s.Change()}) {
				v.series = append(v.series, s)
			}
		}
		res.Outcomes = append(res.Outcomes, v.outcome())
	}
	return res
}

// Worst is the result of the gate as a whole.
func (r *Result) Worst() State {
	worst := Passed
	for i := range r.Outcomes {
		switch r.Outcomes[i].State {
		case Tripped:
			return Tripped
		case Unknown:
			worst = Unknown
		case Passed:
		}
	}
	return worst
}

func (v *scope) outcome() Outcome {
	o := Outcome{Rule: *v.rule, State: Unknown}
	m := v.rule.measure
	last := len(v.trend.Dumps) - 1
	switch {
	case last < 0:
		o.Why = "no dump"
		return o
	case m.compares && last == 0:
		o.Why = "cannot tell from one dump; give two"
		return o
	case m.compares && v.trend.Apart():
		o.Why = "cannot tell from stacks of single goroutines; give two dumps of all goroutines"
		return o
	case m.compares && v.from == last && !v.trippedBefore():
		o.Why = fmt.Sprintf("the process restarted before %s, the last dump: cannot tell what grew since", v.trend.Dumps[last].Source)
		return o
	}
	value, err := m.of(v)
	if err != nil {
		o.Why = err.Error()
		return o
	}
	o.Value, o.State = v.rule.format(value), Passed
	if v.rule.trips(value) {
		o.State = Tripped
		for _, s := range v.series {
			if m.blames(v, s) {
				o.Blame = append(o.Blame, s)
			}
		}
		if m.says != nil {
			o.Why = m.says(v)
		}
		return o
	}
	if m.undecided != nil {
		o.Why = m.undecided(v)
	}
	return o
}

// trippedBefore reports whether what an earlier process lifetime shows trips the
// rule, though the last has one dump only.
func (v *scope) trippedBefore() bool {
	if !v.rule.measure.lifetimes || len(v.trend.Dumps) < 3 {
		return false
	}
	value, err := v.rule.measure.of(v)
	return err == nil && v.rule.trips(value)
}

// Strict makes rules unknown that passed although the dumps left something
// open.
func (r *Result) Strict() {
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.State == Passed && o.Why != "" {
			o.State, o.Value = Unknown, ""
		}
	}
}

// lifeStart is the first dump of the last process lifetime.
func lifeStart(t *trend.Trend) int {
	for i := len(t.Dumps) - 1; i > 0; i-- {
		if t.Restarted[i] {
			return i
		}
	}
	return 0
}
