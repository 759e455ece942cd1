package diagnose

import (
	"slices"
	"strings"

	"gdump/internal/goroutine"
	"gdump/internal/view/number"
)

// timedOut reports whether go test ended the process because tests took too long.
func timedOut(d *goroutine.Dump) bool {
	return strings.HasPrefix(d.Reason, "panic: test timed out")
}

// maxTests is how many goroutines of tests are named.
const maxTests = 3

// timedOut adds to a finding what the tests were doing that took too long.
func (f *Finding) timedOut(d *goroutine.Dump) {
	hung := running(d)
	for i, b := range hung {
		if i == maxTests {
			f.Limits = append(f.Limits, number.Plural(len(hung)-i, "more test is", "more tests are")+" in other places")
			break
		}
		f.of(b)
		line := testOf(b.Stack) + " is " + doing(b.State()) + " in " + callSite(b)
		if p := place(b.Stack.Site()); p != "" && !strings.HasSuffix(line, p) {
			line += " at " + p
		}
		if m := b.Waits.Max(); m >= 1 {
			line += " for " + number.Minutes(m)
		}
		if i == 0 {
			f.Where = line
			f.Goroutines = b.Count
			continue
		}
		f.Evidence = append(f.Evidence, line)
	}
}

// running are the buckets of the tests that a time-out says were running, without
// those that wait for a test within them; if that is none, those as well.
func running(d *goroutine.Dump) []*goroutine.Bucket {
	_, list, _ := strings.Cut(d.Reason, "running tests:")
	var names []string
	for part := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
		if test, _, _ := strings.Cut(strings.TrimSpace(part), " "); test != "" {
			test, _, _ = strings.Cut(test, "/")
			names = append(names, test)
		}
	}
	var hung, outer []*goroutine.Bucket
	for i := range d.Buckets {
		b := &d.Buckets[i]
		test := testOf(b.Stack)
		if test == "" || len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool {
			return test == n || strings.HasPrefix(test, n+".") || strings.Contains(test, ")."+n)
		}) {
			continue
		}
		if waitsForTests(b.Stack) {
			outer = append(outer, b)
		} else {
			hung = append(hung, b)
		}
	}
	if len(hung) == 0 {
		return outer
	}
	slices.SortStableFunc(hung, func(a, b *goroutine.Bucket) int { return b.Waits.Max() - a.Waits.Max() })
	return hung
}

// testOf is the function of a test that a stack runs, without its package:
// "TestQueue.func1"; "" if it runs none.
func testOf(s goroutine.Stack) string {
	var last goroutine.Frame
	for f := range s.All() {
		if f.Function == "testing.tRunner" || f.Function == "testing.(*B).runN" || f.Function == "testing.fRunner" {
			if last.Package == "testing" {
				return ""
			}
			_, test, _ := strings.Cut(name(last), ".")
			return test
		}
		last = f
	}
	return ""
}

// waitsForTests reports whether a stack waits for a test within it.
func waitsForTests(s goroutine.Stack) bool {
	for f := range s.All() {
		switch {
		case strings.HasPrefix(f.Function, "testing.(*T).Run"), strings.HasPrefix(f.Function, "testing.(*T).Parallel"), strings.HasPrefix(f.Function, "testing.tRunner.func"):
			return true
		case f.Origin == goroutine.Main:
			return false
		}
	}
	return false
}
