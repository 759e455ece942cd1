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
	found = fold(found)
	if slices.ContainsFunc(found, func(f Finding) bool { return f.rank() < 3*len(kinds) }) {
		found = append(found, crowded(d, found)...)
	} else {
		found = append(found, quiet(d)...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.rank() - b.rank() })
	return explained(found)
}

// explained takes out the patterns of goroutines that a finding before has
// already named, and gives that the pattern's remedy.
func explained(found []Finding) []Finding {
	var kept []Finding
	for _, f := range found {
		i := -1
		if f.Kind == Pattern && len(f.Buckets) > 0 {
			i = slices.IndexFunc(kept, func(g Finding) bool {
				return !slices.ContainsFunc(f.Buckets, func(id goroutine.ID) bool { return !slices.Contains(g.Buckets, id) })
			})
		}
		if i < 0 {
			kept = append(kept, f)
		} else if kept[i].Remedy == "" {
			kept[i].Remedy, kept[i].Link = f.Remedy, f.Link
		}
	}
	return kept
}

// fold adds patterns to the findings that are about the same goroutines and say
// more: what leaks, and why.
func fold(found []Finding) []Finding {
	var kept []Finding
	for i := range found {
		p := &found[i]
		at := -1
		if p.Kind == Pattern && len(p.Buckets) > 0 {
			at = slices.IndexFunc(kept, func(f Finding) bool {
				return (f.grows() || f.Kind == Leaked || f.Name == unprintedPanic) && slices.Contains(f.Buckets, p.Buckets[0])
			})
		}
		if at < 0 {
			kept = append(kept, *p)
			continue
		}
		if f := &kept[at]; f.Name == "" {
			f.Name, f.Remedy, f.Link, f.guessed = p.Name, p.Remedy, p.Link, p.Confidence < sure
		}
	}
	return kept
}

// one reports whether there is one dump, and so nothing to compare.
func (d *Diagnosis) one() bool { return len(d.Trend.Dumps) == 1 }

// apart reports whether the dumps are several that cannot be compared: extracts
// of single goroutines, or different programs.
func (d *Diagnosis) apart() bool {
	return len(d.Trend.Dumps) > 1 && (d.Trend.Apart() || onlyCrashes(d.Trend) || d.Trend.Mismatch != nil)
}
