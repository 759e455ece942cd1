package gate

import (
	"fmt"
	"math"
	"slices"

	"gdump/internal/diagnose"
	"gdump/internal/trend"
	"gdump/internal/view"
	"gdump/internal/view/number"
)

// measure is something a rule can set a limit to.
type measure struct {
	name       string
	help       string
	example    string
	percent    bool // it can be a share of what was before
	minutes    bool
	needsLimit bool    // without a limit it would say nothing
	compares   bool    // it needs two dumps
	lifetimes  bool    // an earlier process lifetime can trip it, too
	sure       float64 // least confidence that counts, unless the rule sets another
	// undecided says what the dumps leave open; nil if they leave nothing.
	undecided func(*scope) string
	// of gives the value over the series that count. blames says of a series
	// whether it is part of the reason.
	of     func(*scope) (float64, error)
	blames func(*scope, *trend.Series) bool
	// says is the sentence about what tripped it; nil if blame says all.
	says func(*scope) string
}

// scope is what a rule sees of a trend: the series in its scope that the allow
// list does not excuse, and the dump from which the last process lifetime counts.
type scope struct {
	rule      *Rule
	trend     *trend.Trend
	diagnosis *diagnose.Diagnosis
	from      int
	series    []*trend.Series
}

// measures are a count of each verdict's buckets, and the others.
func measures() []measure {
	var all []measure
	for _, v := range view.Verdicts {
		m := verdict(v.Name, v.Buckets)
		if v.Name == trend.Accumulating {
			m = accumulating(v.Buckets)
		}
		all = append(all, m)
	}
	return append(append(all, others...), waiting...)
}

var others = []measure{
	{
		name: "growth", help: "goroutines more than before, as a number or in percent", example: "growth>10%",
		percent: true, needsLimit: true, compares: true,
		of:     (*scope).growth,
		blames: func(v *scope, s *trend.Series) bool { return s.Now() > s.Counts[v.from] },
	},
	{
		name: "left", help: "goroutines more than in the first dump, as tests leave them", example: "left>0", compares: true,
		of:     func(v *scope) (float64, error) { return v.sum(v.left), nil },
		blames: func(v *scope, s *trend.Series) bool { return v.left(s) > 0 },
	},
	{
		name: "goroutines", help: "goroutines in the last dump", example: "goroutines>1000", needsLimit: true,
		of:     func(v *scope) (float64, error) { return float64(v.count(len(v.trend.Dumps) - 1)), nil },
		blames: present,
	},
	{
		name: "buckets", help: "different stacks in the last dump", example: "buckets>200", needsLimit: true,
		of:     func(v *scope) (float64, error) { return v.sum(func(*trend.Series) int { return 1 }), nil },
		blames: present,
	},
	{
		name: "largest", help: "goroutines of the largest bucket in the last dump", example: "largest>500", needsLimit: true,
		of: func(v *scope) (float64, error) { return v.top((*trend.Series).Now), nil },
		blames: func(v *scope, s *trend.Series) bool {
			return v.rule.trips(float64(s.Now())) && s.Now() > 0
		},
	},
	{
		name: "wait", help: "the longest wait in the last dump", example: "wait>1h", minutes: true, needsLimit: true,
		of: func(v *scope) (float64, error) {
			if err := v.known(); err != nil {
				return 0, err
			}
			return v.top(longest), nil
		},
		blames: func(v *scope, s *trend.Series) bool {
			return v.rule.trips(float64(longest(s))) && s.Now() > 0
		},
	},
	{
		name: "locked", help: "goroutines locked to a thread in the last dump", example: "locked>10", needsLimit: true,
		of:     func(v *scope) (float64, error) { return v.sum(locked), v.known() },
		blames: func(_ *scope, s *trend.Series) bool { return locked(s) > 0 },
	},
	{
		name: "leaked", help: "goroutines that a goroutineleak profile proves leaked", example: "leaked>0",
		of:     func(v *scope) (float64, error) { return v.sum(leaked), v.proofKnown() },
		blames: func(_ *scope, s *trend.Series) bool { return leaked(s) > 0 },
	},
}

// Measures are the names of what a rule can measure.
func Measures() []string {
	var names []string
	for _, m := range measures() {
		names = append(names, m.name)
	}
	return names
}

// Help says of each measure what it is, for the help of the command.
func Help() [][2]string {
	var lines [][2]string
	for _, m := range measures() {
		lines = append(lines, [2]string{m.name, m.help})
	}
	return lines
}

// accumulating counts buckets that accumulate for sure. Two dumps cannot tell a
// leak from a pool that warms up, unless the garbage collector proved it.
func accumulating(says string) measure {
	m := counting(trend.Accumulating, says, func(v *scope, s *trend.Series) bool {
		return s.Verdict == trend.Accumulating && s.Confidence >= v.rule.sure && (len(v.trend.Dumps) > 2 || s.Proof == trend.Proved)
	})
	m.sure, m.lifetimes = trend.SureOfLeak, true
	m.undecided = func(v *scope) string {
		n := 0
		for _, s := range v.series {
			if v.rises(s) && !m.blames(v, s) {
				n++
			}
		}
		grew := number.Plural(n, "bucket", "buckets")
		switch {
		case n == 0:
			return ""
		case v.pair():
			return grew + " grew: two dumps cannot decide whether they accumulate; take a third, or a goroutineleak profile"
		}
		return fmt.Sprintf("%s grew, with less than %.2g confidence that they accumulate", grew, v.rule.sure)
	}
	return m
}

// rises reports whether a series may accumulate. Of two dumps that is any that
// has clearly more in the second.
func (v *scope) rises(s *trend.Series) bool {
	switch s.Verdict {
	case trend.Accumulating, trend.Growing:
		return true
	case trend.New, trend.Grown:
		return v.pair() && v.left(s) >= leastRise
	}
	return false
}

// leastRise is how many goroutines more are no chance.
const leastRise = 3

// pair reports whether only two dumps are of the last lifetime.
func (v *scope) pair() bool { return len(v.trend.Dumps)-v.from == 2 }

func verdict(name trend.Verdict, says string) measure {
	return counting(name, says, func(_ *scope, s *trend.Series) bool { return s.Verdict == name })
}

func counting(name trend.Verdict, says string, is func(*scope, *trend.Series) bool) measure {
	return measure{
		name: string(name), help: says, example: string(name) + ">0", compares: true,
		of: func(v *scope) (float64, error) {
			n := 0
			for _, s := range v.series {
				if is(v, s) {
					n++
				}
			}
			return float64(n), nil
		},
		blames: is,
	}
}

// growth is the change over the last process lifetime, in percent where the rule says so.
func (v *scope) growth() (float64, error) {
	before, after := v.count(v.from), v.count(len(v.trend.Dumps)-1)
	change := float64(after - before)
	switch {
	case !v.rule.percent:
		return change, nil
	case before == 0 && after == 0:
		return 0, nil
	case before == 0:
		return math.Inf(1), nil
	}
	return 100 * change / float64(before), nil
}

// left is how many goroutines a series has more than in the first dump that
// counts.
func (v *scope) left(s *trend.Series) int { return max(0, s.Now()-s.Counts[v.from]) }

// count is the goroutines in one dump.
func (v *scope) count(dump int) int {
	n := 0
	for _, s := range v.series {
		n += s.Counts[dump]
	}
	return n
}

// sum adds up what f says of the series that are in the last dump.
func (v *scope) sum(f func(*trend.Series) int) float64 {
	n := 0
	for _, s := range v.series {
		if s.Now() > 0 {
			n += f(s)
		}
	}
	return float64(n)
}

// top is the most that f says of a series that is in the last dump.
func (v *scope) top(f func(*trend.Series) int) float64 {
	n := 0
	for _, s := range v.series {
		if s.Now() > 0 {
			n = max(n, f(s))
		}
	}
	return float64(n)
}

// known says why states and waits are not known, where the last dump has none.
func (v *scope) known() error {
	if d := &v.trend.Dumps[len(v.trend.Dumps)-1]; !d.Level.HasIDs() {
		return fmt.Errorf("not in a %s dump", d.Level)
	}
	return nil
}

// proofKnown says why it is not known who leaked: dumps of counts have no marks.
func (v *scope) proofKnown() error {
	if slices.ContainsFunc(v.trend.Series, func(s trend.Series) bool { return s.Proof != trend.NoProof }) {
		return nil
	}
	return v.known()
}

func present(_ *scope, s *trend.Series) bool { return s.Now() > 0 }

func longest(s *trend.Series) int { return s.Bucket.Waits.Max() }
func locked(s *trend.Series) int  { return s.Bucket.Locked }
func leaked(s *trend.Series) int  { return s.Leaked }
