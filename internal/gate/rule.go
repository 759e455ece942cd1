// Package gate judges a trend by rules such as accumulating>0 or growth>10%,
// less what an allow list excuses. It is what decides about the exit status.
package gate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gdump/internal/query"
	"gdump/internal/view"
)

// Rule is a limit on something that can be measured of a trend. A value past
// the limit trips it.
type Rule struct {
	Text    string // as written, with single blanks
	measure *measure
	op      string // > >= < <= = !=
	limit   float64
	sure    float64 // least confidence of a verdict that counts
	percent bool    // the limit is a share of what was there before
	in      query.Query
	inText  string // the query as written
}

// ParseRules reads rules with commas or line ends between them:
//
//	accumulating                     the same as accumulating@0.9>0
//	accumulating@0.8                 at another confidence
//	growth>10%                       goroutines more than before, in percent or as a number
//	new>0 in module:github.com/x/y   of the buckets that a query matches
//	wait>=30m                        a duration
//
// Commas within quotes belong to the query. All wrong rules are reported
// together.
func ParseRules(text string) ([]Rule, error) {
	var rules []Rule
	var wrong []error
	for _, part := range splitRules(text) {
		r, err := parseRule(part)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("rule %q: %w", part, err))
			continue
		}
		rules = append(rules, r)
	}
	if len(rules) == 0 && len(wrong) == 0 {
		return nil, errors.New("no rule: name one, such as accumulating or growth>10%")
	}
	return rules, errors.Join(wrong...)
}

// splitRules cuts at commas and line ends outside of quotes, and leaves out
// what is empty.
func splitRules(text string) []string {
	var parts []string
	quoted := false
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == '\n' || r == ',' && !quoted
	}) {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// operators with the longer ones first, so that ">=" is not read as ">".
var operators = []string{">=", "<=", "!=", "==", ">", "<", "="}

func parseRule(text string) (Rule, error) {
	r := Rule{Text: text, op: ">"}
	head, in, scoped := strings.Cut(text, " in ")
	if scoped {
		q, err := query.Parse(in, view.VerdictNames())
		if err != nil {
			return r, err
		}
		r.in, r.inText = q, in
	}
	name, limit := head, ""
	if i := strings.IndexAny(head, "<>=!"); i >= 0 {
		name = head[:i]
		op := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(head[i:], op) })
		if op < 0 {
			return r, errors.New("use one of > >= < <= = !=")
		}
		r.op, limit = operators[op], strings.TrimSpace(head[i+len(operators[op]):])
		if r.op == "==" {
			r.op = "="
		}
		if limit == "" {
			return r, fmt.Errorf("nothing after %s", r.op)
		}
	}
	name, sure, given := strings.Cut(strings.TrimSpace(name), "@")
	name = strings.TrimSpace(name)
	for _, m := range measures() {
		if m.name == name {
			r.measure = &m
		}
	}
	if r.measure == nil {
		return r, fmt.Errorf("%q cannot be measured: must be one of %s", name, strings.Join(Measures(), ", "))
	}
	r.sure = r.measure.sure
	if given {
		var err error
		r.sure, err = strconv.ParseFloat(strings.TrimSpace(sure), 64)
		if err != nil || r.measure.sure == 0 || !(r.sure >= 0 && r.sure <= 1) {
			return r, fmt.Errorf("%s@%s: @ sets the confidence of accumulating, from 0 to 1, such as accumulating@0.8", name, sure)
		}
	}
	return r, r.setLimit(limit)
}

func (r *Rule) setLimit(text string) error {
	if text == "" {
		if r.measure.needsLimit {
			return fmt.Errorf("%s needs a limit, such as %s", r.measure.name, r.measure.example)
		}
		return nil
	}
	number, percent := strings.CutSuffix(text, "%")
	if percent && !r.measure.percent {
		return fmt.Errorf("%s cannot be in percent: give a number, such as %s", r.measure.name, r.measure.example)
	}
	r.percent = percent
	if r.measure.minutes {
		minutes, err := parseMinutes(text)
		if err != nil {
			return err
		}
		r.limit = minutes
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return fmt.Errorf("%q is not a number", text)
	}
	r.limit = n
	return nil
}

// parseMinutes reads minutes: 30, 30m, 2h, 3d.
func parseMinutes(s string) (float64, error) {
	if n, err := strconv.Atoi(s); err == nil {
		return float64(n), nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			return float64(n) * 24 * 60, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration, try 30m", s)
	}
	return d.Minutes(), nil
}

// trips reports whether a value is past the limit.
func (r *Rule) trips(value float64) bool {
	switch r.op {
	case ">":
		return value > r.limit
	case ">=":
		return value >= r.limit
	case "<":
		return value < r.limit
	case "<=":
		return value <= r.limit
	case "!=":
		return value != r.limit
	}
	return value == r.limit
}

// Of reports whether the rule is about a measure, such as left.
func (r *Rule) Of(measure string) bool { return r.measure.name == measure }

// Limit is the limit with its operator: "> 10%".
func (r *Rule) Limit() string { return r.op + " " + r.format(r.limit) }

// Name is what the rule measures, and of which buckets.
func (r *Rule) Name() string {
	name := r.measure.name
	if r.sure != r.measure.sure {
		name += "@" + strconv.FormatFloat(r.sure, 'f', -1, 64)
	}
	if r.inText == "" {
		return name
	}
	return name + " in " + r.inText
}

func (r *Rule) format(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "from nothing"
	case r.percent:
		return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "%"
	case r.measure.minutes:
		return (time.Duration(v) * time.Minute).String()
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
