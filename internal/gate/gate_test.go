package gate

import (
	"strings"
	"testing"
	"time"

	"gdump/internal/diagnose"
	"gdump/internal/goroutine"
	"gdump/internal/trend"

	"github.com/google/go-cmp/cmp"
)

var today = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

// bucket is n goroutines blocked in a function of a module.
func bucket(function, module, state string, n, minutes int) goroutine.Bucket {
	pkg := function[:strings.LastIndex(function, ".")]
	s := goroutine.NewStack(goroutine.Parts{
		Frames:    []goroutine.Frame{{Function: function, File: "/x.go", Line: 7, Package: pkg, Module: module, Origin: goroutine.Dependency}},
		CreatedBy: goroutine.Frame{Function: "main.start", File: "/main.go", Line: 3, Origin: goroutine.Main},
	})
	b := goroutine.Bucket{
		ID: s.ID(), Stack: s, Count: n, States: []goroutine.Count{{Name: state, N: n}},
		Waits: goroutine.Waits{{Minutes: minutes, N: n}}, Locked: 1,
	}
	if state == "chan send" {
		b.Leaked = 2
	}
	return b
}

// dump gives its goroutines ids from 1 on, so that a bucket keeps its own over
// dumps only if it stands at the same place and those before it do not grow.
func dump(buckets ...goroutine.Bucket) goroutine.Dump {
	d := goroutine.Dump{Source: "x.dump", Level: goroutine.Debug2, Buckets: buckets}
	for i := range buckets {
		for j := range buckets[i].Count {
			buckets[i].IDs.Add(uint64(i*100000 + j + 1))
		}
		d.Goroutines += buckets[i].Count
	}
	return d
}

// grows is a bus that grows, a pool that stays, a cache that is new.
func grows() *trend.Trend {
	t := trend.Compare([]goroutine.Dump{
		dump(bucket("github.com/x/y.Leak", "github.com/x/y@v1.0.0", "chan send", 50, 0), bucket("github.com/z/pool.Work", "github.com/z/pool@v2.0.0", "select", 50, 20)),
		dump(bucket("github.com/x/y.Leak", "github.com/x/y@v1.0.0", "chan send", 500, 90), bucket("github.com/z/pool.Work", "github.com/z/pool@v2.0.0", "select", 50, 30),
			bucket("github.com/x/y.New", "github.com/x/y@v1.0.0", "select", 2, 0)),
	})
	return &t
}

// leak is the same, and the bus accumulates.
func leak() *trend.Trend {
	t := grows()
	for i := range t.Series {
		if s := &t.Series[i]; s.Bucket.Stack.Site().Function == "github.com/x/y.Leak" {
			// What the verdict is and how sure is not what is tested here.
			s.Verdict, s.Confidence, s.Proof = trend.Accumulating, 0.95, trend.Proved
		}
	}
	return t
}

// TestUndecided passes what the dumps leave open, with a note, and makes it
// unknown where the gate is strict.
func TestUndecided(t *testing.T) {
	for _, tt := range []struct {
		name       string
		rule       string
		dumps      int
		verdict    trend.Verdict
		confidence float64
		proof      trend.Proof
		state      State
		why        string
	}{
		{"two dumps", "accumulating", 2, trend.Accumulating, 1, trend.NoProof, Passed, "1 bucket grew: two dumps cannot decide"},
		{"two dumps, growing", "accumulating", 2, "growing", 1, trend.NoProof, Passed, "two dumps cannot decide"},
		{"two dumps, new", "accumulating", 2, trend.New, 0.6, trend.NoProof, Passed, "two dumps cannot decide"},
		{"two dumps, grown", "accumulating", 2, trend.Grown, 0.6, trend.NoProof, Passed, "two dumps cannot decide"},
		{"three dumps, new", "accumulating", 3, trend.New, 0.6, trend.NoProof, Passed, ""},
		{"two dumps, proved", "accumulating", 2, trend.Accumulating, 0.9, trend.Proved, Tripped, ""},
		{"two dumps, stable", "accumulating", 2, trend.Stable, 1, trend.NoProof, Passed, ""},
		{"three dumps", "accumulating", 3, trend.Accumulating, 0.9, trend.NoProof, Tripped, ""},
		{"three dumps, less sure", "accumulating", 3, trend.Accumulating, 0.89, trend.NoProof, Passed, "less than 0.9 confidence"},
		{"another confidence", "accumulating@0.8", 3, trend.Accumulating, 0.8, trend.NoProof, Tripped, ""},
		{"another confidence, less sure", "accumulating@0.8>0", 3, trend.Accumulating, 0.79, trend.NoProof, Passed, "less than 0.8 confidence"},
		{"three dumps, growing", "accumulating", 3, "growing", 1, trend.NoProof, Passed, "1 bucket grew"},
		{"excluded", "accumulating in func:other", 3, "growing", 1, trend.NoProof, Passed, ""},
	} {
		one := *leak()
		one.Series = one.Series[:1]
		s := &one.Series[0]
		s.Verdict, s.Confidence, s.Proof = tt.verdict, tt.confidence, tt.proof
		if tt.dumps == 3 {
			one.Dumps, one.Restarted = append(one.Dumps, one.Dumps[1]), append(one.Restarted, false)
			s.Counts, s.At = append(s.Counts, s.Counts[1]), append(s.At, s.At[1])
		}
		rules, err := ParseRules(tt.rule)
		if err != nil {
			t.Fatal(err)
		}
		res := Check(diagnose.Of(&one, nil), rules, nil, today)
		if got := res.Outcomes[0]; got.State != tt.state || !strings.Contains(got.Why, tt.why) || (got.Why == "") != (tt.why == "") {
			t.Errorf("%s: %s, %q; want %s, %q", tt.name, got.State, got.Why, tt.state, tt.why)
		}
		res.Strict()
		want := tt.state
		if tt.why != "" {
			want = Unknown
		}
		if got := res.Worst(); got != want {
			t.Errorf("%s: strict: %s, want %s", tt.name, got, want)
		}
	}
	for _, wrong := range []string{"new@0.8", "accumulating@2", "accumulating@x", "accumulating@", "growth@0.9>1"} {
		if _, err := ParseRules(wrong); err == nil {
			t.Errorf("%s is no mistake", wrong)
		}
	}
}

func TestRules(t *testing.T) {
	tests := []struct {
		rule, value string
		state       State
		blame       int
	}{
		{"accumulating", "1", Tripped, 1},
		{"growing", "1", Tripped, 1},
		{"growing>0", "1", Tripped, 1},
		{"growing > 1", "1", Passed, 0},
		{"growing>=1", "1", Tripped, 1},
		{"accumulating in module:github.com/z/pool", "0", Passed, 0},
		{"new>0 in module:github.com/x/y", "1", Tripped, 1},
		{"new>0 in module:github.com/z/pool", "0", Passed, 0},
		{"stable<1", "1", Passed, 0},
		{"stable=1", "1", Tripped, 1},
		{"gone", "0", Passed, 0},
		{"shrunk!=0", "0", Passed, 0},
		{"turnover==0", "0", Tripped, 0},
		{"grown", "0", Passed, 0},
		{"growth>10%", "452%", Tripped, 2},
		{"growth>452", "452", Passed, 0},
		{"growth>451", "452", Tripped, 2},
		{"growth>10% in state:select", "4%", Passed, 0},
		{"growth>10% in func:New", "from nothing", Tripped, 1},
		{"growth>10% in nothing", "0%", Passed, 0},
		{"left", "452", Tripped, 2},
		{"left>452", "452", Passed, 0},
		{"left in state:select", "2", Tripped, 1},
		{"goroutines>1000", "552", Passed, 0},
		{"goroutines>500", "552", Tripped, 3},
		{"goroutines<600", "552", Tripped, 3},
		{"buckets>2", "3", Tripped, 3},
		{"buckets>3", "3", Passed, 0},
		{"largest>499", "500", Tripped, 1},
		{"largest>500", "500", Passed, 0},
		{"wait>1h", "1h30m0s", Tripped, 1},
		{"wait>90m", "1h30m0s", Passed, 0},
		{"wait>1d", "1h30m0s", Passed, 0},
		{"wait>=30 in state:select", "30m0s", Tripped, 1},
		{"locked>2", "3", Tripped, 3},
		{"locked>3", "3", Passed, 0},
		{"leaked", "2", Tripped, 1},
		{"leaked>2", "2", Passed, 0},
		{`goroutines>1 in state:"chan send"`, "500", Tripped, 1},
		{`goroutines>1 in "a, b"`, "0", Passed, 0},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			rules, err := ParseRules(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			tr := leak()
			if strings.HasPrefix(tt.rule, "growing") {
				tr = grows()
			}
			res := Check(diagnose.Of(tr, nil), rules, nil, today)
			got := res.Outcomes[0]
			if got.Value != tt.value || got.State != tt.state || len(got.Blame) != tt.blame {
				t.Errorf("got %s, %s, %d to blame; want %s, %s, %d", got.Value, got.State, len(got.Blame), tt.value, tt.state, tt.blame)
			}
			if res.Worst() != tt.state {
				t.Errorf("worst: got %s, want %s", res.Worst(), tt.state)
			}
		})
	}
}

// TestExamples reads the rules that errors and the help show.
func TestExamples(t *testing.T) {
	for _, m := range measures() {
		if rules, err := ParseRules(m.example); len(rules) != 1 || err != nil {
			t.Errorf("%s: its example %q: %v", m.name, m.example, err)
		}
	}
}

// TestLeakProfile counts what a leak profile proves beside dumps of counts.
func TestLeakProfile(t *testing.T) {
	d := dump(bucket("github.com/x/y.Leak", "github.com/x/y@v1.0.0", "", 50, 0), bucket("github.com/z/pool.Work", "github.com/z/pool@v2.0.0", "", 50, 0))
	d.Level = goroutine.Debug1
	d.Buckets[0].Leaked = 0
	profile := dump(bucket("github.com/x/y.Leak", "github.com/x/y@v1.0.0", "", 7, 0))
	profile.Level, profile.LeaksOnly = goroutine.Debug1, true
	tr := trend.Compare([]goroutine.Dump{d, profile})
	rules, err := ParseRules("leaked")
	if err != nil {
		t.Fatal(err)
	}
	if got := Check(diagnose.Of(&tr, nil), rules, nil, today).Outcomes[0]; got.Value != "7" || got.State != Tripped || len(got.Blame) != 1 {
		t.Errorf("got %s, %s, %d to blame: %s", got.Value, got.State, len(got.Blame), got.Why)
	}
}

func TestUnknown(t *testing.T) {
	counts := goroutine.Dump{Source: "x.dump", Level: goroutine.Debug1, Goroutines: 1, Buckets: []goroutine.Bucket{{Count: 1}}}
	restarted := leak()
	restarted.Restarted[1] = true
	one := trend.One(leak().Dumps[0])
	none, profile := trend.Trend{}, trend.One(counts)
	tests := []struct {
		name, rule string
		trend      *trend.Trend
		why        string
	}{
		{"one dump", "accumulating", &one, "cannot tell from one dump; give two"},
		{"one dump", "growth>1", &one, "cannot tell from one dump; give two"},
		{"restart", "accumulating", restarted, "the process restarted before x.dump, the last dump: cannot tell what grew since"},
		{"restart", "growth>1", restarted, "the process restarted before x.dump, the last dump: cannot tell what grew since"},
		{"no waits", "wait>1h", &profile, "not in a debug=1 dump"},
		{"no threads", "locked>1", &profile, "not in a debug=1 dump"},
		{"no leaks", "leaked", &profile, "not in a debug=1 dump"},
		{"nothing", "goroutines>1", &none, "no dump"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.rule, func(t *testing.T) {
			rules, err := ParseRules(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			res := Check(diagnose.Of(tt.trend, nil), rules, nil, today)
			if got := res.Outcomes[0]; got.State != Unknown || got.Why != tt.why {
				t.Errorf("got %s, %q; want %s, %q", got.State, got.Why, Unknown, tt.why)
			}
			if res.Worst() != Unknown {
				t.Errorf("worst: got %s", res.Worst())
			}
		})
	}
}

func TestWrongRules(t *testing.T) {
	_, err := ParseRules(`accumulate>0, growth, wait>soon, new>x, goroutines>5%, growth>, growth!5, new in state:, leaked>0`)
	want := strings.Join([]string{
		`rule "accumulate>0": "accumulate" cannot be measured: must be one of accumulating, growing, grown, new, turnover, stable, shrunk, gone, growth, left, goroutines, buckets, largest, wait, locked, leaked, deadlocks, blocked`,
		`rule "growth": growth needs a limit, such as growth>10%`,
		`rule "wait>soon": "soon" is not a duration, try 30m`,
		`rule "new>x": "x" is not a number`,
		`rule "goroutines>5%": goroutines cannot be in percent: give a number, such as goroutines>1000`,
		`rule "growth>": nothing after >`,
		`rule "growth!5": use one of > >= < <= = !=`,
		`rule "new in state:": state: nothing after the colon`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := ParseRules(" ,\n"); err == nil {
		t.Error("no rule: got no error")
	}
}

func TestAllowList(t *testing.T) {
	leakID := string(leak().Series[0].Bucket.ID)
	tests := []struct {
		name, list string
		allowed    int
		value      string // of goroutines
		notes      []string
	}{
		{"none", "# nothing\n\n", 0, "552", nil},
		{"site", "site github.com/x/y.Leak\n  reason: known\n", 1, "52", nil},
		{"part of a name is not the name", "site Leak\n  reason: known\n", 0, "552", []string{"line 1: site Leak matches no bucket: remove it"}},
		{"expression", "site ~^github.com/x/y\\.\n\treason: known\n", 2, "50", nil},
		{"created by", "created-by main.start\n reason: all of them\n", 3, "0", nil},
		{"fingerprint", "fingerprint " + leakID + "\n reason: known\n", 1, "52", nil},
		{"last day", "site github.com/x/y.Leak\n reason: known\n expires: 2026-11-24\n", 1, "52", nil},
		{
			"expired", "site github.com/x/y.Leak\n reason: fixed soon\n owner: @acme\n expires: 2026-11-23\n", 0, "552",
			[]string{"line 1: site github.com/x/y.Leak, owned by @acme, expired on 2026-11-23 and excuses nothing: fixed soon"},
		},
		{"expired and unused", "\nsite a.b\n reason: x\n expires: 2020-01-01\n", 0, "552", []string{"line 2: site a.b expired on 2020-01-01 and matches no bucket: remove it"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ParseAllowList(strings.NewReader(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			rules, err := ParseRules("goroutines>100000")
			if err != nil {
				t.Fatal(err)
			}
			res := Check(diagnose.Of(leak(), nil), rules, list, today)
			if res.Allowed != tt.allowed || res.Outcomes[0].Value != tt.value {
				t.Errorf("got %d allowed, %s left; want %d, %s", res.Allowed, res.Outcomes[0].Value, tt.allowed, tt.value)
			}
			var notes []string
			for _, n := range res.Notes {
				notes = append(notes, n.String())
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongAllowLists(t *testing.T) {
	const list = `  reason: of nothing
site a.b
where a.b
  reason: x
site
  reason: x
site ~(
  reason: x
fingerprint 12
  reason: x
site c.d
  reason:
  expires: tomorrow
  until: 2027-01-01
  reason: x
`
	_, err := ParseAllowList(strings.NewReader(list))
	want := strings.Join([]string{
		"line 1: it belongs to no entry: an entry begins at the start of a line",
		"line 2: site a.b: it has no reason",
		`line 3: "where" is not one of site, created-by, fingerprint`,
		"line 5: site: nothing to match",
		"line 7: site ~(: not a regular expression: missing closing ): `(`",
		"line 9: fingerprint 12: it must have 16 hex digits, as the id of a bucket in the reports",
		"line 12: write reason: TEXT, owner: NAME or expires: YYYY-MM-DD",
		`line 13: expires: "tomorrow" is not a day such as 2027-03-31`,
		`line 14: "until" is not one of reason, owner, expires`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := ParseAllowList(strings.NewReader(strings.Repeat("# long\n", MaxAllowList))); err == nil {
		t.Error("too large: got no error")
	}
}

func FuzzParseRules(f *testing.F) {
	for _, s := range []string{"accumulating", "growth>10%,new>0 in module:x", "wait>=3d\nleaked", `a in "`, ">", "growth>1e400%", "goroutines>5 in a,b"} {
		f.Add(s)
	}
	tr := leak()
	f.Fuzz(func(t *testing.T, s string) {
		rules, err := ParseRules(s)
		if err != nil {
			return
		}
		res := Check(diagnose.Of(tr, nil), rules, nil, today)
		for i := range res.Outcomes {
			if o := &res.Outcomes[i]; o.State == Unknown || o.Value == "" {
				t.Errorf("%q: rule %q came to nothing", s, o.Rule.Text)
			}
			again, err := ParseRules(res.Outcomes[i].Rule.Text)
			if err != nil || len(again) != 1 {
				t.Errorf("%q: rule %q reads back as %v, %v", s, res.Outcomes[i].Rule.Text, again, err)
			}
		}
	})
}

func FuzzParseAllowList(f *testing.F) {
	for _, s := range []string{"site a.b\n reason: x\n", "created-by ~(\n", " reason: x", "fingerprint 0123456789abcdef\n\towner: me\r\n\treason: x\n\texpires: 2027-02-30\n", "#"} {
		f.Add(s)
	}
	tr := leak()
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAllowList(strings.NewReader(s))
		if err != nil {
			return
		}
		rules, err := ParseRules("accumulating")
		if err != nil {
			t.Fatal(err)
		}
		if res := Check(diagnose.Of(tr, nil), rules, list, today); res.Allowed > len(tr.Series) || len(res.Notes) > list.Len() {
			t.Errorf("%q: %d allowed, %d notes of %d entries", s, res.Allowed, len(res.Notes), list.Len())
		}
	})
}

// TestEarlierLifetime: a leak that an earlier process lifetime shows trips its
// rule though the last lifetime has one dump; others cannot be decided.
func TestEarlierLifetime(t *testing.T) {
	restarted := leak()
	last := restarted.Dumps[1]
	restarted.Dumps = append(restarted.Dumps, last, last)
	restarted.Restarted = append(restarted.Restarted, false, true)
	for i := range restarted.Series {
		s := &restarted.Series[i]
		s.Counts, s.At = append(s.Counts, s.Counts[1], s.Counts[1]), append(s.At, s.At[1], s.At[1])
	}
	rules, err := ParseRules("accumulating, accumulating>999, left")
	if err != nil {
		t.Fatal(err)
	}
	res := Check(diagnose.Of(restarted, nil), rules, nil, today)
	for i, want := range []State{Tripped, Unknown, Unknown} {
		if o := res.Outcomes[i]; o.State != want || (want == Tripped) != (len(o.Blame) > 0) {
			t.Errorf("%s is %s: %s, blames %d", o.Rule.Text, o.State, o.Why, len(o.Blame))
		}
	}
}

// TestEntryFor holds that an entry is about its bucket, whatever the reason.
func TestEntryFor(t *testing.T) {
	for _, f := range []goroutine.Frame{
		{Function: "main.run", Package: "main", Origin: goroutine.Main},
		{Function: "time.Sleep", Package: "time", Origin: goroutine.Stdlib},
		{Function: "main.a b", Package: "main", Origin: goroutine.Main},
		{Function: "main.x\nsite y", Package: "main", Origin: goroutine.Main},
	} {
		stack := goroutine.NewStack(goroutine.Parts{Frames: []goroutine.Frame{f}})
		b := &goroutine.Bucket{ID: stack.ID(), Stack: stack}
		list, err := ParseAllowList(strings.NewReader(EntryFor(b, "one\nsite all\t two")))
		if err != nil || list.Len() != 1 || !list.Covers(b) {
			t.Errorf("%q: %v, %+v", f.Function, err, list)
		}
		other := &goroutine.Bucket{ID: "0000000000000000"}
		if list.Covers(other) {
			t.Errorf("%q covers another", f.Function)
		}
	}
}

// TestRises: one or two goroutines more in the second of two dumps are chance.
func TestRises(t *testing.T) {
	v := scope{trend: &trend.Trend{Dumps: make([]goroutine.Dump, 2)}}
	for more, want := range map[int]bool{2: false, 3: true} {
		if got := v.rises(&trend.Series{Verdict: trend.New, Counts: []int{1, 1 + more}}); got != want {
			t.Errorf("%d more: %t", more, got)
		}
	}
}
