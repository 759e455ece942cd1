package trend_test

import (
	"slices"
	"testing"
	"time"

	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

func alone(source string, level goroutine.Level, b goroutine.Bucket) goroutine.Dump {
	d := dumpOf(source, b)
	d.Level, d.Alone = level, true
	return d
}

// TestExtracts: stacks of single goroutines are no before and after of each
// other or of a whole dump, and do not disturb a comparison of whole dumps.
func TestExtracts(t *testing.T) {
	whole := func(name string, n uint64) goroutine.Dump {
		return dumpOf(name, bucketOf("leak", ids(int(n), 100, 3)...), bucketOf("work", ids(8, 2, 1)...))
	}
	logged := alone("logged", goroutine.Debug2, bucketOf("job", 7))
	crash := alone("crash", goroutine.Crash, bucketOf("stream", 90))
	for name, dumps := range map[string][]goroutine.Dump{
		"two extracts":  {logged, crash},
		"whole, crash":  {whole("a", 10), crash},
		"logged, whole": {logged, whole("a", 10)},
	} {
		tr := trend.Compare(dumps)
		if !tr.Apart() || tr.Outcome.Kind != trend.Undecided || len(tr.Dumps) != 2 || warned(&tr, trend.MixedLevels) != nil || tr.Changed >= 0 {
			t.Errorf("%s: %+v, warnings %v", name, tr.Outcome, tr.Warnings)
		}
		for i := range tr.Series {
			if s := &tr.Series[i]; s.Verdict != "" || len(s.Counts) != 2 {
				t.Errorf("%s: %s is %s", name, s.Bucket.Stack.Site().Function, s.Verdict)
			}
		}
	}
	tr := trend.Compare([]goroutine.Dump{whole("a", 10), logged, whole("b", 20), whole("c", 30), whole("d", 40), crash})
	if s := series(&tr, "leak"); tr.Apart() || s.Verdict != trend.Accumulating || s.Now() != 40 {
		t.Errorf("leak is %s of %v", s.Verdict, s.Counts)
	}
	if w := warned(&tr, trend.LeftOut); w == nil || !slices.Equal(w.Names, []string{"logged", "crash"}) {
		t.Errorf("warnings %v", tr.Warnings)
	}
	if tr = trend.Compare([]goroutine.Dump{crash}); tr.Apart() || len(tr.Series) != 1 {
		t.Errorf("%+v", tr.Outcome)
	}
}

// TestGiven: the stacks that a comparison leaves out are listed with the dumps, by
// time where that is known.
func TestGiven(t *testing.T) {
	at := func(minute int, d goroutine.Dump) goroutine.Dump {
		if minute > 0 {
			d.TakenAt = time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC)
		}
		return d
	}
	a, b := dumpOf("a", bucketOf("work", 1)), dumpOf("b", bucketOf("work", 1))
	crash := alone("crash", goroutine.Crash, bucketOf("work", 1))
	for _, tt := range []struct {
		dumps []goroutine.Dump
		want  []string
	}{
		{[]goroutine.Dump{a, b}, nil},
		{[]goroutine.Dump{a, crash, b}, []string{"a", "crash", "b"}},
		{[]goroutine.Dump{at(1, a), at(3, crash), at(2, b)}, []string{"a", "b", "crash"}},
		{[]goroutine.Dump{at(2, crash), at(3, b), at(1, a)}, []string{"a", "crash", "b"}},
	} {
		tr := trend.Compare(tt.dumps)
		var got []string
		for i := range tr.Given {
			got = append(got, tr.Given[i].Source)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("got %v, want %v", got, tt.want)
		}
	}
}

// TestExtractIsNoOtherProgram: what one goroutine shows of a program says
// nothing of which it is.
func TestExtractIsNoOtherProgram(t *testing.T) {
	dumps := read(t, "server/nats.a.debug2.txt", "server/prometheus.a.debug2.txt")
	dumps[1].Alone = true
	if tr := trend.Compare(dumps); tr.Mismatch != nil {
		t.Errorf("%v", tr.Mismatch)
	}
}

// TestNotesAreNoDamage: a note about a dump of which nothing is missing does not leave it out.
func TestNotesAreNoDamage(t *testing.T) {
	for _, note := range []bool{true, false} {
		s := newServer().levels("leak", 10, 20, 30, 40, 50)
		s.dumps[2].Problems = []goroutine.Problem{{Message: "labels are left out", Note: note}}
		tr := trend.Compare(s.dumps)
		if got := warned(&tr, trend.Damaged) == nil; got != note {
			t.Errorf("a note: %v, warnings %v", note, tr.Warnings)
		}
	}
}
