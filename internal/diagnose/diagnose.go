// Package diagnose says what dumps show: what crashed, who waits for whom, what
// leaks, what was fixed, and that nothing is wrong. A finding is one sentence
// with its evidence, and all outputs show the same ones. Each kind of finding has
// a detector in a file of its own; detectors lists them.
package diagnose

import (
	"slices"
	"sync"

	"gdump/internal/blocked"
	"gdump/internal/goroutine"
	"gdump/internal/trend"
)

// Source returns the Go files of the package that a frame's function belongs to,
// none if they are not at hand.
type Source = func(goroutine.Frame) []blocked.SourceFile

// Diagnosis is what a trend shows. Nothing is worked out before it is asked for,
// and nothing twice.
type Diagnosis struct {
	Trend *trend.Trend

	source   Source
	blocked  func() *blocked.Report
	knots    func() *knots
	findings func() []Finding
}

// Of returns the diagnosis of a trend. source may be nil.
func Of(t *trend.Trend, source Source) *Diagnosis {
	d := &Diagnosis{Trend: t, source: source}
	d.blocked = sync.OnceValue(d.analyze)
	d.knots = sync.OnceValue(func() *knots { return knotsOf(d) })
	d.findings = sync.OnceValue(d.detect)
	return d
}

// Findings are what the dumps show, the surest and worst first. There is at least
// one.
func (d *Diagnosis) Findings() []Finding { return d.findings() }

// Blocked is who waits for whom in the newest dump.
func (d *Diagnosis) Blocked() *blocked.Report { return d.blocked() }

// Newest is the newest dump; nil if there is none.
func (d *Diagnosis) Newest() *goroutine.Dump {
	if len(d.Trend.Dumps) == 0 {
		return nil
	}
	return &d.Trend.Dumps[len(d.Trend.Dumps)-1]
}

func (d *Diagnosis) analyze() *blocked.Report {
	if d.Newest() == nil {
		return &blocked.Report{}
	}
	return blocked.Analyze(d.Newest(), blocked.Options{Source: d.source})
}

// detector finds findings of one kind.
type detector func(*Diagnosis) []Finding

// detectors are all detectors. The order decides among findings of one rank.
func detectors() []detector {
	return []detector{strangers, crashed, unprinted, deadlocked, leaked, piled, exhausted, accumulating, outliers, patterns, changed}
}

func (d *Diagnosis) detect() []Finding {
	var found []Finding
	for _, find := range detectors() {
		found = append(found, find(d)...)
	}
	explainLeak(found)
	if slices.ContainsFunc(found, func(f Finding) bool { return f.rank() < 3*len(kinds) }) {
		found = append(found, crowded(d, found)...)
	} else {
		found = append(found, quiet(d)...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.rank() - b.rank() })
	return fold(found)
}

// explainLeak has what is known of a lock come before the leak that most of those
// who wait for it are part of: it says why.
func explainLeak(found []Finding) {
	i := slices.IndexFunc(found, func(f Finding) bool { return f.Kind == Leaked })
	if i < 0 {
		return
	}
	for j := range found {
		if f := &found[j]; f.Kind == Blocked && f.proven && 2*f.Goroutines >= found[i].Goroutines {
			f.leads = true
		}
	}
}

// fold takes out the patterns of goroutines that a finding before is about, and
// adds them to that: what leaks, and why.
func fold(found []Finding) []Finding {
	var kept []Finding
	about := map[goroutine.ID]int{}
	for _, p := range found {
		i := -1
		if p.Kind == Pattern && len(p.Buckets) > 0 {
			i = covering(kept, about, &p)
		}
		if i < 0 {
			for _, id := range p.Buckets {
				if _, ok := about[id]; !ok {
					about[id] = len(kept)
				}
			}
			kept = append(kept, p)
			continue
		}
		if f := &kept[i]; f.Name == "" {
			f.Name, f.Remedy, f.Link, f.guessed = p.Name, p.Remedy, p.Link, p.Confidence < sure
		}
	}
	return kept
}

// covering is the finding that is about all goroutines of a pattern, -1 if there is
// none.
func covering(kept []Finding, about map[goroutine.ID]int, p *Finding) int {
	i, ok := about[p.Buckets[0]]
	if !ok || slices.ContainsFunc(p.Buckets, func(id goroutine.ID) bool { return !slices.Contains(kept[i].Buckets, id) }) {
		return -1
	}
	return i
}

// one reports whether there is one dump, and so nothing to compare.
func (d *Diagnosis) one() bool { return len(d.Trend.Dumps) == 1 }

// apart reports whether the dumps are several that cannot be compared: extracts
// of single goroutines, or different programs.
func (d *Diagnosis) apart() bool {
	return len(d.Trend.Dumps) > 1 && (d.Trend.Apart() || onlyCrashes(d.Trend) || d.Trend.Mismatch != nil)
}
